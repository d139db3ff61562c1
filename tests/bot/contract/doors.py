"""The doors of the command layer: how each sends a command, and how each answers."""

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any
from uuid import uuid4

from bot.actions import registry
from bot.actions.registry import Command
from emulator.client import StandInClient, text_of
from tests.bot.cli_driver import CliDriver, cli_actor
from tests.bot.http_client import HttpClient
from tests.bot.order_driver import OrderDriver, listeners_finished
from tests.bot.request_driver import RequestDriver
from tests.bot.signed_clicks import SignedHttp, click_payload, with_button_value
from views import notices, verb_modal
from views.card_click import context_of, metadata, parse_click
from views.translator import ENGLISH
from views.verb_inputs import Typed
from views.verb_modal import Submission
from workflows.rules.approvals.verbs import Verb
from workflows.rules.orders.order import Cancellation
from workflows.rules.orders.verbs import OrderVerb
from workflows.rules.people.actors import Actor, Origin

Json = dict[str, Any]
EXIT_CANNOT, EXIT_REFUSED = 2, 6
CLOSED = {"request_closed", "order_closed"}


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The request or order of a command, and the message in Slack that shows it."""

    request_id: str
    message: Json = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The servers and doors that all rows share."""

    slack: StandInClient
    http: SignedHttp
    cli: CliDriver
    http_client: HttpClient
    request_driver: RequestDriver
    order_driver: OrderDriver
    unchanged: dict[str, Subject] = field(default_factory=dict)
    """The subjects that refusals share."""


async def as_it_is(env: Environment, subject: Subject) -> None:
    """Leave the subject as it is."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A command and its expected result: `code` is the refusal code, empty if it is accepted.

    `read` is the content and level that the person saw, if not the current ones. `data` fills the
    placeholders of the refusal.
    """

    verb: Verb | OrderVerb
    person: str
    typed: Typed = field(default_factory=Typed)
    read: Mapping[str, int] = field(default_factory=dict)
    code: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[Environment, Subject], Awaitable[None]] = as_it_is
    doors: tuple[str, ...] = ("slack", "cli", "http")

    def __str__(self) -> str:
        return "-".join(filter(None, (self.verb, self.code)))

    @property
    def spec(self) -> registry.VerbSpec:
        return registry.REGISTRY[self.verb]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """The answer of a door: whether it accepted, the text that it sent, and the expected text."""

    accepted: bool
    sentence: str
    expected: str


class Slack:
    """Slack: clicks and submissions over signed HTTP, so that a test can deliver them twice."""

    def __init__(self, env: Environment, row: Row, subject: Subject) -> None:
        self._env, self._row, self._subject = env, row, subject
        self._payload: Json = {}
        self.actor = Actor(person=row.person, origin=Origin.SLACK)

    async def prepare(self) -> None:
        """Build the payload of the click or submission without delivering it."""
        verb, person, slack = self._row.verb, self._row.person, self._env.slack
        action = self._row.spec.button if not self._in_form else "more"
        click = await click_payload(slack, person, self._subject, action)  # type: ignore[arg-type]
        click = with_button_value(click, **self._row.read)
        if not self._in_form:
            self._payload = click
            return
        context = context_of(parse_click(click))
        if verb is Verb.REFRESH:
            self._payload = click | {
                "view": {"id": "V1", "private_metadata": metadata(context), "hash": "1"},
                "actions": [{"action_id": "choose", "value": verb, "action_ts": str(time.time())}],
            }
            return
        menu = await self._env.order_driver.workflows.menu(self._subject.request_id, person)
        assert menu is not None
        assert isinstance(verb, Verb)
        view = verb_modal.form(context, verb, menu.face, ENGLISH)
        kept = json.loads(str(view["private_metadata"])) | dict(self._row.read)
        self._payload = {
            "type": "view_submission",
            "user": {"id": person},
            "team": click.get("team"),
            "api_app_id": click.get("api_app_id"),
            "view": {
                "type": "modal",
                "id": f"V{uuid4().hex}",
                "hash": "1",
                "callback_id": view["callback_id"],
                "private_metadata": json.dumps(kept),
                "state": {"values": state_of(self._row.typed)},
            },
        }

    @property
    def _in_form(self) -> bool:
        return self._row.verb not in {Verb.APPROVE, OrderVerb.CANCEL}

    async def send(self) -> Sent:
        """Deliver the payload. The person gets a private message, or the card changes."""
        mark = await self._env.slack.journal_mark()
        await self._env.http.interact(self._payload)
        await listeners_finished()
        calls = await self._env.slack.journal(mark)
        private = [
            call["arguments"]["text"]
            for call in calls
            if call["kind"] == "response_url" and not call["arguments"]["replace_original"]
        ]
        assert len(private) <= 1, private
        views = [
            call["arguments"]["view"] for call in calls if call.get("method") == "views.update"
        ]
        sentence, link = (private or [text_of(view).strip() for view in views] or [""])[-1], ""
        if self._row.code == "stale_content":
            permalinks = await self._env.slack.journal(mark, kind="api", method="chat.getPermalink")
            link = str(permalinks[-1]["response"]["permalink"])
        confirmed = notices.confirmed(self._row.verb, ENGLISH) if self._in_form else ""
        refused = notices.refusal(self._row.code, self._row.data, ENGLISH, link)
        return Sent(
            accepted=sentence == confirmed,
            sentence=sentence,
            expected=refused if self._row.code else confirmed,
        )


