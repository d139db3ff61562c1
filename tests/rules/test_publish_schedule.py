"""The publish schedule: when a changed card may, and must, be written to Slack."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.builders import NOON, after, table
from tests.rules.hypothesis_settings import QUICK_PROPERTY
from workflows.rules.shared import card as rules
from workflows.rules.shared.card import CardCopy, CardState

CHANNEL = CardCopy(channel="#approvals", key="k1")
DIRECT = CardCopy(channel="UBORIS", key="k2", ts="1700.1")
NEW = CardState(copies=(CHANNEL,))


@dataclass(frozen=True, kw_only=True)
class Try:
    """The sixth failed try, from second 0 to `ended`; `retry_after` is Slack's Retry-After."""

    description: str
    ended: float = 0
    retry_after: int = 0
    then: datetime


def at(seconds: float) -> datetime:
    return after(seconds=seconds)


def clicked(*seconds: float) -> CardState:
    """Return the card after an accepted Slack click at each of these seconds."""
    card = NEW
    for second in seconds:
        card = rules.mark_changed(card, at(second), clicked=True)
    return card


def changed(card: CardState, seconds: float) -> CardState:
    """Return the card after a change that no Slack click made."""
    return rules.mark_changed(card, at(seconds))


def failures(count: int, card: CardState = NEW) -> CardState:
    for number in range(count):
        card = rules.publish_failed(card, at(number))
    return card


@dataclass(frozen=True, kw_only=True)
class Due:
    description: str
    given: CardState
    then: datetime | None


@table(
    Due(description="a card that never changed is not due", given=NEW, then=None),
    Due(description="a change without a click is due at once", given=changed(NEW, 1), then=at(1)),
    Due(
        description="a second change does not delay the first",
        given=changed(changed(NEW, 1), 2),
        then=at(1),
    ),
    Due(description="a click settles for three seconds", given=clicked(0), then=at(3)),
    Due(description="a second click must settle too", given=clicked(0, 2), then=at(5)),
    Due(
        description="a burst is published six seconds after its first click",
        given=clicked(0, 2, 4, 5.9),
        then=at(6),
    ),
    Due(
        description="a click three seconds after the first is just within both limits",
        given=clicked(0, 3),
        then=at(6),
    ),
    Due(
        description="a change by the clock right after a click waits for the click to settle",
        given=changed(clicked(0), 1),
        then=at(3),
    ),
    Due(
        description="a click right after a change by the clock settles too",
        given=rules.mark_changed(changed(NEW, 0), at(1), clicked=True),
        then=at(4),
    ),
    Due(
        description="a change long after a click is due at once",
        given=changed(rules.publish_started(clicked(0), at(3)), 60),
        then=at(60),
    ),
    Due(
        description="a publish with every change leaves nothing due",
        given=rules.publish_started(clicked(0), at(3)),
        then=None,
    ),
    Due(
        description="a click while a publish is in flight is due after it has settled",
        given=rules.mark_changed(rules.publish_started(clicked(0), at(3)), at(4), clicked=True),
        then=at(7),
    ),
    Due(
        description="the success of that publish does not drop the later click",
        given=rules.publish_succeeded(
            rules.mark_changed(rules.publish_started(clicked(0), at(3)), at(4), clicked=True),
            1,
            (CHANNEL,),
        ),
        then=at(7),
    ),
    Due(
        description="a publish forced by a burst is followed by another after the last click",
        given=rules.publish_started(clicked(0, 2, 4, 5.9), at(6)),
        then=at(8.9),
    ),
    Due(
        description="no third publish follows",
        given=rules.publish_started(rules.publish_started(clicked(0, 2, 4, 5.9), at(6)), at(8.9)),
        then=None,
    ),
    Due(
        description="a card marked as outdated is due at once",
        given=rules.mark_outdated(rules.publish_started(clicked(0), at(3)), at(60)),
        then=at(60),
    ),
    Due(
        description="a card marked as outdated right after a click waits for the click to settle",
        given=rules.mark_outdated(rules.publish_started(clicked(0, 1), at(1)), at(2)),
        then=at(4),
    ),
    Due(
        description="marking a card twice as outdated has no further effect",
        given=rules.mark_outdated(rules.mark_outdated(NEW, at(1)), at(9)),
        then=at(1),
    ),
    Due(
        description="a failed try is repeated after two seconds",
        given=rules.publish_failed(rules.publish_started(changed(NEW, 0), at(0)), at(1)),
        then=at(3),
    ),
    Due(
        description="a change does not bring a retry forward",
        given=changed(
            rules.publish_failed(rules.publish_started(changed(NEW, 0), at(0)), at(1)), 2
        ),
        then=at(3),
    ),
    Due(
        description="a click just before a retry delays it until the click has settled",
        given=rules.mark_changed(
            rules.publish_failed(rules.publish_started(changed(NEW, 0), at(0)), at(1)),
            at(2),
            clicked=True,
        ),
        then=at(5),
    ),
    Due(
        description="after a success a change is due at once again",
        given=changed(
            rules.publish_succeeded(rules.publish_started(failures(5), at(20)), 0, (CHANNEL,)), 60
        ),
        then=at(60),
    ),
    Due(
        description="a card passed on right after a click waits for the click to settle",
        given=changed(rules.for_next_owner(clicked(0)), 1),
        then=at(3),
    ),
    Due(
        description="a card passed on without a click is due at once",
        given=changed(rules.for_next_owner(NEW), 1),
        then=at(1),
    ),
    Due(
        description="a card passed on long after its last click is due at once",
        given=changed(rules.for_next_owner(rules.publish_started(clicked(0), at(3))), 60),
        then=at(60),
    ),
    Due(
        description="the child's unpublished change is due for its parent",
        given=rules.for_next_owner(clicked(0, 2)),
        then=at(5),
    ),
    Due(
        description="Slack's Retry-After applies to the next owner too",
        given=rules.for_next_owner(rules.publish_failed(clicked(0), at(3), timedelta(seconds=30))),
        then=at(33),
    ),
)
def test_when_the_next_publish_is_due(row: Due) -> None:
    due = rules.due_at(row.given)

    assert due == row.then


