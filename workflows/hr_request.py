"""The HR request workflow: approval, then provisioning, then the notice to the employee."""

from temporalio import workflow

from workflows.card_owner import CardOwner, CardSubject
from workflows.child_approval import outcome_of, start_approval
from workflows.hr_saga import HrSaga
from workflows.rules.approvals.policy import route
from workflows.rules.approvals.request import ApprovalRequest, RequestKind, Status
from workflows.rules.hr import saga as rules
from workflows.rules.hr.request import content_from_request
from workflows.rules.hr.snapshot import HrChange, HrSnapshot, hr_snapshot
from workflows.rules.messages import CarriedHr, HrInput
from workflows.rules.notice import NoticeKind
from workflows.rules.shared.card import CardState
from workflows.rules.shared.ids import approval_id
from workflows.saga import SagaContext


@workflow.defn
class HrRequestWorkflow:
    """One HR request, from receipt to its end.

    Until the approval ends, people act on the approval, under its own id: decide, comment, amend,
    withdraw. The request is provisioned as it was approved, with its amendments.
    """

    @workflow.init
    def __init__(self, workflow_input: HrInput) -> None:
        carried = workflow_input.carried
        if carried is not None:
            self._state = carried.state
            self._card = self._owner(carried.card)
            self._card.restore(carried.facts, carried.notices)
        else:
            change = rules.receive(
                workflow_input.request,
                workflow_input.requester,
                workflow_input.policy,
                workflow.now(),
            )
            self._state = change.state
            self._card = self._owner(CardState(copies=()))
            self._card.record(change.facts)
        self._saga = HrSaga(
            SagaContext(
                state=lambda: self._state,
                apply=self._apply,
                card=self._card,
                flush_facts=self._card.append_audit,
                should_continue_as_new=self._should_continue_as_new,
            )
        )

    def _owner(self, card: CardState) -> CardOwner:
        request_id = self._state.request.request_id
        subject = CardSubject(
            request_id=request_id, snapshot=self._snapshot, owner_id=lambda: request_id
        )
        return CardOwner(card, subject)

    def _snapshot(self, version: int) -> HrSnapshot:
        return hr_snapshot(self._state, version)

    @workflow.run
    async def run(self, workflow_input: HrInput) -> HrSnapshot:
        """Run the request to its end and serve its card until Slack shows the final state."""
        is_notified = self._state.ended_at is not None
        if self._state.status is Status.PENDING:
            await self._await_approval(workflow_input)
        await self._saga.run()
        if self._state.ended_at is None:
            await self._continue_as_new(workflow_input)
        if not is_notified:
            self._card.notify(NoticeKind.OUTCOME, person=self._state.requester.person)
        await self._card.finish(self._should_continue_as_new)
        if self._card.has_pending and self._should_continue_as_new():
            await self._continue_as_new(workflow_input)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.state()

    @workflow.update
    def republish(self) -> int:
        """Publish the card again, after a user saw an outdated copy; return the card's version.

        Safe to repeat.
        """
        self._card.republish()
        return self._card.card.version

    @workflow.query
    def status(self) -> str:
        """Return the request's `Status` value.

        It is `pending` until the approval ends. The approval's own query returns what it waits for.
        """
        return self._state.status.value

    @workflow.query
    def state(self) -> HrSnapshot:
        """Return the request as its card shows it."""
        return self._snapshot(self._card.card.version)

    def _apply(self, change: HrChange) -> None:
        self._state = change.state
        self._card.record(change.facts)

    async def _await_approval(self, workflow_input: HrInput) -> None:
        """Run the approval as a child, which owns the card until it ends, and obey its outcome."""
        content = content_from_request(workflow_input.request)
        request = ApprovalRequest(
            request_id=approval_id(workflow_input.request.request_id),
            requester=workflow_input.requester,
            content=content,
            policy=workflow_input.policy,
            route=route(workflow_input.policy, content.amount),
            expire_after=workflow_input.expire_after,
            managers=workflow_input.managers,
            about=RequestKind.HR,
        )
        child = await start_approval(request)
        await self._card.serve(child.done)
        outcome = outcome_of(child)
        if outcome is None:
            self._apply(rules.approval_lost(self._state, workflow.now()))
            return
        self._card.adopt(outcome.card)
        self._apply(rules.approval_ended(self._state, outcome.face, workflow.now()))

    def _should_continue_as_new(self) -> bool:
        """Whether the history is long and nothing is under way that a new run would lose."""
        return workflow.info().is_continue_as_new_suggested() and self._card.is_idle

    async def _continue_as_new(self, workflow_input: HrInput) -> None:
        await workflow.wait_condition(workflow.all_handlers_finished)
        carried = CarriedHr(
            state=self._state,
            card=self._card.card,
            facts=self._card.pending_facts,
            notices=self._card.pending_notices,
        )
        workflow.continue_as_new(
            HrInput(
                request=workflow_input.request,
                requester=workflow_input.requester,
                policy=workflow_input.policy,
                carried=carried,
            )
        )
