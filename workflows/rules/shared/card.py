"""The card's clock: when a changed card may, and must, be written to Slack, and which copies it has."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

SETTLE_TIME = timedelta(seconds=3)
"""No durable publish earlier than this after an accepted Slack click: the listener writes inline."""
MAX_PUBLISH_DELAY = timedelta(seconds=6)
"""A burst of clicks delays the publish no longer than this."""
FIRST_RETRY = timedelta(seconds=2)
LAST_RETRY = timedelta(seconds=10)
LONG_RETRY = timedelta(seconds=30)
"""The pause between tries where only a person can help: the bot is not in the channel."""
LONGEST_RETRY = timedelta(minutes=5)
LONG_RETRIES = 20
"""So many tries are `LONG_RETRY` apart (ten minutes): later ones are `LONGEST_RETRY` apart."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CardCopy:
    """One place where the card stands. `ts` is empty while nothing is known to stand there.

    The first copy of a card is the one in its channel. `person` is whose direct message another
    copy is; its `channel` is the person's id until Slack has named the conversation. A copy with
    a `level` is the reply in the first one's thread about that level of that content `revision`.

    `key` is opaque and travels in the message's metadata. `intended_at` is written down before
    the first post. `doubtful` says that a post's outcome was once unknown: from then on every
    publish looks for the key since `intended_at`, adopts what it finds and deletes doubles.
    """

    channel: str
    key: str
    person: str = ""
    level: int = 0
    revision: int = 0
    ts: str = ""
    intended_at: datetime | None = None
    doubtful: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CardState:
    """How far Slack is behind. `version` counts visible changes, `published` is what Slack has.

    `behind_since` is the instant of the first change that no publish has taken up yet. `refused`
    is the last version that Slack has refused for a reason that only a person can mend, `problem`
    that reason: the requester was told of it.
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
    """Note a visible change; `clicked` when an accepted Slack click made it."""
    return replace(
        card,
        version=card.version + 1,
        behind_since=card.behind_since or now,
        clicked_at=now if clicked else card.clicked_at,
    )


def mark_outdated(card: CardState, now: datetime) -> CardState:
    """Have the card written once more although nothing changed: a copy was seen out of date."""
    return replace(card, behind_since=card.behind_since or now)


def with_copies(card: CardState, new: Iterable[CardCopy], now: datetime) -> CardState:
    """Have the card stand in more places; nothing changes where there are none."""
    copies = (*card.copies, *new)
    return mark_outdated(replace(card, copies=copies), now) if copies != card.copies else card


def reply_of(card: CardState, level: int, revision: int) -> CardCopy | None:
    """Return the reply in its thread about this level of this content revision, if there is one."""
    found = (one for one in card.copies if (one.level, one.revision) == (level, revision))
    return next(found, None)


def due_at(card: CardState) -> datetime | None:
    """Return the instant of the next publish, or None when Slack has been told everything."""
    if card.behind_since is None:
        return None
    due = card.behind_since
    if card.clicked_at is not None:
        due = max(due, min(card.clicked_at + SETTLE_TIME, card.behind_since + MAX_PUBLISH_DELAY))
    return max(bound for bound in (due, card.not_before, card.retry_at) if bound)


def publish_started(card: CardState, now: datetime) -> CardState:
    """Note, before the first call to Slack, that a publish of the present version is under way.

    One that a burst has forced before its last click settled is not the last: that click's inline
    write may land later and must be painted over.
    """
    copies = tuple(replace(copy, intended_at=copy.intended_at or now) for copy in card.copies)
    unsettled = card.clicked_at is not None and now < card.clicked_at + SETTLE_TIME
    return replace(card, copies=copies, behind_since=now if unsettled else None)


def publish_succeeded(card: CardState, version: int, copies: tuple[CardCopy, ...]) -> CardState:
    """Note that Slack now shows `version` on `copies`."""
    return replace(card, copies=copies, published=version, retry_at=None, tries=0, problem="")


def publish_failed(
    card: CardState,
    now: datetime,
    retry_after: timedelta | None = None,
    *,
    began: datetime | None = None,
) -> CardState:
    """Note a try, begun at `began`, that did not reach every copy; the next one comes at `try_at`."""
    return replace(
        card,
        behind_since=card.behind_since or now,
        retry_at=try_at(began or now, now, card.tries, retry_after),
        tries=card.tries + 1,
    )


def publish_outcome_unknown(
    card: CardState, now: datetime, *, began: datetime | None = None
) -> CardState:
    """Note a try whose outcome is unknown: what was being posted may or may not stand there."""
    copies = tuple(replace(copy, doubtful=copy.doubtful or not copy.ts) for copy in card.copies)
    return publish_failed(replace(card, copies=copies), now, began=began)


def try_at(
    began: datetime, now: datetime, tries: int, retry_after: timedelta | None = None
) -> datetime:
    """Return when to try again after a try from `began` to `now`, and `tries` failures before it.

    The pause runs from the beginning: a try that hung was a pause already, and two long waits in
    a row would keep a card behind for longer than 15 s after Slack's return. What Slack itself
    asks for, and a breath, run from the end.
    """
    return max(began + retry_delay(tries), now + (retry_after or FIRST_RETRY))


def retry_delay(tries: int, retry_after: timedelta | None = None) -> timedelta:
    """Return how long to wait after `tries` earlier failures: 2 s, growing to 10 s.

    Slack's Retry-After, where there is one, is obeyed when it asks for more.
    """
    grown = min(FIRST_RETRY * (1 << min(tries, 8)), LAST_RETRY)
    return max(grown, retry_after or grown)


def long_retry_delay(tries: int, retry_after: timedelta | None = None) -> timedelta:
    """Return how long to wait where only a person can help: 30 s, after ten minutes 5 min."""
    patience = LONG_RETRY if tries < LONG_RETRIES else LONGEST_RETRY
    return max(patience, retry_after or patience)


def for_next_owner(card: CardState) -> CardState:
    """Return the card for its next owner, who may not publish before the last click has settled."""
    settled = card.clicked_at + SETTLE_TIME if card.clicked_at else None
    bounds = [bound for bound in (settled, card.not_before) if bound]
    return replace(card, not_before=max(bounds, default=None), clicked_at=None)
