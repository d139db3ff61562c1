"""The people of the demo match its policies, and every special kind of person is in a policy."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli import demo
from bot.policies.file import Policies, load
from emulator.people import Seed
from records.absences import Absences
from records.database import Database
from workflows.rules.people.actors import SourceKind

ROOT = Path(__file__).parents[2]
MISSING = {"group:board"}
"""The missing group of the policy `broken`, which demonstrates a blocked request."""


@pytest.fixture(scope="module")
def policies() -> Policies:
    return load(ROOT / "policies.toml")


@pytest.fixture(scope="module")
def people() -> Seed:
    return Seed.load(ROOT / "emulator" / "people.yml")


def test_every_person_and_group_that_a_policy_names_exists(
    policies: Policies, people: Seed
) -> None:
    known = {f"user:{user.id}" for user in people.users}
    known |= {f"email:{user.email}" for user in people.users}
    known |= {f"group:{group.handle}" for group in people.groups}
    named = {*map(str, policies.admins)}
    for policy in map(policies.policy, policies.names):
        for level in policy.levels:
            named |= {str(approver) for approver in level.approvers}
            named |= {str(source) for step in level.escalate for source in step.to}
    named = {name for name in named if not name.startswith(SourceKind.MANAGER)}

    assert named - known == MISSING
    assert {"user:U0IVAN", "user:U0JUNE"} <= named  # deactivated, and a guest


def test_the_bot_is_in_every_channel_that_a_policy_names(policies: Policies, people: Seed) -> None:
    ours = {f"#{channel['name']}" for channel in people.channels if channel["bot"]}
    named = {policies.policy(name).channel for name in policies.names}

    assert named | {policies.admin_channel} <= ours


def test_the_groups_have_the_documented_members(people: Seed) -> None:
    members = {group.handle: group.users for group in people.groups}

    assert members["sales-leads"] == ["U0BORIS", "U0CLARA"]
    assert members["approval-admins"] == ["U0FAY"]
    assert demo.AWAY in members["finance"]
    assert demo.STAND_IN not in members["finance"]


def test_an_escalation_to_the_managers_manager_finds_a_person(
    policies: Policies, people: Seed
) -> None:
    managers = {user.id: user.manager for user in people.users}
    table = {manager.person: manager.manager for manager in policies.managers}

    def above(person: str) -> str:
        return managers[person] or table.get(person, "")

    assert above("U0ANA") == "U0FAY"
    assert all(above(above(person)) for person in ("U0ANA", "U0BORIS", "U0CLARA", "U0GUS"))


async def test_a_new_demo_starts_with_an_absence_and_an_existing_one_is_kept(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/records.db"
    await demo.prepare_database(url)
    now = datetime.now(UTC)
    async with Database(url) as database:
        (away,) = await Absences(database).clear(demo.AWAY, now)

        assert (away.person, away.delegate) == (demo.AWAY, demo.STAND_IN)
        assert away.starts <= now < away.ends

        await demo.prepare_database(url)

        assert await Absences(database).list(now) == ()
