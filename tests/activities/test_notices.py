"""Direct messages: each is told once, and what keeps one from being told comes back as a value."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.notices import NoticeActivities
from activities.posting import Poster
from emulator.client import StandInClient, text_of
from tests.views import faces
from workflows.ports import Notice, NoticeKind, Told

Json = dict[str, Any]
ANA, IVAN = "U0ANA", "U0IVAN"
DM = f"D{ANA}"


def notice(person: str = ANA, kind: NoticeKind = NoticeKind.OUTCOME) -> Notice:
    return Notice(
        key="n-1",
        person=person,
        kind=kind,
        face=faces.approved(),
        intended_at=datetime.now(UTC),
        problem="slack.not_in_channel",
    )


@pytest.fixture
def notices(poster: Poster) -> NoticeActivities:
    return NoticeActivities(poster)


async def tell(activity: ActivityEnvironment, notices: NoticeActivities, notice: Notice) -> Told:
    told: Told = await activity.run(notices.tell, notice)
    return told


async def test_the_outcome_is_told_by_direct_message(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    told = await tell(activity, notices, notice())

    (message,) = await slack.messages(DM, ANA)
    assert told == Told()
    assert "was approved" in text_of(message)


async def test_that_a_card_could_not_be_posted_is_told_with_what_helps(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    await tell(activity, notices, notice(kind=NoticeKind.CARD_NOT_POSTED))

    (message,) = await slack.messages(DM, ANA)
    assert "/invite" in text_of(message)


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
    assert second == Told()
    assert len(await slack.messages(DM, ANA)) == 1


async def test_nothing_is_doubtful_before_the_post(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    await slack.faults({"target": "conversations.open", "effect": "reply_lost"})

    told = await tell(activity, notices, notice())

    assert told == Told(problem="slack.no_answer")


async def test_a_deactivated_person_is_never_told_and_never_tried_again(
    activity: ActivityEnvironment, slack: StandInClient, notices: NoticeActivities
) -> None:
    told = await tell(activity, notices, notice(IVAN))

    assert told.lasting
    assert told.problem == "slack.user_disabled"


async def test_patience_is_passed_on(
    slack: StandInClient, activity: ActivityEnvironment, notices: NoticeActivities
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": "ratelimited", "retry_after": 9})

    told = await tell(activity, notices, notice())

    assert told == Told(problem="slack.ratelimited", retry_after=timedelta(seconds=9))
