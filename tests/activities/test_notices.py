"""Direct messages: each is told once, and what keeps one from being told comes back as a value."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.testing import ActivityEnvironment

from activities.notices import NoticeActivities
from emulator.client import StandInClient, text_of
from slack_api.locales import READ_TIMEOUT, Locales
from slack_api.poster import Poster
from tests.views import examples
from views.blocks import Message
from workflows.ports.approvals import NoticeResult
from workflows.rules.notice import Notice, NoticeKind
from workflows.rules.shared.card import CardCopy

Json = dict[str, Any]
APPROVALS, ANA, EMIL, IVAN = "C0APPROVALS", "U0ANA", "U0EMIL", "U0IVAN"
DM = f"D{ANA}"


def notice(person: str = ANA, kind: NoticeKind = NoticeKind.OUTCOME) -> Notice:
    return Notice(
        key="n-1",
        person=person,
        kind=kind,
        face=examples.approved(),
        intended_at=datetime.now(UTC),
        problem="slack.not_in_channel",
    )


@pytest.fixture
async def card(slack: StandInClient, poster: Poster) -> CardCopy:
    """The card as it stands in its channel."""
    place = await poster.post(APPROVALS, Message(text="the card", blocks=[]), "k-1")
    return CardCopy(channel="#approvals", key="k-1", ts=place.ts)


def in_thread(card: CardCopy | None) -> Notice:
    asked = notice("", NoticeKind.ASKED)
    return replace(asked, face=examples.pending(), people=("U0BORIS", "U0CLARA"), card=card)


async def replies(slack: StandInClient, card: CardCopy) -> list[Json]:
    found = await slack.messages(APPROVALS, ANA, thread_ts=card.ts)
    return [one for one in found if one["ts"] != card.ts]


@pytest.fixture
def notices(poster: Poster, web: AsyncWebClient) -> NoticeActivities:
    return NoticeActivities(poster, Locales(web))


async def tell(
    activity: ActivityEnvironment, notices: NoticeActivities, notice: Notice
) -> NoticeResult:
    told: NoticeResult = await activity.run(notices.tell, notice)
    return told


async def test_the_outcome_is_told_by_direct_message(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    told = await tell(activity, notices, notice())

    (message,) = await slack.messages(DM, ANA)
    assert told == NoticeResult()
    assert "was approved" in text_of(message)


async def test_a_direct_message_is_in_the_language_of_who_reads_it(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    """The policy speaks English; Emil has set Slack to German (Austria), and Ana has not."""
    for person in (EMIL, ANA):
        await tell(activity, notices, replace(notice(person), key=person))

    (to_emil,) = await slack.messages(f"D{EMIL}", EMIL)
    (to_ana,) = await slack.messages(DM, ANA)
    assert "wurde von <@U0BORIS> genehmigt" in to_emil["text"]
    assert "Betrag" in str(to_emil["blocks"])
    assert "was approved by <@U0BORIS>" in to_ana["text"]


async def test_what_many_read_is_in_the_policys_language(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities, card: CardCopy
) -> None:
    german = replace(examples.pending(), language="de")
    await tell(activity, notices, replace(in_thread(card), face=german, people=("U0BORIS",)))

    (reply,) = await replies(slack, card)
    assert "braucht Ihre Genehmigung" in reply["text"]


@pytest.mark.parametrize("effect", ["hang", "http_500"])
async def test_a_language_that_cannot_be_read_delays_a_notice_by_a_second_at_most(
    slack: StandInClient, activity: ActivityEnvironment, poster: Poster, effect: str
) -> None:
    patient = AsyncWebClient(token="xoxb-local", base_url=f"{slack.base_url}/api/", timeout=20)
    await slack.faults({"target": "users.info", "effect": effect})

    async with asyncio.timeout(READ_TIMEOUT + 1.5):
        told = await tell(activity, NoticeActivities(poster, Locales(patient)), notice(EMIL))

    (message,) = await slack.messages(f"D{EMIL}", EMIL)
    assert told == NoticeResult()
    assert "was approved" in message["text"]


async def test_a_language_is_remembered(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    for key in ("n-1", "n-2"):
        await tell(activity, notices, replace(notice(EMIL), key=key))

    assert len(await slack.journal(kind="api", method="users.info")) == 1


async def test_that_a_card_could_not_be_posted_is_told_with_what_helps(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    await tell(activity, notices, notice(kind=NoticeKind.CARD_NOT_POSTED))

    (message,) = await slack.messages(DM, ANA)
    assert "/invite" in text_of(message)


async def test_people_are_told_in_the_cards_thread_with_a_link_to_it(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities, card: CardCopy
) -> None:
    told = await tell(activity, notices, in_thread(card))

    (reply,) = await replies(slack, card)
    assert told == NoticeResult()
    assert "<@U0BORIS>" in str(reply["blocks"])
    assert f"p{card.ts.replace('.', '')}|the card>" in str(reply["blocks"])
    assert len(await slack.journal(kind="api", method="chat.getPermalink")) == 1


@pytest.mark.parametrize("effect", ["reply_lost", "hang", "http_500"])
async def test_a_reply_of_unknown_outcome_is_told_once(
    slack: StandInClient,
    activity: ActivityEnvironment,
    notices: NoticeActivities,
    card: CardCopy,
    effect: str,
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": effect})

    first = await tell(activity, notices, in_thread(card))
    second = await tell(activity, notices, replace(in_thread(card), doubtful=first.doubtful))

    assert (first.doubtful, second) == (True, NoticeResult())
    assert len(await replies(slack, card)) == 1


async def test_where_no_card_stands_there_is_no_thread_yet(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    for card in (None, CardCopy(channel="#approvals", key="k-1")):
        told = await tell(activity, notices, in_thread(card))

        assert (bool(told.problem), told.lasting, told.doubtful) == (True, False, False)
    assert not await slack.journal(kind="api", method="chat.postMessage")


async def test_the_admins_are_told_in_their_channel(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities, card: CardCopy
) -> None:
    blocked = notice("", NoticeKind.BLOCKED)
    blocked = replace(blocked, face=examples.blocked(), channel="#general", card=card)

    told = await tell(activity, notices, blocked)

    (message,) = [one for one in await slack.messages("C0GENERAL", ANA) if one.get("bot_id")]
    assert told == NoticeResult()
    assert "No one can decide" in text_of(message)
    assert "thread_ts" not in message


@pytest.mark.parametrize(
    "fault",
    [
        {"effect": "error", "error": "message_not_found"},
        {"effect": "http_500"},
        {"effect": "hang"},
    ],
    ids=lambda fault: str(fault["effect"]),
)
async def test_a_notice_without_its_link_is_still_told(
    slack: StandInClient,
    activity: ActivityEnvironment,
    notices: NoticeActivities,
    card: CardCopy,
    fault: Json,
) -> None:
    await slack.faults({"target": "chat.getPermalink", **fault})

    told = await tell(activity, notices, in_thread(card))

    (reply,) = await replies(slack, card)
    assert told == NoticeResult()
    assert "the card>" not in str(reply["blocks"])


@pytest.mark.parametrize(
    "fault",
    [
        {"effect": "reply_lost"},
        {"effect": "hang"},
        {"effect": "http_500"},
        {"effect": "error", "error": "internal_error"},
    ],
    ids=lambda fault: str(fault["effect"]),
)
async def test_a_notice_of_unknown_outcome_is_told_once(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities, fault: Json
) -> None:
    await slack.faults({"target": "chat.postMessage", **fault})

    first = await tell(activity, notices, notice())
    second = await tell(activity, notices, replace(notice(), doubtful=first.doubtful))

    assert first.doubtful
    assert not first.lasting
    assert second == NoticeResult()
    assert len(await slack.messages(DM, ANA)) == 1


async def test_nothing_is_doubtful_before_the_post(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    await slack.faults({"target": "conversations.open", "effect": "reply_lost"})

    told = await tell(activity, notices, notice())

    assert told == NoticeResult(problem="slack.no_answer")


async def test_a_deactivated_person_is_never_told_and_never_tried_again(
    activity: ActivityEnvironment, slack: StandInClient, notices: NoticeActivities
) -> None:
    told = await tell(activity, notices, notice(IVAN))

    assert told == NoticeResult(problem="slack.user_disabled", lasting=True, addressee_gone=True)


@pytest.mark.parametrize("code", ["invalid_arguments", "enterprise_is_restricted", "no_text"])
async def test_what_slack_refuses_waits_for_a_person_and_is_not_dropped(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities, code: str
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": "error", "error": code})

    told = await tell(activity, notices, notice())

    assert told == NoticeResult(problem=f"slack.{code}", lasting=True)


@pytest.mark.parametrize(
    "code", ["thread_not_found", "cannot_reply_to_message", "message_not_found"]
)
async def test_a_thread_whose_card_was_deleted_is_told_when_the_card_stands_again(
    slack: StandInClient,
    activity: ActivityEnvironment,
    notices: NoticeActivities,
    card: CardCopy,
    code: str,
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": "error", "error": code})

    refused = await tell(activity, notices, in_thread(card))
    later = await tell(activity, notices, in_thread(card))

    assert (refused, later) == (NoticeResult(problem=f"slack.{code}", lasting=True), NoticeResult())
    assert len(await replies(slack, card)) == 1


async def test_doubt_about_a_thread_that_is_gone_is_a_lasting_problem(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities, card: CardCopy
) -> None:
    await slack.delete_message(APPROVALS, card.ts)

    told = await tell(activity, notices, replace(in_thread(card), doubtful=True))

    assert told == NoticeResult(problem="slack.thread_not_found", lasting=True)


async def test_of_the_admins_channel_nobody_is_gone(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": "error", "error": "user_not_found"})
    blocked = replace(notice("", NoticeKind.BLOCKED), face=examples.blocked(), channel="#general")

    told = await tell(activity, notices, blocked)

    assert told == NoticeResult(problem="slack.user_not_found", lasting=True)


def to_admins(*people: str) -> Notice:
    """A notice for a channel in which the bot is not."""
    blocked = replace(notice("", NoticeKind.BLOCKED), face=examples.blocked())
    return replace(blocked, channel="#random", people=people)


async def test_admins_whose_channel_takes_nothing_are_told_directly(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    told = await tell(activity, notices, to_admins("U0FAY", IVAN, ANA))

    assert told == NoticeResult()
    for person in ("U0FAY", ANA):
        (message,) = await slack.messages(f"D{person}", person)
        assert "No one can decide" in text_of(message)


async def test_where_one_admin_was_not_reached_the_others_are_not_told_twice(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    busy = {"effect": "ratelimited", "retry_after": 1, "where": {"channel": "DU0FAY"}}
    await slack.faults({"target": "chat.postMessage", **busy})

    first = await tell(activity, notices, to_admins(ANA, "U0FAY"))
    await asyncio.sleep(1)  # what Slack has asked for
    second = await tell(activity, notices, replace(to_admins(ANA, "U0FAY"), doubtful=True))

    patience = timedelta(seconds=1)
    assert first == NoticeResult(problem="slack.ratelimited", doubtful=True, retry_after=patience)
    assert second == NoticeResult()
    assert [len(await slack.messages(f"D{one}", one)) for one in (ANA, "U0FAY")] == [1, 1]


async def test_admins_who_are_all_gone_leave_it_to_their_channel(
    activity: ActivityEnvironment, notices: NoticeActivities, slack: StandInClient
) -> None:
    told = await tell(activity, notices, to_admins(IVAN))

    assert told == NoticeResult(problem="slack.not_in_channel", lasting=True)


async def test_patience_is_passed_on(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": "ratelimited", "retry_after": 9})

    told = await tell(activity, notices, notice())

    assert told == NoticeResult(problem="slack.ratelimited", retry_after=timedelta(seconds=9))
