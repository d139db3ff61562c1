"""`/approval`: any request by any policy, from a form in Slack."""

import time
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.actions.start import TemporalUnavailableError
from bot.listeners.answers import Surface
from bot.listeners.services import Services
from bot.policies.file import FORMS
from bot.runtime.ids import new_id
from views import approval_modal, notices
from views.ids import CallbackId
from views.payload import clicker
from views.translator import translator
from workflows.rules.approvals.form import (
    DraftRequest,
    RequestFormErrors,
    read_request,
)
from workflows.rules.approvals.policy import Notify
from workflows.rules.approvals.request import Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.people.actors import Actor, Origin

_log = structlog.get_logger("bot.requests")


def register(app: AsyncApp, services: Services) -> None:
    """Listen to the command and to its form."""
    listener = RequestListeners(services)
    app.command("/approval")(listener.approval_asked)
    app.view(CallbackId.APPROVAL)(listener.request_submitted)


def form_choices(services: Services) -> tuple[tuple[str, str], ...]:
    """Return the policies that the form offers, as (name, title)."""
    policies = services.policies.by_name
    return tuple((name, one.title) for name, one in policies.items() if name not in FORMS)


class RequestListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def approval_asked(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Open the form at once. The request's id is minted here: a double submit is one request."""
        await ack()
        wanted = str(body.get("text") or "").strip().lower()
        choices = form_choices(self._services)
        chosen = wanted if wanted in dict(choices) else ""
        written = DraftRequest(request_id=new_id("REQ"), policy=chosen)
        t = translator(self._services.people.cached_locale(str(body.get("user_id") or "")))
        view = approval_modal.build(written.request_id, choices, t, written=written)
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def request_submitted(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Check what was written by pure rules, acknowledge, then start the request."""
        typed = body["view"]
        requester = Actor(person=clicker(body), origin=Origin.SLACK)
        t = translator(self._services.people.cached_locale(requester.person))
        policies = self._services.policies
        written = approval_modal.parse(typed)
        policy = policies.by_name.get(written.policy) if written.policy not in FORMS else None
        if policy is None:
            await ack(response_action="errors", errors=approval_modal.unknown_policy(t))
            return
        try:
            asked = read_request(written, policy, requester, policies.chain_of(requester.person))
        except RequestFormErrors as mistakes:
            await ack(response_action="errors", errors=approval_modal.errors(mistakes, t))
            return
        await ack(response_action="update", view=approval_modal.working(asked.request_id, t))
        acked = time.monotonic()
        answers, surface = self._services.answers, Surface(person=requester.person)
        try:
            started = await self._services.starts.start(asked)
        except TemporalUnavailableError as error:
            _log.warning("request_not_started", request_id=asked.request_id, why=str(error))
            sentence = notices.unavailable(t)
            view = approval_modal.failed(typed, form_choices(self._services), sentence, t)
            await answers.show_or_reply(
                client, typed["id"], view, acked, surface=surface, sentence=sentence
            )
            return
        existing = started.existing
        if not started.is_same and isinstance(existing, ApprovalSnapshot):
            sentence = approval_modal.sent_before(existing, asked.policy.name, t)
            view = approval_modal.told(sentence, t)
            await answers.show_or_reply(
                client, typed["id"], view, acked, surface=surface, sentence=sentence
            )
            return
        view = approval_modal.received(
            asked.request_id,
            policy.channel if policy.notify is Notify.CARD else None,
            t,
            Status.PENDING if asked.route.levels else Status.APPROVED,
        )  # a person who has closed the window is notified of the outcome, if it needed an approver
        await answers.show(client, typed["id"], view, acked)
