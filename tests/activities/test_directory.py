"""The directory port: only full members of our own workspace or Grid may decide."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.directory import DirectoryActivities
from bot.policies.keys import read_source
from emulator.client import StandInClient
from records.absences import Absences
from records.database import Database
from slack_api.directory import READ_SINGLY
from slack_api.profiles import standing
from slack_api.workspace import Workspace
from tests.workflows.fake_slack import TIMEOUT
from workflows.rules.people.actors import (
    Absence,
    ApproverSet,
    DirectoryQuery,
    DirectoryResult,
    ManagedBy,
    Member,
    Standing,
)

Json = dict[str, Any]
READ_AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NEXT_WEEK = READ_AT + timedelta(days=7)
ALONE, GRID = ("T0LOCAL", ""), ("T0LOCAL", "E0OURS")
FULL: Json = {
    "id": "U0BORIS",
    "team_id": "T0LOCAL",
    "deleted": False,
    "is_bot": False,
    "is_restricted": False,
    "is_ultra_restricted": False,
}


def user(**changes: Any) -> Json:
    return {name: value for name, value in (FULL | changes).items() if value is not ...}


OUR_GRID = {"id": "W1", "enterprise_id": "E0OURS"}
SHAPES: list[tuple[str, Json, tuple[str, str], Standing]] = [
    ("a full member", user(), ALONE, Standing.ACTIVE),
    ("a full member with a W id", user(id="W0HANA"), ALONE, Standing.ACTIVE),
    ("no deleted flag", user(deleted=...), ALONE, Standing.ACTIVE),
    ("a member on our Grid", user(enterprise_user=OUR_GRID), GRID, Standing.ACTIVE),
    (
        "another team of our Grid",
        user(team_id="T1", enterprise_user=OUR_GRID),
        GRID,
        Standing.ACTIVE,
    ),
    ("deactivated", user(deleted=True), ALONE, Standing.DEACTIVATED),
    (
        "deactivated, without other fields",
        {"id": "U1", "deleted": True},
        ALONE,
        Standing.DEACTIVATED,
    ),
    ("a bot", user(is_bot=True), ALONE, Standing.BOT),
    ("a workflow's bot", user(is_workflow_bot=True), ALONE, Standing.BOT),
    ("Slackbot, whose user object says is_bot: false", user(id="USLACKBOT"), ALONE, Standing.BOT),
    ("a multi-channel guest", user(is_restricted=True), ALONE, Standing.GUEST),
    (
        "a single-channel guest",
        user(is_restricted=True, is_ultra_restricted=True),
        ALONE,
        Standing.GUEST,
    ),
    ("another team", user(team_id="T0OTHER"), ALONE, Standing.STRANGER),
    ("a Slack Connect user", user(is_stranger=True), ALONE, Standing.STRANGER),
    (
        "another Grid",
        user(team_id="T1", enterprise_user={"enterprise_id": "E1"}),
        GRID,
        Standing.STRANGER,
    ),
    (
        "a Grid, but our workspace is in none",
        user(team_id="T1", enterprise_user={"enterprise_id": ""}),
        ALONE,
        Standing.STRANGER,
    ),
    (
        "a guest from our Grid",
        user(team_id="T1", is_restricted=True, enterprise_user=OUR_GRID),
        GRID,
        Standing.GUEST,
    ),
    ("no team", user(team_id=...), ALONE, Standing.STRANGER),
    (
        "a Grid that is not an object",
        user(team_id="T1", enterprise_user="E0OURS"),
        GRID,
        Standing.STRANGER,
    ),
    ("no guest flag", user(is_restricted=...), ALONE, Standing.UNKNOWN),
    (
        "no single-channel guest flag",
        user(is_ultra_restricted=None),
        ALONE,
        Standing.UNKNOWN,
    ),
    ("no bot flag", user(is_bot=...), ALONE, Standing.UNKNOWN),
    ("an empty object", {}, ("", ""), Standing.STRANGER),
]


@pytest.mark.parametrize(
    ("shape", "home", "expected"), [row[1:] for row in SHAPES], ids=[row[0] for row in SHAPES]
)
def test_who_may_decide_fails_closed(
    shape: Json, home: tuple[str, str], expected: Standing
) -> None:
    assert standing(shape, home) is expected


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = READ_AT

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(web: AsyncWebClient, database: Database, clock: Clock) -> DirectoryActivities:
    workspace = Workspace.of(web, database, clock)
    return DirectoryActivities(workspace.directory, Absences(database), lambda: READ_AT)


def query(*sources: str, **more: Any) -> DirectoryQuery:
    question = DirectoryQuery(
        request_id="R", level=1, requester="U0ANA", sources=tuple(map(read_source, sources))
    )
    return replace(question, **more)


@pytest.fixture
def read(activity: ActivityEnvironment, directory: DirectoryActivities) -> Any:
    """Read the sources now."""

    async def reading(*sources: str, **more: Any) -> DirectoryResult:
        found: DirectoryResult = await activity.run(directory.approvers, query(*sources, **more))
        return found

    return reading


def people(found: ApproverSet) -> list[tuple[str, str]]:
    return [(member.person, member.source) for member in found.members]


async def calls(slack: StandInClient, after: int = 0) -> Counter[str]:
    return Counter(str(call["method"]) for call in await slack.journal(after, kind="api"))


async def away(database: Database, person: str, delegate: str) -> Absence:
    absence = Absence(person=person, delegate=delegate, starts=READ_AT, ends=NEXT_WEEK)
    await Absences(database).set(absence, READ_AT)
    return absence


async def test_each_member_has_a_standing_and_a_source(slack: StandInClient, read: Any) -> None:
    people = {
        "U0BORIS": Standing.ACTIVE,
        "W0HANA": Standing.ACTIVE,
        "U0IVAN": Standing.DEACTIVATED,
        "U0JUNE": Standing.GUEST,
        "U0KAI": Standing.STRANGER,
        "U0LOCALBOT": Standing.BOT,
        "U0NOBODY": Standing.UNKNOWN,
    }

    found = await read(*(f"user:{person}" for person in people))

    assert found == DirectoryResult(
        approvers=ApproverSet(
            members=tuple(
                Member(person=person, source=f"user:{person}", standing=standing)
                for person, standing in people.items()
            ),
            read_at=READ_AT,
        ),
        admins=ApproverSet(members=(), read_at=READ_AT),
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("group:sales-leads", ["U0BORIS", "U0CLARA"]),
        ("group:S0SALES", ["U0BORIS", "U0CLARA"]),
        ("group:S0EMPTY", []),
        ("email:Dina@example.com", ["U0DINA"]),
        ("manager", ["U0FAY"]),
    ],
)
async def test_each_kind_of_source_is_read(
    slack: StandInClient, read: Any, source: str, expected: list[str]
) -> None:
    await slack.people(
        "subteam_created", group={"id": "S0EMPTY", "handle": "empty", "name": "Empty"}
    )

    found = await read(source)

    assert [member.person for member in found.approvers.members] == expected
    assert {member.source for member in found.approvers.members} <= {str(read_source(source))}
    assert found.approvers.unreadable == ()


UNREADABLE = [
    ("unknown handle", "group:nobodys", None),
    ("unknown group id", "group:S0NOBODYS", None),
    (
        "groups need a paid plan",
        "group:hr-team",
        ("usergroups.users.list", "plan_upgrade_required"),
    ),
    ("no scope for groups", "group:hr-team", ("usergroups.list", "missing_scope")),
    ("no user has this e-mail address", "email:nobody@example.com", None),
    ("a deactivated user has it", "email:ivan@example.com", None),
    (
        "no scope for e-mail addresses",
        "email:dina@example.com",
        ("users.lookupByEmail", "missing_scope"),
    ),
    ("there is no manager above", "manager:3", None),
    ("no scope for profiles", "manager", ("users.profile.get", "missing_scope")),
    ("no scope for profile fields", "manager", ("team.profile.get", "missing_scope")),
]


@pytest.mark.parametrize(
    ("source", "fault"), [row[1:] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE]
)
async def test_a_source_that_slack_does_not_reveal_is_unreadable(
    slack: StandInClient, read: Any, source: str, fault: tuple[str, str] | None
) -> None:
    if fault:
        await slack.faults({"target": fault[0], "effect": "error", "error": fault[1]})

    found = await read("user:U0BORIS", source)

    assert found.approvers.unreadable == (source,)
    assert people(found.approvers) == [("U0BORIS", "user:U0BORIS")]


async def test_a_person_named_by_two_sources_appears_once_with_the_first(
    slack: StandInClient, read: Any
) -> None:
    found = await read("email:boris@example.com", "group:sales-leads", "user:U0CLARA")

    assert people(found.approvers) == [
        ("U0BORIS", "email:boris@example.com"),
        ("U0CLARA", "group:sales-leads"),
    ]
    assert (await calls(slack))["users.info"] == 1  # the e-mail lookup returned Boris


@pytest.mark.parametrize(
    ("source", "table", "expected"),
    [
        ("manager", [("U0CLARA", "U0GUS")], ["U0GUS"]),
        ("manager:2", [("U0CLARA", "U0BORIS")], ["U0FAY"]),  # from Boris's profile
        ("manager:4", [("U0CLARA", "U0BORIS"), ("U0LEO", "U0GUS")], ["U0GUS"]),
        ("manager", [], None),
        ("manager:2", [("U0CLARA", "U0GUS")], None),
        ("manager:2", [("U0CLARA", "U0LEO"), ("U0LEO", "U0CLARA")], None),  # a circle
    ],
)
async def test_the_table_applies_if_the_profile_names_no_manager(
    slack: StandInClient,
    read: Any,
    source: str,
    table: list[tuple[str, str]],
    expected: list[str] | None,
) -> None:
    managers = tuple(ManagedBy(person=person, manager=manager) for person, manager in table)

    found = await read(source, managers=managers, requester="U0CLARA")

    if expected is None:
        assert found.approvers.unreadable == (source,)
    else:
        assert [member.person for member in found.approvers.members] == expected


async def test_admins_are_read_separately(slack: StandInClient, read: Any) -> None:
    admins = (read_source("group:approval-admins"), read_source("user:U0IVAN"))

    found = await read("user:U0BORIS", admins=admins)

    assert [(admin.person, admin.standing) for admin in found.admins.members] == [
        ("U0FAY", Standing.ACTIVE),
        ("U0IVAN", Standing.DEACTIVATED),
    ]
    assert people(found.approvers) == [("U0BORIS", "user:U0BORIS")]


async def test_unreadable_admins_are_read_again(slack: StandInClient, read: Any) -> None:
    admins = (read_source("group:board"),)
    first = await read("user:U0BORIS", admins=admins)
    board = {"id": "S0BOARD", "handle": "board", "name": "Board", "users": ["U0FAY"]}
    await slack.people("subteam_created", group=board)

    second = await read("user:U0BORIS", admins=admins)

    assert first.admins.unreadable == ("group:board",)
    assert first.approvers.unreadable == ()
    assert people(second.admins) == [("U0FAY", "group:board")]


async def test_group_members_are_read_again_after_a_minute(
    slack: StandInClient, read: Any, clock: Clock
) -> None:
    await read("group:sales-leads")
    clock.now += timedelta(seconds=61)
    await slack.people(
        "subteam_members_changed", group={"id": "S0SALES", "users": ["U0CLARA", "U0GUS"]}
    )

    found = await read("group:sales-leads")

    assert [member.person for member in found.approvers.members] == ["U0CLARA", "U0GUS"]


async def test_a_new_group_with_a_known_handle_is_found(
    slack: StandInClient, read: Any, clock: Clock
) -> None:
    await read("group:sales-leads")
    clock.now += timedelta(seconds=61)
    await slack.people("subteam_updated", group={"id": "S0SALES", "disabled": True})
    gone = await read("group:sales-leads")
    again = {"id": "S0NEW", "handle": "sales-leads", "name": "Sales", "users": ["U0GUS"]}
    await slack.people("subteam_created", group=again)

    found = await read("group:sales-leads")

    assert gone.approvers.unreadable == ("group:sales-leads",)
    assert people(found.approvers) == [("U0GUS", "group:sales-leads")]


async def test_absences_and_delegates_of_everyone_who_might_decide_are_read(
    slack: StandInClient, read: Any, database: Database
) -> None:
    boris = await away(database, "U0BORIS", "U0DINA")
    dina = await away(database, "U0DINA", "U0JUNE")
    await away(database, "U0EMIL", "U0FAY")
    gus = await away(database, "U0GUS", "W0HANA")

    found = await read("group:sales-leads", people=("U0GUS",))

    assert set(found.absences) == {boris, dina, gus}
    assert {(member.person, member.standing) for member in found.people} == {
        ("U0GUS", Standing.ACTIVE),
        ("U0DINA", Standing.ACTIVE),
        ("U0JUNE", Standing.GUEST),
        ("W0HANA", Standing.ACTIVE),
    }


async def test_people_who_are_not_in_the_cards_channel_are_outside(
    slack: StandInClient, read: Any, database: Database
) -> None:
    await away(database, "U0BORIS", "U0GUS")

    hr = await read("user:U0BORIS", "user:U0DINA", "user:U0KAI", channel="#hr-private")
    everyone = await read("user:U0BORIS", channel="C0APPROVALS")

    assert hr.outside == ("U0BORIS", "U0GUS")
    assert everyone.outside == ()


@pytest.mark.parametrize(
    ("channel", "fault"),
    [
        ("#nowhere", {}),
        ("#approvals", {"target": "conversations.members", "effect": "hang"}),
        ("#approvals", {"target": "conversations.list", "effect": "http_500"}),
    ],
)
async def test_no_one_is_outside_if_the_channel_members_cannot_be_read(
    slack: StandInClient, read: Any, channel: str, fault: Json
) -> None:
    if fault:
        await slack.faults(fault)

    found = await read("user:U0BORIS", channel=channel)

    assert found.outside == ()
    assert people(found.approvers) == [("U0BORIS", "user:U0BORIS")]


async def test_channel_members_are_not_read_if_no_one_was_found(
    slack: StandInClient, read: Any
) -> None:
    await read("user:U0NOBODY", "group:nobodys", channel="#approvals")

    assert "conversations.members" not in await calls(slack)


@pytest.mark.parametrize(
    "case",
    [
        ("users.info", {"effect": "error", "error": "missing_scope"}, "slack.missing_scope"),
        ("users.info", {"effect": "ratelimited"}, "slack.ratelimited"),
        ("users.info", {"effect": "http_500"}, "slack.server_error"),
        ("users.info", {"effect": "hang"}, "slack.no_answer"),
        ("users.info", {"effect": "reply_lost", "times": 9}, "slack.no_answer"),
        ("auth.test", {"effect": "error", "error": "account_inactive"}, "slack.account_inactive"),
        ("usergroups.list", {"effect": "ratelimited"}, "slack.ratelimited"),
        ("usergroups.users.list", {"effect": "http_500"}, "slack.server_error"),
        ("users.lookupByEmail", {"effect": "hang"}, "slack.no_answer"),
        ("users.profile.get", {"effect": "ratelimited"}, "slack.ratelimited"),
        ("team.profile.get", {"effect": "error", "error": "fatal_error"}, "slack.fatal_error"),
    ],
)
async def test_a_slack_failure_fails_the_reading(
    slack: StandInClient, read: Any, case: tuple[str, Json, str]
) -> None:
    method, fault, code = case
    await slack.faults({"target": method, **fault})

    with pytest.raises(ApplicationError) as caught:
        await read("user:U0BORIS", "group:hr-team", "email:emil@example.com", "manager")

    assert caught.value.type == code


@pytest.mark.parametrize("method", ["users.info", "usergroups.list", "users.profile.get"])
async def test_a_retry_after_is_passed_on(slack: StandInClient, read: Any, method: str) -> None:
    await slack.faults({"target": method, "effect": "ratelimited", "retry_after": 17})

    with pytest.raises(ApplicationError) as caught:
        await read("user:U0BORIS", "group:hr-team", "manager")

    assert (caught.value.type, caught.value.details) == ("slack.ratelimited", (17.0,))


@pytest.mark.parametrize("effect", ["http_500", "hang"])
async def test_without_a_retry_after_the_detail_is_zero(
    slack: StandInClient, read: Any, effect: str
) -> None:
    await slack.faults({"target": "users.info", "effect": effect})

    with pytest.raises(ApplicationError) as caught:
        await read("user:U0BORIS")

    assert caught.value.details == (0.0,)


@pytest.mark.parametrize("call_timeout", [30])
async def test_after_the_first_failure_no_more_calls_are_made(
    slack: StandInClient, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emulator.api_call.HANG_SECONDS", 5)
    everyone = [f"user:U0CROWD{number}" for number in range(READ_SINGLY)]
    await slack.faults(
        {"target": "users.info", "effect": "hang", "times": READ_SINGLY - 1},
        {"target": "users.info", "effect": "ratelimited", "retry_after": 3},
    )

    with pytest.raises(ApplicationError) as caught:
        async with asyncio.timeout(TIMEOUT):
            await read(*everyone)

    assert caught.value.details == (3.0,)
    made = (await calls(slack))["users.info"]
    await asyncio.sleep(0.3)
    assert (await calls(slack))["users.info"] == made <= READ_SINGLY


async def test_a_failed_reading_does_not_fail_a_concurrent_one(
    slack: StandInClient, read: Any
) -> None:
    admins = (read_source("group:approval-admins"),)
    await slack.faults({"target": "users.lookupByEmail", "effect": "http_500"})

    readings = [read("email:emil@example.com", admins=admins), read("user:U0BORIS", admins=admins)]
    answers: list[Any] = await asyncio.gather(*readings, return_exceptions=True)

    assert isinstance(answers[0], ApplicationError)
    assert people(answers[1].admins) == [("U0FAY", "group:approval-admins")]


async def test_after_a_failed_reading_the_next_one_succeeds(
    slack: StandInClient, read: Any
) -> None:
    await slack.faults({"target": "auth.test", "effect": "http_500"})
    with pytest.raises(ApplicationError):
        await read("user:U0BORIS")

    found = await read("user:U0BORIS")

    assert [member.standing for member in found.approvers.members] == [Standing.ACTIVE]
