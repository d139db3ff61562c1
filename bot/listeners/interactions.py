"""Interactions: clicks and submitted forms in Slack, their commands and the answers."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_sdk.web.async_client import AsyncWebClient

from bot.actions.execute import (
    Accepted,
    Context,
    Ended,
    Refused,
    Result,
    TemporalUnavailableError,
    UnknownRequest,
    closing_of,
    readable,
)
from bot.actions.registry import Command, spec_of
from bot.listeners.answers import Surface, surface_of
from bot.listeners.services import Services
from records.requests import RequestRecord
from records.snapshots import decode_snapshot
from views import cards, notices
from views.blocks import View
from views.card_click import Click, ClickContext, parse_click, pressed_copy
from views.translator import Translator
from workflows.rules.messages import Menu
from workflows.rules.shared.card import CardCopy
from workflows.rules.shared.click import REMEMBERED, click_id
from workflows.rules.shared.errors import RequestClosedError, StaleContentError
from workflows.rules.shared.recent import RecentKeys
from workflows.rules.snapshots import Snapshot

INLINE_AGE = timedelta(seconds=1.5)
"""How much older than its click a snapshot may be, by our clock and Temporal's, to be written inline.
The durable publish comes 3 s after the last accepted click and replaces what was written before."""

Notify = Callable[[str], Awaitable[None]]
"""Shows one sentence to the person who interacted, and to no one else."""

_log = structlog.get_logger("bot.interactions")


@dataclass(frozen=True, kw_only=True, slots=True)
class Interaction:
    """One click on one copy of a card, or one submission of a modal that such a click opened.

    `received` is `time.monotonic()` when the listener received it, `at` the wall clock's time.
    """

    request_id: str
    click_id: str
    card_version: int
    surface: Surface
    copy: CardCopy
    received: float
    at: datetime
    redelivered: bool
    may_paint: bool

    @property
    def person(self) -> str:
        """The person who interacted."""
        return self.surface.person


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The outcome of a command: the sentence to show, empty if the card shows everything.

    `accepted` is None if that is not known. `may_retry`: the rules refused, and the request is open.
    """

    sentence: str = ""
    accepted: bool | None = False
    may_retry: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedModal:
    """A modal that a click has just opened. `t` translates for the person who clicked."""

    click: Click
    interaction: Interaction
    view_id: str
    t: Translator


