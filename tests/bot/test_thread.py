"""A request with a thread: clicks in replies and direct messages, and private content."""

from dataclasses import replace
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from emulator.client import StandInClient, text_of
from tests.bot.commands import send
from tests.bot.order_driver import (
    ANA,
    APPROVALS,
    BORIS,
    CLARA,
    FAY,
    GUS,
    Card,
    Json,
    OrderDriver,
    cli_approval_by,
    has_approve_button,
    listeners_finished,
    shows,
)
from tests.bot.request_driver import DINA, EMIL, PendingRequest, RequestDriver, level, offers
from tests.bot.signed_clicks import SignedHttp, click_payload, with_button_value
from workflows.rules.approvals.policy import Layout, Quorum, Visibility
from workflows.rules.approvals.request import Status, Verdict

SECRET = "My father is ill"
THREAD: dict[str, Any] = {"layout": Layout.THREAD}
PRIVATE: dict[str, Any] = {**THREAD, "visibility": Visibility.PRIVATE}


async def copy_of(slack: StandInClient, person: str, pending: PendingRequest) -> Json:
    """Wait for the person's direct message with the card and its buttons."""
    return await slack.wait_for_message(
        f"D{person}", person, lambda m: pending.request_id in text_of(m) and has_approve_button(m)
    )


async def remove_emil(slack: StandInClient) -> None:
    """Remove Emil from the channel, so that he gets a copy as a direct message."""
    await slack.channels(APPROVALS, "remove", user=EMIL)


async def in_channel(slack: StandInClient, pending: PendingRequest) -> str:
    """Return everything that is public about a request: thread root and replies."""
    root = [
        message for message in await slack.messages(APPROVALS, CLARA) if message["ts"] == pending.ts
    ]
    return str([*root, *await slack.messages(APPROVALS, CLARA, thread_ts=pending.ts)])


@pytest.mark.parametrize("parts", [THREAD, PRIVATE], ids=["public", "private"])
async def test_clicks_in_a_reply_and_in_a_copy_converge(
    slack: StandInClient,
    bot: AsyncApp,
    request_driver: RequestDriver,
    order_driver: OrderDriver,
    parts: dict[str, Any],
) -> None:
    await remove_emil(slack)
    first = level(BORIS, EMIL, name="manager", quorum=Quorum(count=2))
    pending = await request_driver.create(first, level(DINA, name="hr"), text=SECRET, **parts)
    reply = await request_driver.reply(pending, has_approve_button)
    direct = await copy_of(slack, EMIL, pending)
    mark = await slack.journal_mark()

    await slack.click(BORIS, APPROVALS, reply, "approve")
    inline = await slack.wait_for_journal(after=mark, kind="response_url")
    await slack.click(EMIL, f"D{EMIL}", direct, "approve")
    await listeners_finished()
    await order_driver.skip_settle_time(pending.request_id)
    await request_driver.reply(
        pending, lambda m: f"<@{DINA}>" in text_of(m) and has_approve_button(m)
    )

    closed = await request_driver.reply(
        pending, shows("Step 1 of 2: manager", "✓ approved", f"<@{EMIL}> approved")
    )
    root = await request_driver.card(
        pending.request_id, lambda m: "Step 2 of 2: hr* · ● open" in text_of(m)
    )
    own = await slack.wait_for_message(
        f"D{EMIL}", EMIL, lambda m: "Step 2 of 2: hr" in text_of(m) and m["ts"] == direct["ts"]
    )
    assert (closed["ts"], root["ts"]) == (reply["ts"], pending.ts)
    assert "Step 1 of 2: manager" in str(inline["arguments"]["blocks"])
    assert "header" not in {block["type"] for block in inline["arguments"]["blocks"]}
    assert SECRET in text_of(own)
    replies = await slack.messages(APPROVALS, CLARA, thread_ts=pending.ts)
    assert len([reply for reply in replies if reply["ts"] != pending.ts]) == 2


