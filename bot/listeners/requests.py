"""The form for a request under any policy without a dedicated form."""

from slack_bolt.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_sdk.web.async_client import AsyncWebClient

from bot.listeners.answers import Surface
from bot.listeners.services import Services
from bot.listeners.submissions import Result, Submission, submit
from bot.policies.file import FORMS
from bot.runtime.ids import new_request_id
from views import approval_modal, help_message
from views.ids import CallbackId
from views.payload import actor_id
from views.translator import Translator
from workflows.rules.approvals.form import (
    DraftRequest,
    RequestFormErrors,
    draft_errors,
    read_request,
)
from workflows.rules.approvals.policy import Notify
from workflows.rules.approvals.request import ApprovalRequest, RequestKind, Status
from workflows.rules.people.actors import Actor, Origin


def register(app: AsyncApp, services: Services) -> None:
    """Listen to the form."""
    listener = RequestListeners(services)
    app.view(CallbackId.APPROVAL)(listener.request_submitted)


def form_choices(services: Services) -> tuple[tuple[str, str], ...]:
    """Return the policies that the form offers, as (name, title)."""
    policies = services.policies.by_name
    return tuple((name, policy.title) for name, policy in policies.items() if name not in FORMS)


async def open_form(
    services: Services, client: AsyncWebClient, surface: Surface, wanted: str, trigger_id: str
) -> None:
    """Open the form at once, with a new request id: submitted twice, it is one request.

    `wanted` is the policy to choose in it, or empty. An unknown policy opens no form: the answer
    lists those that exist.
    """
    policy = wanted.lower().replace(" ", "_")
    choices = form_choices(services)
    t = services.cached_translator(surface.person)
    if policy and policy not in dict(choices):
        if policy in FORMS and policy in services.policies.by_name:
            sentence = help_message.other_form(FORMS[policy], t)
        else:
            sentence = help_message.unknown_policy(wanted, dict(choices), t)
        await services.answers.reply(surface, sentence)
        return
    written = DraftRequest(request_id=new_request_id(RequestKind.APPROVAL), policy=policy)
    view = approval_modal.build(written.request_id, choices, t, written=written)
    await client.views_open(trigger_id=trigger_id, view=view)


class RequestListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def request_submitted(self, args: AsyncArgs) -> None:
        """Validate the form and start its request."""
        typed = args.body["view"]
        requester = Actor(person=actor_id(args.body), origin=Origin.SLACK)
        t = self._services.cached_translator(requester.person)
        policies = self._services.policies
        written = approval_modal.parse(typed)
        policy = policies.by_name.get(written.policy) if written.policy not in FORMS else None
        if policy is None:
            others = approval_modal.errors(draft_errors(written), t)
            errors = others | approval_modal.unknown_policy(t)
            await args.ack(response_action="errors", errors=errors)
            return
        try:
            asked = read_request(written, policy, requester, policies.chain_of(requester.person))
        except RequestFormErrors as mistakes:
            await args.ack(response_action="errors", errors=approval_modal.errors(mistakes, t))
            return
        choices = form_choices(self._services)
        submission = Submission(
            request_id=asked.request_id,
            requester=requester,
            working=approval_modal.working(asked.request_id, t),
            start=lambda: self._start(asked, t),
            failed=lambda sentence: approval_modal.failed(typed, choices, sentence, t),
        )
        await submit(self._services, args, submission)

    async def _start(self, request: ApprovalRequest, t: Translator) -> Result:
        """Start the request. Raises TemporalUnavailableError."""
        started, policy = await self._services.starts.start(request), request.policy
        if not started.is_same and started.existing is not None:
            sentence = approval_modal.sent_before(started.existing, policy.name, t)
            return Result(view=approval_modal.message(sentence, t), sentence=sentence)
        view = approval_modal.received(
            request.request_id,
            policy.channel if policy.notify is Notify.CARD else None,
            t,
            Status.PENDING if request.route.levels else Status.APPROVED,
        )
        return Result(view=view)
