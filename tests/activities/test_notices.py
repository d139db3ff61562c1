"""Notices: each is sent once, and a failure is returned as a value."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.testing import ActivityEnvironment

from activities.notices import NoticeActivities
from emulator.client import StandInClient, text_of
from slack_api.locales import Locales
from slack_api.poster import Poster
from slack_api.rate_limited_client import ROUTINE_LATER
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
    """The card, posted in its channel."""
    ref = await poster.post(APPROVALS, Message(text="the card", blocks=[]), "k-1")
    return CardCopy(channel="#approvals", key="k-1", ts=ref.ts)


def in_thread(card: CardCopy | None) -> Notice:
    asked = notice("", NoticeKind.ASKED)
    return replace(asked, face=examples.pending(), people=("U0BORIS", "U0CLARA"), card=card)


async def replies(slack: StandInClient, card: CardCopy) -> list[Json]:
    found = await slack.messages(APPROVALS, ANA, thread_ts=card.ts)
    return [reply for reply in found if reply["ts"] != card.ts]


@pytest.fixture
def notices(poster: Poster, web: AsyncWebClient) -> NoticeActivities:
    return NoticeActivities(poster, Locales(web))


async def send(
    activity: ActivityEnvironment, notices: NoticeActivities, notice: Notice
) -> NoticeResult:
    result: NoticeResult = await activity.run(notices.tell, notice)
    return result


async def test_the_outcome_is_a_direct_message(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    result = await send(activity, notices, notice())

    (message,) = await slack.messages(DM, ANA)
    assert result == NoticeResult()
    assert "was approved" in text_of(message)


async def test_a_direct_message_is_in_its_readers_language(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    """The policy's language is English. Emil uses Slack in German (Austria), Ana in English."""
    for person in (EMIL, ANA):
        await send(activity, notices, replace(notice(person), key=person))

    (to_emil,) = await slack.messages(f"D{EMIL}", EMIL)
    (to_ana,) = await slack.messages(DM, ANA)
    assert "wurde von <@U0BORIS> genehmigt" in to_emil["text"]
    assert "Betrag" in str(to_emil["blocks"])
    assert "was approved by <@U0BORIS>" in to_ana["text"]


async def test_a_message_to_several_people_is_in_the_policys_language(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities, card: CardCopy
) -> None:
    german = replace(examples.pending(), language="de")
    await send(activity, notices, replace(in_thread(card), face=german, people=("U0BORIS",)))

    (reply,) = await replies(slack, card)
    assert "braucht Ihre Genehmigung" in reply["text"]


@pytest.mark.parametrize("effect", ["hang", "http_500"])
async def test_a_language_that_cannot_be_read_hardly_delays_a_notice(
    slack: StandInClient,
    activity: ActivityEnvironment,
    poster: Poster,
    monkeypatch: pytest.MonkeyPatch,
    effect: str,
) -> None:
    slow = AsyncWebClient(token="xoxb-local", base_url=f"{slack.base_url}/api/", timeout=20)
    monkeypatch.setattr("slack_api.locales.READ_TIMEOUT", 0.3)
    await slack.faults({"target": "users.info", "effect": effect})

    async with asyncio.timeout(0.3 + 1.5):
        result = await send(activity, NoticeActivities(poster, Locales(slow)), notice(EMIL))

    (message,) = await slack.messages(f"D{EMIL}", EMIL)
    assert result == NoticeResult()
    assert "was approved" in message["text"]


