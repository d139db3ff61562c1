"""The publish schedule of a card: its copies, and when a changed card must be written to Slack."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

SETTLE_TIME = timedelta(seconds=3)
"""No durable publish within this time after an accepted Slack click: the listener writes inline."""
MAX_PUBLISH_DELAY = timedelta(seconds=6)
"""The longest that a burst of clicks may delay a publish."""
FIRST_RETRY = timedelta(seconds=2)
LAST_RETRY = timedelta(seconds=10)
LONG_RETRY = timedelta(seconds=30)
"""The pause between tries when only a person can help, for example to invite the bot."""
LONGEST_RETRY = timedelta(minutes=5)
LONG_RETRIES = 20
"""This many tries are `LONG_RETRY` apart (ten minutes); later tries are `LONGEST_RETRY` apart."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CardCopy:
    """One message that shows the card. `ts` is empty until the message is known to exist.

    The first copy of a card is the message in its channel. A copy with a `person` is a direct
    message to them; its `channel` is the person's id until Slack has returned the conversation's.
    A copy with a `level` is the reply in the thread of the first copy about that level of that
    content `revision`.

    `key` is opaque and is sent in the message's metadata. `intended_at` is recorded before the
    first post. `doubtful` is set once the outcome of a post was unknown: from then on every publish
    searches for the key since `intended_at`, adopts the message it finds and deletes duplicates.
    `retired` is set once its person was taken off: the next publish replaces it by one sentence,
    and from then on it is no longer a copy.
    """

    channel: str
    key: str
    person: str = ""
    level: int = 0
    revision: int = 0
    ts: str = ""
    intended_at: datetime | None = None
    doubtful: bool = False
    retired: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CardState:
    """How far Slack is behind. `version` counts visible changes; `published` is Slack's version.

    `behind_since` is the instant of the first change that no publish includes yet. `refused` is
    the last version that Slack refused for a reason that only a person can fix, and `problem` is
    that reason; the requester has been notified of it.
    """

    copies: tuple[CardCopy, ...]
    version: int = 0
    published: int = 0
    behind_since: datetime | None = None
    clicked_at: datetime | None = None
    not_before: datetime | None = None
    retry_at: datetime | None = None
    tries: int = 0
    refused: int = 0
    problem: str = ""


def mark_changed(card: CardState, now: datetime, *, clicked: bool = False) -> CardState:
    """Record a visible change; `clicked` if an accepted Slack click caused it."""
    return replace(
        card,
        version=card.version + 1,
        behind_since=card.behind_since or now,
        clicked_at=now if clicked else card.clicked_at,
    )


def mark_outdated(card: CardState, now: datetime) -> CardState:
    """Schedule a publish although nothing has changed, because a copy was seen out of date."""
    return replace(card, behind_since=card.behind_since or now)


def with_copies(card: CardState, new: Iterable[CardCopy], now: datetime) -> CardState:
    """Add copies and schedule a publish; without new copies nothing changes."""
    copies = (*card.copies, *new)
    return mark_outdated(replace(card, copies=copies), now) if copies != card.copies else card


def holders(card: CardState) -> frozenset[str]:
    """Return the people with a private copy that is kept up to date."""
    return frozenset(copy.person for copy in card.copies if copy.person and not copy.retired)


def with_retired(card: CardState, people: Collection[str], now: datetime) -> CardState:
    """Retire the private copies of these people; without such copies nothing changes."""
    copies = tuple(
        replace(copy, retired=True) if copy.person and copy.person in people else copy
        for copy in card.copies
    )
    return mark_outdated(replace(card, copies=copies), now) if copies != card.copies else card


def reply_of(card: CardState, level: int, revision: int) -> CardCopy | None:
    """Return the thread reply about this level of this content revision, if there is one."""
    replies = (copy for copy in card.copies if (copy.level, copy.revision) == (level, revision))
    return next(replies, None)


