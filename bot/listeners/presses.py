"""Presses: what a person does to a request in Slack, sent as an update, and told how it went."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from slack_bolt.async_app import AsyncBoltRequest
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

from bot.actions.commands import AnyDeed, OrderDeed, is_fact_of, send, send_to_order, verb_of
from bot.listeners.answers import Surface, surface_of
from bot.listeners.services import Services
from bot.temporal.client import (
    Accepted,
    Answer,
    Ended,
    OrderAnswer,
    Refused,
    TemporalUnavailableError,
    Unconfirmed,
    Unknown,
)
from records.database import DATABASE_FAILURES
from records.refusals import Refusal
from records.snapshots import read_snapshot
from views import cards, notices
from views.card_click import Click, ClickContext, pressed_copy
from views.translator import translator
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.inbox import goes_on
from workflows.rules.messages import Menu
from workflows.rules.people.actors import Actor
from workflows.rules.shared.card import CardCopy
from workflows.rules.shared.click import REMEMBERED, click_id
from workflows.rules.shared.errors import OrderClosedError, RequestClosedError, StaleContentError
from workflows.rules.snapshots import Snapshot

AGE = timedelta(seconds=1.5)
"""How long before its press a deed may have counted, by our clock and by Temporal's, and still be
painted inline. The durable publish comes 3 s after the deed and settles what was painted before."""

UNKNOWN_REQUEST = "unknown_request"
NOT_OFFERED = "not_offered"
"""Codes of refusals that no rule has pronounced: only a button that somebody made, or one that
came too late, leads to them."""
NOT_A_READER = "not_a_reader"
"""The code of a refusal to show a private request."""
MENU_TRIES = 3
"""How often a request is asked what somebody may do with it, each time for as long as people wait."""

Say = Callable[[str], Awaitable[None]]
"""Says one sentence to the person who pressed, and to nobody else."""

_log = structlog.get_logger("bot.presses")


@dataclass(frozen=True, kw_only=True, slots=True)
class Press:
    """One press on one copy of a card, or in a modal that such a press opened.

    `received` is `time.monotonic()` at the moment the listener got it, `at` the wall clock's time.
    """

    request_id: str
    click_id: str
    card_version: int
    surface: Surface
    copy: CardCopy
    received: float
    at: datetime
    repeated: bool
    may_paint: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a deed went: the sentence to say, empty where the card says it all.

    `counted` says whether it did, None where that is not known. `mendable` says that it was refused
    and the request goes on: another try may succeed.
    """

    sentence: str = ""
    counted: bool | None = False
    mendable: bool = False


