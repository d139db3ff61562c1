"""The approval: what a person does is an update, checked by a validator, answered with the new state."""

from datetime import datetime

from temporalio import workflow

from workflows.card_owner import CardOwner, CardSubject
from workflows.directory_reader import DirectoryReader
from workflows.local_activities import run_local_first
from workflows.notifications import show_level, tell_people
from workflows.ports.approvals import CalendarPort, DeadlineQuestion
from workflows.refusal import refusing, running_update_id
from workflows.rules.approvals import approval as rules
from workflows.rules.approvals import deadlines, levels
from workflows.rules.approvals.clock import Tick
from workflows.rules.approvals.privacy import may_read, public_snapshot, readers_of
from workflows.rules.approvals.request import (
    Amendment,
    ApprovalState,
    Change,
    Closing,
    Comment,
    Decision,
    Delegation,
    Reassignment,
    Refresh,
    Withdrawal,
)
from workflows.rules.approvals.snapshot import ApprovalSnapshot, approval_snapshot
from workflows.rules.approvals.verbs import ApprovalCommand, rule_of, verbs_of
from workflows.rules.approvals.watching import subjects
from workflows.rules.messages import ApprovalInput, ApprovalOutcome, CarriedApproval, Menu
from workflows.rules.notice import NoticeKind
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.card import CardCopy, CardState
from workflows.rules.shared.click import remember
from workflows.rules.shared.errors import RuleError


