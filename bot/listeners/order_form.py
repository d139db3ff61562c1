"""The order form in Slack: its lines, its totals while the user types, and its submission."""

from collections.abc import Callable

from slack_bolt.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.actions.start import order_input
from bot.listeners.open_forms import OpenForms
from bot.listeners.services import Services
from bot.listeners.submissions import Result, Submission, submit
from bot.runtime.ids import new_request_id
from views import order_modal
from views.blocks import View
from views.card_click import pressed
from views.ids import ActionId, CallbackId
from views.payload import actor_id, text_at
from views.translator import Translator
from workflows.rules.approvals.request import RequestKind
from workflows.rules.messages import OrderInput
from workflows.rules.orders.form import OrderFormErrors
from workflows.rules.orders.order import PaymentMode
from workflows.rules.orders.order_route import order_route
from workflows.rules.people.actors import Actor, Origin


def register(app: AsyncApp, services: Services) -> None:
    """Register the listeners that open, change and submit the form."""
    listener = OrderFormListeners(services)
    app.command("/order")(listener.form_requested)
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

    async def form_requested(self, args: AsyncArgs) -> None:
        """Open the form at once, with a new order id: submitted twice, it is one order."""
        await args.ack()
        t = self._services.cached_translator(text_at(args.body, "user_id"))
        view = order_modal.build(
            new_request_id(RequestKind.ORDER), self._services.products.entries, t
        )
        await args.client.views_open(trigger_id=args.body["trigger_id"], view=view)

    async def line_added(self, args: AsyncArgs) -> None:
        """Add a line to the form, keeping what was typed."""
        await self._change_lines(args, order_modal.add_line)

    async def line_removed(self, args: AsyncArgs) -> None:
        """Remove a line from the form, keeping what was typed in the others."""
        await self._change_lines(args, order_modal.remove_line)

    async def _change_lines(self, args: AsyncArgs, change: Callable[..., View | None]) -> None:
        await args.ack()
        key, products = text_at(pressed(args.body), "value"), self._services.products.entries
        t = self._services.cached_translator(actor_id(args.body))
        await self._forms.change(
            args.client, args.body, lambda view: change(view, key, products, t)
        )

    async def number_typed(self, args: AsyncArgs) -> None:
        """Update the totals."""
        await args.ack()
        products = self._services.products.entries
        t = self._services.cached_translator(actor_id(args.body))
        await self._forms.refresh(
            args.client, args.body, lambda view: order_modal.with_totals(view, products, t)
        )

    async def order_submitted(self, args: AsyncArgs) -> None:
        """Validate the form and start its order."""
        typed = args.body["view"]
        requester = Actor(person=actor_id(args.body), origin=Origin.SLACK)
        t = self._services.cached_translator(requester.person)
        products = self._services.products
        draft, policies = order_modal.parse(typed), self._services.policies
        try:
            asked = order_input(draft, products.by_sku, policies, requester)
        except OrderFormErrors as mistakes:
            await args.ack(response_action="errors", errors=order_modal.errors(mistakes, typed, t))
            return
        self._forms.forget(typed["id"])
        submission = Submission(
            request_id=asked.order.order_id,
            requester=requester,
            working=order_modal.working(asked.order.order_id, t),
            start=lambda: self._start(asked, t),
            failed=lambda sentence: order_modal.failed(typed, products.entries, sentence, t),
        )
        await submit(self._services, args, submission)

    async def _start(self, asked: OrderInput, t: Translator) -> Result:
        """Start the order. Raises TemporalUnavailableError."""
        order, policy = asked.order, asked.policy
        started = await self._services.starts.start(asked)
        if started.existing is not None:
            # An earlier, unconfirmed submission of this form was started, perhaps before an edit.
            order = started.existing.order
        view = order_modal.received(
            order.order_id,
            t,
            total=t.money(order.total),
            waits_in=policy.channel if order_route(order, policy).levels else "",
            paid_elsewhere=order.payment is PaymentMode.AWAIT,
        )
        return Result(view=view)
