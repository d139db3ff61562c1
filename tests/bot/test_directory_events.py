"""A change of people or groups in Slack refreshes exactly the open requests that depend on it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.actions import execute
from bot.actions.execute import Commands
from bot.listeners import directory
from bot.listeners.services import Services
from bot.temporal.calls import NotAccepted, Refused, Unconfirmed, WorkflowEnded
from bot.temporal.client import WorkflowClient
from emulator.client import StandInClient
from records.audit import AuditTrail
from records.database import Database
from records.refusals import Refusals
from records.requests import Requests
from slack_api.locales import Locales
from slack_api.workspace import Workspace
from tests.bot.order_driver import TIMEOUT, listeners_finished
from tests.records.builders import fact, state
from workflows.rules.approvals.request import Refresh
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.people.actors import SLACK

WATCHING = {
    "APR-SALES": ("group:sales-leads", "user:U0BORIS", "user:U0CLARA"),
    "APR-SALES-ID": ("group:S0SALES",),
    "APR-BORIS": ("user:U0BORIS",),
    "APR-MAIL": ("email:boris@example.com",),
    "APR-BOARD": ("group:board",),
    "APR-HR": ("group:hr-team", "user:U0DINA"),
}


@dataclass
class Workflows:
    """Records refreshes; answers that a request has ended unless `answers` has another answer."""

    answers: dict[str, NotAccepted] = field(default_factory=dict)
    refreshes: list[tuple[str, str]] = field(default_factory=list)
    most_at_once: int = 0
    _at_once: int = 0

    async def update(
        self, request_id: str, click_id: str, name: str, command: object, result: object
    ) -> NotAccepted:
        assert (name, command, result) == ("refresh", Refresh(actor=SLACK), ApprovalSnapshot)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await asyncio.sleep(0)
        self._at_once -= 1
        self.refreshes.append((request_id, click_id))
        return self.answers.get(request_id, WorkflowEnded())

    @property
    def refreshed(self) -> set[str]:
        return {request_id for request_id, _ in self.refreshes}


@pytest.fixture
def workflows() -> Workflows:
    return Workflows()


@pytest.fixture
async def watched(
    slack: StandInClient, web: AsyncWebClient, database: Database, workflows: Workflows
) -> AsyncIterator[Database]:
    """Open requests, and a bot that listens only to changes of people and groups."""
    await watch(database, WATCHING)
    app = AsyncApp(client=web, signing_secret="local")
    workspace = Workspace.of(web, database, lambda: datetime.now(UTC))
    await workspace.directory.locales()  # the bot lists everyone when it starts
    directory.register(app, services_of(database, workflows, Locales(web), workspace))
    handler = AsyncSocketModeHandler(
        app,
        "xapp-local",
        web_client=AsyncWebClient(token="xapp-local", base_url=f"{slack.base_url}/api/"),
    )
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.wait_for_connections(1)
    yield database
    await handler.close_async()  # type: ignore[no-untyped-call]


def services_of(
    database: Database,
    workflows: Workflows,
    people: Locales | None = None,
    workspace: Workspace | None = None,
) -> Services:
    requests = Requests(database)
    commands = Commands(
        workflows=cast("WorkflowClient", workflows),
        requests=requests,
        trail=AuditTrail(database),
        refusals=Refusals(database),
        now=lambda: datetime.now(UTC),
        retry_for=0,
    )
    parts = SimpleNamespace(
        commands=commands, requests=requests, people=people, workspace=workspace
    )
    return cast("Services", parts)


async def watch(database: Database, watching: dict[str, tuple[str, ...]]) -> None:
    for request_id, subjects in watching.items():
        newest = replace(state(request_id), watches=frozenset(subjects))
        await AuditTrail(database).append([fact(1, request_id)], newest)


async def changed(slack: StandInClient, kind: str, **fields: Any) -> None:
    """Change people and wait until the bot's listener has finished."""
    mark = await slack.journal_mark()
    await slack.people(kind, **fields)
    await slack.wait_for_journal(after=mark, kind="ack", what=kind)
    async with asyncio.timeout(TIMEOUT):
        while left := {task for task in asyncio.all_tasks() if "run_ack_function" in repr(task)}:
            await asyncio.wait(left)


