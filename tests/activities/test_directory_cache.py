"""The directory is shared: which values a reading may take from earlier ones, and what a big one costs."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.directory import DirectoryActivities
from bot.policies.keys import read_source
from emulator.client import StandInClient
from emulator.people import Group, User
from emulator.server import RunningStandIn
from records.absences import Absences
from records.database import Database
from records.directory import PEOPLE, Directory
from slack_api.directory import CURRENT_FOR, FRESH_FOR
from slack_api.listing import PAGE_SIZE, Listing
from slack_api.workspace import Workspace
from tests.activities.test_directory import READ_AT, Clock, calls, people, query
from workflows.rules.people.actors import DirectoryResult, Standing

ADMINS = (read_source("group:approval-admins"),)
MOMENT = timedelta(seconds=0.1)
CROWD, GROUP = 10_000, 2_000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(web: AsyncWebClient, database: Database, clock: Clock) -> DirectoryActivities:
    workspace = Workspace.of(web, database, clock)
    return DirectoryActivities(workspace.directory, Absences(database), lambda: READ_AT)


@pytest.fixture
def read(activity: ActivityEnvironment, directory: DirectoryActivities) -> Any:
    """Read the sources now."""

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


async def test_what_one_process_has_read_another_need_not_read(
    slack: StandInClient, read: Any, web: AsyncWebClient, database: Database, clock: Clock
) -> None:
    await read("group:sales-leads", "email:emil@example.com", channel="#approvals")
    mark = await slack.journal_mark()

    other = Workspace.of(web, database, clock)
    assert await other.directory.group("sales-leads", fresh=False) == ("U0BORIS", "U0CLARA")
    assert await other.directory.standing("U0BORIS", fresh=False) is Standing.ACTIVE
    assert await other.directory.by_email("Emil@example.com", fresh=False) == "U0EMIL"
    assert await other.channels.channel_id("#approvals") == "C0APPROVALS"
    assert await calls(slack, mark) == {}


@pytest.mark.parametrize(("turn", "age"), [(0, CURRENT_FOR), (1, FRESH_FOR)])
async def test_after_a_while_a_standing_is_read_again(
    slack: StandInClient, read: Any, clock: Clock, turn: int, age: timedelta
) -> None:
    await read("user:U0BORIS")
    await slack.people("user_change", user={"id": "U0BORIS", "deleted": True})

    clock.now += age - MOMENT
    soon = await read("user:U0BORIS", turn=turn)
    clock.now += 2 * MOMENT
    later = await read("user:U0BORIS", turn=turn)

    assert (standings(soon), standings(later)) == ([Standing.ACTIVE], [Standing.DEACTIVATED])


async def test_a_fresh_reading_is_used_by_later_ones(
    slack: StandInClient, read: Any, clock: Clock
) -> None:
    await read("user:U0BORIS", admins=ADMINS)
    await slack.people("user_change", user={"id": "U0BORIS", "deleted": True})
    await slack.people("subteam_members_changed", group={"id": "S0ADMINS", "users": ["U0GUS"]})
    clock.now += FRESH_FOR + MOMENT
    fresh = await read("user:U0BORIS", admins=ADMINS, turn=1)

    assert standings(fresh) == [Standing.DEACTIVATED]
    assert [admin.person for admin in fresh.admins.members] == ["U0GUS"]
    assert await read("user:U0BORIS", admins=ADMINS) == fresh


async def test_a_reading_reads_each_person_once(slack: StandInClient, read: Any) -> None:
    found = await read("group:sales-leads", "user:U0BORIS", people=("U0CLARA",), turn=1)

    assert people(found.approvers) == [
        ("U0BORIS", "group:sales-leads"),
        ("U0CLARA", "group:sales-leads"),
    ]
    assert (await calls(slack))["users.info"] == 2


async def test_the_standing_from_an_e_mail_lookup_is_known(slack: StandInClient, read: Any) -> None:
    await read("email:boris@example.com")
    await read("user:U0BORIS")

    assert "users.info" not in await calls(slack)


async def test_concurrent_readings_share_their_calls(slack: StandInClient, read: Any) -> None:
    shared = {"admins": ADMINS, "channel": "#approvals"}
    await asyncio.gather(*(read("group:sales-leads", "manager", **shared) for _ in range(12)))

    made = await calls(slack)

    once = ("auth.test", "team.profile.get", "conversations.list", "conversations.members")
    assert {method: made[method] for method in once} == dict.fromkeys(once, 1)
    assert made["usergroups.list"] == made["usergroups.users.list"] == 2  # one for each group
    assert made["users.info"] == 4  # Ana and Boris, Clara and Fay, who is a manager and an admin


async def test_a_failed_call_is_repeated_by_the_next_reading(
    slack: StandInClient, read: Any
) -> None:
    await slack.faults({"target": "usergroups.list", "effect": "http_500"})

    answers: list[Any] = await asyncio.gather(
        *(read("group:sales-leads") for _ in range(2)), return_exceptions=True
    )

    assert {type(answer) for answer in answers} == {ApplicationError, DirectoryResult}


async def test_a_person_whom_slack_did_not_know_for_a_while_is_known_again(
    running: RunningStandIn, read: Any, clock: Clock
) -> None:
    users = running.stand_in.workspace.users
    boris = users.pop("U0BORIS")
    unknown = await read("user:U0BORIS")
    users["U0BORIS"] = boris
    clock.now += CURRENT_FOR + MOMENT

    found = [standings(await read("user:U0BORIS")) for _ in range(2)]

    assert standings(unknown) == [Standing.UNKNOWN]
    assert found == [[Standing.ACTIVE], [Standing.ACTIVE]]


# Large workspaces


@pytest.fixture
def crowd(running: RunningStandIn) -> tuple[str, ...]:
    """The group `everyone` of 2,000 people, in a workspace of 10,000."""
    users = [User(id=f"U0CROWD{n}", name=f"crowd{n}", real_name=f"Crowd {n}") for n in range(CROWD)]
    workspace = running.stand_in.workspace
    workspace.users |= {user.id: user for user in users}
    members = [user.id for user in users[-GROUP:]]
    workspace.groups["S0ALL"] = Group(id="S0ALL", handle="everyone", name="All", users=members)
    return tuple(members)


def pages(running: RunningStandIn) -> int:
    return -(-len(running.stand_in.workspace.users) // PAGE_SIZE)


async def test_a_group_of_2000_in_a_workspace_of_10000_is_read_within_the_tiers_of_a_minute(
    running: RunningStandIn, slack: StandInClient, read: Any, crowd: tuple[str, ...]
) -> None:
    """The stand-in refuses more calls in a minute than the tiers allow."""
    found = await read("group:everyone")

    made = await calls(slack)
    assert tuple(member.person for member in found.approvers.members) == crowd
    assert {*standings(found)} == {Standing.ACTIVE}
    assert made["users.list"] == pages(running)
    assert "users.info" not in made


async def test_an_interrupted_listing_continues_where_it_was(  # noqa: PLR0913, PLR0917
    running: RunningStandIn,
    slack: StandInClient,
    read: Any,
    clock: Clock,
    crowd: tuple[str, ...],
    pass_retry_after: Callable[[float], None],
) -> None:
    await slack.limits(per_minute={"2": 4})
    tries = 0
    found: DirectoryResult | None = None
    while found is None:
        tries += 1
        with contextlib.suppress(ApplicationError):
            found = await read("group:everyone")
        await slack.advance(60)
        pass_retry_after(60)
        clock.now += timedelta(minutes=1)

    limited = tries - 1
    assert limited == pages(running) // 4
    assert (await calls(slack))["users.list"] == pages(running) + limited
    assert len(found.approvers.members) == GROUP


async def test_readings_of_many_requests_share_one_listing(
    running: RunningStandIn, slack: StandInClient, read: Any, crowd: tuple[str, ...]
) -> None:
    await asyncio.gather(*(read("group:everyone", turn=turn) for turn in (0, 1, 1, 2)))

    assert (await calls(slack))["users.list"] == pages(running)


async def test_a_caller_that_needs_a_newer_listing_does_not_take_an_older_one(
    database: Database, clock: Clock
) -> None:
    pages, listed = 0, asyncio.Event()

    async def read_page(_: str) -> str:
        nonlocal pages
        pages += 1
        await listed.wait()
        return ""

    store = Directory(database)
    listing = Listing(store, PEOPLE, read_page, clock)
    async with asyncio.TaskGroup() as callers:
        callers.create_task(listing.ensure(clock.now))
        while not pages:
            await store.listed_at(PEOPLE)
        clock.now += CURRENT_FOR
        newer = callers.create_task(listing.ensure(clock.now))
        await store.listed_at(PEOPLE)
        listed.set()

    assert newer.done()
    assert await store.listed_at(PEOPLE) == clock.now
    assert pages == 2
