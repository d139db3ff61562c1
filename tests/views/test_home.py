"""The App Home and its forms: within Slack's limits, and with the right buttons in each row."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import validation
from tests.views import examples, inboxes, states
from tests.views.any_snapshot import pools
from tests.views.slack_limits import check_message, check_sentence, check_view, mrkdwn_of
from tests.views.test_snapshots import SNAPSHOTS, _compare
from views import bulk_modal, bulk_results, home, inbox_message
from views.bulk_results import BulkResult, Progress
from views.card_click import ButtonValue, parse_click
from views.home import COUNTED, HomePage, HomePlace, State, Tab
from views.payload import UnreadablePayloadError, from_json
from views.translator import ENGLISH
from workflows.rules.approvals.request import Verdict

Json = dict[str, Any]

HOMES: dict[str, Callable[[], HomePage]] = {
    "home.decide": inboxes.to_decide,
    "home.mine": inboxes.mine,
    "home.closed": inboxes.closed,
    "home.history": inboxes.decided,
    "home.away": inboxes.away,
    "home.empty": lambda: HomePage(place=HomePlace(notice="Approved.")),
    "home.filtered": lambda: HomePage(place=HomePlace(kind="hr")),
    "home.no_history": lambda: HomePage(place=HomePlace(tab=Tab.HISTORY)),
    "home.not_away": lambda: HomePage(place=HomePlace(tab=Tab.AWAY), waiting=COUNTED + 1),
}


def check_home(view: Json) -> None:
    """Fail if Slack would refuse this App Home, or if a phone would hide a part of it."""
    validation.check_view(view, "home")
    for block in view["blocks"]:
        assert len(block.get("elements", [])) <= 3
    for text in mrkdwn_of(view):
        check_sentence(text)


@pytest.mark.parametrize("name", HOMES)
def test_a_home_is_exactly_its_snapshot(name: str) -> None:
    view = home.build(HOMES[name](), ENGLISH, "/countersign")

    check_home(view)
    _compare(f"home/{name}", view)


@pytest.mark.parametrize("name", ["inbox", "inbox.empty"])
def test_the_private_answer_is_exactly_its_snapshot(name: str) -> None:
    page = HomePage(place=HomePlace())
    if name == "inbox":
        page = replace(inboxes.to_decide(), mine=inboxes.mine().mine, in_all=7)
    message = inbox_message.build(page, ENGLISH)

    check_message(message.text, message.blocks)
    _compare(f"home/{name}", asdict(message))


def results() -> Json:
    items = bulk_items()
    outcomes = [
        BulkResult(item=items[0], progress=Progress.ACCEPTED, sentence="Approved."),
        BulkResult(item=items[1], progress=Progress.REFUSED, sentence="This request is closed."),
        BulkResult(item=items[2], progress=Progress.WAITING),
    ]
    return bulk_results.results(outcomes, ENGLISH)


def bulk_items() -> tuple[bulk_modal.BulkItem, ...]:
    form = bulk_modal.form(inboxes.to_decide().to_decide, ENGLISH)
    return bulk_modal.parse(submitted(form, "1", "2", "3")).items


BULK: dict[str, Callable[[], Json]] = {
    "bulk.form": lambda: bulk_modal.form(inboxes.to_decide().to_decide, ENGLISH),
    "bulk.none": lambda: bulk_modal.form([], ENGLISH),
    "bulk.opening": lambda: bulk_modal.opening(ENGLISH),
    "bulk.working": lambda: bulk_modal.working(ENGLISH),
    "bulk.results": results,
}


@pytest.mark.parametrize("name", BULK)
def test_the_bulk_form_is_exactly_its_snapshot(name: str) -> None:
    view = BULK[name]()

    check_view(view)
    _compare(f"home/{name}", view)


def test_no_snapshot_is_left_over() -> None:
    there = {path.stem for path in (SNAPSHOTS / "home").glob("*.json")}

    assert there == HOMES.keys() | BULK.keys() | {"inbox", "inbox.empty"}


@settings(deadline=None, max_examples=20)
@given(pool=pools, seed=st.integers(0, 10**6), tab=st.sampled_from(Tab))
def test_slack_accepts_any_full_page(pool: list[str], seed: int, tab: Tab) -> None:
    """Tried: with the limits of a card, a page of rows is too large."""
    check_home(home.build(inboxes.any_page(pool, seed, tab), ENGLISH, "/countersign"))


@settings(deadline=None, max_examples=20)
@given(pool=pools, seed=st.integers(0, 10**6))
def test_slack_accepts_the_private_answer_and_bulk_form_of_any_page(
    pool: list[str], seed: int
) -> None:
    page = inboxes.any_page(pool, seed, Tab.DECIDE)
    message = inbox_message.build(page, ENGLISH)
    form = bulk_modal.form(page.to_decide, ENGLISH)

    check_message(message.text, message.blocks)
    assert "divider" in {block["type"] for block in message.blocks}
    check_view(form)


@pytest.mark.parametrize(
    ("verdict", "revision", "is_reset"),
    [
        ("approve", 1, True),
        ("reject", 1, True),
        ("request_changes", 1, False),
        ("approve", 2, False),
    ],
)
def test_the_history_says_that_an_amendment_reset_a_decision(
    verdict: str,
    revision: int,
    is_reset: bool,  # noqa: FBT001
) -> None:
    row = replace(
        inboxes.decided().decided[0],
        snapshot=states.amended(),
        verdict=verdict,
        content_revision=revision,
    )
    view = home.build(replace(inboxes.decided(), decided=(row,)), ENGLISH, "/countersign")

    assert ("Your decision was reset" in str(view)) is is_reset


def test_every_row_has_the_buttons_of_its_card() -> None:
    view: Any = home.build(inboxes.to_decide(), ENGLISH, "/countersign")

    rows = [block for block in view["blocks"] if block["block_id"].startswith("actions-")]
    values = [
        from_json(button["value"], ButtonValue, "value")
        for row in rows
        for button in row["elements"]
    ]

    assert [[button["action_id"] for button in row["elements"]] for row in rows] == [
        ["approve", "reject", "more"]
    ] * 3
    assert values[0].request_id == "ORD-7K2M4QXA.approval"
    assert [value.reason_required for value in values[-3:]] == [True, True, False]


def pressed_on(view: Json, value: str) -> Json:
    action = {"action_id": "approve", "action_ts": "1.1", "value": value}
    return {"user": {"id": "U0BORIS"}, "view": view, "actions": [action]}


def test_a_click_on_the_home_must_be_about_a_listed_request() -> None:
    """Tried: with a check of messages only, any request could be clicked."""
    view: Any = home.build(inboxes.to_decide(), ENGLISH, "/countersign")
    (first, *_) = (block for block in view["blocks"] if block["block_id"].startswith("actions-"))
    value = first["elements"][0]["value"]

    click = parse_click(pressed_on(view, value))

    assert (click.channel, click.message_ts) == ("", "")
    with pytest.raises(UnreadablePayloadError):
        parse_click(pressed_on(view, value.replace("ORD-7K2M4QXA", "ORD-SOMEBODY")))


@given(
    tab=st.sampled_from(Tab),
    kind=st.sampled_from(["", "order", "hr"]),
    state=st.sampled_from(State),
    page=st.integers(0, 99),
    notice=st.text(max_size=20),
)
def test_a_place_survives_json(tab: Tab, kind: str, state: State, page: int, notice: str) -> None:
    place = HomePlace(tab=tab, kind=kind, state=state, page=page, notice=notice)

    assert HomePlace.read(place.written()) == place


def test_an_unreadable_place_is_the_first_page() -> None:
    assert HomePlace.read("{}") == HomePlace()
    assert HomePlace.read(HomePlace().written().replace("decide", "other")) == HomePlace()


def chosen(action_id: str, value: str) -> Json:
    return {"action_id": action_id, "selected_option": {"value": value}}


@pytest.mark.parametrize(
    ("before", "action", "after"),
    [
        (HomePlace(page=2), {"action_id": "home_on"}, HomePlace(page=3)),
        (HomePlace(page=0), {"action_id": "home_back"}, HomePlace(page=0)),
        (HomePlace(page=2), {"action_id": "home_mine"}, HomePlace(tab=Tab.MINE)),
        (HomePlace(page=2, notice="x"), chosen("home_kind", "hr"), HomePlace(kind="hr")),
        (HomePlace(kind="hr"), chosen("home_kind", "all"), HomePlace()),
        (HomePlace(), chosen("home_state", "closed"), HomePlace(state=State.CLOSED)),
    ],
)
def test_navigation(before: HomePlace, action: Json, after: HomePlace) -> None:
    assert home.after_navigation(before, action) == after


@pytest.mark.parametrize(
    "action", [{"action_id": "approve"}, chosen("home_kind", "secret"), chosen("home_state", "")]
)
def test_a_foreign_element_does_not_navigate(action: Json) -> None:
    with pytest.raises(UnreadablePayloadError):
        home.after_navigation(HomePlace(), action)


def submitted(form: Json, *numbers: str, verdict: str = "approve", reason: str = "") -> Json:
    values: Json = {
        "chosen": {"chosen": {"selected_options": [{"value": number} for number in numbers]}},
        "verdict": {"verdict": {"selected_option": {"value": verdict}}},
        "reason": {"reason": {"value": reason}},
    }
    view = {**form, "id": "V1", "hash": "1.a", "state": {"values": values}}
    return {"type": "view_submission", "user": {"id": "U0BORIS"}, "view": view}


def test_a_submission_is_about_the_ticked_revisions() -> None:
    form = bulk_modal.form(inboxes.to_decide().to_decide, ENGLISH)

    submission = bulk_modal.parse(submitted(form, "2", verdict="reject", reason="no"))

    (item,) = submission.items
    snapshot = examples.two_levels()
    assert (item.request_id, item.content_revision, item.level) == (
        snapshot.request_id,
        snapshot.content_revision,
        2,
    )
    assert (submission.verdict, submission.reason) == (Verdict.REJECT, "no")
    assert bulk_modal.check(submission, ENGLISH) == {}


def test_a_reason_is_required_if_any_policy_requires_one() -> None:
    form = bulk_modal.form(inboxes.to_decide().to_decide, ENGLISH)

    without = bulk_modal.check(bulk_modal.parse(submitted(form, "1", "3")), ENGLISH)
    elsewhere = bulk_modal.check(bulk_modal.parse(submitted(form, "1", "2")), ENGLISH)
    with_one = bulk_modal.check(
        bulk_modal.parse(submitted(form, "1", "3", reason="why not")), ENGLISH
    )

    assert list(without) == ["reason"]
    assert "3" in without["reason"]
    assert (elsewhere, with_one) == ({}, {})


def test_all_mistakes_of_the_bulk_form_come_at_once() -> None:
    form = bulk_modal.form(inboxes.to_decide().to_decide, ENGLISH)

    mistakes = bulk_modal.check(bulk_modal.parse(submitted(form, reason="half \ud800")), ENGLISH)

    assert mistakes.keys() == {"chosen", "reason"}


@pytest.mark.parametrize(
    "changes",
    [
        {"private_metadata": "x"},
        {"private_metadata": "{}"},
        {"private_metadata": json.dumps([{"number": 1}])},
        {"id": ""},
    ],
)
def test_a_foreign_form_is_refused(changes: Json) -> None:
    body = submitted(bulk_modal.form(inboxes.to_decide().to_decide, ENGLISH), "1")
    body["view"] |= changes

    with pytest.raises(UnreadablePayloadError):
        bulk_modal.parse(body)


def test_an_unknown_checkbox_is_refused() -> None:
    with pytest.raises(UnreadablePayloadError):
        bulk_modal.parse(submitted(bulk_modal.form(inboxes.to_decide().to_decide, ENGLISH), "9"))