@dataclass(frozen=True, kw_only=True)
class Pause:
    description: str
    given: int
    retry_after: timedelta | None = None
    then: float


@table(
    Pause(description="the first delay is two seconds", given=0, then=2),
    Pause(description="the second is four", given=1, then=4),
    Pause(description="the third is eight", given=2, then=8),
    Pause(description="the fourth is ten", given=3, then=10),
    Pause(description="after a thousand failures it is still ten", given=1000, then=10),
    Pause(
        description="a longer Retry-After is obeyed",
        given=0,
        retry_after=timedelta(seconds=30),
        then=30,
    ),
    Pause(
        description="Retry-After does not shorten the delay",
        given=3,
        retry_after=timedelta(seconds=1),
        then=10,
    ),
    Pause(
        description="a Retry-After of zero is ignored", given=0, retry_after=timedelta(0), then=2
    ),
)
def test_the_delay_after_a_failure(row: Pause) -> None:
    pause = rules.retry_delay(row.given, row.retry_after)

    assert pause == timedelta(seconds=row.then)


def test_every_failure_in_a_row_counts() -> None:
    card = failures(3)

    assert card.tries == 3
    assert card.retry_at == at(2 + 8)


def test_a_success_resets_the_retry_delay() -> None:
    card = rules.publish_succeeded(failures(3), 4, (CHANNEL,))

    assert card.tries == 0
    assert card.retry_at is None
    assert card.published == 4


def test_a_failed_publish_is_still_behind() -> None:
    card = rules.publish_failed(rules.publish_started(changed(NEW, 0), at(0)), at(5))

    assert card.behind_since == at(5)


def test_a_failed_publish_keeps_the_time_of_a_later_change() -> None:
    begun = rules.publish_started(changed(NEW, 0), at(0))

    card = rules.publish_failed(changed(begun, 1), at(5))

    assert card.behind_since == at(1)


def test_each_visible_change_is_a_new_version() -> None:
    card = changed(clicked(0, 1), 2)

    assert card.version == 3


def test_marking_a_card_outdated_does_not_change_its_version() -> None:
    card = rules.mark_outdated(clicked(0), at(9))

    assert card.version == 1


def test_a_change_without_a_click_keeps_the_time_of_the_last_click() -> None:
    card = changed(clicked(1), 2)

    assert card.clicked_at == at(1)


def test_a_card_keeps_copies_version_and_tries_for_its_next_owner() -> None:
    card = rules.publish_failed(rules.publish_started(clicked(0, 1), at(4)), at(5))

    passed_on = rules.for_next_owner(card)

    assert (passed_on.copies, passed_on.version, passed_on.tries) == (
        card.copies,
        card.version,
        card.tries,
    )
    assert passed_on.clicked_at is None


def test_a_card_passed_on_twice_keeps_the_later_limit() -> None:
    once = rules.for_next_owner(clicked(5))

    twice = rules.for_next_owner(rules.mark_changed(once, at(1), clicked=True))

    assert twice.not_before == at(8)


