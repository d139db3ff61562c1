"""The saga of an HR request: provisions what was approved, step by step, or undoes it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow

from workflows.options import COMPENSATION_RETRIES, STEP_RETRIES
from workflows.ports.hr import Provisioned, ProvisionPort, ProvisionQuestion
from workflows.rules.hr import saga as rules
from workflows.rules.hr.snapshot import HrChange, HrState, HrStepName, Provisioning
from workflows.saga import Saga, SagaContext

RETRY_COMPENSATION_AFTER = timedelta(hours=1)
"""The pause after a compensation has used up its attempts. It stays owed until it is done."""


class HrSaga(Saga[HrState, HrChange, HrStepName, Provisioned]):
    """Provisions one request. A stuck compensation is tried again after an hour."""

    def __init__(self, context: SagaContext[HrState, HrChange]) -> None:
        super().__init__(context, rules)

    def _next_action(self) -> Callable[[], Awaitable[None]] | None:
        match self._state.provisioning:
            case Provisioning.RUNNING:
                return self._forward
            case Provisioning.COMPENSATING if self._state.stuck is not None:
                return self._pause
            case Provisioning.COMPENSATING:
                return self._back
        return None

    def _start_step(self, name: HrStepName) -> workflow.ActivityHandle[Provisioned]:
        question = self._question(name)
        return workflow.start_activity_method(
            ProvisionPort.provision, question, summary=name.value, **STEP_RETRIES
        )

    def _start_compensation(self, name: HrStepName) -> workflow.ActivityHandle[None]:
        return workflow.start_activity_method(
            ProvisionPort.take_back,
            self._question(name),
            summary=f"undo {name}",
            **COMPENSATION_RETRIES,
        )

    def _completed(self, name: HrStepName, result: Provisioned) -> HrChange:
        return rules.step_completed(
            self._state, name, result.reference, result.left, workflow.now()
        )

    async def _pause(self) -> None:
        """Wait before a failed compensation is tried again."""
        stuck = self._state.stuck
        if stuck is None:
            return
        retry_at = stuck.since + RETRY_COMPENSATION_AFTER
        await self._card.serve(self._context.should_continue_as_new, retry_at)
        if workflow.now() >= retry_at:
            await self._back()

    def _question(self, name: HrStepName) -> ProvisionQuestion:
        request = self._state.request
        return ProvisionQuestion(
            key=f"{request.request_id}:{name}",
            step=name,
            request=request,
            person=self._state.requester.person,
        )
