"""Notices: their recipients, their texts and Slack's limits."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.views import examples, states
from tests.views.slack_limits import check_message, mrkdwn_of
from views import notice_messages
from views.translator import ENGLISH
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.notice import Notice, NoticeKind

LINK = "https://local.slack.com/archives/C0APPROVALS/p1732185000000100"


def _text(notice: Notice, link: str = LINK) -> str:
    message = notice_messages.message(notice, link)
    check_message(message.text, message.blocks)
    return "\n".join(mrkdwn_of(message.blocks))


def _request_notice(*people: str, person: str = "") -> Notice:
    return Notice(
        key="n-1", kind=NoticeKind.ASKED, face=examples.pending(), people=people, person=person
    )


@pytest.mark.parametrize("count", [1, 2, 150, 151, 600])
def test_in_a_thread_everyone_is_mentioned_once(count: int) -> None:
    crowd = [f"U0PERSON{number}" for number in range(count)]
    text = _text(_request_notice(*crowd))

    assert [person for person in crowd if text.count(f"<@{person}>") != 1] == []


def test_more_people_than_a_message_holds_are_counted() -> None:
    crowd = [f"U0PERSON{number}" for number in range(700)]

    assert "and 100 more" in _text(_request_notice(*crowd))


def test_a_direct_message_mentions_only_the_requester() -> None:
    text = _text(_request_notice("U0BORIS", "U0CLARA", person="U0BORIS"))

    assert text.count("<@") == text.count("<@U0ANA>") == 1
    assert "Why you: a named approver" in text


def test_a_delegate_reads_the_names_of_their_approvers() -> None:
    notice = replace(
        _request_notice(person="U0DORA"), face=states.delegates(), intended_at=examples.NOW
    )
    later = replace(notice, intended_at=examples.NOW + timedelta(hours=2))

    assert "You can decide for <@U0BORIS>." in _text(notice)
    assert "You can decide for <@U0BORIS> and <@U0CLARA>." in _text(later)


SAYS: list[tuple[NoticeKind, Callable[[], ApprovalSnapshot], list[str]]] = [
    (
        NoticeKind.ASKED,
        examples.pending,
        ["<@U0ANA> needs your approval", "1,525.00 USD", "Due <!date"],
    ),
    (NoticeKind.REMINDED, examples.pending, ["still waiting for your decision", "Due <!date"]),
    (
        NoticeKind.CHANGES_WANTED,
        states.waits_for_changes,
        ["<@U0CLARA> requested changes", "*Edit Request*"],
    ),
    (NoticeKind.DELEGATE_REFUSED, examples.pending, ["Your delegate can't decide", "*More*"]),
    (
        NoticeKind.BLOCKED,
        states.unreadable,
        ["No one can decide", "Couldn't read: the sales-leads group", "change the approvers"],
    ),
    (NoticeKind.OUTCOME, states.admin_closed, ["closed without a decision"]),
]


@pytest.mark.parametrize(("kind", "make", "sentences"), SAYS)
def test_the_text_and_link_of_each_notice(
    kind: NoticeKind, make: Callable[[], ApprovalSnapshot], sentences: list[str]
) -> None:
    notice = Notice(key="n-1", kind=kind, face=make(), person="U0ANA")
    text = _text(notice)

    assert [
        sentence for sentence in (*sentences, f"<{LINK}|the card>") if sentence not in text
    ] == []
    assert "the card>" not in _text(notice, "")


def test_requested_changes_are_quoted_as_plain_text() -> None:
    snapshot = states.waits_for_changes()
    notice = Notice(key="n-1", kind=NoticeKind.CHANGES_WANTED, face=snapshot, person="U0ANA")
    quote: Any = notice_messages.message(notice).blocks[-1]

    assert quote["elements"][0]["text"] == "“Two are enough.”"
    assert quote["elements"][0]["type"] == "plain_text"


@pytest.mark.parametrize(
    ("addressee", "who", "words"),
    [
        ({"person": "U0ANA"}, "<@U0BORIS> commented on", "“Remark 0: *see* <https"),
        ({"person": "U0BORIS"}, "<@U0ANA> commented on", "“Remark 1: *see* <https"),
        ({"people": ("U0BORIS",)}, "<@U0ANA> commented on", "“Remark 1: *see* <https"),
    ],
)
def test_a_comment_is_quoted_as_plain_text(addressee: Any, who: str, words: str) -> None:
    """The requester reads the latest comment of the others, and the approvers the requester's."""
    notice = Notice(key="n-1", kind=NoticeKind.COMMENTED, face=states.discussed(), **addressee)
    message = notice_messages.message(notice)
    quote: Any = message.blocks[-1]

    assert who in message.text
    assert quote["elements"][0]["type"] == "plain_text"
    assert quote["elements"][0]["text"].startswith(words)


def test_a_private_comment_is_not_quoted_in_the_channel() -> None:
    snapshot = replace(states.discussed(), private=True)
    in_thread = Notice(key="n-1", kind=NoticeKind.COMMENTED, face=snapshot, people=("U0BORIS",))

    public, private = _text(in_thread), _text(replace(in_thread, people=(), person="U0BORIS"))

    assert "Remark" not in public
    assert "There is a new comment" in public
    assert "commented on" in private


@pytest.mark.parametrize("make", [*examples.APPROVALS.values(), *examples.ORDERS.values()])
def test_an_outcome_has_the_card_without_buttons(make: object) -> None:
    assert callable(make)
    message = examples.outcome_message(make())

    check_message(message.text, message.blocks)
    assert not [block for block in message.blocks if block["type"] == "actions"]


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        ("slack.not_in_channel", "/invite @countersign"),
        ("not_in_channel", "/invite @countersign"),
        ("slack.channel_not_found", "can't find that channel"),
        ("slack.is_archived", "archived"),
        ("slack.is_inactive", "archived or frozen"),
        ("slack.missing_scope", "manifest"),
        ("slack.fatal_error", "Slack returned an error: fatal_error"),
        ("", "ask an admin"),
    ],
)
def test_a_notice_of_a_refused_card_says_how_to_fix_it(problem: str, text: str) -> None:
    for snapshot in (examples.pending(), examples.order_waiting()):
        assert text in notice_messages.card_not_posted(snapshot, problem, ENGLISH).text


def test_a_notice_of_a_refused_card_depends_on_the_state() -> None:
    waits, closed = examples.pending(), examples.approved()

    assert (
        "so no one there can decide yet" in notice_messages.card_not_posted(waits, "", ENGLISH).text
    )
    assert "The decision still counts" in notice_messages.card_not_posted(closed, "", ENGLISH).text
    for snapshot in (waits, closed):
        old = notice_messages.card_not_posted(
            snapshot, "slack.is_inactive", ENGLISH, outdated=True
        ).text
        assert "couldn't be updated" in old