@pytest.mark.parametrize(
    "case",
    [
        (
            "subteam_members_changed",
            {"group": {"id": "S0SALES", "users": ["U0CLARA"]}},
            {"APR-SALES", "APR-SALES-ID"},
        ),
        (
            "subteam_updated",
            {"group": {"id": "S0SALES", "disabled": True}},
            {"APR-SALES", "APR-SALES-ID"},
        ),
        (
            "subteam_updated",
            {"group": {"id": "S0FINANCE", "handle": "board"}},  # renamed
            {"APR-BOARD"},
        ),
        (
            "subteam_created",
            {"group": {"id": "S0BOARD", "handle": "board", "name": "Board"}},
            {"APR-BOARD"},
        ),
        (
            "user_change",
            {"user": {"id": "U0BORIS", "deleted": True}},
            {"APR-SALES", "APR-BORIS", "APR-MAIL"},
        ),
        ("user_change", {"user": {"id": "U0GUS", "deleted": True}}, set()),
    ],
)
async def test_requests_that_depend_on_the_change_are_refreshed(
    slack: StandInClient,
    watched: Database,
    workflows: Workflows,
    case: tuple[str, dict[str, Any], set[str]],
) -> None:
    kind, fields, refreshed = case
    await changed(slack, kind, **fields)

    assert workflows.refreshed == refreshed
    assert len(workflows.refreshes) == len(refreshed)


async def test_a_redelivered_event_causes_no_other_refresh(
    slack: StandInClient, watched: Database, workflows: Workflows
) -> None:
    await slack.deliveries(duplicate=1)
    await changed(slack, "user_change", user={"id": "U0DINA", "deleted": True})
    await changed(slack, "user_change", user={"id": "U0DINA", "deleted": False})

    first, second = workflows.refreshes
    assert [request_id for request_id, _ in (first, second)] == ["APR-HR", "APR-HR"]
    assert first[1] != second[1]


async def test_a_deactivated_person_is_enough_when_no_group_event_is_sent(
    slack: StandInClient, watched: Database, workflows: Workflows
) -> None:
    await slack.faults({"target": "usergroups.list", "effect": "http_500"})

    await changed(slack, "subteam_members_changed", group={"id": "S0SALES", "users": ["U0CLARA"]})

    assert workflows.refreshed == {"APR-SALES", "APR-SALES-ID", "APR-BORIS"}


async def test_a_refused_refresh_is_not_an_error(
    slack: StandInClient, watched: Database, workflows: Workflows
) -> None:
    workflows.answers["APR-BORIS"] = Refused(code="request_closed", data={}, card_version=3)

    await changed(slack, "user_change", user={"id": "U0BORIS", "guest": "multi"})

    assert workflows.refreshed == {"APR-SALES", "APR-BORIS", "APR-MAIL"}


async def test_many_requests_are_refreshed_a_few_at_a_time(
    slack: StandInClient, watched: Database, workflows: Workflows
) -> None:
    await watch(watched, {f"APR-{number}": ("user:U0EMIL",) for number in range(40)})

    await changed(slack, "user_change", user={"id": "U0EMIL", "bot": True})

    assert len(workflows.refreshed) == 40
    assert workflows.most_at_once == execute.CONCURRENT_REFRESHES


async def test_unreached_requests_are_counted(watched: Database, workflows: Workflows) -> None:
    workflows.answers["APR-BORIS"] = Refused(code="request_closed", data={}, card_version=3)
    workflows.answers["APR-SALES"] = Unconfirmed()
    services = services_of(watched, workflows)

    late = await directory.refresh_watching(services, ["user:U0BORIS", "user:U0DINA"], "Ev1")

    assert workflows.refreshed == {"APR-SALES", "APR-BORIS", "APR-HR"}
    assert late == 1


