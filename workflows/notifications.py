"""Decides how the people of a notification are reached: card, thread or direct message."""

from workflows.card_owner import CardOwner
from workflows.rules.approvals.policy import Layout, Notify
from workflows.rules.approvals.request import ApprovalState, Notification, NotificationKind, Status
from workflows.rules.notice import MAX_MENTIONS, NoticeKind

MAX_COPIES = 20
"""Up to this many people get the card itself as a direct message; the others get a notice with a
link. Every change writes every copy, within one attempt of ten seconds."""


def send_notification(card: CardOwner, state: ApprovalState, notification: Notification) -> None:
    """Queue the notices of one notification, each by the way that reaches its people."""
    level = len(state.levels)
    match notification.kind:
        case NotificationKind.ASKED:
            _notify_approvers(card, state, notification.people)
        case NotificationKind.COMMENTED if state.request.requester.person in notification.people:
            card.notify(NoticeKind.COMMENTED, person=state.request.requester.person)
        case NotificationKind.REMINDED | NotificationKind.COMMENTED:
            kind = NoticeKind(notification.kind.value)
            here, away = _by_place(state, notification.people)
            if here:
                card.notify(kind, people=here, level=level)
            for person in away:
                card.notify(kind, person=person, level=level)
        case NotificationKind.BLOCKED | NotificationKind.EXCLUDED:
            if channel := state.request.policy.admin_channel:
                kind = NoticeKind(notification.kind.value)
                card.notify(kind, channel=channel, people=state.admins)
        case NotificationKind.CHANGES_WANTED | NotificationKind.DELEGATE_REFUSED:
            for person in notification.people:
                card.notify(NoticeKind(notification.kind.value), person=person)


def add_level_reply(card: CardOwner, state: ApprovalState) -> None:
    """In the thread layout, add a reply for the level that can be decided now."""
    level = state.level
    is_open = state.status is Status.PENDING and level is not None and not level.passed
    if state.request.policy.layout is Layout.THREAD and is_open and level and not level.blocked:
        card.add_reply(level.number, state.content_revision)


def _notify_approvers(card: CardOwner, state: ApprovalState, people: tuple[str, ...]) -> None:
    """Notify each new approver once.

    An edit of a message notifies no one, so a posted card needs a notice in its thread. A card
    that is not posted yet mentions a few people itself; in the thread layout, the level's reply
    does. An approver whose own copy is posted already gets a notice too.
    """
    here, away = _by_place(state, people)
    level = len(state.levels)
    is_posted = card.is_posted
    if state.request.policy.layout is Layout.THREAD:
        is_posted = card.has_posted_reply(level, state.content_revision)
    if here and (is_posted or len(here) > MAX_MENTIONS):
        card.notify(NoticeKind.ASKED, people=here, level=level)
    copies = {copy.person: copy for copy in card.card.copies if not copy.retired}
    room = MAX_COPIES + 1 - len(copies)  # the channel copies have no person: one entry
    new = tuple(person for person in away if person not in copies)
    card.add_copies(new[:room])
    for person in away:
        if person in new[room:] or (person in copies and copies[person].ts):
            card.notify(NoticeKind.ASKED, person=person, level=level)


def _by_place(
    state: ApprovalState, people: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split people into those who can see the card's channel and those who get a message."""
    if state.request.policy.notify is Notify.DM:
        return (), people
    outside = state.level.outside if state.level else ()
    return (
        tuple(person for person in people if person not in outside),
        tuple(person for person in people if person in outside),
    )
