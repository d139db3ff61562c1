"""How people are reached: on the card that is posted first, in its thread, or directly."""

from workflows.card_owner import CardOwner
from workflows.rules.approvals.policy import Layout, Notify
from workflows.rules.approvals.request import ApprovalState, Notification, NotificationKind, Status
from workflows.rules.notice import MAX_MENTIONS, NoticeKind

MAX_COPIES = 20
"""So many people get the card itself as a direct message; more of them get a notice with a link.
Every copy is written at every change, within one try of ten seconds."""


def tell_people(card: CardOwner, state: ApprovalState, tell: Notification) -> None:
    """Owe people what the rules want them to know, by the way that reaches them."""
    level = len(state.levels)
    match tell.kind:
        case NotificationKind.ASKED:
            _ask(card, state, tell.people)
        case NotificationKind.REMINDED:
            here, away = _by_place(state, tell.people)
            if here:
                card.tell(NoticeKind.REMINDED, people=here, level=level)
            for person in away:
                card.tell(NoticeKind.REMINDED, person=person, level=level)
        case NotificationKind.BLOCKED:
            if channel := state.request.policy.admin_channel:
                card.tell(NoticeKind.BLOCKED, channel=channel, people=state.admins)
        case NotificationKind.CHANGES_WANTED | NotificationKind.DELEGATE_REFUSED:
            for person in tell.people:
                card.tell(NoticeKind(tell.kind.value), person=person)


def show_level(card: CardOwner, state: ApprovalState) -> None:
    """In the thread layout, have a level that people may decide stand as a reply of its own."""
    level = state.level
    waits = state.status is Status.PENDING and level is not None and not level.passed
    if state.request.policy.layout is Layout.THREAD and waits and level and not level.blocked:
        card.add_reply(level.number, state.content_revision)


def _ask(card: CardOwner, state: ApprovalState, people: tuple[str, ...]) -> None:
    """Reach each approver once.

    Editing a message notifies nobody, so a card that stands already needs a reply in its thread;
    on one that is yet to be posted a few people are mentioned. In the thread layout that is the
    level's reply. Who has a copy of their own that stands already gets a notice too.
    """
    here, away = _by_place(state, people)
    level = len(state.levels)
    is_posted = card.is_posted
    if state.request.policy.layout is Layout.THREAD:
        is_posted = card.has_posted_reply(level, state.content_revision)
    if here and (is_posted or len(here) > MAX_MENTIONS):
        card.tell(NoticeKind.ASKED, people=here, level=level)
    copies = {copy.person: copy for copy in card.card.copies}
    room = MAX_COPIES + 1 - len(copies)  # those in the channel have no person: one entry
    new = tuple(person for person in away if person not in copies)
    card.add_copies(new[:room])
    for person in away:
        if person in new[room:] or (person in copies and copies[person].ts):
            card.tell(NoticeKind.ASKED, person=person, level=level)


def _by_place(
    state: ApprovalState, people: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Divide people into those who see the card's channel and those reached directly."""
    if state.request.policy.notify is Notify.DM:
        return (), people
    outside = state.level.outside if state.level else ()
    return (
        tuple(person for person in people if person not in outside),
        tuple(person for person in people if person in outside),
    )