class Presses:
    """Knows a press that Slack sends again, sends what was meant by it, and tells how it went.

    Slack numbers its retries (in Socket Mode the header stands on the first delivery too, as 0).
    One that it repeats without a number is known by its id: Temporal answers the same update
    with its first answer again, which may be an old one by now. Where the first one went to
    another process, only the age of that answer tells.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._seen: dict[str, None] = {}

    def press(
        self,
        place: Click | ClickContext,
        person: str,
        click_id: str,
        request: AsyncBoltRequest,
        received: float,
    ) -> Press:
        """Return the press of `person` at `place`, and whether Slack sends it for the first time."""
        repeated = click_id in self._seen
        self._seen[click_id] = None
        while len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
        retried = request.headers.get("x-slack-retry-num", ["0"])[0] not in ("", "0")
        surface = surface_of(person, place)
        return Press(
            request_id=place.request_id,
            click_id=click_id,
            card_version=place.card_version,
            surface=surface,
            copy=pressed_copy(place, person),
            received=received,
            at=self._services.now(),
            repeated=repeated,
            may_paint=not (repeated or retried or surface.is_private),
        )

    async def do(self, press: Press, deed: AnyDeed, say: Say) -> Outcome:
        """Send the deed and return how it went; an accepted one is shown on the pressed copy.

        `say` is used at once where the answer takes long: the same deed is then asked for again,
        under the same id, until it is known what became of it.
        """

        async def ask() -> Answer | OrderAnswer:
            workflows = self._services.workflows
            if isinstance(deed, OrderDeed):
                return await send_to_order(workflows, press.request_id, press.click_id, deed)
            return await send(workflows, press.request_id, press.click_id, deed)

        answer = await ask()
        if not isinstance(answer, Unconfirmed):
            return await self._settle(press, deed, answer)
        t = translator(await self._services.people.locale_of(press.surface.person))
        await say(notices.unconfirmed(t))
        answer = await self._services.workflows.confirm(ask)
        if isinstance(answer, Accepted):
            return Outcome(sentence=notices.confirmed(verb_of(deed), t), counted=True)
        if isinstance(answer, Ended) and await self._had_counted(press, deed):
            return Outcome(sentence=notices.confirmed(verb_of(deed), t), counted=True)
        return await self._settle(press, deed, answer)

    async def menu(self, request_id: str, person: str) -> Menu | str:
        """Return the menu, or the sentence that says why there is none; empty: Temporal knows none.

        The modal for it is open already, so nobody's three seconds run: a query that was not
        answered in time is asked anew, which also helps where the first one got lost.
        """
        asking = AsyncRetrying(
            retry=retry_if_exception_type(TemporalUnavailableError),
            stop=stop_after_attempt(MENU_TRIES),
            reraise=True,
        )
        try:
            return await asking(self._services.workflows.menu, request_id, person) or ""
        except TemporalUnavailableError as error:
            _log.warning("menu_not_asked", why=str(error))
            return notices.unavailable(translator(await self._services.people.locale_of(person)))

    async def _settle(self, press: Press, deed: AnyDeed, answer: Answer | OrderAnswer) -> Outcome:
        match answer:
            case Accepted(face=snapshot):
                if press.may_paint and _is_new(snapshot, press):
                    message = cards.build(snapshot, press.copy)
                    await self._services.answers.paint(press.surface, message, press.received)
                return Outcome(counted=True)
            case Refused():
                await self._write_down(press, deed, answer.code)
                if answer.card_version != press.card_version:
                    await self._republish(press.request_id, press)
                link = ""
                if answer.code == StaleContentError.code:
                    link = await self._services.answers.permalink(_root(press.surface))
                t = translator(await self._services.people.locale_of(press.surface.person))
                sentence = notices.refusal(answer.code, answer.data, t, link)
                return Outcome(sentence=sentence, mendable=answer.code != RequestClosedError.code)
            case Ended() | Unknown():
                return Outcome(sentence=await self.tell_how_it_ended(press, deed))
            case Unconfirmed():
                t = translator(await self._services.people.locale_of(press.surface.person))
                return Outcome(sentence=notices.still_unconfirmed(t), counted=None)

    async def _write_down(self, press: Press, deed: AnyDeed, code: str) -> None:
        """Keep the refusal, best effort: Temporal keeps none, and the person must hear it anyway."""
        if not press.repeated:
            await self.write_down(press.request_id, deed.actor, verb_of(deed), code)

    async def write_down(self, request_id: str, actor: Actor, verb: str, code: str) -> None:
        """Keep who tried what on which request and why not, best effort."""
        refusal = Refusal(
            request_id=request_id, actor=actor, verb=verb, code=code, at=self._services.now()
        )
        try:
            await self._services.refusals.append(refusal)
        except DATABASE_FAILURES as error:
            _log.error("refusal_not_written", code=code, error=type(error).__name__)

    async def tell_how_it_ended(self, press: Press, deed: AnyDeed | None = None) -> str:
        """Answer a press on a card whose workflow has ended, and have that card shown as it is."""
        t = translator(await self._services.people.locale_of(press.surface.person))
        record = await self._services.requests.get(press.request_id)
        if record is None:
            _log.warning("press_for_unknown_request", request_id=press.request_id)
            if deed is not None:
                await self._write_down(press, deed, UNKNOWN_REQUEST)
            return notices.unknown_request(press.request_id, t)
        closed = OrderClosedError if isinstance(deed, OrderDeed) else RequestClosedError
        if deed is not None:
            await self._write_down(press, deed, closed.code)
        if not await self._republish(record.owner_id, press):
            await self._paint_last_state(record.owner_id, press)
        return notices.refusal(closed.code, _closing(read_snapshot(record.face)), t)

    async def _had_counted(self, press: Press, deed: AnyDeed) -> bool:
        """Whether the ended request holds what this press asked for, the first time unanswered."""
        trail = await self._services.trail.facts(press.request_id)
        return any(is_fact_of(fact, deed) for fact in trail)

    async def _republish(self, owner_id: str, press: Press) -> bool:
        """Ask the owner to write the card again; False where the owner has ended."""
        try:
            return await self._services.workflows.republish(owner_id, press.click_id)
        except TemporalUnavailableError as error:
            _log.warning("republish_not_confirmed", owner=owner_id, why=str(error))
            return True

    async def _paint_last_state(self, owner_id: str, press: Press) -> None:
        if press.surface.is_private:  # what stands there is no card
            return
        record = await self._services.requests.get(owner_id)
        if record is not None:
            snapshot = read_snapshot(record.face)
            message = cards.build(snapshot, press.copy)
            if goes_on(snapshot):  # with its owner gone, no button of it works any more
                message = message.without_buttons()
            await self._services.answers.paint_final(press.surface, message)


def id_of(click: Click) -> str:
    """Return the click id of a press on a card."""
    return click_id(
        click.request_id, click.person, click.action_id, click.message_ts, click.action_ts
    )


def _is_new(snapshot: Snapshot, press: Press) -> bool:
    """Whether a deed counted no earlier than its press: else this is an old answer, given again."""
    age = press.at - snapshot.changed_at
    if age > AGE:
        _log.warning("answer_older_than_press", seconds=age.total_seconds())
    return age <= AGE


def _root(surface: Surface) -> Surface:
    """Return where the request as it is now stands: of a reply in its thread, the message above."""
    return replace(surface, message_ts=surface.thread_ts or surface.message_ts)


def _closing(snapshot: Snapshot) -> Mapping[str, str]:
    by = snapshot.closed_by if isinstance(snapshot, ApprovalSnapshot) else None
    return {"status": snapshot.status.value, "person": by.person if by else ""}