class Interactions:
    """Recognizes deliveries that Slack repeats, executes commands and renders their results.

    Slack numbers its retries (in Socket Mode the header is on the first delivery too, as 0). A
    repetition without a number is recognized by its click id: Temporal answers the same update with
    its first result, which may be outdated. If another process received the first delivery, only the
    age of that result shows it.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._seen = RecentKeys(REMEMBERED)

    async def open_modal(
        self, args: AsyncArgs, opening: Callable[[Click, Translator], View]
    ) -> OpenedModal:
        """Acknowledge a click on a card and open `opening` before any other I/O.

        The trigger of a click expires after three seconds.
        """
        received = time.monotonic()
        await args.ack()
        click = parse_click(args.body)
        t = self._services.cached_translator(click.person)
        view_id = await open_modal(args.client, click, opening(click, t))
        interaction = self.of_click(click, args.request, received)
        return OpenedModal(click=click, interaction=interaction, view_id=view_id, t=t)

    def of_click(self, click: Click, request: AsyncBoltRequest, received: float) -> Interaction:
        """Return the interaction of a click on a card."""
        return self.at(
            click,
            click.person,
            click_id(
                click.request_id, click.person, click.action_id, click.message_ts, click.action_ts
            ),
            request,
            received,
        )

    def at(
        self,
        place: Click | ClickContext,
        person: str,
        click_id: str,
        request: AsyncBoltRequest,
        received: float,
    ) -> Interaction:
        """Return the interaction of `person` at `place`, and whether Slack delivers it again."""
        redelivered = not self._seen.add(click_id)
        retried = request.headers.get("x-slack-retry-num", ["0"])[0] not in ("", "0")
        surface = surface_of(person, place)
        return Interaction(
            request_id=place.request_id,
            click_id=click_id,
            card_version=place.card_version,
            surface=surface,
            copy=pressed_copy(place, person),
            received=received,
            at=self._services.now(),
            redelivered=redelivered,
            may_paint=not (redelivered or retried or surface.is_private),
        )

    async def execute(
        self, interaction: Interaction, command: Command, notify: Notify | None = None
    ) -> Outcome:
        """Execute a command and return its outcome; if accepted, show it on the clicked copy.

        If the answer takes long, `notify` shows a notice; by default, in private.
        """
        notified = False

        async def on_unconfirmed() -> None:
            nonlocal notified
            notified = True
            sentence = notices.unconfirmed(await self._translator(interaction))
            await (notify or self._reply_to(interaction))(sentence)

        context = Context(
            request_id=interaction.request_id,
            click_id=interaction.click_id,
            redelivered=interaction.redelivered,
            on_unconfirmed=on_unconfirmed,
        )
        result = await self._services.commands.execute(command, context)
        if isinstance(result, Accepted) and not notified:
            await self._paint(interaction, result.snapshot)
            return Outcome(accepted=True)
        t = await self._translator(interaction)
        if isinstance(result, Accepted) or (isinstance(result, Ended) and result.already_done):
            sentence = notices.confirmed(spec_of(command).verb, t) if notified else ""
            return Outcome(sentence=sentence, accepted=True)
        return await self._not_accepted(interaction, result, t)

    async def _not_accepted(
        self, interaction: Interaction, result: Result[Any], t: Translator
    ) -> Outcome:
        match result:
            case Refused():
                if result.card_version != interaction.card_version:
                    await self._services.commands.republish(
                        interaction.request_id, interaction.click_id
                    )
                link = ""
                if result.code == StaleContentError.code:
                    link = await self._services.answers.permalink(_root(interaction.surface))
                sentence = notices.refusal(result.code, result.data, t, link)
                return Outcome(sentence=sentence, may_retry=True)
            case Ended():
                if result.card_version != interaction.card_version:
                    await self._show_end(interaction, result.record)
                return Outcome(sentence=notices.refusal(result.code, result.data, t))
            case UnknownRequest():
                _log.warning("unknown_request", request_id=interaction.request_id)
                return Outcome(sentence=notices.unknown_request(interaction.request_id, t))
            case _:
                return Outcome(sentence=notices.still_unconfirmed(t), accepted=None)

    async def menu(self, request_id: str, person: str) -> Menu | str:
        """Return the menu, or a sentence if Temporal is unavailable; empty for an unknown request."""
        try:
            return await self._services.approvals.menu(request_id, person) or ""
        except TemporalUnavailableError as error:
            _log.warning("menu_not_read", why=str(error))
            return notices.unavailable(await self._services.translator(person))

    async def show_end(self, interaction: Interaction) -> str:
        """Have the card of an ended request show its end; return a sentence about the end."""
        t = await self._translator(interaction)
        record = await self._services.requests.get(interaction.request_id)
        if record is None:
            _log.warning("unknown_request", request_id=interaction.request_id)
            return notices.unknown_request(interaction.request_id, t)
        await self._show_end(interaction, record)
        return notices.refusal(RequestClosedError.code, closing_of(readable(record)), t)

    async def _show_end(self, interaction: Interaction, record: RequestRecord | None) -> None:
        """Have the card's owner publish it again; if the owner has ended, write the last state.

        A request that is not in the records yet still owns its card.
        """
        owner_id = record.owner_id if record else interaction.request_id
        if await self._services.commands.republish(owner_id, interaction.click_id):
            return
        owner = await self._services.requests.get(owner_id)
        if owner is None or interaction.surface.is_private:  # a private message shows no card
            return
        snapshot = decode_snapshot(owner.face)
        message = cards.build(snapshot, interaction.copy)
        if snapshot.is_open:  # without its owner, no button works
            message = message.without_buttons()
        await self._services.answers.paint_final(interaction.surface, message)

    async def _paint(self, interaction: Interaction, snapshot: Snapshot) -> None:
        """Write the card inline, unless the snapshot is the old result of a repeated update."""
        if not interaction.may_paint:
            return
        age = interaction.at - snapshot.changed_at
        if age > INLINE_AGE:
            _log.warning("answer_older_than_click", seconds=age.total_seconds())
        else:
            message = cards.build(snapshot, interaction.copy)
            await self._services.answers.paint(interaction.surface, message, interaction.received)

    def _reply_to(self, interaction: Interaction) -> Notify:
        async def reply(sentence: str) -> None:
            await self._services.answers.reply(interaction.surface, sentence)

        return reply

    async def _translator(self, interaction: Interaction) -> Translator:
        return await self._services.translator(interaction.person)


def _root(surface: Surface) -> Surface:
    """Return the surface of the request's card: for a reply in its thread, the thread's root."""
    return replace(surface, message_ts=surface.thread_ts or surface.message_ts)


async def open_modal(client: AsyncWebClient, click: Click, view: View) -> str:
    """Open a modal for a click and return its id."""
    if click.trigger_id:
        opened = await client.views_open(trigger_id=click.trigger_id, view=view)
    else:  # a click inside a custom step has a pointer instead
        opened = await client.views_open(
            interactivity_pointer=click.interactivity_pointer, view=view
        )
    return str(opened["view"]["id"])
