"""The HR request: its approval, then what was approved is provisioned, or undone; the employee is told."""

from temporalio import workflow

from workflows.card_owner import CardOwner, CardSubject
from workflows.child_approval import outcome_of, start_approval
from workflows.hr_saga import HrSaga
from workflows.journey import Journey
from workflows.rules.approvals.policy import route
from workflows.rules.approvals.request import ApprovalRequest, RequestKind, Status
from workflows.rules.hr import saga as rules
from workflows.rules.hr.request import content_from_request
from workflows.rules.hr.snapshot import HrChange, HrSnapshot, hr_snapshot
from workflows.rules.messages import CarriedHr, HrInput
from workflows.rules.notice import NoticeKind
from workflows.rules.shared.card import CardState
from workflows.rules.shared.ids import approval_id


@workflow.defn
class HrRequestWorkflow:
    """One HR request, from receipt to its end.

    Until its approval ends, people act on that one, under its own id: decide, comment, amend,
    withdraw. What they approved in the end, amended or not, is what is provisioned.
    """

    @workflow.init
    def __init__(self, asked: HrInput) -> None:
        if asked.carried is not None:
            self._state = asked.carried.state
            self._card = self._owner(asked.carried.card)
            self._card.resume(asked.carried.facts, asked.carried.notices)
        else:
            change = rules.receive(asked.request, asked.requester, asked.policy, workflow.now())
            self._state = change.state
            self._card = self._owner(CardState(copies=()))
            self._card.record(change.facts)
        self._saga = HrSaga(
            Journey(
                state=lambda: self._state,
                take=self._take,
                card=self._card,
                written=self._card.append_audit,
                may_continue_as_new=self._may_continue_as_new,
            )
        )

    def _owner(self, card: CardState) -> CardOwner:
        request_id = self._state.request.request_id
        return CardOwner(
            card, CardSubject(request_id=request_id, face=self._face, owner_id=lambda: request_id)
        )

    def _face(self, version: int) -> HrSnapshot:
        return hr_snapshot(self._state, version)

    @workflow.run
    async def run(self, asked: HrInput) -> HrSnapshot:
        """Take the request to its end, and keep serving its card until Slack shows that end."""
        told_before = self._state.ended_at is not None
        if self._state.status is Status.PENDING:
            await self._ask_for_approval(asked)
        await self._saga.go_on()
        if self._state.ended_at is None:
            await self._continue_as_new(asked)
        if not told_before:
            self._card.tell(NoticeKind.OUTCOME, person=self._state.requester.person)
        await self._card.finish(self._may_continue_as_new)
        if self._card.owes and self._may_continue_as_new():
            await self._continue_as_new(asked)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.state()

    @workflow.update
    def republish(self) -> int:
        """Have the card written again after somebody saw a copy that was not current.

        Returns the card's version. Safe to repeat.
        """
        self._card.republish()
        return self._card.card.version

    @workflow.query
    def status(self) -> str:
        """Return where the request stands, as a `Status` value.

        While the approval goes on it is `pending`; what that one waits for, its own query says.
        """
        return self._state.status.value

    @workflow.query
    def state(self) -> HrSnapshot:
        """Return the request as its card shows it."""
        return self._face(self._card.card.version)

    def _take(self, change: HrChange) -> None:
        """Take a step of the rules."""
        self._state = change.state
        self._card.record(change.facts)

    async def _ask_for_approval(self, asked: HrInput) -> None:
        """Have people asked by a child, which owns the card until it ends; obey what it says."""
        content = content_from_request(asked.request)
        request = ApprovalRequest(
            request_id=approval_id(asked.request.request_id),
            requester=asked.requester,
            content=content,
            policy=asked.policy,
            route=route(asked.policy, content.amount),
            expire_after=asked.expire_after,
            managers=asked.managers,
            about=RequestKind.HR,
        )
        child = await start_approval(request)
        await self._card.attend(child.done)
        outcome = outcome_of(child)
        if outcome is None:
            self._take(rules.approval_lost(self._state, workflow.now()))
            return
        self._card.take_over(outcome.card)
        self._take(rules.approval_ended(self._state, outcome.face, workflow.now()))

    def _may_continue_as_new(self) -> bool:
        """Whether the history has grown long and nothing is under way that a new run would lose."""
        return workflow.info().is_continue_as_new_suggested() and self._card.is_idle

    async def _continue_as_new(self, asked: HrInput) -> None:
        await workflow.wait_condition(workflow.all_handlers_finished)
        carried = CarriedHr(
            state=self._state,
            card=self._card.card,
            facts=self._card.facts,
            notices=self._card.notices,
        )
        workflow.continue_as_new(
            HrInput(
                request=asked.request,
                requester=asked.requester,
                policy=asked.policy,
                carried=carried,
            )
        )
