"""Notices: what a workflow tells people by itself, to whom, and where."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workflows.rules.card import CardCopy
from workflows.rules.face import ApprovalFace
from workflows.rules.order import OrderFace

MENTIONED = 8
"""So many people are mentioned where a card is posted first; of more, each is told otherwise."""


class NoticeKind(StrEnum):
    """What is told. All but the last two lose their point when the request closes."""

    ASKED = "asked"
    REMINDED = "reminded"
    CHANGES_WANTED = "changes_wanted"
    DELEGATE_REFUSED = "delegate_refused"
    BLOCKED = "blocked"
    OUTCOME = "outcome"
    CARD_NOT_POSTED = "card_not_posted"


LASTING = (NoticeKind.OUTCOME, NoticeKind.CARD_NOT_POSTED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Words to people. `key` is opaque and names this notice for ever.

    They go to `person` as a direct message, or into `channel`, or, where both are empty, into the
    thread of `card`, mentioning `people`. `card` is the copy that a link leads to; without its
    `ts` there is no thread yet.
    """

    key: str
    kind: NoticeKind
    face: ApprovalFace | OrderFace
    person: str = ""
    channel: str = ""
    people: tuple[str, ...] = ()
    card: CardCopy | None = None
    problem: str = ""
    intended_at: datetime | None = None
    doubtful: bool = False