async def test_a_language_is_cached(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    for key in ("n-1", "n-2"):
        await send(activity, notices, replace(notice(EMIL), key=key))

    assert len(await slack.journal(kind="api", method="users.info")) == 1


async def test_the_notice_that_a_card_was_not_posted_explains_the_fix(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    await send(activity, notices, notice(kind=NoticeKind.CARD_NOT_POSTED))

    (message,) = await slack.messages(DM, ANA)
    assert "/invite" in text_of(message)


async def test_approvers_are_mentioned_in_the_cards_thread_with_a_link(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities, card: CardCopy
) -> None:
    result = await send(activity, notices, in_thread(card))

    (reply,) = await replies(slack, card)
    assert result == NoticeResult()
    assert "<@U0BORIS>" in str(reply["blocks"])
    assert f"p{card.ts.replace('.', '')}|the card>" in str(reply["blocks"])
    assert len(await slack.journal(kind="api", method="chat.getPermalink")) == 1


@pytest.mark.parametrize("effect", ["reply_lost", "hang", "http_500"])
async def test_a_reply_of_unknown_outcome_is_sent_once(
    slack: StandInClient,
    activity: ActivityEnvironment,
    notices: NoticeActivities,
    card: CardCopy,
    effect: str,
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": effect})

    first = await send(activity, notices, in_thread(card))
    second = await send(activity, notices, replace(in_thread(card), doubtful=first.doubtful))

    assert (first.doubtful, second) == (True, NoticeResult())
    assert len(await replies(slack, card)) == 1


async def test_without_a_posted_card_there_is_no_thread(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    for card in (None, CardCopy(channel="#approvals", key="k-1")):
        result = await send(activity, notices, in_thread(card))

        assert (bool(result.problem), result.lasting, result.doubtful) == (True, False, False)
    assert not await slack.journal(kind="api", method="chat.postMessage")


async def test_admins_are_notified_in_their_channel(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities, card: CardCopy
) -> None:
    blocked = notice("", NoticeKind.BLOCKED)
    blocked = replace(blocked, face=examples.blocked(), channel="#general", card=card)

    result = await send(activity, notices, blocked)

    (message,) = [sent for sent in await slack.messages("C0GENERAL", ANA) if sent.get("bot_id")]
    assert result == NoticeResult()
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
async def test_a_notice_is_sent_even_without_its_link(
    slack: StandInClient,
    activity: ActivityEnvironment,
    notices: NoticeActivities,
    card: CardCopy,
    fault: Json,
) -> None:
    await slack.faults({"target": "chat.getPermalink", **fault})

    result = await send(activity, notices, in_thread(card))

    (reply,) = await replies(slack, card)
    assert result == NoticeResult()
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
async def test_a_notice_of_unknown_outcome_is_sent_once(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities, fault: Json
) -> None:
    await slack.faults({"target": "chat.postMessage", **fault})

    first = await send(activity, notices, notice())
    second = await send(activity, notices, replace(notice(), doubtful=first.doubtful))

    assert first.doubtful
    assert not first.lasting
    assert second == NoticeResult()
    assert len(await slack.messages(DM, ANA)) == 1


async def test_a_failure_before_the_post_is_not_doubtful(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    await slack.faults({"target": "conversations.open", "effect": "reply_lost"})

    result = await send(activity, notices, notice())

    assert result == NoticeResult(problem="slack.no_answer")


async def test_a_deactivated_person_gets_no_notice_and_no_retry(
    activity: ActivityEnvironment, slack: StandInClient, notices: NoticeActivities
) -> None:
    result = await send(activity, notices, notice(IVAN))

    assert result == NoticeResult(problem="slack.user_disabled", lasting=True, addressee_gone=True)


@pytest.mark.parametrize("code", ["invalid_arguments", "enterprise_is_restricted", "no_text"])
async def test_a_refused_notice_is_a_lasting_problem_but_not_dropped(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities, code: str
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": "error", "error": code})

    result = await send(activity, notices, notice())

    assert result == NoticeResult(problem=f"slack.{code}", lasting=True)


@pytest.mark.parametrize(
    "code", ["thread_not_found", "cannot_reply_to_message", "message_not_found"]
)
async def test_a_notice_for_a_deleted_card_is_sent_once_the_card_is_posted_again(
    slack: StandInClient,
    activity: ActivityEnvironment,
    notices: NoticeActivities,
    card: CardCopy,
    code: str,
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": "error", "error": code})

    refused = await send(activity, notices, in_thread(card))
    later = await send(activity, notices, in_thread(card))

    assert (refused, later) == (NoticeResult(problem=f"slack.{code}", lasting=True), NoticeResult())
    assert len(await replies(slack, card)) == 1


async def test_a_doubtful_notice_for_a_deleted_thread_is_a_lasting_problem(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities, card: CardCopy
) -> None:
    await slack.delete_message(APPROVALS, card.ts)

    result = await send(activity, notices, replace(in_thread(card), doubtful=True))

    assert result == NoticeResult(problem="slack.thread_not_found", lasting=True)


async def test_a_channel_is_never_reported_as_a_gone_addressee(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": "error", "error": "user_not_found"})
    blocked = replace(notice("", NoticeKind.BLOCKED), face=examples.blocked(), channel="#general")

    result = await send(activity, notices, blocked)

    assert result == NoticeResult(problem="slack.user_not_found", lasting=True)


def to_admins(*people: str) -> Notice:
    """Return a notice for a channel that the bot is not in."""
    blocked = replace(notice("", NoticeKind.BLOCKED), face=examples.blocked())
    return replace(blocked, channel="#random", people=people)


async def test_admins_get_direct_messages_if_their_channel_refuses(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    result = await send(activity, notices, to_admins("U0FAY", IVAN, ANA))

    assert result == NoticeResult()
    for person in ("U0FAY", ANA):
        (message,) = await slack.messages(f"D{person}", person)
        assert "No one can decide" in text_of(message)


async def test_if_one_admin_was_not_reached_the_others_are_not_notified_twice(
    slack: StandInClient,
    activity: ActivityEnvironment,
    notices: NoticeActivities,
    pass_retry_after: Callable[[float], None],
) -> None:
    busy = {"effect": "ratelimited", "retry_after": 1, "where": {"channel": "DU0FAY"}}
    await slack.faults({"target": "chat.postMessage", **busy})

    first = await send(activity, notices, to_admins(ANA, "U0FAY"))
    pass_retry_after(1 + ROUTINE_LATER)
    second = await send(activity, notices, replace(to_admins(ANA, "U0FAY"), doubtful=True))

    wait = timedelta(seconds=1 + ROUTINE_LATER)
    assert first == NoticeResult(problem="slack.ratelimited", doubtful=True, retry_after=wait)
    assert second == NoticeResult()
    assert [len(await slack.messages(f"D{person}", person)) for person in (ANA, "U0FAY")] == [1, 1]


async def test_if_all_admins_are_gone_the_channels_problem_is_reported(
    activity: ActivityEnvironment, notices: NoticeActivities, slack: StandInClient
) -> None:
    result = await send(activity, notices, to_admins(IVAN))

    assert result == NoticeResult(problem="slack.not_in_channel", lasting=True)


async def test_a_retry_after_is_passed_on(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": "ratelimited", "retry_after": 9})

    result = await send(activity, notices, notice())

    assert result == NoticeResult(
        problem="slack.ratelimited", retry_after=timedelta(seconds=9 + ROUTINE_LATER)
    )
