"""Taking an order in Slack: the modal, its lines and sums as they are typed, and its submission."""

import time
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.actions.start import TemporalUnavailableError
from bot.listeners.answers import Surface
from bot.listeners.open_forms import OpenForms
from bot.listeners.services import Services
from bot.runtime.ids import new_id
from views import notices, order_modal
from views.blocks import View
from views.card_click import pressed
from views.ids import ActionId, CallbackId
from views.payload import clicker, word
from views.translator import Translator, translator
from workflows.rules.approvals.policy import Policy, route
from workflows.rules.messages import OrderInput
from workflows.rules.orders.form import CURRENCY, POLICY, OrderFormErrors, ParsedOrder, parse_order
from workflows.rules.orders.order import Order, OrderSnapshot, PaymentMode
from workflows.rules.people.actors import Actor, Origin

_log = structlog.get_logger("bot.orders")


def register(app: AsyncApp, services: Services) -> None:
    """Listen to the command, to what is done in the modal, and to its submission."""
    listener = OrderFormListeners(services)
    app.command("/order")(listener.order_asked)
    app.action(ActionId.ADD_LINE)(listener.line_added)
    app.action(ActionId.REMOVE_LINE)(listener.line_removed)
    app.action(ActionId.QUANTITY)(listener.number_typed)
    app.action(ActionId.UNIT_PRICE)(listener.number_typed)
    app.view(CallbackId.ORDER)(listener.order_submitted)


class OrderFormListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._forms = OpenForms()

    async def order_asked(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Open the modal at once. The order's id is minted here: a double submit is one order."""
        await ack()
        t = translator(self._services.people.cached_locale(word(body, "user_id")))
        view = order_modal.build(new_id("ORD"), self._services.products.entries, t)
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def line_added(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Show one more line, keeping what was typed."""
        await ack()
        key, products = word(pressed(body), "value"), self._services.products.entries
        t = translator(self._services.people.cached_locale(clicker(body)))
        await self._forms.change(
            client, body, lambda view: order_modal.add_line(view, key, products, t)
        )

    async def line_removed(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Show the form without this line, keeping what was typed into the others."""
        await ack()
        key, products = word(pressed(body), "value"), self._services.products.entries
        t = translator(self._services.people.cached_locale(clicker(body)))
        await self._forms.change(
            client, body, lambda view: order_modal.remove_line(view, key, products, t)
        )

    async def number_typed(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Show what the lines come to now."""
        await ack()
        products = self._services.products.entries
        t = translator(self._services.people.cached_locale(clicker(body)))
        await self._forms.refresh(
            client, body, lambda view: order_modal.recounted(view, products, t)
        )

    async def order_submitted(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Check what was written by pure rules, acknowledge, then start the order."""
        typed = body["view"]
        requester = Actor(person=clicker(body), origin=Origin.SLACK)
        t = translator(self._services.people.cached_locale(requester.person))
        products = self._services.products
        policy = self._services.policies.policy(POLICY)
        try:
            wish = parse_order(order_modal.parse(typed), products.names, CURRENCY, policy)
        except OrderFormErrors as mistakes:
            await ack(response_action="errors", errors=order_modal.errors(mistakes, typed, t))
            return
        order_id = wish.order.order_id
        await ack(response_action="update", view=order_modal.working(order_id, t))
        acked = time.monotonic()
        self._forms.forget(typed["id"])
        answers = self._services.answers
        try:
            view = await self._start(wish, policy, requester, t)
        except TemporalUnavailableError as error:
            _log.warning("order_not_started", order_id=order_id, why=repr(error))
            sentence = notices.unavailable(t)
            view = order_modal.failed(typed, products.entries, sentence, t)
            surface = Surface(person=requester.person)
            await answers.show_or_reply(
                client, typed["id"], view, acked, surface=surface, sentence=sentence
            )
        else:  # whoever has closed the window hears the outcome anyway
            await answers.show(client, typed["id"], view, acked)

    async def _start(
        self, wish: ParsedOrder, policy: Policy, requester: Actor, t: Translator
    ) -> View:
        """Start the order; return the view that says that it was received.

        Raises TemporalUnavailableError: see `start_order`.
        """
        order = wish.order
        managers = self._services.policies.chain_of(requester.person)
        asked = OrderInput(
            order=order,
            requester=requester,
            policy=policy,
            managers=managers,
            expire_after=wish.expire_after,
        )
        started = await self._services.starts.start(asked)
        if isinstance(started.existing, OrderSnapshot):
            # An unconfirmed first try, perhaps edited since: the first one counts.
            order = started.existing.order
        return order_modal.received(
            order.order_id,
            t,
            total=str(order.total),
            waits_in=_asks_in(policy, order),
            paid_elsewhere=order.payment is PaymentMode.AWAIT,
        )


def _asks_in(policy: Policy, order: Order) -> str:
    """Return the channel where this order waits for a yes, or nothing where it needs none."""
    return policy.channel if route(policy, order.total).levels else ""
