"""Who may decide: only whom Slack plainly calls a full member of our own workspace or Grid."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
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
from slack_api.directory import MAX_CONCURRENT_CALLS, standing
from slack_api.poster import Poster
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
    ("nothing said of deactivation", user(deleted=...), ALONE, Standing.ACTIVE),
    ("a member on our Grid", user(enterprise_user=OUR_GRID), GRID, Standing.ACTIVE),
    (
        "another team of our Grid",
        user(team_id="T1", enterprise_user=OUR_GRID),
        GRID,
        Standing.ACTIVE,
    ),
    ("deactivated", user(deleted=True), ALONE, Standing.DEACTIVATED),
    ("deactivated, all else left out", {"id": "U1", "deleted": True}, ALONE, Standing.DEACTIVATED),
    ("a bot", user(is_bot=True), ALONE, Standing.BOT),
    ("a workflow's bot", user(is_workflow_bot=True), ALONE, Standing.BOT),
    ("Slackbot, which is no bot by its own words", user(id="USLACKBOT"), ALONE, Standing.BOT),
    ("a guest of many channels", user(is_restricted=True), ALONE, Standing.GUEST),
    ("a guest of one", user(is_restricted=True, is_ultra_restricted=True), ALONE, Standing.GUEST),
    ("another team", user(team_id="T0OTHER"), ALONE, Standing.STRANGER),
    ("a stranger of Slack Connect", user(is_stranger=True), ALONE, Standing.STRANGER),
    (
        "another Grid",
        user(team_id="T1", enterprise_user={"enterprise_id": "E1"}),
        GRID,
        Standing.STRANGER,
    ),
    (
        "a Grid, where we have none",
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
        "a Grid that is no object",
        user(team_id="T1", enterprise_user="E0OURS"),
        GRID,
        Standing.STRANGER,
    ),
    ("nothing said of guests", user(is_restricted=...), ALONE, Standing.UNKNOWN),
    (
        "nothing said of single-channel guests",
        user(is_ultra_restricted=None),
        ALONE,
        Standing.UNKNOWN,
    ),
    ("nothing said of bots", user(is_bot=...), ALONE, Standing.UNKNOWN),
    ("nothing at all", {}, ("", ""), Standing.STRANGER),
]


@pytest.mark.parametrize(
    ("shape", "home", "expected"), [row[1:] for row in SHAPES], ids=[row[0] for row in SHAPES]
)
def test_who_may_decide_fails_closed(
    shape: Json, home: tuple[str, str], expected: Standing
) -> None:
    assert standing(shape, home) is expected


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(f"sqlite:///{tmp_path}/records.db") as database:
        await database.upgrade()
        yield database


@pytest.fixture
def directory(web: AsyncWebClient, database: Database, poster: Poster) -> DirectoryActivities:
    return DirectoryActivities(web, database, poster, lambda: READ_AT)


def asking(*sources: str, **more: Any) -> DirectoryQuery:
    question = DirectoryQuery(
        request_id="R", level=1, requester="U0ANA", sources=tuple(map(read_source, sources))
    )
    return replace(question, **more)


@pytest.fixture
def read(activity: ActivityEnvironment, directory: DirectoryActivities) -> Any:
    """Read what the sources mean now."""

    async def reading(*sources: str, **more: Any) -> DirectoryResult:
        found: DirectoryResult = await activity.run(directory.approvers, asking(*sources, **more))
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


async def test_everybody_named_is_read_with_the_evidence_kept(
    slack: StandInClient, read: Any
) -> None:
    people = {
        "U0BORIS": Standing.ACTIVE,
        "W0HANA": Standing.ACTIVE,
        "U0IVAN": Standing.DEACTIVATED,
        "U0JUNE": Standing.GUEST,
        "U0KAI": Standing.STRANGER,
        "U0LOCALBOT": Standing.BOT,
        "U0NOBODY": Standing.UNKNOWN,
    }

    found = await read(*(f"user:{one}" for one in people))

    assert found == DirectoryResult(
        approvers=ApproverSet(
            members=tuple(
                Member(person=one, source=f"user:{one}", standing=what)
                for one, what in people.items()
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
async def test_each_kind_of_source_names_its_people(
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
    ("an unknown handle", "group:nobodys", None),
    ("an unknown id", "group:S0NOBODYS", None),
    (
        "groups need a paid plan",
        "group:hr-team",
        ("usergroups.users.list", "plan_upgrade_required"),
    ),
    ("groups may not be read", "group:hr-team", ("usergroups.list", "missing_scope")),
    ("nobody has this e-mail", "email:nobody@example.com", None),
    ("somebody deactivated had it", "email:ivan@example.com", None),
    ("e-mails may not be read", "email:dina@example.com", ("users.lookupByEmail", "missing_scope")),
    ("nobody above the top", "manager:3", None),
    ("profiles may not be read", "manager", ("users.profile.get", "missing_scope")),
    ("fields may not be read", "manager", ("team.profile.get", "missing_scope")),
]


@pytest.mark.parametrize(
    ("source", "fault"), [row[1:] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE]
)
async def test_what_slack_does_not_say_is_unreadable_and_nobody_is_guessed(
    slack: StandInClient, read: Any, source: str, fault: tuple[str, str] | None
) -> None:
    if fault:
        await slack.faults({"target": fault[0], "effect": "error", "error": fault[1]})

    found = await read("user:U0BORIS", source)

    assert found.approvers.unreadable == (source,)
    assert people(found.approvers) == [("U0BORIS", "user:U0BORIS")]


async def test_a_person_of_two_sources_stands_there_once_by_the_first(
    slack: StandInClient, read: Any
) -> None:
    found = await read("email:boris@example.com", "group:sales-leads", "user:U0CLARA")

    assert people(found.approvers) == [
        ("U0BORIS", "email:boris@example.com"),
        ("U0CLARA", "group:sales-leads"),
    ]
    assert (await calls(slack))["users.info"] == 1  # an e-mail's answer says all of Boris


@pytest.mark.parametrize(
    ("source", "table", "expected"),
    [
        ("manager", [("U0CLARA", "U0GUS")], ["U0GUS"]),
        ("manager:2", [("U0CLARA", "U0BORIS")], ["U0FAY"]),  # Boris's own profile names her
        ("manager:4", [("U0CLARA", "U0BORIS"), ("U0LEO", "U0GUS")], ["U0GUS"]),
        ("manager", [], None),
        ("manager:2", [("U0CLARA", "U0GUS")], None),
        ("manager:2", [("U0CLARA", "U0LEO"), ("U0LEO", "U0CLARA")], None),  # a circle
    ],
)
async def test_where_the_profile_is_silent_the_table_counts(
    slack: StandInClient,
    read: Any,
    source: str,
    table: list[tuple[str, str]],
    expected: list[str] | None,
) -> None:
    managers = tuple(ManagedBy(person=one, manager=above) for one, above in table)

    found = await read(source, managers=managers, requester="U0CLARA")

    if expected is None:
        assert found.approvers.unreadable == (source,)
    else:
        assert [member.person for member in found.approvers.members] == expected


async def test_admins_are_read_apart(slack: StandInClient, read: Any) -> None:
    admins = (read_source("group:approval-admins"), read_source("user:U0IVAN"))

    found = await read("user:U0BORIS", admins=admins)

    assert [(one.person, one.standing) for one in found.admins.members] == [
        ("U0FAY", Standing.ACTIVE),
        ("U0IVAN", Standing.DEACTIVATED),
    ]
    assert people(found.approvers) == [("U0BORIS", "user:U0BORIS")]


async def test_admins_who_cannot_be_read_are_asked_for_again(
    slack: StandInClient, read: Any
) -> None:
    admins = (read_source("group:board"),)
    first = await read("user:U0BORIS", admins=admins)
    board = {"id": "S0BOARD", "handle": "board", "name": "Board", "users": ["U0FAY"]}
    await slack.people("subteam_created", group=board)

    second = await read("user:U0BORIS", admins=admins)

    assert first.admins.unreadable == ("group:board",)
    assert first.approvers.unreadable == ()
    assert people(second.admins) == [("U0FAY", "group:board")]


async def test_who_left_a_group_is_gone_at_the_next_reading(
    slack: StandInClient, read: Any
) -> None:
    await read("group:sales-leads")
    await slack.people(
        "subteam_members_changed", group={"id": "S0SALES", "users": ["U0CLARA", "U0GUS"]}
    )

    found = await read("group:sales-leads")

    assert [member.person for member in found.approvers.members] == ["U0CLARA", "U0GUS"]


async def test_a_group_made_anew_under_a_known_handle_is_found(
    slack: StandInClient, read: Any
) -> None:
    await read("group:sales-leads")
    await slack.people("subteam_updated", group={"id": "S0SALES", "disabled": True})
    gone = await read("group:sales-leads")
    again = {"id": "S0NEW", "handle": "sales-leads", "name": "Sales", "users": ["U0GUS"]}
    await slack.people("subteam_created", group=again)

    found = await read("group:sales-leads")

    assert gone.approvers.unreadable == ("group:sales-leads",)
    assert people(found.approvers) == [("U0GUS", "group:sales-leads")]


async def test_absences_of_everybody_who_might_decide_are_told_with_who_stands_in(
    slack: StandInClient, read: Any, database: Database
) -> None:
    boris = await away(database, "U0BORIS", "U0DINA")
    dina = await away(database, "U0DINA", "U0JUNE")
    await away(database, "U0EMIL", "U0FAY")
    gus = await away(database, "U0GUS", "W0HANA")

    found = await read("group:sales-leads", people=("U0GUS",))

    assert set(found.absences) == {boris, dina, gus}
    assert {(one.person, one.standing) for one in found.people} == {
        ("U0GUS", Standing.ACTIVE),
        ("U0DINA", Standing.ACTIVE),
        ("U0JUNE", Standing.GUEST),
        ("W0HANA", Standing.ACTIVE),
    }


async def test_who_is_not_in_the_cards_channel_is_outside(
    slack: StandInClient, read: Any, database: Database
) -> None:
    await away(database, "U0BORIS", "U0GUS")

    hr = await read("user:U0BORIS", "user:U0DINA", "user:U0KAI", channel="#hr-private")
    everybody = await read("user:U0BORIS", channel="C0APPROVALS")

    assert hr.outside == ("U0BORIS", "U0GUS")
    assert everybody.outside == ()


@pytest.mark.parametrize(
    ("channel", "fault"),
    [
        ("#nowhere", {}),
        ("#approvals", {"target": "conversations.members", "effect": "hang"}),
        ("#approvals", {"target": "conversations.list", "effect": "http_500"}),
    ],
)
async def test_where_members_cannot_be_read_nobody_is_outside(
    slack: StandInClient, read: Any, channel: str, fault: Json
) -> None:
    if fault:
        await slack.faults(fault)

    found = await read("user:U0BORIS", channel=channel)

    assert found.outside == ()
    assert people(found.approvers) == [("U0BORIS", "user:U0BORIS")]


async def test_no_channel_is_asked_for_where_nobody_is_found(
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
async def test_where_slack_cannot_be_asked_nobody_is_guessed(
    slack: StandInClient, read: Any, case: tuple[str, Json, str]
) -> None:
    method, fault, code = case
    await slack.faults({"target": method, **fault})

    with pytest.raises(ApplicationError) as caught:
        await read("user:U0BORIS", "group:hr-team", "email:emil@example.com", "manager")

    assert caught.value.type == code


@pytest.mark.parametrize("method", ["users.info", "usergroups.list", "users.profile.get"])
async def test_how_long_slack_wants_to_be_left_alone_is_passed_on(
    slack: StandInClient, read: Any, method: str
) -> None:
    await slack.faults({"target": method, "effect": "ratelimited", "retry_after": 17})

    with pytest.raises(ApplicationError) as caught:
        await read("user:U0BORIS", "group:hr-team", "manager")

    assert (caught.value.type, caught.value.details) == ("slack.ratelimited", (17.0,))


@pytest.mark.parametrize("effect", ["http_500", "hang"])
async def test_where_slack_asks_for_no_patience_the_detail_is_zero(
    slack: StandInClient, read: Any, effect: str
) -> None:
    await slack.faults({"target": "users.info", "effect": effect})

    with pytest.raises(ApplicationError) as caught:
        await read("user:U0BORIS")

    assert caught.value.details == (0.0,)


async def test_after_the_first_failure_nothing_is_asked_any_more(
    slack: StandInClient, read: Any, web: AsyncWebClient
) -> None:
    everybody = [f"user:U0CROWD{number}" for number in range(5 * MAX_CONCURRENT_CALLS)]
    web.timeout = 30
    await slack.faults(
        {"target": "users.info", "effect": "hang", "times": MAX_CONCURRENT_CALLS - 1},
        {"target": "users.info", "effect": "ratelimited", "retry_after": 3},
    )

    with pytest.raises(ApplicationError) as caught:
        async with asyncio.timeout(TIMEOUT):
            await read(*everybody)

    assert caught.value.details == (3.0,)
    made = (await calls(slack))["users.info"]
    await asyncio.sleep(0.3)
    assert (await calls(slack))["users.info"] == made <= MAX_CONCURRENT_CALLS + 1


async def test_one_readings_failure_is_not_anothers(slack: StandInClient, read: Any) -> None:
    admins = (read_source("group:approval-admins"),)
    await slack.faults({"target": "users.lookupByEmail", "effect": "http_500"})

    asked = [read("email:emil@example.com", admins=admins), read("user:U0BORIS", admins=admins)]
    answers: list[Any] = await asyncio.gather(*asked, return_exceptions=True)

    assert isinstance(answers[0], ApplicationError)
    assert people(answers[1].admins) == [("U0FAY", "group:approval-admins")]


async def test_after_a_failed_reading_the_next_one_starts_afresh(
    slack: StandInClient, read: Any
) -> None:
    await slack.faults({"target": "auth.test", "effect": "http_500"})
    with pytest.raises(ApplicationError):
        await read("user:U0BORIS")

    found = await read("user:U0BORIS")

    assert [member.standing for member in found.approvers.members] == [Standing.ACTIVE]
