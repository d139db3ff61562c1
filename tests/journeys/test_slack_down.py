"""Slack is down: nothing that was promised waits for it, and its cards tell the truth soon after."""

import asyncio
import time
from datetime import timedelta

import pytest

from tests.journeys.office import BORIS, Office, has_buttons
from workflows.rules.audit import Fact
from workflows.rules.order import OrderStatus
from workflows.rules.request import Status

IN_TIME = timedelta(seconds=5)
"""A tenth of a second on an idle machine, and less than any wait for Slack would be."""
FOR_EVER = 1_000_000
CONVERGED = 15
"""Seconds after Slack's return within which every card shows the last state."""


@pytest.mark.usefixtures("house")
async def test_slack_is_down_while_a_decision_comes_and_a_request_expires(
    house_office: Office,
) -> None:
    """Both happen in time in the records; the cards follow, and nobody can press them any more.

    Slack takes the click, but refuses every response_url and swallows every call.
    """
    office = house_office
    decided = await office.order("1500.00", customer="Decided")
    expired = await office.order("40.00", customer="Too late")
    card, late = [await office.card(one, buttons=True) for one in (decided, expired)]
    await office.slack.faults(
        {"target": "response_url", "effect": "http_500", "times": FOR_EVER},
        {"target": "*", "effect": "hang", "times": FOR_EVER},
    )
    pressed = time.monotonic()
    await office.press(BORIS, card, "approve")
    done = await office.ended(decided)
    took = time.monotonic() - pressed
    gone = await office.ended(expired)
    approval = await office.approval(expired)
    shown = await office.cards(decided) + await office.cards(expired)
    await office.slack.clear_faults()
    async with asyncio.timeout(CONVERGED):
        now = await office.card(decided, "Completed", "TRK-", buttons=False)
        too_late = await office.card(expired, "Expired", buttons=False)

    assert done.status is OrderStatus.COMPLETED
    assert took < IN_TIME.total_seconds()
    assert gone.status is OrderStatus.EXPIRED
    assert approval.status is Status.EXPIRED
    [level] = approval.levels
    assert level.expires_at is not None
    assert approval.closed_at == level.expires_at
    (heard,) = [one.at for one in await office.facts(expired) if one.kind is Fact.APPROVAL_ENDED]
    assert heard - level.expires_at < IN_TIME
    assert all(has_buttons(one) for one in shown)  # Slack was down indeed
    assert (now["ts"], too_late["ts"]) == (card["ts"], late["ts"])
    assert "completed" in await office.outcome(decided)
    assert "expired" in await office.outcome(expired)
    assert len(await office.cards(decided)) == len(await office.cards(expired)) == 1
    await office.paid_once(decided)
    await office.everything_adds_up(decided, expired)