async def test_private_content_is_written_to_copies_and_not_to_the_channel(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver, order_driver: OrderDriver
) -> None:
    await remove_emil(slack)
    both = level(BORIS, EMIL, CLARA, quorum=Quorum(count=3))
    pending = await request_driver.create(both, text=SECRET, **PRIVATE)
    reply = await request_driver.reply(pending, has_approve_button)
    direct = await copy_of(slack, EMIL, pending)
    mark = await slack.journal_mark()

    await slack.click(BORIS, APPROVALS, reply, "approve")
    public = await slack.wait_for_journal(after=mark, kind="response_url")
    mark = await slack.journal_mark()
    await slack.click(EMIL, f"D{EMIL}", direct, "approve")
    own = await slack.wait_for_journal(after=mark, kind="response_url")
    await order_driver.skip_settle_time(pending.request_id)

    seen = await in_channel(slack, pending)
    assert SECRET not in str(public)
    assert "A desk for" not in str(public)
    assert SECRET in str(own)
    assert SECRET not in seen
    assert "A desk for" not in seen


READERS = {"requester": ANA, "approver": BORIS, "admin": FAY}


@pytest.mark.parametrize("who", READERS)
async def test_view_details_shows_everything_to_the_people_involved(
    slack: StandInClient,
    bot: AsyncApp,
    request_driver: RequestDriver,
    order_driver: OrderDriver,
    who: str,
) -> None:
    pending = await request_driver.create(text=SECRET, **PRIVATE)
    await request_driver.reply(pending, has_approve_button)

    await slack.click(READERS[who], APPROVALS, pending.message, "details")

    shown = await request_driver.modal(READERS[who], SECRET)
    assert "Waiting for approval" in text_of(shown)
    assert "Audit trail" in text_of(shown)
    assert "requested approval" in text_of(shown)
    assert await order_driver.refusals_of(pending.request_id) == []


