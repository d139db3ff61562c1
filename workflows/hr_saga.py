"""Provisioning's way forward and back: one step at a time, each written down before it is begun."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.journey import Journey
from workflows.options import COMPENSATION, STEP
from workflows.ports.hr import ProvisionPort, ProvisionQuestion
from workflows.rules.hr import saga as rules
from workflows.rules.hr.snapshot import HrChange, HrState, HrStepName, Provisioning
from workflows.rules.notice import NoticeKind
from workflows.step_error import problem

TRY_AGAIN = timedelta(hours=1)
"""After the tries of a compensation, the pause before the next ones: it is owed until it is done."""


class HrSaga:
    """Provisions a request. All it knows is in the request's state, so a new run goes on with it."""

    def __init__(self, journey: Journey[HrState, HrChange]) -> None:
        self._journey = journey
        self._take = journey.take
        self._card = journey.card

    @property
    def _state(self) -> HrState:
        return self._journey.state()

    async def go_on(self) -> None:
        """Return when the request has ended, or when nothing is under way and a new run is due."""
        while True:
            match self._state.provisioning:
                case Provisioning.RUNNING:
                    await self._forward()
                case Provisioning.COMPENSATING if self._state.stuck is not None:
                    await self._pause()
                case Provisioning.COMPENSATING:
                    await self._back()
                case _:
                    return
            if self._journey.may_continue_as_new():
                return

    async def _forward(self) -> None:
        """Do the next step; its fact and its compensation are written down before."""
        name = rules.next_step(self._state)
        self._take(rules.step_started(self._state, name, workflow.now()))
        await self._journey.written()
        handle = workflow.start_activity_method(
            ProvisionPort.provision, self._question(name), summary=name.value, **STEP
        )
        await self._card.attend(handle.done)
        try:
            done = handle.result()
        except ActivityError as error:
            self._take(rules.step_failed(self._state, name, problem(error), workflow.now()))
            return
        now = workflow.now()
        self._take(rules.step_completed(self._state, name, done.reference, done.left, now))

    async def _back(self) -> None:
        """Undo the latest step that is owed, or end where nothing is."""
        owed = rules.steps_to_compensate(self._state)
        if not owed:
            self._take(rules.compensated(self._state, workflow.now()))
            return
        name = owed[0]
        await self._journey.written()
        handle = workflow.start_activity_method(
            ProvisionPort.take_back, self._question(name), summary=f"undo {name}", **COMPENSATION
        )
        await self._card.attend(handle.done)
        try:
            handle.result()
        except ActivityError as error:
            self._ask_for_help(name, error)
        else:
            self._take(rules.step_compensated(self._state, name, workflow.now()))

    def _ask_for_help(self, name: HrStepName, error: ActivityError) -> None:
        workflow.logger.error("undo of %s not done: %s", name, error.cause)
        failed = rules.compensation_failed(self._state, name, problem(error), workflow.now())
        self._take(failed)
        if channel := self._state.policy.admin_channel:
            self._card.tell(NoticeKind.ATTENTION, channel=channel)

    async def _pause(self) -> None:
        """Wait before a compensation that could not be done is tried again."""
        stuck = self._state.stuck
        if stuck is None:
            return
        again = stuck.since + TRY_AGAIN
        await self._card.attend(self._journey.may_continue_as_new, again)
        if workflow.now() >= again:
            await self._back()

    def _question(self, name: HrStepName) -> ProvisionQuestion:
        state = self._state
        return ProvisionQuestion(
            key=f"{state.request.request_id}:{name}",
            step=name,
            request=state.request,
            person=state.requester.person,
        )
