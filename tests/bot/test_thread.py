"""A request's thread: presses in a reply and in a direct message lead to one state on every copy."""

from dataclasses import replace
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from emulator.client import StandInClient, text_of
from tests.bot.commands import send
from tests.bot.desk import (
    ANA,
    APPROVALS,
    BORIS,
    CLARA,
    FAY,
    GUS,
    Card,
    Json,
    Shop,
    has_buttons,
    listeners_ended,
    shows,
    yes_by,
)
from tests.bot.front_desk import DINA, EMIL, Asked, FrontDesk, level, offers
from tests.bot.presses import SignedHttp, press_payload, with_value
from workflows.rules.approvals.policy import Layout, Quorum, Visibility
from workflows.rules.approvals.request import Status, Verdict

SECRET = "My father is ill"
THREAD: dict[str, Any] = {"layout": Layout.THREAD}
PRIVATE: dict[str, Any] = {**THREAD, "visibility": Visibility.PRIVATE}


async def copy_of(slack: StandInClient, person: str, asked: Asked) -> Json:
    """Wait for the person's own copy with its buttons."""
    return await slack.wait_for_message(
        f"D{person}", person, lambda m: asked.request_id in text_of(m) and has_buttons(m)
    )


async def send_out(slack: StandInClient) -> None:
    """Have Emil leave the channel: he gets a copy of his own."""
    await slack.channels(APPROVALS, "remove", user=EMIL)


async def in_channel(slack: StandInClient, asked: Asked) -> str:
    """Return everything that everybody sees of a request, root and replies."""
    root = [one for one in await slack.messages(APPROVALS, CLARA) if one["ts"] == asked.ts]
    return str([*root, *await slack.messages(APPROVALS, CLARA, thread_ts=asked.ts)])


@pytest.mark.parametrize("parts", [THREAD, PRIVATE], ids=["public", "private"])
async def test_a_press_in_a_reply_and_one_in_a_copy_converge(
    slack: StandInClient, bot: AsyncApp, desk: FrontDesk, shop: Shop, parts: dict[str, Any]
) -> None:
    await send_out(slack)
    first = level(BORIS, EMIL, name="manager", quorum=Quorum(count=2))
    asked = await desk.ask(first, level(DINA, name="hr"), text=SECRET, **parts)
    reply = await desk.reply(asked, has_buttons)
    direct = await copy_of(slack, EMIL, asked)
    mark = await slack.journal_mark()

    await slack.click(BORIS, APPROVALS, reply, "approve")
    inline = await slack.wait_for_journal(after=mark, kind="response_url")
    await slack.click(EMIL, f"D{EMIL}", direct, "approve")
    await desk.reply(asked, lambda m: f"<@{DINA}>" in text_of(m) and has_buttons(m))
    await shop.pass_time(asked.request_id)

    closed = await desk.reply(
        asked, shows("Step 1 of 2: manager", "✓ approved", f"<@{EMIL}> approved")
    )
    root = await desk.card(asked.request_id, lambda m: "Step 2 of 2: hr* · ● open" in text_of(m))
    own = await slack.wait_for_message(
        f"D{EMIL}", EMIL, lambda m: "Step 2 of 2: hr" in text_of(m) and m["ts"] == direct["ts"]
    )
    assert (closed["ts"], root["ts"]) == (reply["ts"], asked.ts)
    assert "Step 1 of 2: manager" in str(inline["arguments"]["blocks"])
    assert "header" not in {one["type"] for one in inline["arguments"]["blocks"]}
    assert SECRET in text_of(own)
    replies = await slack.messages(APPROVALS, CLARA, thread_ts=asked.ts)
    assert len([one for one in replies if one["ts"] != asked.ts]) == 2


async def test_nothing_private_is_painted_in_the_channel_and_all_of_it_in_a_copy(
    slack: StandInClient, bot: AsyncApp, desk: FrontDesk, shop: Shop
) -> None:
    await send_out(slack)
    both = level(BORIS, EMIL, CLARA, quorum=Quorum(count=3))
    asked = await desk.ask(both, text=SECRET, **PRIVATE)
    reply = await desk.reply(asked, has_buttons)
    direct = await copy_of(slack, EMIL, asked)
    mark = await slack.journal_mark()

    await slack.click(BORIS, APPROVALS, reply, "approve")
    public = await slack.wait_for_journal(after=mark, kind="response_url")
    mark = await slack.journal_mark()
    await slack.click(EMIL, f"D{EMIL}", direct, "approve")
    own = await slack.wait_for_journal(after=mark, kind="response_url")
    await shop.pass_time(asked.request_id)

    seen = await in_channel(slack, asked)
    assert SECRET not in str(public)
    assert "A desk for" not in str(public)
    assert SECRET in str(own)
    assert SECRET not in seen
    assert "A desk for" not in seen


READERS = {"who asks": ANA, "who is asked": BORIS, "an admin": FAY}


@pytest.mark.parametrize("who", READERS)
async def test_view_details_shows_the_whole_of_it_to_whom_it_concerns(
    slack: StandInClient, bot: AsyncApp, desk: FrontDesk, shop: Shop, who: str
) -> None:
    asked = await desk.ask(text=SECRET, **PRIVATE)
    await desk.reply(asked, has_buttons)

    await slack.click(READERS[who], APPROVALS, asked.message, "details")

    shown = await desk.says(READERS[who], SECRET)
    assert "Waiting for approval" in text_of(shown)
    assert "Audit trail" in text_of(shown)
    assert "requested approval" in text_of(shown)
    assert await shop.refused(asked.request_id) == []


