"""Who may decide: only whom Slack plainly calls a full member of our own workspace or Grid."""

from datetime import UTC, datetime
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.directory import DirectoryActivities, standing
from emulator.client import StandInClient
from workflows.ports import ApproverQuestion
from workflows.rules.people import ApproverSet, Member, Standing
from workflows.rules.policy import ApproverSource, SourceKind

Json = dict[str, Any]
READ_AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
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


def asking(*people: str) -> ApproverQuestion:
    sources = tuple(ApproverSource(kind=SourceKind.USER, value=one) for one in people)
    return ApproverQuestion(request_id="R", sources=sources)


@pytest.fixture
def directory(web: AsyncWebClient) -> DirectoryActivities:
    return DirectoryActivities(web, lambda: READ_AT)


async def test_everybody_named_is_read_with_the_evidence_kept(
    slack: StandInClient, activity: ActivityEnvironment, directory: DirectoryActivities
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

    found: ApproverSet = await activity.run(directory.approvers, asking(*people))

    assert found == ApproverSet(
        members=tuple(
            Member(person=one, source=f"user:{one}", standing=what) for one, what in people.items()
        ),
        read_at=READ_AT,
    )


@pytest.mark.parametrize(
    "case",
    [
        ("users.info", {"effect": "error", "error": "missing_scope"}, "slack.missing_scope"),
        ("users.info", {"effect": "ratelimited"}, "slack.ratelimited"),
        ("users.info", {"effect": "http_500"}, "slack.server_error"),
        ("users.info", {"effect": "hang"}, "slack.no_answer"),
        ("users.info", {"effect": "reply_lost", "times": 9}, "slack.no_answer"),
        ("auth.test", {"effect": "error", "error": "account_inactive"}, "slack.account_inactive"),
    ],
)
async def test_where_one_person_cannot_be_read_nobody_is_guessed(
    slack: StandInClient,
    activity: ActivityEnvironment,
    directory: DirectoryActivities,
    case: tuple[str, Json, str],
) -> None:
    method, fault, code = case
    await slack.faults({"target": method, **fault})

    with pytest.raises(ApplicationError) as caught:
        await activity.run(directory.approvers, asking("U0BORIS", "U0CLARA"))

    assert caught.value.type == code


async def test_after_a_failed_reading_the_next_one_starts_afresh(
    slack: StandInClient, activity: ActivityEnvironment, directory: DirectoryActivities
) -> None:
    await slack.faults({"target": "auth.test", "effect": "http_500"})
    with pytest.raises(ApplicationError):
        await activity.run(directory.approvers, asking("U0BORIS"))

    found: ApproverSet = await activity.run(directory.approvers, asking("U0BORIS"))

    assert [member.standing for member in found.members] == [Standing.ACTIVE]


async def test_a_person_who_was_deactivated_since_is_seen_at_the_next_reading(
    slack: StandInClient, activity: ActivityEnvironment, directory: DirectoryActivities
) -> None:
    await activity.run(directory.approvers, asking("U0BORIS"))
    await slack.people("user_change", user={"id": "U0BORIS", "deleted": True})

    found: ApproverSet = await activity.run(directory.approvers, asking("U0BORIS"))

    assert [member.standing for member in found.members] == [Standing.DEACTIVATED]
