"""The verbs in Slack: the *More* menu, the forms, and their confirmations."""

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.listeners.answers import NOT_ACKED
from bot.listeners.services import Services
from emulator.client import StandInClient, text_of
from records.refusals import Refusals
from tests.bot.commands import send
from tests.bot.order_driver import (
    ANA,
    APPROVALS,
    BORIS,
    CLARA,
    FAY,
    GUS,
    has_approve_button,
    listeners_finished,
)
from tests.bot.request_driver import DINA, EMIL, RequestDriver, level, offers, verbs_in
from tests.bot.signed_clicks import approval_by
from views import more_modal, notices
from views.translator import ENGLISH
from workflows.rules.approvals.policy import Quorum, ReasonRule
from workflows.rules.approvals.request import Status, Verdict
from workflows.rules.approvals.verbs import Verb

OFFERED = {
    "requester": (ANA, [Verb.COMMENT, Verb.AMEND, Verb.WITHDRAW]),
    "approver": (
        BORIS,
        [Verb.APPROVE, Verb.REJECT, Verb.REQUEST_CHANGES, Verb.COMMENT, Verb.DELEGATE],
    ),
    "admin": (FAY, [Verb.COMMENT, Verb.REASSIGN, Verb.REFRESH, Verb.CLOSE]),
    "uninvolved": (GUS, []),
}


@pytest.mark.parametrize("who", OFFERED)
async def test_more_offers_the_verbs_that_a_person_may_use(
    bot: AsyncApp, request_driver: RequestDriver, who: str
) -> None:
    person, expected = OFFERED[who]
    pending = await request_driver.create()

    menu = await request_driver.menu(person, pending)

    assert verbs_in(menu) == expected


