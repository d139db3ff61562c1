"""The approvers of an open request follow changes in Slack and absences."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from slack_bolt.async_app import AsyncApp

from bot.listeners.directory import refresh_watching
from bot.listeners.services import Services
from bot.runtime.ids import new_id
from bot.temporal.client import WorkflowClient
from emulator.client import StandInClient
from records.snapshots import decode_snapshot
from tests.bot.order_driver import TIMEOUT, RunningWorker
from workflows.rules.approvals.policy import route
from workflows.rules.approvals.request import ApprovalRequest
from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot
from workflows.rules.people.actors import Absence, Actor, Origin
from workflows.rules.shared.content import Content


@dataclass
class PolicyDriver:
    """Starts requests with the shipped policies and reads their recorded levels."""

    services: Services
    workflows: WorkflowClient

    async def create(self, policy_name: str, requester: str = "U0ANA") -> str:
        policies = self.services.policies
        policy = policies.policy(policy_name)
        request = ApprovalRequest(
            request_id=new_id("REQ"),
            requester=Actor(person=requester, origin=Origin.SLACK),
            content=Content(title="A try"),
            policy=policy,
            route=route(policy, None),
            managers=policies.chain_of(requester),
        )
        assert await self.workflows.start(request)
        return request.request_id

    async def level(self, request_id: str, fits: Callable[[LevelSnapshot], bool]) -> LevelSnapshot:
        """Wait until the open level matches."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                record = await self.services.requests.get(request_id)
                snapshot = decode_snapshot(record.face) if record else None
                level = snapshot.open_level if isinstance(snapshot, ApprovalSnapshot) else None
                if level is not None and fits(level):
                    return level
                await asyncio.sleep(0.05)


@pytest.fixture
def policy_driver(
    services: Services, workflows: WorkflowClient, worker: RunningWorker
) -> PolicyDriver:
    return PolicyDriver(services, workflows)


def is_open(level: LevelSnapshot) -> bool:
    return not level.blocked


async def test_a_blocked_request_opens_when_the_group_is_created(
    slack: StandInClient, bot: AsyncApp, policy_driver: PolicyDriver
) -> None:
    request_id = await policy_driver.create("broken")
    blocked = await policy_driver.level(request_id, lambda level: bool(level.unreadable))

    board = {"id": "S0BOARD", "handle": "board", "name": "Board", "users": ["U0GUS", "U0ANA"]}
    await slack.people("subteam_created", group=board)
    level = await policy_driver.level(request_id, is_open)

    assert (blocked.blocked, blocked.unreadable) == ("approvers_unreadable", ("group:board",))
    assert level.eligible == ("U0GUS",)  # Ana is the requester


async def test_a_person_who_leaves_the_group_can_no_longer_decide(
    slack: StandInClient, bot: AsyncApp, policy_driver: PolicyDriver
) -> None:
    request_id = await policy_driver.create("order")
    before = await policy_driver.level(request_id, is_open)

    await slack.people("subteam_members_changed", group={"id": "S0SALES", "users": ["U0CLARA"]})
    after = await policy_driver.level(request_id, lambda level: level.eligible != before.eligible)

    assert (before.eligible, after.eligible) == (("U0BORIS", "U0CLARA"), ("U0CLARA",))


async def test_a_deactivated_person_can_no_longer_decide(
    slack: StandInClient, bot: AsyncApp, policy_driver: PolicyDriver
) -> None:
    request_id = await policy_driver.create("access")
    before = await policy_driver.level(request_id, is_open)

    await slack.people("user_change", user={"id": "U0DINA", "deleted": True})
    after = await policy_driver.level(request_id, lambda level: level.eligible != before.eligible)

    assert (before.eligible, after.eligible) == (("U0DINA", "U0BORIS"), ("U0BORIS",))


async def test_a_new_manager_replaces_the_old_one_as_approver(
    slack: StandInClient, bot: AsyncApp, policy_driver: PolicyDriver
) -> None:
    request_id = await policy_driver.create("vacation", requester="U0CLARA")
    by_table = await policy_driver.level(request_id, is_open)

    await slack.people("user_change", user={"id": "U0CLARA", "manager": "U0GUS"})
    by_profile = await policy_driver.level(
        request_id, lambda level: level.eligible != by_table.eligible
    )

    assert (by_table.eligible, by_profile.eligible) == (("U0BORIS",), ("U0GUS",))


async def test_an_absence_applies_to_open_requests(
    slack: StandInClient, bot: AsyncApp, policy_driver: PolicyDriver
) -> None:
    request_id = await policy_driver.create("quiet")
    other = await policy_driver.create("badge")
    await policy_driver.level(request_id, is_open)
    await policy_driver.level(other, is_open)

    now = datetime.now(UTC)
    for person in ("U0FAY", "U0GUS"):
        away = Absence(person=person, delegate="W0HANA", starts=now, ends=now + timedelta(days=1))
        await policy_driver.services.absences.set(away, now)
        await refresh_watching(policy_driver.services, [f"user:{person}"], new_id("EVT"))
    level = await policy_driver.level(other, lambda level: bool(level.delegates))
    forbidden = await policy_driver.level(request_id, is_open)

    assert [(delegate.person, delegate.seat) for delegate in level.delegates] == [
        ("W0HANA", "U0GUS")
    ]
    assert forbidden.delegates == ()  # the policy `quiet` forbids it