def due_at(card: CardState) -> datetime | None:
    """Return the instant of the next publish, or None if Slack is up to date."""
    if card.behind_since is None:
        return None
    due = card.behind_since
    if card.clicked_at is not None:
        due = max(due, min(card.clicked_at + SETTLE_TIME, card.behind_since + MAX_PUBLISH_DELAY))
    return max(bound for bound in (due, card.not_before, card.retry_at) if bound)


def publish_started(card: CardState, now: datetime) -> CardState:
    """Record, before the first call to Slack, that a publish of the current version has started.

    If a burst has forced the publish before its last click settled, another publish follows: the
    inline write of that click may arrive later and must be overwritten.
    """
    copies = tuple(replace(copy, intended_at=copy.intended_at or now) for copy in card.copies)
    unsettled = card.clicked_at is not None and now < card.clicked_at + SETTLE_TIME
    return replace(card, copies=copies, behind_since=now if unsettled else None)


def publish_succeeded(card: CardState, version: int, copies: tuple[CardCopy, ...]) -> CardState:
    """Record that Slack now shows `version` on `copies`."""
    return replace(card, copies=copies, published=version, retry_at=None, tries=0, problem="")


def copies_after(
    card: CardState, returned: Iterable[CardCopy], *, succeeded: bool
) -> tuple[CardCopy, ...]:
    """Return the copies after an attempt that returned these ones.

    Copies that were added or retired in the meantime were not part of the attempt. After a success,
    the copies that it showed as retired are gone.
    """
    tried = {copy.key: copy for copy in returned}
    copies = tuple(
        replace(tried[copy.key], retired=copy.retired) if copy.key in tried else copy
        for copy in card.copies
    )
    gone = {key for key, copy in tried.items() if copy.retired and succeeded}
    return tuple(copy for copy in copies if copy.key not in gone)


def publish_failed(
    card: CardState,
    now: datetime,
    retry_after: timedelta | None = None,
    *,
    began: datetime | None = None,
) -> CardState:
    """Record a try, started at `began`, that did not reach every copy; the next is at `try_at`."""
    return replace(
        card,
        behind_since=card.behind_since or now,
        retry_at=try_at(began or now, now, card.tries, retry_after),
        tries=card.tries + 1,
    )


def publish_outcome_unknown(
    card: CardState, now: datetime, *, began: datetime | None = None
) -> CardState:
    """Record a try whose outcome is unknown: the message may or may not have been posted."""
    copies = tuple(replace(copy, doubtful=copy.doubtful or not copy.ts) for copy in card.copies)
    return publish_failed(replace(card, copies=copies), now, began=began)


def try_at(
    began: datetime, now: datetime, tries: int, retry_after: timedelta | None = None
) -> datetime:
    """Return when to try again after a try from `began` to `now` and `tries` failures before it.

    The pause counts from the start of the try: a try that hung has already waited, and two long
    waits in a row would keep a card outdated for more than 15 s after Slack recovers. Slack's
    Retry-After and the minimum pause count from the end of the try.
    """
    return max(began + retry_delay(tries), now + (retry_after or FIRST_RETRY))


def retry_delay(tries: int, retry_after: timedelta | None = None) -> timedelta:
    """Return the delay after `tries` earlier failures: 2 s, growing to 10 s.

    A longer Retry-After from Slack is obeyed.
    """
    grown = min(FIRST_RETRY * (1 << min(tries, 8)), LAST_RETRY)
    return max(grown, retry_after or grown)


def long_retry_delay(tries: int, retry_after: timedelta | None = None) -> timedelta:
    """Return the delay while only a person can help: 30 s, and 5 min after ten minutes."""
    delay = LONG_RETRY if tries < LONG_RETRIES else LONGEST_RETRY
    return max(delay, retry_after or delay)


def for_next_owner(card: CardState) -> CardState:
    """Return the card for its next owner, which may not publish before the last click has settled."""
    settled = card.clicked_at + SETTLE_TIME if card.clicked_at else None
    bounds = [bound for bound in (settled, card.not_before) if bound]
    return replace(card, not_before=max(bounds, default=None), clicked_at=None)
