"""Orders in Slack: the modal that takes one, and the command that tells where one stands."""

import re
import time
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.listeners.answers import Surface, slack_code
from bot.listeners.presses import Presses, id_of
from bot.listeners.services import Services
from bot.minting import mint
from bot.views import card_click, notices, order_card, order_modal
from bot.views.blocks import View
from bot.views.ids import ActionId, CallbackId
from bot.views.payload import clicker
from bot.workflow_client import TemporalUnavailableError
from workflows.rules.errors import NoTierError
from workflows.rules.messages import OrderInput
from workflows.rules.order import Cancellation, Order
from workflows.rules.order_form import OrderMistakes, read_order
from workflows.rules.people import Actor, Origin
from workflows.rules.policy import Policy, route

POLICY = "order"
CURRENCY = "USD"
_ORDER_ID = re.compile(r"ORD-[0-9A-HJKMNP-TV-Z]{8}")
_OVERTAKEN = frozenset({"hash_conflict", "not_found"})
"""The button was pressed twice, or the modal is closed: there is nothing left to do."""

_log = structlog.get_logger("bot.orders")


def register(app: AsyncApp, services: Services) -> None:
    """Listen to the two commands, the modal's button and its submission, and the card's button."""
    listener = OrderListeners(services)
    app.command("/order")(listener.order_asked)
    app.action(ActionId.ADD_LINE)(listener.line_added)
    app.view(CallbackId.ORDER)(listener.order_submitted)
    app.command("/order-status")(listener.status_asked)
    app.action(ActionId.CANCEL)(listener.cancel_clicked)


class OrderListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._presses = Presses(services)

    async def order_asked(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Open the modal at once. The order's id is minted here: a double submit is one order."""
        await ack()
        view = order_modal.build(mint("ORD"), self._services.products.entries)
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def line_added(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Show one more line, keeping what was typed."""
        await ack()
        shown = body["view"]
        view = order_modal.add_line(shown, self._services.products.entries)
        try:
            await client.views_update(view_id=shown["id"], hash=shown["hash"], view=view)
        except SlackApiError as error:
            if slack_code(error) not in _OVERTAKEN:
                raise
            _log.info("line_not_added", error=slack_code(error))

    async def order_submitted(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Check what was written by pure rules, acknowledge, then start the order."""
        typed = body["view"]
        requester = Actor(person=clicker(body), origin=Origin.SLACK)
        try:
            order = read_order(order_modal.parse(typed), self._services.products.skus, CURRENCY)
        except OrderMistakes as mistakes:
            await ack(response_action="errors", errors=order_modal.errors(mistakes, typed))
            return
        await ack(response_action="update", view=order_modal.working(order.order_id))
        acked = time.monotonic()
        answers = self._services.answers
        try:
            view = await self._start(order, requester)
        except (NoTierError, TemporalUnavailableError) as error:
            _log.warning("order_not_started", order_id=order.order_id, why=repr(error))
            sentence = _why_not(error)
            view = order_modal.failed(typed, self._services.products.entries, sentence)
            surface = Surface(person=requester.person)
            await answers.show_or_tell(
                client, typed["id"], view, acked, surface=surface, sentence=sentence
            )
        else:  # whoever has closed the window hears the outcome anyway
            await answers.show(client, typed["id"], view, acked)

    async def _start(self, order: Order, requester: Actor) -> View:
        """Start the order; return the view that says that it was received.

        Raises NoTierError and TemporalUnavailableError: see `route` and `start_order`.
        """
        policy = self._services.policies.policy(POLICY)
        channel = _asks_in(policy, order)
        managers = self._services.policies.chain_of(requester.person)
        asked = OrderInput(order=order, requester=requester, policy=policy, managers=managers)
        if not await self._services.workflows.start_order(asked):
            # Sent before: perhaps a first try that was not confirmed, and edited since. That one counts.
            face = await self._services.orders.look_up(order.order_id)
            if face is not None and face.order != order:
                order, channel = face.order, _asks_in(policy, face.order)
        return order_modal.received(order.order_id, total=str(order.total), waits_in=channel)

    async def status_asked(self, ack: AsyncAck, command: dict[str, Any]) -> None:
        """Tell, privately, where one order stands, or which orders this person has."""
        await ack()
        surface = Surface(
            person=command["user_id"],
            channel=command["channel_id"],
            response_url=command.get("response_url", ""),
        )
        written = command.get("text", "").strip().upper()
        answers, orders = self._services.answers, self._services.orders
        if not written:
            faces = await orders.latest_of(surface.person)
            await answers.tell_message(surface, order_card.status_list(faces))
        elif not _ORDER_ID.fullmatch(written):
            await answers.tell(surface, notices.malformed_order_id(command["text"].strip()))
        elif face := await orders.look_up(written):
            await answers.tell_message(surface, order_card.status_message(face))
        else:
            await answers.tell(surface, notices.unknown_order(written))

    async def cancel_clicked(
        self, ack: AsyncAck, body: dict[str, Any], request: AsyncBoltRequest
    ) -> None:
        """Cancel the order, which has asked "sure?" already, and show what that led to."""
        received = time.monotonic()
        await ack()
        click = card_click.parse_click(body)
        press = self._presses.press(click, click.person, id_of(click), request, received)
        deed = Cancellation(actor=Actor(person=click.person, origin=Origin.SLACK))

        async def say(sentence: str) -> None:
            await self._services.answers.tell(press.surface, sentence)

        outcome = await self._presses.do(press, deed, say)
        if outcome.sentence:
            await say(outcome.sentence)


def _why_not(error: NoTierError | TemporalUnavailableError) -> str:
    if isinstance(error, NoTierError):
        return notices.refusal(error.code, error.data)
    return notices.unavailable()


def _asks_in(policy: Policy, order: Order) -> str:
    """Return the channel where this order waits for a yes, or nothing where it needs none."""
    return policy.channel if route(policy, order.total).levels else ""