async def test_only_the_people_involved_see_the_trail_of_a_public_request(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    pending = await request_driver.create(text=SECRET, layout=Layout.THREAD)
    await request_driver.reply(pending, has_approve_button)

    await slack.click(GUS, APPROVALS, pending.message, "details")
    await slack.click(BORIS, APPROVALS, pending.message, "details")

    assert "Audit trail" not in text_of(await request_driver.modal(GUS, SECRET))
    assert "Audit trail" in text_of(await request_driver.modal(BORIS, SECRET))


async def test_an_unauthorised_reader_is_refused_and_recorded(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver, order_driver: OrderDriver
) -> None:
    pending = await request_driver.create(text=SECRET, **PRIVATE)
    reply = await request_driver.reply(pending, has_approve_button)

    await slack.click(GUS, APPROVALS, reply, "details")

    shown = await request_driver.modal(GUS, "Only the requester, the approvers and admins")
    await listeners_finished()
    assert SECRET not in str(shown)
    assert "A desk for" not in str(shown)
    assert "Audit trail" not in text_of(shown)
    assert "Waiting for approval" in text_of(shown)
    assert await order_driver.refusals_of(pending.request_id) == [(GUS, "not_a_reader")]


@pytest.mark.parametrize("temporal_knows", [True, False])
@pytest.mark.parametrize("parts", [PRIVATE, {"visibility": Visibility.PRIVATE}], ids=["thread", "card"])  # fmt: skip
async def test_the_people_involved_can_still_read_a_closed_private_request(  # noqa: PLR0913 - a case
    slack: StandInClient,
    bot: AsyncApp,
    request_driver: RequestDriver,
    order_driver: OrderDriver,
    monkeypatch: pytest.MonkeyPatch,
    *,
    parts: dict[str, Any],
    temporal_knows: bool,
) -> None:
    """Mutation checked: without the recorded `readers`, only the requester can read it."""
    pending = await request_driver.create(
        level(BORIS), level(DINA, name="hr"), text=SECRET, **parts
    )
    no = replace(cli_approval_by(BORIS), verdict=Verdict.REJECT, reason="Not now")
    await send(order_driver.workflows, pending.request_id, "b", no)
    root = await request_driver.card(pending.request_id, shows("Rejected"))
    await order_driver.until_idle(pending.request_id)
    if not temporal_knows:
        monkeypatch.setattr(order_driver.workflows, "menu", _unknown)

    for person in (ANA, BORIS, FAY):
        await slack.click(person, APPROVALS, root, "details")
        shown = await request_driver.modal(person, SECRET)
        assert "Not now" in text_of(shown)
    for person in (GUS, DINA):  # her level was never open
        await slack.click(person, APPROVALS, root, "details")
        shown = await request_driver.modal(person, "Only the requester, the approvers and admins")
        assert SECRET not in str(shown)
        assert "Not now" not in str(shown)
    await listeners_finished()
    refused = [(GUS, "not_a_reader"), (DINA, "not_a_reader")]
    assert await order_driver.refusals_of(pending.request_id) == refused


async def _unknown(*_: object) -> None:
    """Return None, as for a workflow that Temporal has deleted."""


async def test_more_shows_no_private_content_to_uninvolved_people(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    pending = await request_driver.create(text=SECRET, **PRIVATE)

    menu = await request_driver.menu(GUS, pending)

    assert SECRET not in str(menu)
    assert "A desk for" not in str(menu)
    assert "Waiting for approval" in text_of(menu)


async def test_anyone_can_read_a_public_request(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver, order_driver: OrderDriver
) -> None:
    pending = await request_driver.create(text=SECRET, **THREAD)

    await slack.click(GUS, APPROVALS, pending.message, "details")

    await request_driver.modal(GUS, SECRET)
    assert await order_driver.refusals_of(pending.request_id) == []


async def test_a_rejection_from_a_reply_ends_the_request_on_every_copy(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver, order_driver: OrderDriver
) -> None:
    await remove_emil(slack)
    pending = await request_driver.create(level(BORIS, EMIL, quorum=Quorum(count=1)), **PRIVATE)
    reply = await request_driver.reply(pending, offers("reject"))
    await copy_of(slack, EMIL, pending)
    await slack.click(BORIS, APPROVALS, reply, "reject")
    form = await slack.wait_for_modal(BORIS, lambda v: v["callback_id"] == "verb")

    await slack.submit(BORIS, form, {"reason": SECRET})

    closed = await request_driver.snapshot(
        pending.request_id, lambda snapshot: not snapshot.is_open
    )
    await request_driver.reply(pending, shows("ended without approval", f"<@{BORIS}>"))
    await order_driver.skip_settle_time(pending.request_id)
    await request_driver.card(pending.request_id, shows("Rejected"))
    own = await slack.wait_for_message(
        f"D{EMIL}", EMIL, lambda m: pending.request_id in text_of(m) and not has_approve_button(m)
    )
    assert closed.status is Status.REJECTED
    assert SECRET not in await in_channel(slack, pending)
    assert SECRET in text_of(own)
    assert SECRET in text_of(await order_driver.direct_message(ANA, SECRET))


async def test_a_click_on_outdated_content_links_to_the_thread_root(
    slack: StandInClient, http: SignedHttp, request_driver: RequestDriver
) -> None:
    pending = await request_driver.create(**THREAD)
    reply = Card(order_id="", message=await request_driver.reply(pending, has_approve_button))
    payload = await click_payload(slack, BORIS, reply, "approve")

    await http.interact(with_button_value(payload, content_revision=0))

    sent = await slack.wait_for_message(
        APPROVALS, BORIS, lambda m: bool(m.get("is_ephemeral")), thread_ts=pending.ts
    )
    assert "has changed since you opened it" in sent["text"]
    assert f"/p{pending.ts.replace('.', '')}" in sent["text"]
    assert reply.ts.replace(".", "") not in sent["text"]