async def test_the_trail_of_a_public_request_is_for_those_whom_it_concerns(
    slack: StandInClient, bot: AsyncApp, desk: FrontDesk
) -> None:
    asked = await desk.ask(text=SECRET, layout=Layout.THREAD)
    await desk.reply(asked, has_buttons)

    await slack.click(GUS, APPROVALS, asked.message, "details")
    await slack.click(BORIS, APPROVALS, asked.message, "details")

    assert "Audit trail" not in text_of(await desk.says(GUS, SECRET))
    assert "Audit trail" in text_of(await desk.says(BORIS, SECRET))


async def test_who_may_not_read_a_request_is_told_why_and_that_is_kept(
    slack: StandInClient, bot: AsyncApp, desk: FrontDesk, shop: Shop
) -> None:
    asked = await desk.ask(text=SECRET, **PRIVATE)
    reply = await desk.reply(asked, has_buttons)

    await slack.click(GUS, APPROVALS, reply, "details")

    shown = await desk.says(GUS, "Only the requester, the approvers and admins")
    await listeners_ended()
    assert SECRET not in str(shown)
    assert "A desk for" not in str(shown)
    assert "Audit trail" not in text_of(shown)
    assert "Waiting for approval" in text_of(shown)
    assert await shop.refused(asked.request_id) == [(GUS, "not_a_reader")]


@pytest.mark.parametrize("temporal_knows", [True, False])
@pytest.mark.parametrize("parts", [PRIVATE, {"visibility": Visibility.PRIVATE}], ids=["thread", "card"])  # fmt: skip
async def test_a_closed_private_request_can_still_be_read_by_whom_it_concerns(  # noqa: PLR0913 - a case
    slack: StandInClient,
    bot: AsyncApp,
    desk: FrontDesk,
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    *,
    parts: dict[str, Any],
    temporal_knows: bool,
) -> None:
    """Broken by hand: with the records' `readers` left out, only the requester could."""
    asked = await desk.ask(level(BORIS), level(DINA, name="hr"), text=SECRET, **parts)
    no = replace(yes_by(BORIS), verdict=Verdict.REJECT, reason="Not now")
    await send(shop.workflows, asked.request_id, "b", no)
    root = await desk.card(asked.request_id, shows("Rejected"))
    await shop.until_idle(asked.request_id)
    if not temporal_knows:
        monkeypatch.setattr(shop.workflows, "menu", _unknown)

    for person in (ANA, BORIS, FAY):
        await slack.click(person, APPROVALS, root, "details")
        shown = await desk.says(person, SECRET)
        assert "Not now" in text_of(shown)
    for person in (GUS, DINA):  # she was never asked
        await slack.click(person, APPROVALS, root, "details")
        shown = await desk.says(person, "Only the requester, the approvers and admins")
        assert SECRET not in str(shown)
        assert "Not now" not in str(shown)
    await listeners_ended()
    refused = [(GUS, "not_a_reader"), (DINA, "not_a_reader")]
    assert await shop.refused(asked.request_id) == refused


async def _unknown(*_: object) -> None:
    """Answer as Temporal does once it has forgotten a workflow."""


async def test_more_shows_a_stranger_nothing_private(
    slack: StandInClient, bot: AsyncApp, desk: FrontDesk
) -> None:
    asked = await desk.ask(text=SECRET, **PRIVATE)

    menu = await desk.menu(GUS, asked)

    assert SECRET not in str(menu)
    assert "A desk for" not in str(menu)
    assert "Waiting for approval" in text_of(menu)


async def test_everybody_reads_what_is_not_private(
    slack: StandInClient, bot: AsyncApp, desk: FrontDesk, shop: Shop
) -> None:
    asked = await desk.ask(text=SECRET, **THREAD)

    await slack.click(GUS, APPROVALS, asked.message, "details")

    await desk.says(GUS, SECRET)
    assert await shop.refused(asked.request_id) == []


async def test_a_rejection_from_a_reply_ends_the_request_on_every_copy(
    slack: StandInClient, bot: AsyncApp, desk: FrontDesk, shop: Shop
) -> None:
    await send_out(slack)
    asked = await desk.ask(level(BORIS, EMIL, quorum=Quorum(count=1)), **PRIVATE)
    reply = await desk.reply(asked, offers("reject"))
    await copy_of(slack, EMIL, asked)
    await slack.click(BORIS, APPROVALS, reply, "reject")
    form = await slack.wait_for_modal(BORIS, lambda v: v["callback_id"] == "verb")

    await slack.submit(BORIS, form, {"reason": SECRET})

    closed = await desk.face(asked.request_id, lambda snapshot: not snapshot.is_open)
    await desk.reply(asked, shows("ended without approval", f"<@{BORIS}>"))
    await shop.pass_time(asked.request_id)
    await desk.card(asked.request_id, shows("Rejected"))
    own = await slack.wait_for_message(
        f"D{EMIL}", EMIL, lambda m: asked.request_id in text_of(m) and not has_buttons(m)
    )
    assert closed.status is Status.REJECTED
    assert SECRET not in await in_channel(slack, asked)
    assert SECRET in text_of(own)
    assert SECRET in text_of(await shop.direct_message(ANA, SECRET))


async def test_who_presses_what_was_changed_is_led_to_the_root(
    slack: StandInClient, http: SignedHttp, desk: FrontDesk
) -> None:
    asked = await desk.ask(**THREAD)
    reply = Card(order_id="", message=await desk.reply(asked, has_buttons))
    payload = await press_payload(slack, BORIS, reply, "approve")

    await http.interact(with_value(payload, content_revision=0))

    told = await slack.wait_for_message(
        APPROVALS, BORIS, lambda m: bool(m.get("is_ephemeral")), thread_ts=asked.ts
    )
    assert "has changed since you opened it" in told["text"]
    assert f"/p{asked.ts.replace('.', '')}" in told["text"]
    assert reply.ts.replace(".", "") not in told["text"]
