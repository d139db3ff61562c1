"""The directory: a late report or an overtaken reading never replaces a newer one."""

from dataclasses import replace
from datetime import timedelta

from records.database import Database
from records.directory import CHANNELS, Directory, KnownGroup
from tests.records.builders import NOON
from workflows.rules.people.actors import Standing
from workflows.rules.people.profile import Profile

BORIS = Profile(person="U0BORIS", standing=Standing.ACTIVE, email="digest", updated=5)
SALES = KnownGroup(group_id="S0SALES", handle="sales", members=("U0BORIS",), read_at=NOON)
SOON = NOON + timedelta(seconds=1)
LEASE = timedelta(seconds=15)


async def test_only_a_change_that_can_affect_decisions_matters(database: Database) -> None:
    directory = Directory(database)

    assert await directory.learn([BORIS], NOON) == {"U0BORIS"}
    assert await directory.learn([replace(BORIS, updated=6, locale="de-DE")], NOON) == set()
    gone = replace(BORIS, updated=7, standing=Standing.DEACTIVATED)
    assert await directory.learn([gone], NOON) == {"U0BORIS"}


async def test_a_late_report_does_not_bring_a_person_back(database: Database) -> None:
    directory = Directory(database)
    await directory.learn([replace(BORIS, updated=7, standing=Standing.DEACTIVATED)], NOON)

    assert await directory.learn([BORIS], SOON) == set()
    known = (await directory.people(["U0BORIS"]))["U0BORIS"]
    assert known.profile.standing is Standing.DEACTIVATED


async def test_what_a_report_lacks_is_kept(database: Database) -> None:
    directory = Directory(database)
    await directory.learn([replace(BORIS, locale="de-DE")], NOON)
    assert await directory.learn_manager("U0BORIS", "U0FAY")

    await directory.learn([replace(BORIS, updated=6)], NOON)

    known = (await directory.people(["U0BORIS"]))["U0BORIS"].profile
    assert (known.locale, known.manager) == ("de-DE", "U0FAY")
    assert not await directory.learn_manager("U0BORIS", "U0FAY")


async def test_a_reading_that_a_change_has_overtaken_is_not_stored(database: Database) -> None:
    directory = Directory(database)
    await directory.learn_group(SALES)

    assert await directory.group_changed("S0SALES", SOON) == "sales"
    await directory.learn_group(SALES)  # it began before the change

    changed = await directory.group("sales")
    assert changed is not None
    assert changed.read_at < NOON

    later = replace(SALES, members=("U0CLARA",), read_at=SOON)
    await directory.learn_group(later)
    assert await directory.group("S0SALES") == later


async def test_one_process_at_a_time_lists_and_another_continues(database: Database) -> None:
    directory = Directory(database)

    assert await directory.claim_list(CHANNELS, NOON, since=NOON, lease=LEASE) == ""
    assert await directory.claim_list(CHANNELS, SOON, since=NOON, lease=LEASE) is None
    await directory.page_listed(CHANNELS, "page 2")
    assert await directory.claim_list(CHANNELS, SOON, since=NOON, lease=LEASE) == "page 2"

    after = SOON + LEASE  # the process has died
    assert await directory.claim_list(CHANNELS, after, since=NOON, lease=LEASE) == "page 2"
    await directory.page_listed(CHANNELS, "")
    assert await directory.listed_at(CHANNELS) == NOON


async def test_a_channel_that_a_complete_listing_does_not_name_is_forgotten(
    database: Database,
) -> None:
    directory = Directory(database)
    await directory.learn_channels({"C0OLD": "old", "C0NEW": "new"}, NOON)

    await directory.claim_list(CHANNELS, SOON, since=SOON, lease=LEASE)
    await directory.learn_channels({"C0NEW": "new"}, SOON)
    await directory.page_listed(CHANNELS, "")

    assert await directory.channel_named("new") == "C0NEW"
    assert await directory.channel_named("old") == ""
