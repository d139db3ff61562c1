"""The HR request form: opened by a command, a shortcut, a message or a rejected request."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.actions.execute import readable_as
from bot.listeners.answers import NOT_ACKED, Surface
from bot.listeners.open_forms import OpenForms
from bot.listeners.services import Services
from bot.listeners.submissions import Result, Submission, submit
from bot.runtime.ids import new_request_id
from records.database import DATABASE_FAILURES
from views import help_message, hr_copy, hr_modal
from views.blocks import View
from views.card_click import pressed
from views.hr_inputs import HrOffer, form_context
from views.ids import ActionId, CallbackId, ShortcutId
from views.payload import actor_id, text_at
from views.translator import Translator
from workflows.rules.approvals.policy import route
from workflows.rules.approvals.request import RequestKind
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.form import HrFormErrors, read_hr
from workflows.rules.hr.request import HrType, amended_copy, request_from_content
from workflows.rules.messages import HrInput
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.errors import RuleError
from workflows.rules.shared.ids import approval_id

MAX_BEHIND_UTC = timedelta(hours=12)
"""How far the westernmost time zone is behind UTC: a day is over when it has ended there too."""

_log = structlog.get_logger("bot.hr")


def register(app: AsyncApp, services: Services) -> None:
    """Register the listeners that open, change and submit the form."""
    listener = HrListeners(services)
    app.command("/request")(listener.form_requested)
    app.shortcut(ShortcutId.REQUEST)(listener.form_requested)
    app.shortcut(ShortcutId.REQUEST_FROM_MESSAGE)(listener.message_chosen)
    app.action(ActionId.COPY)(listener.copy_clicked)
    app.action(ActionId.HR_TYPE)(listener.type_chosen)
    app.view(CallbackId.HR)(listener.request_submitted)


def hr_offer(services: Services) -> HrOffer:
    """Return the types, products and currency that the form offers. No I/O."""
    policies = services.policies.by_name
    expense = policies.get(HrType.EXPENSE.value)
    return HrOffer(
        types=tuple(hr_type for hr_type in HrType if hr_type.value in policies),
        products=services.products.entries,
        currency=expense.currency if expense else "",
    )


def day_somewhere(now: datetime) -> date:
    """Return the earliest current date in any time zone: a requester's today is never refused as past."""
    return (now - MAX_BEHIND_UTC).date()


class HrListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._forms = OpenForms()

    async def form_requested(self, args: AsyncArgs) -> None:
        """Open the form at once, with a new request id: submitted twice, it is one request.

        An unknown type after the command opens no form: the answer lists the types that exist.
        """
        await args.ack()
        person = text_at(args.body, "user_id") or text_at(args.body, "user", "id")
        t = self._services.cached_translator(person)
        offer, typed = self._offer(), text_at(args.body, "text").strip()
        wanted = typed.lower().replace(" ", "_")
        if wanted and offer.types and wanted not in offer.types:
            types = {type_.value: t(f"hr.type.{type_}") for type_ in offer.types}
            place = Surface(
                person=person,
                channel=text_at(args.body, "channel_id"),
                response_url=text_at(args.body, "response_url"),
            )
            await self._services.answers.reply(place, help_message.unknown_policy(typed, types, t))
            return
        view = hr_modal.new_form(new_request_id(RequestKind.HR), offer, t, wanted=wanted)
        await self._open(args, offer, view, t)

    async def message_chosen(self, args: AsyncArgs) -> None:
        """Open the form with the message quoted; then add the link to the message."""
        await args.ack()
        offer = self._offer()
        t = self._services.cached_translator(actor_id(args.body))
        view = hr_modal.quote_form(new_request_id(RequestKind.HR), offer, args.body, t)
        shown = await self._open(args, offer, view, t)
        link = await self._link(view)
        await self._forms.change(
            args.client,
            {"view": shown},
            lambda current: hr_modal.with_link(current, link, self._offer(), t),
        )

    async def copy_clicked(self, args: AsyncArgs) -> None:
        """Open a modal at once; then show the form with the latest content of the other request."""
        await args.ack()
        person, request_id = hr_copy.parse_copy(pressed(args.body), args.body)
        t = self._services.cached_translator(person)
        opening = hr_modal.opening_copy(t)
        shown = await args.client.views_open(trigger_id=args.body["trigger_id"], view=opening)
        view = await self._copy(person, request_id, t)
        await self._services.answers.show(args.client, shown["view"]["id"], view, NOT_ACKED)

    async def type_chosen(self, args: AsyncArgs) -> None:
        """Show the fields of the chosen type, keeping everything that was typed."""
        await args.ack()
        chosen, offer = hr_modal.chosen_type(pressed(args.body)), self._offer()
        t = self._services.cached_translator(actor_id(args.body))
        await self._forms.change(
            args.client, args.body, lambda view: hr_modal.with_type(view, chosen, offer, t)
        )

    async def request_submitted(self, args: AsyncArgs) -> None:
        """Validate the form and start its request."""
        typed, offer = args.body["view"], self._offer()
        requester = Actor(person=actor_id(args.body), origin=Origin.SLACK)
        t = self._services.cached_translator(requester.person)
        written = hr_modal.parse(typed)
        covered = written.type in offer.types
        policy = self._services.policies.by_name[written.type] if covered else None
        if covered and hr_modal.lacks_fields(typed):
            view = hr_modal.failed(typed, offer, hr_modal.fields_appeared(t), t)
            await args.ack(response_action="update", view=view)
            return
        try:
            today = day_somewhere(self._services.now())
            request = read_hr(written, policy, today, self._services.products.names)
        except HrFormErrors as mistakes:
            await args.ack(response_action="errors", errors=hr_modal.errors(mistakes, typed, t))
            return
        assert policy is not None  # noqa: S101 - `read_hr` refuses a request without one
        self._forms.forget(typed["id"])
        managers = self._services.policies.chain_of(requester.person)
        hr_input = HrInput(request=request, requester=requester, policy=policy, managers=managers)
        submission = Submission(
            request_id=request.request_id,
            requester=requester,
            working=hr_modal.working(request.request_id, t),
            start=lambda: self._start(typed, hr_input, t),
            failed=lambda sentence: hr_modal.failed(typed, self._offer(), sentence, t),
        )
        await submit(self._services, args, submission)

    async def _start(self, form: Mapping[str, Any], hr_input: HrInput, t: Translator) -> Result:
        """Start the request. Raises TemporalUnavailableError, NotEnoughDaysLeftError."""
        await self._services.starts.require_days_left(hr_input)
        request, policy = hr_input.request, hr_input.policy
        if not request.link:  # submitted before the link to the quoted message was known
            request = replace(request, link=await self._link(form))
        started = await self._services.starts.start(replace(hr_input, request=request))
        if not started.is_same:
            sentence = hr_modal.sent_before(request.request_id, t)
            return Result(view=hr_modal.message(sentence, t), sentence=sentence)
        asks = bool(route(policy, request.amount).levels)
        return Result(view=hr_modal.received(request.request_id, policy.channel, t, asks=asks))

    async def _copy(self, person: str, request_id: str, t: Translator) -> View:
        """Return the form with a copy of a request's latest content, or a message why it has none."""
        snapshot = await self._approval_of(request_id)
        if snapshot is None:
            return hr_modal.message(hr_modal.not_copied(t), t)
        if snapshot.requester.person != person:
            _log.warning("copy_by_other_person", request_id=request_id, person=person)
            return hr_modal.message(hr_modal.not_yours(t), t)
        try:
            request = request_from_content(request_id, snapshot.content)
        except RuleError as error:
            _log.warning("request_not_copied", request_id=request_id, code=error.code)
            return hr_modal.message(hr_modal.not_copied(t), t)
        return hr_modal.copy_form(
            amended_copy(request, new_request_id(RequestKind.HR)), self._offer(), t
        )

    async def _approval_of(self, request_id: str) -> ApprovalSnapshot | None:
        """Return the last recorded snapshot of a request's approval, or None."""
        try:
            record = await self._services.requests.get(approval_id(request_id))
        except DATABASE_FAILURES as error:
            _log.warning("approval_not_read", request_id=request_id, error=type(error).__name__)
            return None
        return readable_as(record, ApprovalSnapshot)

    async def _open(
        self, args: AsyncArgs, offer: HrOffer, form: View, t: Translator
    ) -> dict[str, Any]:
        """Open the form, or a message if no type is offered; return the view that Slack created."""
        view = form if offer.types else hr_modal.message(hr_modal.no_policy(t), t)
        opened = await args.client.views_open(trigger_id=args.body["trigger_id"], view=view)
        shown: dict[str, Any] = opened["view"]
        return shown

    async def _link(self, form: Mapping[str, Any]) -> str:
        """Return the permalink of the message that the form quotes; empty if it quotes none."""
        context = form_context(form)
        place = Surface(person="", channel=context.channel, message_ts=context.message_ts)
        return context.link or await self._services.answers.permalink(place)

    def _offer(self) -> HrOffer:
        return hr_offer(self._services)
