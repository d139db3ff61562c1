"""The approval workflow: every verb is an update that returns the new snapshot."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from temporalio import workflow

from workflows.card_owner import CardSubject
from workflows.card_workflow import CommandWorkflow, genuine
from workflows.directory_reader import DirectoryReader
from workflows.level_clock import next_level_clock
from workflows.notifications import add_level_reply, send_notification
from workflows.outbox import StartRefusedError
from workflows.rules.approvals import approval as rules
from workflows.rules.approvals import deadlines, levels
from workflows.rules.approvals.former import (
    former_approvers,
    to_be_asked_again,
    without_former_readers,
)
from workflows.rules.approvals.privacy import may_read, public_approval, readers_of
from workflows.rules.approvals.registration import Registration, registration
from workflows.rules.approvals.request import (
    Amendment,
    ApprovalState,
    Change,
    Closing,
    Comment,
    Decision,
    Delegation,
    NotificationKind,
    Reassignment,
    Refresh,
    RequestKind,
    Withdrawal,
    demanded_routes,
)
from workflows.rules.approvals.snapshot import ApprovalSnapshot, approval_snapshot
from workflows.rules.approvals.subscriptions import subjects
from workflows.rules.approvals.verbs import ApprovalCommand, rule_of, verbs_of
from workflows.rules.messages import ApprovalInput, ApprovalOutcome, CarriedApproval, Menu
from workflows.rules.notice import NoticeKind
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.card import CardCopy, CardState, holders
from workflows.rules.shared.errors import RuleError
from workflows.rules.shared.ids import approval_id
from workflows.rules.shared.verb_rule import VerbRule

RETIRES_COPIES = "retire-copies"
"""The patch with which an approver who was taken off no longer gets the card."""
KEEPS_EXCLUSIONS = "exclusions"
"""The patch with which the people that an admin took off stay off after an amendment."""


@workflow.defn
class ApprovalWorkflow(CommandWorkflow[ApprovalState, Change, ApprovalCommand, ApprovalSnapshot]):
    """One approval request, from submission to outcome.

    The approval of an order or HR request hands its card to its parent when it closes. Any other
    approval, also as the child of a workflow that is not ours, shows its outcome itself and notifies
    the requester.
    """

    @workflow.init
    def __init__(self, workflow_input: ApprovalInput) -> None:
        self._input = workflow_input
        self._directory = DirectoryReader()
        request, carried = workflow_input.request, genuine(workflow_input.carried)
        if carried is not None:
            self._state, self._clicks = carried.state, carried.clicks
            self._card = self._owner(carried.card)
            self._card.restore(carried.facts, carried.notices)
        else:
            self._clicks = ()
            change = rules.submit(request, workflow.now())
            self._state = change.state
            copy = CardCopy(channel=request.policy.channel, key=workflow.uuid4().hex)
            self._card = self._owner(CardState(copies=(copy,) if request.route.levels else ()))
            self._card.record(change.facts, visible=False)

    def _subject(self) -> CardSubject:
        return CardSubject(
            request_id=self._state.request.request_id,
            snapshot=self._snapshot,
            owner_id=self._owner_id,
            registration=self._registration,
            watches=lambda: subjects(self._state),
            readers=lambda: readers_of(self._state),
            admins=lambda: self._state.admins,
            runs_local_activity=lambda: self._directory.is_local,
        )

    def _registration(self) -> Registration:
        # As the start brought it: an update may have amended the request before the first append.
        request = self._input.request
        return registration(
            request.policy,
            request.requester.person,
            request.managers,
            request.route,
            demanded_routes(request),
        )

    def _owner_id(self) -> str:
        """Return the id of the workflow that owns the card: its heir's, after the approval closed."""
        heir = self._heir_id()
        return heir if heir and not self._state.is_open else self._state.request.request_id

    def _heir_id(self) -> str:
        """Return the id of the order or HR request that takes over the card; empty if there is none."""
        parent, request = workflow.info().parent, self._state.request
        if parent is None or request.about is RequestKind.APPROVAL:
            return ""
        is_ours = request.request_id == approval_id(parent.workflow_id)
        return parent.workflow_id if is_ours else ""

    def _snapshot(self, version: int) -> ApprovalSnapshot:
        return approval_snapshot(self._state, version)

    @workflow.run
    async def run(self, workflow_input: ApprovalInput) -> ApprovalOutcome:
        """Go through the levels until the request is closed, and return the outcome."""
        try:
            return await self._run()
        except StartRefusedError as refusal:
            self._state = rules.refuse_start(self._state, refusal.code, workflow.now())
            await self._end_refused(refusal, has_heir=bool(self._heir_id()))
            return ApprovalOutcome(face=self._published(), card=self._card.card)

    async def _run(self) -> ApprovalOutcome:
        while self._state.is_open:
            if self._state.waits_for_level:
                await self._reach_level()
            self._directory.start(self._state, workflow.now())
            await self._card.serve(self._has_work, self._next_deadline())
            self._apply(self._directory.collect(self._state, workflow.now()))
            self._apply(deadlines.advance_clock(self._state, workflow.now()))
            if self._should_continue_as_new():
                await self._continue_as_new()
        return await self._close()

    @workflow.update
    def decide(self, decision: Decision) -> ApprovalSnapshot:
        """Record one person's verdict and return the new snapshot."""
        return self._execute(decision)

    @decide.validator
    def _check_decide(self, decision: Decision) -> None:
        self._check(decision)

    @workflow.update
    def comment(self, comment: Comment) -> ApprovalSnapshot:
        """Record a comment and return the new snapshot."""
        return self._execute(comment)

    @comment.validator
    def _check_comment(self, comment: Comment) -> None:
        self._check(comment)

    @workflow.update
    def amend(self, amendment_: Amendment) -> ApprovalSnapshot:
        """Change the content, restart at the first level, and return the new snapshot."""
        return self._execute(amendment_)

    @amend.validator
    def _check_amend(self, amendment_: Amendment) -> None:
        self._check(amendment_)

    @workflow.update
    def delegate(self, delegation_: Delegation) -> ApprovalSnapshot:
        """Let a delegate decide for an approver and return the new snapshot."""
        return self._execute(delegation_)

    @delegate.validator
    def _check_delegate(self, delegation_: Delegation) -> None:
        self._check(delegation_)

    @workflow.update
    def withdraw(self, withdrawal: Withdrawal) -> ApprovalSnapshot:
        """Withdraw the request and return the new snapshot."""
        return self._execute(withdrawal)

    @withdraw.validator
    def _check_withdraw(self, withdrawal: Withdrawal) -> None:
        self._check(withdrawal)

    @workflow.update
    def reassign(self, reassignment: Reassignment) -> ApprovalSnapshot:
        """Replace the approvers, as an admin, and return the new snapshot."""
        return self._execute(reassignment)

    @reassign.validator
    def _check_reassign(self, reassignment: Reassignment) -> None:
        self._check(reassignment)

    @workflow.update
    def refresh(self, refresh: Refresh) -> ApprovalSnapshot:
        """Read the approvers again soon and return the current snapshot."""
        return self._execute(refresh)

    @refresh.validator
    def _check_refresh(self, refresh: Refresh) -> None:
        self._check(refresh)

    @workflow.update
    def close(self, closing: Closing) -> ApprovalSnapshot:
        """Close the request undecided, as an admin, and return the last snapshot."""
        return self._execute(closing)

    @close.validator
    def _check_close(self, closing: Closing) -> None:
        self._check(closing)

    @workflow.signal(name="withdraw")
    def withdraw_by_parent(self, withdrawal: Withdrawal) -> None:
        """Withdraw the request for the parent workflow, which cannot send updates.

        A signal returns nothing. If the rule refuses, for example because the request was approved
        first, nothing changes, and the parent obeys the outcome that it receives.
        """
        try:
            rules.check_withdraw(self._state, withdrawal, workflow.now())
        except RuleError as refusal:
            workflow.logger.info("withdrawal refused: %s", refusal.code)
            return
        self._apply(rules.withdraw(self._state, withdrawal, workflow.now()))

    @workflow.query
    def state(self) -> ApprovalSnapshot:
        """Return the current snapshot, as the updates do."""
        return self._published()

    @workflow.query
    def menu(self, person: str) -> Menu:
        """Return the part of the snapshot that `person` may read, and the verbs they may use."""
        reads = may_read(self._state, person)
        return Menu(
            face=self.state() if reads else public_approval(self.state()),
            verbs=verbs_of(self._state, person, workflow.now()),
            may_read=reads,
        )

    def _rule_of(self, command: ApprovalCommand) -> VerbRule[ApprovalState, Any, Change]:
        return rule_of(command)

    def _apply(self, change: Change, *, actor: Actor | None = None) -> None:
        before, change = self._state, self._with_exclusions(change)
        self._state = without_former_readers(change.state)
        if change.facts:
            clicked = actor is not None and actor.origin is Origin.SLACK
            self._card.record(change.facts, clicked=clicked)
        elif before is not change.state and self._looks_changed(before):
            self._card.record(())  # no fact, but the card shows it: another source is unreadable
        if _reading_turn(before) != _reading_turn(self._state):
            self._directory.read_soon()
        self._retire_copies()
        add_level_reply(self._card, self._state)
        for notification in change.notifications:
            send_notification(self._card, self._state, notification)

    def _with_exclusions(self, change: Change) -> Change:
        """Return the change; without exclusions in a history from before they survived amendments."""
        kept = self._state.exclusions
        if change.state.exclusions == kept or workflow.patched(KEEPS_EXCLUSIONS):
            return change
        others = (n for n in change.notifications if n.kind is not NotificationKind.EXCLUDED)
        state = replace(change.state, exclusions=kept)
        return replace(change, state=state, notifications=tuple(others))

    def _retire_copies(self) -> None:
        former = holders(self._card.card).intersection(former_approvers(self._state))
        if former and workflow.patched(RETIRES_COPIES):
            self._card.retire_copies(former)
            self._state = to_be_asked_again(self._state, former)

    def _looks_changed(self, before: ApprovalState) -> bool:
        return approval_snapshot(before, 0) != self._snapshot(0)

    async def _reach_level(self) -> None:
        """Pin the level's deadlines. They count from now, even if no approver is known yet."""
        revision = self._state.content_revision
        clock = await next_level_clock(self._state)
        # If the request was withdrawn or amended in the meantime, the next pass tries again.
        if self._state.waits_for_level and self._state.content_revision == revision:
            self._state = levels.reach_level(self._state, clock)
            self._directory.reset()

    def _next_deadline(self) -> datetime | None:
        instants = (deadlines.next_deadline(self._state), self._directory.next_at(self._state))
        return min(filter(None, instants), default=None)

    def _has_work(self) -> bool:
        return (
            not self._state.is_open
            or self._state.waits_for_level
            or self._directory.has_work(self._state)
            or self._should_continue_as_new()
        )

    def _is_idle(self) -> bool:
        return super()._is_idle() and not self._directory.is_reading

    def _next_input(self) -> ApprovalInput:
        carried = CarriedApproval(
            state=self._state,
            card=self._card.card,
            clicks=self._clicks,
            facts=self._card.pending_facts,
            notices=self._card.pending_notices,
        )
        return replace(self._input, carried=carried)

    async def _close(self) -> ApprovalOutcome:
        if self._heir_id():
            card = await self._card.release()
        else:
            carried = genuine(self._input.carried)
            is_notified = carried is not None and not carried.state.is_open
            if self._card.card.copies and not is_notified:  # without approvers there is no news
                requester = self._state.request.requester.person
                self._card.notify(NoticeKind.OUTCOME, person=requester)
            await self._finish()
            card = self._card.card
        await workflow.wait_condition(workflow.all_handlers_finished)
        return ApprovalOutcome(face=self._snapshot(card.version), card=card)


def _reading_turn(state: ApprovalState) -> tuple[int, int]:
    """Return the level and how often its approvers were to be read again at once."""
    return (state.level.number, state.level.turn) if state.level else (0, 0)
