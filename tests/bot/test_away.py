"""`/away`: noted with a stand-in, told in the modal, and true for requests that are open already."""

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
    await slack.say(person, APPROVALS, "/away")
    return await slack.wait_for_modal(person, lambda v: v["callback_id"] == "away")


def typed(services: Services, delegate: str, *, days: int = 7) -> dict[str, Any]:
    now = int(services.now().timestamp())
    return {
        "starts": {"selected_date_time": now - 60},
        "ends": {"selected_date_time": now + days * 86_400},
        "delegate": {"selected_user": delegate},
    }


async def away_for_a_week(services: Services, person: str, delegate: str) -> datetime:
    """Have somebody be away from now on; return the instant."""
    now = services.now()
    week = Absence(person=person, delegate=delegate, starts=now, ends=now + timedelta(days=7))
    await services.absences.set(week, now)
    return now


async def test_an_absence_is_noted_and_said(
    slack: StandInClient, bot: AsyncApp, services: Services
) -> None:
    form = await open_form(slack)

    await slack.submit(BORIS, form, typed(services, EMIL))

    await slack.wait_for_modal(BORIS, lambda v: EMIL in text_of(v) and not v["callback_id"])
    (absence,) = await services.absences.of(BORIS, services.now())
    assert (absence.person, absence.delegate) == (BORIS, EMIL)


async def test_a_stand_in_may_decide_what_was_open_before(
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


async def test_two_people_cannot_stand_in_for_each_other(
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


async def test_an_absence_of_the_past_is_told_at_its_field(
    slack: StandInClient, bot: AsyncApp, services: Services
) -> None:
    form = await open_form(slack)

    answer = await slack.submit(BORIS, form, typed(services, EMIL, days=-1))

    assert "ends" in str(answer)
    assert await services.absences.of(BORIS, services.now()) == ()


async def test_who_is_back_says_so(slack: StandInClient, bot: AsyncApp, services: Services) -> None:
    now = await away_for_a_week(services, BORIS, CLARA)
    await slack.say(BORIS, APPROVALS, "/away")
    form = await slack.wait_for_modal(
        BORIS, lambda v: any(block["block_id"] == "back" for block in v["blocks"])
    )
    (block,) = (block for block in form["blocks"] if block["block_id"] == "back")
    ticked = {"selected_options": block["element"]["options"]}

    await slack.submit(BORIS, form, {"back": ticked})

    await slack.wait_for_modal(BORIS, lambda v: not v["callback_id"] and CLARA in text_of(v))
    assert await services.absences.of(BORIS, now) == ()


async def test_who_has_closed_the_form_hears_of_a_refusal_all_the_same(
    slack: StandInClient, bot: AsyncApp, services: Services
) -> None:
    await away_for_a_week(services, EMIL, BORIS)
    form = await open_form(slack)
    await slack.faults({"target": "views.update", "effect": "error", "error": "not_found"})

    await slack.submit(BORIS, form, typed(services, EMIL))

    refusal = notices.refusal("absence_in_a_circle", {}, ENGLISH)
    await slack.wait_for_message(f"D{BORIS}", BORIS, lambda m: refusal in text_of(m))


async def test_who_is_noted_reads_so_before_a_request_that_cannot_be_reached_is_tried(
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

    later = notices.hear_later(1, ENGLISH)
    await slack.wait_for_message(f"D{BORIS}", BORIS, lambda m: later in text_of(m))
    assert await request_driver.workflows.menu(pending.request_id, BORIS) is not None