class Cli:
    """The command line: an exit code and one sentence on standard error."""

    def __init__(self, env: Environment, row: Row, subject: Subject) -> None:
        self._env, self._row, self._subject = env, row, subject
        self._key = uuid4().hex
        self.actor = cli_actor(row.person)

    async def prepare(self) -> None:
        """Do nothing: a command needs no preparation."""

    async def send(self) -> Sent:
        row = self._row
        group, verb, *more = row.spec.cli
        options = [*more, *options_of(row.verb, row.typed)]
        for name, number in row.read.items():
            options += [f"--{name.removeprefix('content_')}", str(number)]
        result = await self._env.cli.run(
            *(group, verb, self._subject.request_id, *options),
            *("--as", row.person, "--key", self._key),
        )
        if not row.code:
            assert result.out.startswith("Done.\n"), result
            return Sent(accepted=result.code == 0, sentence="", expected="")
        assert result.out == ""
        assert result.code == (EXIT_CANNOT if row.code in CLOSED else EXIT_REFUSED), result
        return Sent(
            accepted=False,
            sentence=result.err.removesuffix("\n"),
            expected=notices.field_refusal(row.code, row.data, ENGLISH),
        )


class Http:
    """The HTTP API: an order as JSON, or a problem document."""

    def __init__(self, env: Environment, row: Row, subject: Subject) -> None:
        self._env, self._row, self._subject = env, row, subject
        self._key = uuid4().hex
        self.actor = Actor(person=row.person, origin=Origin.API, operator="api")

    async def prepare(self) -> None:
        """Do nothing: an HTTP request needs no preparation."""

    async def send(self) -> Sent:
        row = self._row
        reply = await self._env.http_client.call(
            "POST",
            row.spec.route.format(order_id=self._subject.request_id),
            {"actor": row.person, "reason": row.typed.reason},
            Idempotency_Key=self._key,
        )
        if not row.code:
            accepted = (reply.status, reply.body["order_id"]) == (200, self._subject.request_id)
            return Sent(accepted=accepted, sentence="", expected="")
        assert (reply.status, reply.problem) == (409, row.code.replace("_", "-"))
        return Sent(
            accepted=False,
            sentence=reply.body["detail"],
            expected=notices.field_refusal(row.code, row.data, ENGLISH),
        )


Door = Slack | Cli | Http
DOORS: Mapping[str, type[Slack] | type[Cli] | type[Http]] = {
    "slack": Slack,
    "cli": Cli,
    "http": Http,
}


def doors_of(row: Row) -> list[str]:
    """Return those of the row's doors through which the registry offers its verb."""
    spec = row.spec
    open_ = {"slack": spec.has_form or spec.button or spec.verb is Verb.REFRESH}
    open_ |= {"cli": bool(spec.cli), "http": bool(spec.route)}
    return [name for name in row.doors if open_[name]]


def command_of(row: Row, request_id: str, actor: Actor) -> Command:
    """Return the command that every door builds from a row."""
    if row.verb is OrderVerb.CANCEL:
        return Cancellation(actor=actor, reason=row.typed.reason)
    spec = row.spec
    if {field_.name for field_ in fields(spec.rule.command)} == {"actor"}:
        made: Command = spec.rule.command(actor=actor)
        return made
    place: Any = {"content_revision": 1, "level": 1, "currency": "USD"} | dict(row.read)
    submission = Submission(
        verb=Verb(row.verb),
        context=_FormContext(request_id=request_id, **place),  # type: ignore[arg-type]
        typed=row.typed,
        reason_required=False,
        person=row.person,
        view_id="",
        view_hash="",
    )
    return replace(registry.command_of(submission), actor=actor)


@dataclass(frozen=True, kw_only=True)
class _FormContext:
    request_id: str
    content_revision: int
    level: int
    currency: str


def state_of(typed: Typed) -> Json:
    """Return the `state.values` of a form with this input."""
    written = {
        name: {"value": getattr(typed, name)}
        for name in ("reason", "title", "text", "amount", "links", "sources")
    }
    chosen = {
        "delegate": {"selected_user": typed.delegate},
        "people": {"selected_users": list(typed.people)},
    }
    return {name: {name: value} for name, value in (written | chosen).items()}


def options_of(verb: Verb | OrderVerb, typed: Typed) -> list[str]:
    """Return the command line options with this input."""
    if verb is Verb.COMMENT:
        return [typed.reason]
    options = {"--reason": typed.reason, "--to": typed.delegate, "--title": typed.title}
    sources = [*(f"user:{person}" for person in typed.people), *typed.written_sources]
    pairs = [*options.items(), *(("--approver", source) for source in sources)]
    return [word for option, value in pairs if value for word in (option, value)]
