"""A large workspace: a level with a big group opens within Slack's rate tiers, from a cold start."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from emulator.client import StandInClient
from emulator.config import Config
from emulator.people import Group, User
from emulator.server import start
from tests.bot.conftest import ROOT
from tests.bot.request_driver import BOTH, RequestDriver
from workflows.rules.approvals.policy import Quorum
from workflows.rules.people.actors import ApproverSource, SourceKind

PEOPLE, GROUP = 10_000, 2_000
OPENS_WITHIN = 60.0


@pytest.fixture
async def slack() -> AsyncIterator[StandInClient]:
    """A workspace of 10,000 people, whose last 2,000 are in the group `everyone`, with the tiers on."""
    async with (
        start(Config(manifest=ROOT / "manifest.yml")) as running,
        StandInClient(running.url) as client,
    ):
        workspace = running.stand_in.workspace
        for number in range(PEOPLE):
            user = User(id=f"U0CROWD{number}", name=f"c{number}", real_name=f"Crowd {number}")
            workspace.users[user.id] = user
        members = [f"U0CROWD{number}" for number in range(PEOPLE - GROUP, PEOPLE)]
        workspace.groups["S0ALL"] = Group(id="S0ALL", handle="all", name="All", users=members)
        workspace.channels["C0APPROVALS"].members += members
        yield client


async def test_a_level_with_a_group_of_2000_opens_within_a_minute(
    slack: StandInClient, request_driver: RequestDriver
) -> None:
    everyone = ApproverSource(kind=SourceKind.GROUP, value="all")
    rule = replace(BOTH, approvers=(everyone,), quorum=Quorum(count=1))
    began = time.monotonic()

    pending = await request_driver.create(rule)

    took = time.monotonic() - began
    snapshot = await request_driver.snapshot(pending.request_id, lambda _: True)
    calls = Counter(call["method"] for call in await slack.journal(kind="api"))
    assert took < OPENS_WITHIN
    assert len(snapshot.levels[-1].eligible) == GROUP
    assert calls["users.list"] <= 2 + PEOPLE // 1000
