"""The base classes of the workflows that own a card and take commands."""

from abc import ABC, abstractmethod
from typing import Generic, NoReturn, TypeVar

from temporalio import workflow

from workflows.card_owner import CardOwner, CardSubject
from workflows.outbox import StartRefusedError
from workflows.refusal import refusing, running_update_id
from workflows.rules.approvals.registration import Registration
from workflows.rules.notice import NoticeKind
from workflows.rules.people.actors import Actor
from workflows.rules.shared.card import CardState
from workflows.rules.shared.click import REMEMBERED
from workflows.rules.shared.recent import append_recent
from workflows.rules.shared.verb_rule import Command, VerbRule
from workflows.rules.snapshots import Snapshot

State = TypeVar("State")
Change = TypeVar("Change")
Published = TypeVar("Published", bound=Snapshot)
Carried = TypeVar("Carried")


def genuine(carried: Carried | None) -> Carried | None:
    """Return the state that an earlier run carried over; None if the start itself brought it along.

    Retries and cron schedules start further runs too, with the input of the start.
    """
    run = workflow.info()
    is_continued = run.continued_run_id and run.attempt == 1 and not run.cron_schedule
    return carried if is_continued else None


class CardWorkflow(ABC, Generic[Published]):
    """A workflow that owns a card.

    Handlers are plain functions: they change the state and return it. Only `run` awaits.
    """

    _card: CardOwner

    @workflow.update
    def republish(self) -> int:
        """Publish the card again, after a user saw an outdated copy; return the card's version.

        Safe to repeat.
        """
        self._card.republish()
        return self._card.card.version

    @abstractmethod
    def _snapshot(self, version: int) -> Published:
        """Return the snapshot of the state at this version of the card."""

    @abstractmethod
    def _registration(self) -> Registration:
        """Return the policy and route to check before the request may start."""

    @abstractmethod
    def _next_input(self) -> object:
        """Return the input of the next run, with the state and everything that is pending."""

    def _published(self) -> Published:
        return self._snapshot(self._card.card.version)

    def _subject(self) -> CardSubject:
        request_id = self._snapshot(0).request_id
        return CardSubject(
            request_id=request_id,
            snapshot=self._snapshot,
            owner_id=lambda: request_id,
            registration=self._registration,
        )

    def _owner(self, card: CardState) -> CardOwner:
        return CardOwner(card, self._subject())

    def _is_idle(self) -> bool:
        """Whether nothing is under way. What is only pending is carried into a new run."""
        return self._card.is_idle

    def _should_continue_as_new(self) -> bool:
        """Whether the history is long and no work under way would be lost."""
        return workflow.info().is_continue_as_new_suggested() and self._is_idle()

    async def _continue_as_new(self) -> NoReturn:
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(self._next_input())

    async def _end_refused(self, refusal: StartRefusedError, *, has_heir: bool = False) -> None:
        """End a request that must not start: nothing is shown, requester and admins are notified.

        An approval with an heir leaves the notice to the requester to it.
        """
        workflow.logger.error("start refused: %s", refusal.code)
        self._card.drop()
        kind, problem = NoticeKind.START_REFUSED, refusal.code
        if not has_heir:
            person = self._snapshot(0).requester.person
            self._card.notify(kind, person=person, problem=problem)
        if channel := refusal.admin_channel:
            self._card.notify(kind, channel=channel, problem=problem)
        await self._card.finish()
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def _finish(self) -> None:
        """Serve the card until Slack has the last state, or continue as new if it takes long."""
        await self._card.finish(self._should_continue_as_new)
        if self._card.has_pending and self._should_continue_as_new():
            await self._continue_as_new()


class CommandWorkflow(CardWorkflow[Published], Generic[State, Change, Command, Published]):
    """A workflow whose commands are updates.

    The update id is the click id: a repeated click returns the current snapshot and records no
    fact. A refusal is an ApplicationError of type `rejected.<code>` and writes no history.
    """

    _state: State
    _clicks: tuple[str, ...]

    @abstractmethod
    def _rule_of(self, command: Command) -> VerbRule[State, Command, Change]:
        """Return the rule that checks and applies a command."""

    @abstractmethod
    def _apply(self, change: Change, *, actor: Actor | None = None) -> None:
        """Apply the result of a rule. `actor` sent the update that caused it, if one did."""

    def _check(self, command: Command) -> None:
        if running_update_id() not in self._clicks:
            with refusing(self._card.card.version):
                self._rule_of(command).check(self._state, command, workflow.now())

    def _execute(self, command: Command) -> Published:
        """Apply a command's rule, once per click."""
        click = running_update_id()
        if click not in self._clicks:
            self._clicks = append_recent(self._clicks, click, REMEMBERED)
            change = self._rule_of(command).apply(self._state, command, workflow.now())
            self._apply(change, actor=command.actor)
        return self._published()
