"""The message of a notice: what a workflow sends on its own, to a person, a thread or the admins."""

from views.blocks import Message, text_message
from views.cards import renderer
from views.explanations import problem_text
from views.notices import channel, with_card_link
from views.translator import Translator, personal_translator, translator
from workflows.rules.journeys import public
from workflows.rules.notice import Notice, NoticeKind
from workflows.rules.shared.failure import Failure
from workflows.rules.snapshots import Snapshot

_ID = 80


def message(notice: Notice, link: str = "", language: str = "") -> Message:
    """Return the message of a notice; `link` leads to the card, if its address is known.

    `language` is that of the one person who receives it; if it is empty, the policy's language is
    used. A message to more than one person contains nothing private.
    """
    t = personal_translator(language) if language else translator(notice.face.language)
    snapshot = notice.face if notice.person else public(notice.face)
    if notice.kind is NoticeKind.CARD_NOT_POSTED:
        outdated = notice.card is not None and bool(notice.card.ts)
        return card_not_posted(snapshot, notice.problem, t, outdated=outdated)
    if notice.kind is NoticeKind.ENDED_OUTSIDE:
        return _ended_outside(snapshot, link, t)
    if notice.kind is NoticeKind.START_REFUSED:
        return _start_refused(snapshot, notice.problem, t)
    return renderer(snapshot, t).notice(notice, link)


def _start_refused(snapshot: Snapshot, code: str, t: Translator) -> Message:
    """Return the message to requester and admins that a request must not start, and why."""
    subject = renderer(snapshot, t).public_subject()
    number = t.inline(snapshot.request_id, _ID)
    why = problem_text(Failure(code=code), t)
    return text_message(t("notice.start_refused", subject=subject, number=number, why=why), t)


def _ended_outside(snapshot: Snapshot, link: str, t: Translator) -> Message:
    """Return the message to the admins that an operator ended the workflow of a request."""
    subject = renderer(snapshot, t).public_subject()
    text = t("tell.ended_outside", subject=subject, request_id=t.inline(snapshot.request_id, _ID))
    return text_message(with_card_link(text, link, t), t)


def card_not_posted(
    snapshot: Snapshot, problem: str, t: Translator, *, outdated: bool = False
) -> Message:
    """Return the message to requester and admins that Slack refuses the card, and how to fix it.

    `problem` ends with Slack's error name, such as `slack.not_in_channel`. An `outdated` card was
    posted before but can no longer be updated.
    """
    rendered = renderer(snapshot, t)
    kind = "out_of_date" if outdated else "not_posted" if rendered.is_undecided else "not_shown"
    name = problem.rpartition(".")[2]
    key = f"notice.card_not_posted.{name}"
    text = t(
        f"notice.card_{kind}",
        subject=rendered.public_subject(),
        channel=channel(snapshot.channel, t),
        fix=t(key if t.has(key) else "notice.card_not_posted.other", problem=t.inline(name, 80)),
    )
    return text_message(text, t)