@workflow.defn
class ApprovalWorkflow:
    """One approval request, from submission to outcome.

    Handlers are plain functions: they change the state and return it. Only `run` awaits. As a
    child it gives its card to its parent when it closes; alone it tells the requester itself.
    """

    @workflow.init
    def __init__(self, asked: ApprovalInput) -> None:
        self._directory = DirectoryReader()
        if asked.carried is not None:
            self._state, self._clicks = asked.carried.state, asked.carried.clicks
            self._card = self._owner(asked.carried.card)
            self._card.resume(asked.carried.facts, asked.carried.notices)
        else:
            self._clicks = ()
            change = rules.submit(asked.request, workflow.now())
            self._state = change.state
            copy = CardCopy(channel=asked.request.policy.channel, key=workflow.uuid4().hex)
            self._card = self._owner(
                CardState(copies=(copy,) if asked.request.route.levels else ())
            )
            self._card.record(change.facts, visible=False)

    def _owner(self, card: CardState) -> CardOwner:
        about = CardSubject(
            request_id=self._state.request.request_id,
            face=self._face,
            owner_id=self._owner_id,
            watches=lambda: subjects(self._state),
            readers=lambda: readers_of(self._state),
            admins=lambda: self._state.admins,
            task_is_held=lambda: self._directory.is_local,
        )
        return CardOwner(card, about)

    def _owner_id(self) -> str:
        """Name the workflow that owns the card: a parent does once this one has closed."""
        parent = workflow.info().parent
        if parent is not None and not self._state.is_open:
            return parent.workflow_id
        return self._state.request.request_id

    def _face(self, version: int) -> ApprovalSnapshot:
        return approval_snapshot(self._state, version)

    @workflow.run
    async def run(self, asked: ApprovalInput) -> ApprovalOutcome:
        """Go through the levels until the outcome is certain."""
        while self._state.is_open:
            if self._state.waits_for_level:
                await self._reach_level()
            self._directory.begin(self._state, workflow.now())
            await self._card.attend(self._has_work, self._next_deadline())
            self._take(self._directory.end(self._state, workflow.now()))
            self._take(deadlines.reach(self._state, workflow.now()))
            if self._may_continue_as_new():
                await self._continue_as_new(asked)
        return await self._close(asked)

    # What people do. The update id is the click id: the same click again returns the present face
    # without a new fact. Refusals are ApplicationErrors of type `rejected.<code>`: no history.

    @workflow.update
    def decide(self, decision: Decision) -> ApprovalSnapshot:
        """Count one person's verdict and return the new face."""
        return self._do(decision)

    @decide.validator
    def _check_decide(self, decision: Decision) -> None:
        self._check(decision)

    @workflow.update
    def comment(self, comment: Comment) -> ApprovalSnapshot:
        """Keep a remark and return the new face."""
        return self._do(comment)

    @comment.validator
    def _check_comment(self, comment: Comment) -> None:
        self._check(comment)

    @workflow.update
    def amend(self, amendment_: Amendment) -> ApprovalSnapshot:
        """Change what is asked, begin at the first level again, and return the new face."""
        return self._do(amendment_)

    @amend.validator
    def _check_amend(self, amendment_: Amendment) -> None:
        self._check(amendment_)

    @workflow.update
    def delegate(self, delegation_: Delegation) -> ApprovalSnapshot:
        """Have somebody stand in for an approver and return the new face."""
        return self._do(delegation_)

    @delegate.validator
    def _check_delegate(self, delegation_: Delegation) -> None:
        self._check(delegation_)

    @workflow.update
    def withdraw(self, withdrawal: Withdrawal) -> ApprovalSnapshot:
        """Take the request back and return the new face."""
        return self._do(withdrawal)

    @withdraw.validator
    def _check_withdraw(self, withdrawal: Withdrawal) -> None:
        self._check(withdrawal)

    @workflow.update
    def reassign(self, reassignment: Reassignment) -> ApprovalSnapshot:
        """Name other approvers, as an admin, and return the new face."""
        return self._do(reassignment)

    @reassign.validator
    def _check_reassign(self, reassignment: Reassignment) -> None:
        self._check(reassignment)

    @workflow.update
    def refresh(self, refresh: Refresh) -> ApprovalSnapshot:
        """Have the approvers read again and return the face as it is until then."""
        return self._do(refresh)

    @refresh.validator
    def _check_refresh(self, refresh: Refresh) -> None:
        self._check(refresh)

    @workflow.update
    def close(self, closing: Closing) -> ApprovalSnapshot:
        """End the request undecided, as an admin, and return the last face."""
        return self._do(closing)

    @close.validator
    def _check_close(self, closing: Closing) -> None:
        self._check(closing)

    @workflow.signal(name="withdraw")
    def withdraw_by_parent(self, withdrawal: Withdrawal) -> None:
        """Take the request back for a parent workflow, which cannot send updates.

        A signal has no answer: where the rule refuses (approved may have won), nothing changes and
        the parent obeys the outcome it then receives.
        """
        try:
            rules.check_withdraw(self._state, withdrawal, workflow.now())
        except RuleError as refusal:
            workflow.logger.info("withdrawal refused: %s", refusal.code)
            return
        self._take(rules.withdraw(self._state, withdrawal, workflow.now()))

    @workflow.update
    def republish(self) -> int:
        """Have the card written again after somebody saw a copy that was not current.

        Returns the card's version. Safe to repeat.
        """
        self._card.republish()
        return self._card.card.version

    @workflow.query
    def state(self) -> ApprovalSnapshot:
        """Return what the updates return: the present face."""
        return self._face(self._card.card.version)

    @workflow.query
    def menu(self, person: str) -> Menu:
        """Return what `person` may read of the present face, and what they may do with it."""
        reads = may_read(self._state, person)
        return Menu(
            face=self.state() if reads else public_snapshot(self.state()),
            verbs=verbs_of(self._state, person, workflow.now()),
            may_read=reads,
        )

    def _check(self, command: ApprovalCommand) -> None:
        if running_update_id() not in self._clicks:
            with refusing(self._card.card.version):
                rule_of(command).check(self._state, command, workflow.now())

    def _do(self, command: ApprovalCommand) -> ApprovalSnapshot:
        """Do what somebody asks for, once per click."""
        click = running_update_id()
        if click not in self._clicks:
            self._clicks = remember(self._clicks, click)
            change = rule_of(command).apply(self._state, command, workflow.now())
            self._take(change, answers=command.actor)
        return self._face(self._card.card.version)

    def _take(self, change: Change, *, answers: Actor | None = None) -> None:
        """Take a step of the rules; `answers` is the person who waits for an update's answer."""
        before, self._state = self._state, change.state
        if change.facts:
            clicked = answers is not None and answers.origin is Origin.SLACK
            self._card.record(change.facts, clicked=clicked)
        elif before is not change.state and self._looks_changed(before):
            self._card.record(())  # no fact, but the card says it: another source is unreadable
        if _turn(before) != _turn(self._state):
            self._directory.read_soon()
        show_level(self._card, self._state)
        for tell in change.tells:
            tell_people(self._card, self._state, tell)

    def _looks_changed(self, before: ApprovalState) -> bool:
        return approval_snapshot(before, 0) != self._face(0)

    async def _reach_level(self) -> None:
        """Pin the level's deadlines. Its clock runs from now, whether or not people are known."""
        revision = self._state.content_revision
        windows = levels.next_windows(self._state)
        clock: tuple[Tick, ...] = ()
        if windows:
            question = DeadlineQuestion(
                start=workflow.now(), windows=tuple(window.after for window in windows)
            )
            deadlines = await run_local_first(CalendarPort.deadlines, question)
            clock = tuple(
                Tick(at=at, kind=window.kind, step=window.step)
                for at, window in zip(deadlines.at, windows, strict=True)
            )
        # The requester may have withdrawn or amended meanwhile; then the next pass asks again.
        if self._state.waits_for_level and self._state.content_revision == revision:
            self._state = levels.reach_level(self._state, clock)
            self._directory.begin_level()

    def _next_deadline(self) -> datetime | None:
        instants = (deadlines.next_deadline(self._state), self._directory.next_at(self._state))
        return min(filter(None, instants), default=None)

    def _has_work(self) -> bool:
        return (
            not self._state.is_open
            or self._state.waits_for_level
            or self._directory.has_work(self._state)
            or self._may_continue_as_new()
        )

    def _may_continue_as_new(self) -> bool:
        """Whether the history has grown long and nothing is under way that a new run would lose."""
        return (
            workflow.info().is_continue_as_new_suggested()
            and self._card.is_idle
            and not self._directory.is_reading
        )

    async def _continue_as_new(self, asked: ApprovalInput) -> None:
        await workflow.wait_condition(workflow.all_handlers_finished)
        carried = CarriedApproval(
            state=self._state,
            card=self._card.card,
            clicks=self._clicks,
            facts=self._card.facts,
            notices=self._card.notices,
        )
        workflow.continue_as_new(ApprovalInput(request=asked.request, carried=carried))

    async def _close(self, asked: ApprovalInput) -> ApprovalOutcome:
        if workflow.info().parent is not None:
            card = await self._card.hand_over()
        else:
            told_before = asked.carried is not None and not asked.carried.state.is_open
            if self._card.card.copies and not told_before:  # what needed nobody bothers nobody
                requester = self._state.request.requester.person
                self._card.tell(NoticeKind.OUTCOME, person=requester)
            await self._card.finish(self._may_continue_as_new)
            if self._card.owes and self._may_continue_as_new():
                await self._continue_as_new(asked)
            card = self._card.card
        await workflow.wait_condition(workflow.all_handlers_finished)
        return ApprovalOutcome(face=self._face(card.version), card=card)


def _turn(state: ApprovalState) -> tuple[int, int]:
    """Return how often somebody has wanted the people of the present level read."""
    return (state.level.number, state.level.turn) if state.level else (0, 0)