# Copies


def test_the_intent_is_recorded_before_the_first_post() -> None:
    card = rules.publish_started(changed(NEW, 0), at(1))

    assert card.copies[0].intended_at == at(1)


def test_a_second_try_searches_from_the_first_intent() -> None:
    card = rules.publish_failed(rules.publish_started(changed(NEW, 0), at(1)), at(2))

    card = rules.publish_started(card, at(4))

    assert card.copies[0].intended_at == at(1)


def test_a_lost_post_is_doubtful_and_a_lost_update_is_not() -> None:
    card = rules.publish_outcome_unknown(CardState(copies=(CHANNEL, DIRECT)), at(1))

    assert [copy.doubtful for copy in card.copies] == [True, False]
    assert card.retry_at == at(3)


def test_a_copy_that_was_once_doubtful_stays_so() -> None:
    doubtful = rules.publish_outcome_unknown(NEW, at(1)).copies[0]
    found = CardState(copies=(CardCopy(channel="#approvals", key="k1", ts="1.1", doubtful=True),))

    card = rules.publish_outcome_unknown(found, at(9))

    assert doubtful.doubtful
    assert card.copies[0].doubtful


def test_a_success_records_the_copies() -> None:
    card = rules.publish_succeeded(rules.publish_started(clicked(0), at(3)), 1, (DIRECT,))

    assert card.copies == (DIRECT,)
    assert card.published == 1
    assert rules.due_at(card) is None


# Sequences of clicks


@QUICK_PROPERTY
@given(st.lists(st.floats(min_value=0, max_value=8, allow_nan=False), min_size=1, max_size=12))
def test_the_last_publish_of_a_burst_comes_after_its_last_click_has_settled(
    pauses: list[float],
) -> None:
    card, now, publishes = NEW, NOON, list[datetime]()

    def publish_until(limit: datetime | None) -> None:
        nonlocal card
        while (due := rules.due_at(card)) and (limit is None or due <= limit):
            card = rules.publish_started(card, due)
            publishes.append(due)
            card = rules.publish_succeeded(card, card.version, card.copies)

    for pause in pauses:
        now += timedelta(seconds=pause)
        publish_until(now)
        card = rules.mark_changed(card, now, clicked=True)
    publish_until(None)

    assert publishes[-1] >= now + rules.SETTLE_TIME
    assert publishes[-1] <= now + rules.MAX_PUBLISH_DELAY
    assert publishes == sorted(publishes)


@QUICK_PROPERTY
@given(st.lists(st.floats(min_value=0, max_value=3, allow_nan=False), min_size=1, max_size=20))
def test_no_click_waits_longer_than_six_seconds_for_a_publish(pauses: list[float]) -> None:
    instants = [NOON + timedelta(seconds=sum(pauses[: n + 1])) for n in range(len(pauses))]
    card = NEW

    for instant in instants:
        card = rules.mark_changed(card, instant, clicked=True)

    due = rules.due_at(card)
    assert due == min(instants[0] + rules.MAX_PUBLISH_DELAY, instants[-1] + rules.SETTLE_TIME)


@pytest.mark.parametrize("tries", range(12))
def test_a_retry_delay_never_shrinks_and_never_exceeds_ten_seconds(tries: int) -> None:
    pause = rules.retry_delay(tries)

    assert rules.retry_delay(tries + 1) >= pause
    assert pause <= timedelta(seconds=10)


@table(
    Try(description="a try that failed at once is repeated after the delay", then=at(10)),
    Try(description="the time of a try that hung counts toward the delay", ended=8, then=at(10)),
    Try(description="after a long try there is still a minimum delay", ended=9.5, then=at(11.5)),
    Try(
        description="Slack's Retry-After counts from the end of the try",
        ended=4,
        retry_after=30,
        then=at(34),
    ),
)
def test_when_a_failed_try_is_repeated(row: Try) -> None:
    retry_after = timedelta(seconds=row.retry_after) if row.retry_after else None

    next_try = rules.try_at(at(0), at(row.ended), 5, retry_after)

    assert next_try == row.then


@given(st.integers(0, 50), st.floats(0, 12))
def test_a_publish_is_retried_within_twelve_seconds_of_slacks_recovery(
    tries: int, hung: float
) -> None:
    """Slack may recover at any time during a try or the delay after it; a try lasts at most 10 s."""
    lasted = min(hung, 10)

    next_try = rules.try_at(at(0), at(lasted), tries)

    assert next_try <= at(12)
