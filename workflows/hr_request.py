"""The HR request workflow: approval, then provisioning, then the notice to the employee."""

from dataclasses import replace

from temporalio import workflow

from workflows.card_workflow import CardWorkflow, genuine
from workflows.child_approval import ChildApproval, outcome_of, start_approval, withdraw_refused
from workflows.hr_saga import HrSaga
from workflows.outbox import StartRefusedError
from workflows.rules.approvals.policy import route
from workflows.rules.approvals.registration import Registration, registration
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
class HrRequestWorkflow(CardWorkflow[HrSnapshot]):
    """One HR request, from receipt to its end.

    Until the approval ends, people act on the approval, under its own id: decide, comment, amend,
    withdraw. The request is provisioned as it was approved, with its amendments.
    """

    @workflow.init
    def __init__(self, workflow_input: HrInput) -> None:
        self._input = workflow_input
        self._child: ChildApproval | None = None
        carried = genuine(workflow_input.carried)
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

    def _snapshot(self, version: int) -> HrSnapshot:
        return hr_snapshot(self._state, version)

    def _registration(self) -> Registration:
        asked, route_ = self._input, route(self._input.policy, self._input.content.amount)
        return registration(asked.policy, asked.requester.person, asked.managers, route_, (route_,))

    @workflow.run
    async def run(self, workflow_input: HrInput) -> HrSnapshot:
        """Run the request to its end and serve its card until Slack shows the final state."""
        try:
            return await self._run()
        except StartRefusedError as refusal:
            await withdraw_refused(self._child, self._state.requester)
            self._state = rules.refuse_start(self._state, refusal.code, workflow.now())
            await self._end_refused(refusal)
            return self.state()

    async def _run(self) -> HrSnapshot:
        is_notified = self._state.ended_at is not None
        if self._state.status is Status.PENDING:
            await self._await_approval()
        await self._saga.run()
        if self._state.ended_at is None:
            await self._continue_as_new()
        if not is_notified:
            self._card.notify(NoticeKind.OUTCOME, person=self._state.requester.person)
        await self._finish()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.state()

    @workflow.query
    def status(self) -> str:
        """Return the request's `Status` value.

        It is `pending` until the approval ends. The approval's own query returns what it waits for.
        """
        return self._state.status.value

    @workflow.query
    def state(self) -> HrSnapshot:
        """Return the request as its card shows it."""
        return self._published()

    def _apply(self, change: HrChange) -> None:
        self._state = change.state
        self._card.record(change.facts)

    async def _await_approval(self) -> None:
        """Run the approval as a child, which owns the card until it ends, and obey its outcome."""
        workflow_input = self._input
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
        child = self._child = await start_approval(request)
        await self._card.serve(child.done)
        outcome = outcome_of(child)
        if outcome is None:
            self._apply(rules.approval_lost(self._state, workflow.now()))
            return
        self._card.adopt(outcome.card)
        self._apply(rules.approval_ended(self._state, outcome.face, workflow.now()))

    def _next_input(self) -> HrInput:
        carried = CarriedHr(
            state=self._state,
            card=self._card.card,
            facts=self._card.pending_facts,
            notices=self._card.pending_notices,
        )
        return replace(self._input, carried=carried)
