"""HR requests in Slack: the form that takes one, from a command, a shortcut, a message or a rejection."""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.actions.start import TemporalUnavailableError
from bot.listeners.answers import NOT_ACKED, Surface
from bot.listeners.open_forms import OpenForms
from bot.listeners.services import Services
from bot.runtime.ids import new_id
from records.database import DATABASE_FAILURES
from records.snapshots import decode_snapshot
from views import hr_copy, hr_modal, notices
from views.blocks import View
from views.card_click import pressed
from views.hr_inputs import HrOffer, kept_context
from views.ids import ActionId, CallbackId, ShortcutId
from views.payload import clicker, word
from views.translator import Translator, translator
from workflows.rules.approvals.policy import Policy, route
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.form import HrFormErrors, read_hr
from workflows.rules.hr.request import (
    HrRequest,
    HrType,
    amended_copy,
    request_from_content,
)
from workflows.rules.messages import HrInput
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.errors import RuleError
from workflows.rules.shared.ids import approval_id

BEHIND = timedelta(hours=12)
"""So far is the last place on earth behind UTC: a day is over only once it is over there, too."""

_log = structlog.get_logger("bot.hr")


def register(app: AsyncApp, services: Services) -> None:
    """Listen to every way to the form, to what is done in it, and to its submission."""
    listener = HrListeners(services)
    app.command("/request")(listener.request_asked)
    app.shortcut(ShortcutId.REQUEST)(listener.request_asked)
    app.shortcut(ShortcutId.REQUEST_FROM_MESSAGE)(listener.message_chosen)
    app.action(ActionId.COPY)(listener.copy_clicked)
    app.action(ActionId.HR_TYPE)(listener.type_chosen)
    app.view(CallbackId.HR)(listener.request_submitted)


def hr_offer(services: Services) -> HrOffer:
    """Return what the form offers now: nothing here reads anything from outside."""
    policies = services.policies.by_name
    expense = policies.get(HrType.EXPENSE.value)
    return HrOffer(
        types=tuple(one for one in HrType if one.value in policies),
        products=services.products.entries,
        currency=expense.currency if expense else "",
    )


def day_somewhere(now: datetime) -> date:
    """Return the day that it still is somewhere: nobody's own day is refused as over."""
    return (now - BEHIND).date()


class HrListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._forms = OpenForms()

    async def request_asked(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Open the form at once. The request's id is minted here: a double submit is one request."""
        await ack()
        t = translator(self._locale(word(body, "user_id") or word(body, "user", "id")))
        offer, wanted = self._offer(), str(body.get("text") or "").strip().lower()
        view = hr_modal.opened(new_id("HR"), offer, t, wanted=wanted.replace(" ", "_"))
        await self._open(client, body, offer, view, t)

    async def message_chosen(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Open the form with the message quoted; then show the message's address in it."""
        await ack()
        offer = self._offer()
        t = translator(self._locale(clicker(body)))
        view = hr_modal.quoting(new_id("HR"), offer, body, t)
        shown = await self._open(client, body, offer, view, t)
        link = await self._address(view)
        await self._forms.change(
            client,
            {"view": shown},
            lambda now: hr_modal.with_link(now, link, self._offer(), t),
        )

    async def copy_clicked(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Open a modal at once; then show in it the form with what the other request said last."""
        await ack()
        person, request_id = hr_copy.parse_copy(pressed(body), body)
        t = translator(self._locale(person))
        opening = hr_modal.opening_copy(t)
        shown = await client.views_open(trigger_id=body["trigger_id"], view=opening)
        view = await self._copy(person, request_id, t)
        await self._services.answers.show(client, shown["view"]["id"], view, NOT_ACKED)

    async def type_chosen(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Show the fields of the chosen type, keeping everything that was typed."""
        await ack()
        chosen, offer = hr_modal.chosen_type(pressed(body)), self._offer()
        t = translator(self._locale(clicker(body)))
        await self._forms.change(
            client, body, lambda view: hr_modal.with_type(view, chosen, offer, t)
        )

    async def request_submitted(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Check what was written by pure rules, acknowledge, then start the request."""
        typed, offer = body["view"], self._offer()
        requester = Actor(person=clicker(body), origin=Origin.SLACK)
        t = translator(self._locale(requester.person))
        written = hr_modal.parse(typed)
        policy = self._services.policies.by_name.get(written.type)
        if policy is None or written.type not in offer.types:
            await ack(response_action="errors", errors=hr_modal.unknown_type(t))
            return
        if hr_modal.lacks_fields(typed):
            view = hr_modal.failed(typed, offer, hr_modal.fields_appeared(t), t)
            await ack(response_action="update", view=view)
            return
        try:
            today = day_somewhere(self._services.now())
            request = read_hr(written, policy, today, self._services.products.names)
        except HrFormErrors as mistakes:
            await ack(response_action="errors", errors=hr_modal.errors(mistakes, typed, t))
            return
        await ack(response_action="update", view=hr_modal.working(request.request_id, t))
        acked = time.monotonic()
        self._forms.forget(typed["id"])
        await self._start(client, typed, request, policy, requester, acked)

    async def _start(  # noqa: PLR0913, PLR0917 - what was submitted, by whom, and when it was acknowledged
        self,
        client: AsyncWebClient,
        typed: Mapping[str, Any],
        request: HrRequest,
        policy: Policy,
        requester: Actor,
        acked: float,
    ) -> None:
        """Start the request and show what came of it."""
        answers, surface = self._services.answers, Surface(person=requester.person)
        t = translator(self._locale(requester.person))
        if not request.link:  # sent before its address was known
            request = replace(request, link=await self._address(typed))
        managers = self._services.policies.chain_of(requester.person)
        asked = HrInput(request=request, requester=requester, policy=policy, managers=managers)
        sentence = ""
        try:
            started = await self._services.starts.start(asked)
        except TemporalUnavailableError as error:
            _log.warning("hr_not_started", request_id=request.request_id, why=str(error))
            sentence = notices.unavailable(t)
            view = hr_modal.failed(typed, self._offer(), sentence, t)
        else:
            asks = bool(route(policy, request.amount).levels)
            view = hr_modal.received(request.request_id, policy.channel, t, asks=asks)
            if not started.is_same:
                sentence = hr_modal.sent_before(request.request_id, t)
                view = hr_modal.told(sentence, t)
        if sentence:
            await answers.show_or_reply(
                client, typed["id"], view, acked, surface=surface, sentence=sentence
            )
        else:  # whoever has closed the window hears the outcome anyway
            await answers.show(client, typed["id"], view, acked)

    async def _copy(self, person: str, request_id: str, t: Translator) -> View:
        """Return the form that begins with a request's last content, or say why there is none."""
        snapshot = await self._approval_of(request_id)
        if snapshot is None:
            return hr_modal.told(hr_modal.not_copied(t), t)
        if snapshot.requester.person != person:
            _log.warning("copy_by_somebody_else", request_id=request_id, person=person)
            return hr_modal.told(hr_modal.not_yours(t), t)
        try:
            request = request_from_content(request_id, snapshot.content)
        except RuleError as error:
            _log.warning("request_not_copied", request_id=request_id, code=error.code)
            return hr_modal.told(hr_modal.not_copied(t), t)
        return hr_modal.copied(amended_copy(request, new_id("HR")), self._offer(), t)

    async def _approval_of(self, request_id: str) -> ApprovalSnapshot | None:
        """Return the last state of a request's approval, as the records have it."""
        try:
            record = await self._services.requests.get(approval_id(request_id))
        except DATABASE_FAILURES as error:
            _log.warning("approval_not_read", request_id=request_id, error=type(error).__name__)
            return None
        snapshot = decode_snapshot(record.face) if record is not None else None
        return snapshot if isinstance(snapshot, ApprovalSnapshot) else None

    async def _open(
        self,
        client: AsyncWebClient,
        body: dict[str, Any],
        offer: HrOffer,
        form: View,
        t: Translator,
    ) -> dict[str, Any]:
        """Open the form, or say that there is nothing to ask for; return the view as Slack has it."""
        view = form if offer.types else hr_modal.told(hr_modal.no_policy(t), t)
        opened = await client.views_open(trigger_id=body["trigger_id"], view=view)
        shown: dict[str, Any] = opened["view"]
        return shown

    async def _address(self, form: Mapping[str, Any]) -> str:
        """Return the address of the message that a form was made of; empty where it was of none."""
        kept = kept_context(form)
        place = Surface(person="", channel=kept.channel, message_ts=kept.message_ts)
        return kept.link or await self._services.answers.permalink(place)

    def _locale(self, person: str) -> str:
        return self._services.people.cached_locale(person)

    def _offer(self) -> HrOffer:
        return hr_offer(self._services)
