"""The approval card: its buttons and texts in every state."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.views import contents, examples, states
from tests.views.slack_limits import mrkdwn_of
from views import approval_card
from views.translator import ENGLISH
from workflows.rules.approvals.policy import RouteReason
from workflows.rules.approvals.privacy import public_approval
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.notice import MAX_MENTIONS

Row = list[tuple[str, str | None, bool]]
DECIDE: Row = [("approve", "primary", True), ("reject", "danger", False), ("more", None, False)]
WITH_REASON: Row = [("approve", "primary", False), *DECIDE[1:]]
MORE: Row = DECIDE[2:]
ROWS: list[tuple[Callable[[], ApprovalSnapshot], Row]] = [
    (examples.pending, DECIDE),
    (states.delegates, DECIDE),
    (states.reason_required, WITH_REASON),
    (examples.unread, MORE),
    (examples.blocked, MORE),
    (states.waits_for_changes, MORE),
    (states.between_levels, MORE),
    (examples.approved, []),
    (examples.expired, []),
    (states.admin_closed, []),
]


@pytest.mark.parametrize(("make", "row"), ROWS)
def test_the_buttons_of_each_state(make: Callable[[], ApprovalSnapshot], row: Row) -> None:
    blocks: list[Any] = approval_card.build(make(), ENGLISH).blocks
    rows = [block["elements"] for block in blocks if block["type"] == "actions"]

    assert [
        (button["action_id"], button.get("style"), "confirm" in button)
        for buttons in rows
        for button in buttons
    ] == row


def _text(snapshot: ApprovalSnapshot) -> str:
    return "\n".join(mrkdwn_of(approval_card.build(snapshot, ENGLISH).blocks))


def test_a_closed_card_names_its_closer_once() -> None:
    text = _text(examples.approved())

    assert text.count("<@U0BORIS>") == 1
    assert "Step 1" not in text


def test_a_closed_card_still_shows_the_other_decisions() -> None:
    message = approval_card.build(states.two_approved(), ENGLISH)
    text = json.dumps(message.blocks, ensure_ascii=False)

    assert text.count("<@U0BORIS>") == text.count("<@U0CLARA>") == 1
    assert text.count("Go ahead.") == text.count("Fine.") == 1


SAYS: list[tuple[Callable[[], ApprovalSnapshot], list[str]]] = [
    (states.on_behalf, ["<@U0DORA> approved for <@U0BORIS>"]),
    (states.approved_on_behalf, ["*Approved* by <@U0DORA> (for <@U0BORIS>)"]),
    (states.delegates, ["<@U0DORA> can decide for <@U0BORIS> from", "until"]),
    (states.delegated, ["<@U0DORA> can decide for <@U0BORIS>."]),
    (
        states.several_sources,
        [
            "<@U0CLARA> (the sales-leads group)",
            "<@U0FAY> (the requester's manager)",
            "<@U0BORIS> (a named approver)",
            "Reminded 2 times. Escalated once.",
        ],
    ),
    (states.unreadable, ["Couldn't read: the sales-leads group and the requester's manager."]),
    (
        states.waits_for_changes,
        ["*Changes requested* by <@U0CLARA>", "<@U0ANA> can edit the request"],
    ),
    (states.amended, ["2 earlier decisions were reset by this change"]),
    (states.commented, ["*4 comments*, most recent:"]),
    (states.admin_closed, ["*Closed without a decision* by <@U0GUS> (admin)"]),
    (states.between_levels, ["The next step is starting"]),
]


@pytest.mark.parametrize(("make", "sentences"), SAYS)
def test_the_text_of_each_state(make: Callable[[], ApprovalSnapshot], sentences: list[str]) -> None:
    text = _text(make())

    assert [sentence for sentence in sentences if sentence not in text] == []


def test_a_rule_for_any_amount_is_not_shown_at_the_level() -> None:
    for make in (examples.pending, states.several_sources):
        always = replace(make(), policy="contract", rule=RouteReason(policy="contract"))

        assert "Named in the policy." in _text(always) or "Chosen by the policy." in _text(always)
        assert "“contract”" not in _text(always)
        assert _text(always).count("contract") == 1
        assert "“order over 1,000.00 USD”" in _text(make())


def test_a_private_card_states_no_rule_for_any_amount() -> None:
    private = replace(examples.pending(), private=True)

    text = _text(public_approval(private))

    assert "Named in the policy for “order”." in text
    assert "over" not in text


def test_a_private_card_does_not_say_that_its_kind_needs_no_approval() -> None:
    automatic = replace(examples.auto_approved(), private=True)

    text = _text(public_approval(automatic))

    assert "No approval was needed." in text
    assert "is needed for" not in text


def test_the_approval_of_an_order_has_the_number_of_the_order() -> None:
    snapshot = replace(examples.pending(), request_id="ORD-7K2M4QXA.approval")

    text = "\n".join(mrkdwn_of(approval_card.build(snapshot, ENGLISH).blocks))

    assert "ORD-7K2M4QXA · requested" in text
    assert "ORD-7K2M4QXA.approval" not in text


@pytest.mark.parametrize(
    ("quorum", "sentence"),
    [
        (1, "Waiting for <@U0BORIS>, <@U0CLARA> or <@U0EMIL>."),
        (2, "Waiting for <@U0BORIS>, <@U0CLARA> and <@U0EMIL>."),
    ],
)
def test_any_one_of_the_approvers_is_joined_by_or(quorum: int, sentence: str) -> None:
    people = ("U0BORIS", "U0CLARA", "U0EMIL")
    rules = examples.policy(examples.level_rule("sales", quorum, *people))
    snapshot = examples.snapshot(examples.opened(examples.request(rules=rules), *people), 1)

    assert sentence in _text(snapshot)
    assert sentence in approval_card.build(snapshot, ENGLISH).text


def test_the_last_missing_approval_is_joined_by_or() -> None:
    people = ("U0BORIS", "U0CLARA", "U0EMIL")
    rules = examples.policy(examples.level_rule("sales", 2, *people))
    state = examples.opened(examples.request(rules=rules), *people)
    snapshot = examples.snapshot(examples.decided(state, examples.BORIS), 2)

    assert "Waiting for <@U0CLARA> or <@U0EMIL>." in _text(snapshot)


def test_requested_changes_are_shown_once() -> None:
    assert _text(states.waits_for_changes()).count("<@U0CLARA>") == 1


def test_an_amendment_shows_before_and_after() -> None:
    blocks: list[Any] = approval_card.build(states.amended(), ENGLISH).blocks
    text = next(block for block in blocks if block["block_id"].startswith("changes:"))["text"]

    assert text["type"] == "plain_text"
    assert "Amount: 4,500.00 USD → 3,000.00 USD" in text["text"]
    assert "Description: For the new colleagues in Basel. → (empty)" in text["text"]


def test_a_card_mentions_everyone_it_notifies() -> None:
    """A card mentions up to eight people when it is first posted, however long its other texts are."""
    eight = tuple(f"U0PERSON{number}" for number in range(MAX_MENTIONS))
    state = examples.opened(examples.request(contents.long(), examples.policy()), *eight)
    text = _text(examples.snapshot(state))

    assert [person for person in eight if f"<@{person}>" not in text] == []


def test_block_ids_are_new_with_every_card_version() -> None:
    state = examples.opened(examples.request())
    first = {
        str(block["block_id"])
        for block in approval_card.build(examples.snapshot(state, 1), ENGLISH).blocks
    }
    second = {
        str(block["block_id"])
        for block in approval_card.build(examples.snapshot(state, 2), ENGLISH).blocks
    }

    assert not first & second


def test_no_one_is_mentioned_if_the_policy_forbids_it() -> None:
    for snapshot in (
        examples.from_command_line(),
        *(make() for make in (states.delegates, states.several_sources)),
    ):
        message = approval_card.build(replace(snapshot, mention_approvers=False), ENGLISH)

        text = json.dumps([message.text, message.blocks])
        assert not [
            person for person in ("U0BORIS", "U0CLARA", "U0DORA", "U0FAY") if person in text
        ]


def test_the_notification_names_those_who_may_still_decide() -> None:
    text = approval_card.build(examples.half_decided(), ENGLISH).text

    assert text.endswith("Waiting for <@U0CLARA>.")