MEANINGLESS = [
    {"status_text": "In a meeting"},
    {"title": "HR lead"},
    {"tz": "Asia/Tokyo"},
    {"real_name": "Boris the Great"},
    {"locale": "de-DE"},
    {"admin": True},
]


@pytest.mark.parametrize("edit", MEANINGLESS, ids=lambda edit: next(iter(edit)))
async def test_an_edit_without_meaning_costs_no_call_and_no_refresh(
    slack: StandInClient, watched: Database, workflows: Workflows, edit: dict[str, Any]
) -> None:
    await changed(slack, "user_change", user={"id": "U0CLARA", "deleted": True})
    workflows.refreshes.clear()
    mark = await slack.journal_mark()

    for _ in range(3):
        await changed(slack, "user_change", user={"id": "U0BORIS", **edit})

    assert workflows.refreshes == []
    assert await slack.journal(mark, kind="api") == []


MEANINGFUL = [
    {"deleted": True},
    {"bot": True},
    {"guest": "multi"},
    {"team_id": "T0OTHER"},
    {"email": "boris@example.org"},
]


@pytest.mark.parametrize("edit", MEANINGFUL, ids=lambda edit: next(iter(edit)))
async def test_an_edit_with_meaning_refreshes_only_the_requests_that_depend_on_the_person(
    slack: StandInClient, watched: Database, workflows: Workflows, edit: dict[str, Any]
) -> None:
    await watch(watched, {f"APR-{number}": ("user:U0EMIL",) for number in range(40)})
    mark = await slack.journal_mark()

    await changed(slack, "user_change", user={"id": "U0BORIS", **edit})

    assert {"APR-SALES", "APR-BORIS"} <= workflows.refreshed <= {*WATCHING}
    made = {call["method"] for call in await slack.journal(mark, kind="api")}
    assert made <= {"auth.test"}


async def test_a_new_manager_matters_if_the_manager_was_read_before(
    slack: StandInClient, web: AsyncWebClient, watched: Database, workflows: Workflows
) -> None:
    now = lambda: datetime.now(UTC)  # noqa: E731 - as the worker's
    worker = Workspace.of(web, watched, now)
    await watch(watched, {"APR-ANA": ("user:U0ANA",)})
    assert await worker.directory.manager("U0ANA") == "U0FAY"

    await changed(slack, "user_change", user={"id": "U0ANA", "status_text": "Away"})
    before = set(workflows.refreshed)
    await slack.journal_mark()
    await changed(slack, "user_change", user={"id": "U0ANA", "manager": "U0GUS"})

    assert (before, workflows.refreshed) == (set(), {"APR-ANA"})


async def test_a_group_with_the_same_handle_and_members_refreshes_nothing(
    slack: StandInClient, watched: Database, workflows: Workflows
) -> None:
    await changed(slack, "subteam_updated", group={"id": "S0SALES", "name": "Sales"})
    workflows.refreshes.clear()

    await changed(slack, "subteam_updated", group={"id": "S0SALES", "name": "The sales people"})

    assert workflows.refreshes == []


async def channel_changed(slack: StandInClient, kind: str, channel: str, **what: str) -> None:
    await slack.channels(channel, **what)
    await slack.wait_for_journal(kind="ack", what=kind)
    await listeners_finished()


async def test_a_renamed_or_archived_channel_loses_its_name_to_the_next_one_at_once(
    slack: StandInClient, web: AsyncWebClient, watched: Database
) -> None:
    worker = Workspace.of(web, watched, lambda: datetime.now(UTC))
    assert await worker.channels.channel_id("#approvals") == "C0APPROVALS"

    await channel_changed(slack, "channel_rename", "C0APPROVALS", do="rename", name="old")
    await channel_changed(slack, "channel_created", "C0NEW", do="create", name="approvals")
    assert await worker.channels.channel_id("#approvals") == "C0NEW"
    assert await worker.channels.channel_id("#old") == "C0APPROVALS"

    await channel_changed(slack, "channel_archive", "C0NEW", do="archive")
    assert await worker.channels.channel_id("#approvals") == "#approvals"  # Slack resolves it
    assert len(await slack.journal(kind="api", method="conversations.list")) == 1
