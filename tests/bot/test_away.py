"""`/countersign away`: recording an absence with a delegate, also for requests that are already open."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from bot.listeners.services import Services
from bot.temporal.calls import Unconfirmed
from emulator.client import StandInClient, text_of
from tests.bot.order_driver import APPROVALS, BORIS, CLARA, Json
from tests.bot.request_driver import EMIL, RequestDriver, level
from views import notices
from views.translator import ENGLISH
from workflows.rules.approvals.request import Status
from workflows.rules.people.actors import Absence


async def open_form(slack: StandInClient, person: str = BORIS) -> Json:
    await slack.say(person, APPROVALS, "/countersign away")
    return await slack.wait_for_modal(person, lambda v: v["callback_id"] == "away")


def typed(services: Services, delegate: str, *, days: int = 7) -> dict[str, Any]:
    now = int(services.now().timestamp())
    return {
        "starts": {"selected_date_time": now - 60},
        "ends": {"selected_date_time": now + days * 86_400},
        "delegate": {"selected_user": delegate},
    }


async def away_for_a_week(services: Services, person: str, delegate: str) -> datetime:
    """Record a week's absence from now on and return its start."""
    now = services.now()
    week = Absence(person=person, delegate=delegate, starts=now, ends=now + timedelta(days=7))
    await services.absences.set(week, now)
    return now


async def test_an_absence_is_recorded_and_confirmed(
    slack: StandInClient, bot: AsyncApp, services: Services
) -> None:
    form = await open_form(slack)

    await slack.submit(BORIS, form, typed(services, EMIL))

    await slack.wait_for_modal(BORIS, lambda v: EMIL in text_of(v) and not v["callback_id"])
    (absence,) = await services.absences.of(BORIS, services.now())
    assert (absence.person, absence.delegate) == (BORIS, EMIL)


async def test_a_delegate_may_decide_requests_that_were_already_open(
    slack: StandInClient, bot: AsyncApp, services: Services, request_driver: RequestDriver
) -> None:
    pending = await request_driver.create(level(BORIS))
    form = await open_form(slack)

    await slack.submit(BORIS, form, typed(services, EMIL))
    await request_driver.snapshot(
        pending.request_id, lambda snapshot: bool(snapshot.levels[0].delegates)
    )
    await slack.click(EMIL, APPROVALS, pending.message, "approve")

    closed = await request_driver.snapshot(
        pending.request_id, lambda snapshot: not snapshot.is_open
    )
    assert closed.status is Status.APPROVED
    assert closed.levels[0].decisions[0].seat == BORIS


async def test_two_people_cannot_be_delegates_of_each_other(
    slack: StandInClient, bot: AsyncApp, services: Services
) -> None:
    now = await away_for_a_week(services, EMIL, BORIS)
    form = await open_form(slack)

    await slack.submit(BORIS, form, typed(services, EMIL))

    again = await slack.wait_for_modal(
        BORIS, lambda v: v["callback_id"] == "away" and "problem" in str(v["blocks"])
    )
    assert EMIL in str(again["blocks"])
    assert await services.absences.of(BORIS, now) == ()


async def test_an_absence_in_the_past_is_rejected_at_its_field(
    slack: StandInClient, bot: AsyncApp, services: Services
) -> None:
    form = await open_form(slack)

    answer = await slack.submit(BORIS, form, typed(services, EMIL, days=-1))

    assert "ends" in str(answer)
    assert await services.absences.of(BORIS, services.now()) == ()


async def test_a_person_can_end_their_absence(
    slack: StandInClient, bot: AsyncApp, services: Services
) -> None:
    now = await away_for_a_week(services, BORIS, CLARA)
    await slack.say(BORIS, APPROVALS, "/countersign away")
    form = await slack.wait_for_modal(
        BORIS, lambda v: any(block["block_id"] == "back" for block in v["blocks"])
    )
    (block,) = (block for block in form["blocks"] if block["block_id"] == "back")
    ticked = {"selected_options": block["element"]["options"]}

    await slack.submit(BORIS, form, {"back": ticked})

    await slack.wait_for_modal(BORIS, lambda v: not v["callback_id"] and CLARA in text_of(v))
    assert await services.absences.of(BORIS, now) == ()


async def test_a_refusal_is_sent_even_if_the_form_was_closed(
    slack: StandInClient, bot: AsyncApp, services: Services
) -> None:
    await away_for_a_week(services, EMIL, BORIS)
    form = await open_form(slack)
    await slack.faults({"target": "views.update", "effect": "error", "error": "not_found"})

    await slack.submit(BORIS, form, typed(services, EMIL))

    refusal = notices.refusal("absence_in_a_circle", {}, ENGLISH)
    await slack.wait_for_message(f"D{BORIS}", BORIS, lambda m: refusal in text_of(m))


async def test_the_confirmation_does_not_wait_for_unreachable_requests(
    slack: StandInClient,
    bot: AsyncApp,
    services: Services,
    request_driver: RequestDriver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pending = await request_driver.create(level(BORIS))
    form = await open_form(slack)
    noted = asyncio.Event()

    async def update(*_: object) -> Unconfirmed:
        await noted.wait()
        return Unconfirmed()

    monkeypatch.setattr(request_driver.workflows, "update", update)
    monkeypatch.setattr(services.commands, "retry_for", 0.1)

    await slack.submit(BORIS, form, typed(services, EMIL))
    await slack.wait_for_modal(BORIS, lambda v: EMIL in text_of(v) and not v["callback_id"])
    noted.set()

    later = notices.not_yet_notified(1, ENGLISH)
    await slack.wait_for_message(f"D{BORIS}", BORIS, lambda m: later in text_of(m))
    assert await request_driver.workflows.menu(pending.request_id, BORIS) is not None
