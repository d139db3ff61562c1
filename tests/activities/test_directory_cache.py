"""The caches of the directory port: which values a reading may take from them."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.directory import ADMINS_TTL, DirectoryActivities
from bot.policies.keys import read_source
from emulator.client import StandInClient
from records.database import Database
from slack_api.directory import STANDING_TTL
from slack_api.poster import Poster
from tests.activities.test_directory import calls, people, query
from workflows.rules.people.actors import DirectoryResult, Standing

READ_AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ADMINS = (read_source("group:approval-admins"),)


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("slack_api.cache.monotonic", clock)
    monkeypatch.setattr("slack_api.directory.monotonic", clock)
    return clock


@pytest.fixture
def read(
    activity: ActivityEnvironment, web: AsyncWebClient, poster: Poster, database: Database
) -> Any:
    """Read the sources now."""
    directory = DirectoryActivities(web, database, poster, lambda: READ_AT)

    async def reading(*sources: str, **more: Any) -> DirectoryResult:
        found: DirectoryResult = await activity.run(directory.approvers, query(*sources, **more))
        return found

    return reading


def standings(found: DirectoryResult) -> list[Standing]:
    return [member.standing for member in found.approvers.members]


async def test_values_read_a_moment_ago_are_not_read_again(slack: StandInClient, read: Any) -> None:
    first = await read("user:U0BORIS", admins=ADMINS, channel="#approvals")
    mark = await slack.journal_mark()
    second = await read("user:U0BORIS", admins=ADMINS, channel="#approvals")

    assert second == first
    assert await calls(slack, mark) == {}


async def test_after_half_a_minute_a_standing_is_read_again(
    slack: StandInClient, read: Any, clock: Clock
) -> None:
    await read("user:U0BORIS")
    await slack.people("user_change", user={"id": "U0BORIS", "deleted": True})

    clock.now += STANDING_TTL - 0.1
    soon = await read("user:U0BORIS")
    clock.now += 0.1
    later = await read("user:U0BORIS")

    assert (standings(soon), standings(later)) == ([Standing.ACTIVE], [Standing.DEACTIVATED])


async def test_after_a_minute_the_admins_are_read_again(
    slack: StandInClient, read: Any, clock: Clock
) -> None:
    await read("user:U0BORIS", admins=ADMINS)
    await slack.people("subteam_members_changed", group={"id": "S0ADMINS", "users": ["U0GUS"]})

    clock.now += ADMINS_TTL - 0.1
    soon = await read("user:U0BORIS", admins=ADMINS)
    clock.now += 0.1
    later = await read("user:U0BORIS", admins=ADMINS)

    assert [member.person for member in soon.admins.members] == ["U0FAY"]
    assert [member.person for member in later.admins.members] == ["U0GUS"]


async def test_a_fresh_reading_uses_no_cached_standing(slack: StandInClient, read: Any) -> None:
    admins = (*ADMINS, read_source("user:U0DINA"))
    await read("user:U0BORIS", admins=admins, people=("U0EMIL",))
    for person in ("U0BORIS", "U0DINA", "U0EMIL"):
        await slack.people("user_change", user={"id": person, "deleted": True})
    await slack.people("subteam_members_changed", group={"id": "S0ADMINS", "users": ["U0GUS"]})

    found = await read("user:U0BORIS", admins=admins, people=("U0EMIL",), turn=1)

    assert standings(found) == [Standing.DEACTIVATED]
    assert [(admin.person, admin.standing) for admin in found.admins.members] == [
        ("U0GUS", Standing.ACTIVE),
        ("U0DINA", Standing.DEACTIVATED),
    ]
    assert [member.standing for member in found.people] == [Standing.DEACTIVATED]


async def test_a_fresh_reading_updates_the_caches(slack: StandInClient, read: Any) -> None:
    await read("user:U0BORIS", admins=ADMINS)
    await slack.people("user_change", user={"id": "U0BORIS", "deleted": True})
    await slack.people("subteam_members_changed", group={"id": "S0ADMINS", "users": ["U0GUS"]})
    fresh = await read("user:U0BORIS", admins=ADMINS, turn=1)

    assert await read("user:U0BORIS", admins=ADMINS) == fresh


async def test_a_fresh_reading_reads_each_person_once(slack: StandInClient, read: Any) -> None:
    found = await read("group:sales-leads", "user:U0BORIS", people=("U0CLARA",), turn=1)

    assert people(found.approvers) == [
        ("U0BORIS", "group:sales-leads"),
        ("U0CLARA", "group:sales-leads"),
    ]
    assert (await calls(slack))["users.info"] == 2


async def test_the_standing_from_an_e_mail_lookup_is_cached(
    slack: StandInClient, read: Any
) -> None:
    await read("email:boris@example.com")
    await read("user:U0BORIS")

    assert "users.info" not in await calls(slack)


async def test_concurrent_readings_share_their_calls(slack: StandInClient, read: Any) -> None:
    shared = {"admins": ADMINS, "channel": "#approvals"}
    await asyncio.gather(*(read("group:sales-leads", "manager", **shared) for _ in range(12)))

    made = await calls(slack)

    once = ("auth.test", "team.profile.get", "conversations.list", "conversations.members")
    assert {method: made[method] for method in once} == dict.fromkeys(once, 1)
    assert made["usergroups.list"] == 2  # one for each handle
    assert made["usergroups.users.list"] == 12 + 1  # group members are never cached
    assert made["users.info"] == 3  # Boris, Clara and Fay, who is a manager and an admin


async def test_a_failed_call_is_repeated_by_the_next_reading(
    slack: StandInClient, read: Any
) -> None:
    await slack.faults({"target": "usergroups.list", "effect": "http_500"})

    answers: list[Any] = await asyncio.gather(
        *(read("group:sales-leads") for _ in range(2)), return_exceptions=True
    )

    assert {type(answer) for answer in answers} == {ApplicationError, DirectoryResult}
