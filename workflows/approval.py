"""The approval: a person's click is an update, checked by a validator, answered with the new state."""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError

from workflows.card_owner import CardOwner
from workflows.options import QUICK, SLACK_TRY
from workflows.ports import (
    ApproverQuestion,
    CalendarPort,
    DeadlineQuestion,
    DirectoryPort,
    NoticeKind,
)
from workflows.quick import quickly
from workflows.refusal import refusing, running_update_id
from workflows.rules import approval as rules
from workflows.rules.card import CardCopy, CardState, pause
from workflows.rules.click import remember
from workflows.rules.errors import RuleError
from workflows.rules.face import ApprovalFace, approval_face
from workflows.rules.messages import ApprovalInput, ApprovalOutcome, CarriedApproval
from workflows.rules.people import Actor, ApproverSet, Origin
from workflows.rules.request import Change, Decision, Withdrawal

READ_AGAIN = timedelta(minutes=1)
"""How soon a level's people are read again when Slack has said that too few may decide."""


@workflow.defn
class ApprovalWorkflow:
    """One approval request, from submission to outcome.

    Handlers are plain functions: they change the state and return it. Only `run` awaits. As a
    child it gives its card to its parent when it closes; alone it tells the requester itself.
    """

    @workflow.init
    def __init__(self, asked: ApprovalInput) -> None:
        if asked.carried is not None:
            self._state = asked.carried.state
            self._clicks = asked.carried.clicks
            self._card = self._owner(asked.carried.card)
        else:
            self._clicks = ()
            channel = asked.request.policy.channel
            copy = CardCopy(channel=channel, key=workflow.uuid4().hex)
            change = rules.submit(asked.request, workflow.now())
            self._state = change.state
            self._card = self._owner(
                CardState(copies=(copy,) if asked.request.route.levels else ())
            )
            self._card.record(change.facts, visible=False)
        self._reading: workflow.ActivityHandle[ApproverSet] | None = None
        self._read_at: datetime | None = None
        self._reads = 0

    def _owner(self, card: CardState) -> CardOwner:
        return CardOwner(self._state.request.request_id, card, self._face, self._owner_id)

    def _owner_id(self) -> str:
        """Name the workflow that owns the card: a parent does once this one has closed."""
        parent = workflow.info().parent
        if parent is not None and not self._state.is_open:
            return parent.workflow_id
        return self._state.request.request_id

    def _face(self, version: int) -> ApprovalFace:
        return approval_face(self._state, version)

    @workflow.run
    async def run(self, asked: ApprovalInput) -> ApprovalOutcome:
        """Go through the levels until the outcome is certain."""
        while self._state.is_open:
            if self._state.waits_for_level:
                await self._reach_level()
            await self._card.append_audit()  # first, and never beside another local activity
            self._begin_reading()
            await self._card.attend(self._has_work, self._next_deadline())
            self._end_reading()
            self._take(rules.reach(self._state, workflow.now()))
            if self._may_start_afresh():
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(self._carry(asked))
        return await self._close()

    @workflow.update
    def decide(self, decision: Decision) -> ApprovalFace:
        """Count one person's verdict and return the new face.

        The update id is the click id: the same click again returns the present face without a new
        fact. Refusals are ApplicationErrors of type `rejected.<code>` and leave no history.
        """
        if self._is_new_click():
            change = rules.decide(self._state, decision, workflow.now())
            self._take(change, answers=decision.actor)
        return self._face(self._card.card.version)

    @decide.validator
    def _check_decide(self, decision: Decision) -> None:
        if running_update_id() not in self._clicks:
            with refusing(self._card.card.version):
                rules.check_decide(self._state, decision, workflow.now())

    @workflow.update
    def withdraw(self, withdrawal: Withdrawal) -> ApprovalFace:
        """Take the request back; the same click again returns the present face."""
        if self._is_new_click():
            change = rules.withdraw(self._state, withdrawal, workflow.now())
            self._take(change, answers=withdrawal.actor)
        return self._face(self._card.card.version)

    @withdraw.validator
    def _check_withdraw(self, withdrawal: Withdrawal) -> None:
        if running_update_id() not in self._clicks:
            with refusing(self._card.card.version):
                rules.check_withdraw(self._state, withdrawal, workflow.now())

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
    def state(self) -> ApprovalFace:
        """Return what the updates return: the present face."""
        return self._face(self._card.card.version)

    def _is_new_click(self) -> bool:
        click = running_update_id()
        if click in self._clicks:
            return False
        self._clicks = remember(self._clicks, click)
        return True

    def _take(self, change: Change, *, answers: Actor | None = None) -> None:
        """Take a step of the rules; `answers` is the person who waits for an update's answer."""
        self._state = change.state
        if change.facts:
            clicked = answers is not None and answers.origin is Origin.SLACK
            self._card.record(change.facts, clicked=clicked, answering=answers is not None)

    async def _reach_level(self) -> None:
        """Pin the level's deadline. Its clock runs from now, whether or not people are known."""
        window = rules.window(self._state)
        expires_at = await self._instant_after(window) if window is not None else None
        if self._state.waits_for_level:  # still: the requester may have withdrawn meanwhile
            self._state = rules.reach_level(self._state, expires_at)
            self._read_at, self._reads = None, 0

    async def _instant_after(self, window: timedelta) -> datetime:
        question = DeadlineQuestion(start=workflow.now(), window=window)
        deadline = await quickly(CalendarPort.deadline, question)
        return deadline.at

    def _begin_reading(self) -> None:
        """Start one reading of the approvers, if one is due: the first one quick, then patient."""
        if not self._state.waits_for_approvers or self._reading is not None:
            return
        if self._read_at is not None and workflow.now() < self._read_at:
            return
        level = self._state.levels[-1]
        question = ApproverQuestion(
            request_id=self._state.request.request_id, sources=level.rule.approvers
        )
        if self._reads == 0:
            self._reading = workflow.start_local_activity_method(
                DirectoryPort.approvers, question, **QUICK
            )
        else:
            self._reading = workflow.start_activity_method(
                DirectoryPort.approvers, question, **SLACK_TRY
            )

    def _end_reading(self) -> None:
        if self._reading is None or not self._reading.done():
            return
        handle, self._reading = self._reading, None
        if not self._state.waits_for_approvers:
            return
        level = self._state.levels[-1]
        try:
            approvers = handle.result()
        except FailureError:  # a local activity's failure comes bare, not as ActivityError
            if self._reads == 0:  # the quick try alone says little: ask again, patiently
                self._reads = 1
                return
            sources = tuple(str(source) for source in level.rule.approvers)
            approvers = ApproverSet(members=(), read_at=workflow.now(), unreadable=sources)
        self._take(rules.open_level(self._state, approvers, workflow.now()))
        # A directory that answers will not change its mind soon; one that is down may be back.
        patience = None if approvers.unreadable else READ_AGAIN
        self._read_at = workflow.now() + pause(self._reads, patience)
        self._reads += 1

    def _next_deadline(self) -> datetime | None:
        reading = self._read_at if self._state.waits_for_approvers and not self._reading else None
        return min(filter(None, (rules.next_deadline(self._state), reading)), default=None)

    def _has_work(self) -> bool:
        return (
            not self._state.is_open
            or self._state.waits_for_level
            or (self._reading is not None and self._reading.done())
            or self._may_start_afresh()
        )

    def _may_start_afresh(self) -> bool:
        """Whether the history has grown long and nothing is under way that a new run would lose."""
        return (
            self._state.is_open
            and workflow.info().is_continue_as_new_suggested()
            and self._card.at_rest
            and (self._reading is None or self._reads > 0)  # a local activity must not be cut
        )

    def _carry(self, asked: ApprovalInput) -> ApprovalInput:
        carried = CarriedApproval(state=self._state, card=self._card.card, clicks=self._clicks)
        return ApprovalInput(request=asked.request, carried=carried)

    async def _close(self) -> ApprovalOutcome:
        parent = workflow.info().parent
        if parent is not None:
            card = await self._card.hand_over()
        else:
            self._card.tell(NoticeKind.OUTCOME, self._state.request.requester.person)
            await self._card.finish()
            card = self._card.card
        await workflow.wait_condition(workflow.all_handlers_finished)
        return ApprovalOutcome(face=self._face(card.version), card=card)
