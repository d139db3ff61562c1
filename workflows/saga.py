"""Runs a saga: steps forward in order, compensations in reverse, help if a compensation fails."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.card_owner import CardOwner
from workflows.rules.approvals.policy import Policy
from workflows.rules.notice import NoticeKind
from workflows.rules.shared.failure import Failure
from workflows.rules.shared.saga import Name
from workflows.step_failure import failure_of


class SagaState(Protocol):
    """The part of its workflow's state that every saga reads."""

    @property
    def policy(self) -> Policy:
        """The policy, which names the admin channel."""


State = TypeVar("State", bound=SagaState)
Change = TypeVar("Change")
Result = TypeVar("Result")
State_contra = TypeVar("State_contra", contravariant=True)
Change_co = TypeVar("Change_co", covariant=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class SagaContext(Generic[State, Change]):
    """The workflow that a saga belongs to.

    `apply` takes the result of a rule. `flush_facts` returns when every fact is in the audit
    trail. `should_continue_as_new` is asked between two steps.
    """

    state: Callable[[], State]
    apply: Callable[[Change], None]
    card: CardOwner
    flush_facts: Callable[[], Awaitable[None]]
    should_continue_as_new: Callable[[], bool]


class SagaRules(Protocol[State_contra, Change_co, Name]):
    """The pure rules of a saga. A module with these functions satisfies it."""

    def next_step(self, state: State_contra) -> Name:
        """Return the step to begin now."""

    def step_started(self, state: State_contra, name: Name, now: datetime) -> Change_co:
        """Register the step's compensation and record that it is running."""

    def step_failed(
        self, state: State_contra, name: Name, failure: Failure, now: datetime
    ) -> Change_co:
        """Record the failure and turn back."""

    def steps_to_compensate(self, state: State_contra) -> tuple[Name, ...]:
        """Return the steps to undo, the latest first."""

    def step_compensated(self, state: State_contra, name: Name, now: datetime) -> Change_co:
        """Record that the step was undone."""

    def compensation_failed(
        self, state: State_contra, name: Name, failure: Failure, now: datetime
    ) -> Change_co:
        """Record that the step could not be undone."""

    def compensated(self, state: State_contra, now: datetime) -> Change_co:
        """End a saga that has nothing left to undo."""


class Saga(ABC, Generic[State, Change, Name, Result]):
    """Runs one saga. Its whole progress is in the workflow's state, so a new run continues it.

    `Result` is what a step's activity returns.
    """

    def __init__(
        self, context: SagaContext[State, Change], rules: SagaRules[State, Change, Name]
    ) -> None:
        self._context = context
        self._rules = rules
        self._apply = context.apply
        self._card = context.card

    @property
    def _state(self) -> State:
        return self._context.state()

    async def run(self) -> None:
        """Return when the saga has ended, or between two steps when a new run is due."""
        while (action := self._next_action()) is not None:
            await action()
            if self._context.should_continue_as_new():
                return

    @abstractmethod
    def _next_action(self) -> Callable[[], Awaitable[None]] | None:
        """Return the next action for the current state, such as `_forward`; None after the end."""

    @abstractmethod
    def _start_step(self, name: Name) -> workflow.ActivityHandle[Result]:
        """Start the activity of a step."""

    @abstractmethod
    def _start_compensation(self, name: Name) -> workflow.ActivityHandle[None]:
        """Start the activity that undoes a step."""

    @abstractmethod
    def _completed(self, name: Name, result: Result) -> Change:
        """Return the change that a step's success makes."""

    async def _forward(self) -> None:
        """Run the next step. Its fact and its compensation are in the audit trail before that.

        Nothing is awaited before the fact that the step has started: no cancellation can come in
        between.
        """
        name = self._rules.next_step(self._state)
        self._apply(self._rules.step_started(self._state, name, workflow.now()))
        await self._context.flush_facts()
        await self._run_step(name)

    async def _run_step(self, name: Name) -> None:
        await self._finish_step(name, self._start_step(name))

    async def _finish_step(self, name: Name, handle: workflow.ActivityHandle[Result]) -> None:
        """Wait for a step's activity and apply its result or its failure."""
        await self._card.serve(handle.done)
        try:
            result = handle.result()
        except ActivityError as error:
            failure = failure_of(error)
            self._apply(self._rules.step_failed(self._state, name, failure, workflow.now()))
            return
        self._apply(self._completed(name, result))

    async def _back(self) -> None:
        """Undo the latest step whose compensation is owed, or end the saga if none is."""
        owed = self._rules.steps_to_compensate(self._state)
        if not owed:
            self._apply(self._rules.compensated(self._state, workflow.now()))
            return
        await self._context.flush_facts()
        if await self._undo_step(owed[0]):
            self._apply(self._rules.step_compensated(self._state, owed[0], workflow.now()))

    async def _undo_step(self, name: Name) -> bool:
        """Return whether the step was undone."""
        return await self._finish_compensation(name, self._start_compensation(name))

    async def _finish_compensation(self, name: Name, handle: workflow.ActivityHandle[None]) -> bool:
        """Return whether the compensation succeeded; if not, ask the admins for help."""
        await self._card.serve(handle.done)
        try:
            handle.result()
        except ActivityError as error:
            workflow.logger.error("compensation of %s failed: %s", name, error.cause)
            failure = failure_of(error)
            self._apply(self._rules.compensation_failed(self._state, name, failure, workflow.now()))
            if channel := self._state.policy.admin_channel:
                self._card.notify(NoticeKind.ATTENTION, channel=channel)
            return False
        return True