async def test_a_delegate_decides_for_the_delegating_approver(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    pending = await request_driver.create(level(BORIS))
    form = await request_driver.form(BORIS, pending, Verb.DELEGATE)
    await slack.submit(BORIS, form, {"delegate": {"selected_user": EMIL}})
    await request_driver.snapshot(
        pending.request_id, lambda snapshot: bool(snapshot.levels[0].delegates)
    )

    await slack.click(EMIL, APPROVALS, pending.message, "approve")

    closed = await request_driver.snapshot(
        pending.request_id, lambda snapshot: not snapshot.is_open
    )
    assert closed.status is Status.APPROVED
    assert [(decision.person, decision.seat) for decision in closed.levels[0].decisions] == [
        (EMIL, BORIS)
    ]


async def test_an_admin_reassigns_a_request_and_the_new_approvers_decide(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    pending = await request_driver.create()
    form = await request_driver.form(FAY, pending, Verb.REASSIGN)
    await slack.submit(FAY, form, {"sources": "group:hr-team", "reason": "Both are away"})
    await request_driver.snapshot(
        pending.request_id, lambda snapshot: DINA in snapshot.levels[0].eligible
    )

    await slack.click(BORIS, APPROVALS, pending.message, "approve")

    await slack.wait_for_message(
        APPROVALS,
        BORIS,
        lambda m: notices.refusal("not_an_approver", {}, ENGLISH) in text_of(m),
    )


async def test_an_invalid_source_is_reported_at_its_field(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    pending = await request_driver.create()
    form = await request_driver.form(FAY, pending, Verb.REASSIGN)

    answer = await slack.submit(FAY, form, {"sources": "finance", "reason": "Both are away"})

    assert "sources" in str(answer)
    assert await request_driver.workflows.menu(pending.request_id, ANA) is not None


async def test_approve_asks_for_a_reason_if_the_policy_requires_one(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    strict = level(BORIS, CLARA, approve_reason=ReasonRule.REQUIRED, quorum=Quorum(count=1))
    pending = await request_driver.create(strict)

    await slack.click(BORIS, APPROVALS, pending.message, "approve")
    form = await slack.wait_for_modal(BORIS, lambda v: v["callback_id"] == "verb")
    await slack.submit(BORIS, form, {"reason": "We need it"})

    await request_driver.modal(BORIS, notices.confirmed(Verdict.APPROVE, ENGLISH))
    closed = await request_driver.snapshot(
        pending.request_id, lambda snapshot: not snapshot.is_open
    )
    assert closed.levels[0].decisions[0].reason == "We need it"


async def test_a_click_on_an_amended_card_is_refused_with_a_link_to_the_new_card(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    pending = await request_driver.create()
    form = await request_driver.form(ANA, pending, Verb.AMEND)
    await slack.submit(ANA, form, {"title": "Two desks"})
    await request_driver.modal(ANA, notices.confirmed(Verb.AMEND, ENGLISH))

    await slack.click(BORIS, APPROVALS, pending.message, "approve")

    message = await slack.wait_for_message(
        APPROVALS, BORIS, lambda m: bool(m.get("is_ephemeral")) and "/archives/" in str(m)
    )
    assert pending.ts.replace(".", "") in str(message)


async def test_a_person_without_verbs_gets_an_explanation(
    bot: AsyncApp, request_driver: RequestDriver
) -> None:
    pending = await request_driver.create()

    menu = await request_driver.menu(GUS, pending)

    assert verbs_in(menu) == []
    assert "approver" in text_of(menu)


async def test_more_on_an_ended_request_shows_its_outcome(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    pending = await request_driver.create(level(BORIS))
    await slack.click(BORIS, APPROVALS, pending.message, "approve")
    await request_driver.card(pending.request_id, lambda m: not has_approve_button(m))

    await slack.click(CLARA, APPROVALS, pending.message, "more")

    await request_driver.modal(CLARA, "pproved")


async def test_a_verb_chosen_too_late_is_refused_and_recorded(
    refusals: Refusals,
    slack: StandInClient,
    bot: AsyncApp,
    request_driver: RequestDriver,
    services: Services,
) -> None:
    pending = await request_driver.create()
    menu = await request_driver.menu(BORIS, pending)
    (block,) = (block for block in menu["blocks"] if block["block_id"] == "verb-delegate")
    await send(request_driver.workflows, pending.request_id, "boris", approval_by(BORIS))

    await request_driver.choose(BORIS, menu, block)

    await request_driver.modal(BORIS, "no longer possible")
    await listeners_finished()
    rows = await refusals.of(pending.request_id)
    assert [(row.actor.person, row.verb, row.code) for row in rows] == [
        (BORIS, "delegate", "not_offered")
    ]


async def test_a_comment_by_more_reaches_the_requester_and_the_answer_the_approvers(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    pending = await request_driver.create(level(BORIS))
    form = await request_driver.form(BORIS, pending, Verb.COMMENT)
    await slack.submit(BORIS, form, {"reason": "Which room?"})
    asked = await slack.wait_for_message(f"D{ANA}", ANA, lambda m: "Which room?" in text_of(m))

    form = await request_driver.form(ANA, pending, Verb.COMMENT)
    await slack.submit(ANA, form, {"reason": "Room 7"})
    answered = await slack.wait_for_message(
        APPROVALS, BORIS, lambda m: "commented on" in m["text"], thread_ts=pending.ts
    )

    assert f"<@{BORIS}> commented on" in text_of(asked)
    assert f"<@{BORIS}>: <@{ANA}> commented on" in answered["text"]
    assert "Room 7" in text_of(answered)


async def test_requested_changes_are_made_and_decided_again(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    pending = await request_driver.create(level(BORIS))
    form = await request_driver.form(BORIS, pending, Verb.REQUEST_CHANGES)
    await slack.submit(BORIS, form, {"reason": "Name the room"})
    await slack.wait_for_message(f"D{ANA}", ANA, lambda m: "Name the room" in text_of(m))
    waiting = await request_driver.card(
        pending.request_id, lambda m: not has_approve_button(m) and offers("more")(m)
    )

    form = await request_driver.form(ANA, pending, Verb.AMEND)
    await slack.submit(ANA, form, {"text": "For room 7"})
    again = await request_driver.card(
        pending.request_id, lambda m: has_approve_button(m) and "room 7" in text_of(m)
    )
    await slack.click(BORIS, APPROVALS, again, "approve")

    closed = await request_driver.snapshot(
        pending.request_id, lambda snapshot: not snapshot.is_open
    )
    assert "Name the room" in text_of(waiting)
    assert closed.status is Status.APPROVED
    assert closed.content_revision == 2


async def test_a_late_menu_update_does_not_replace_a_newer_form(
    slack: StandInClient,
    bot: AsyncApp,
    request_driver: RequestDriver,
    services: Services,
    web: AsyncWebClient,
) -> None:
    pending = await request_driver.create()
    menu = await request_driver.menu(BORIS, pending)
    (block,) = (block for block in menu["blocks"] if block["block_id"] == "verb-comment")
    mark = await slack.journal_mark()

    await request_driver.choose(BORIS, menu, block)
    form = await request_driver.modal(BORIS, "Comment on")
    call = await slack.wait_for_journal(after=mark, kind="api", method="views.update")
    late = more_modal.message("Too late", ENGLISH)
    shown = await services.answers.show(web, menu["id"], late, NOT_ACKED, menu["hash"])

    assert call["arguments"]["hash"] == menu["hash"]
    assert not shown
    assert (await slack.modals(BORIS))[-1]["hash"] == form["hash"]
