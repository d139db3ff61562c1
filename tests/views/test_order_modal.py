"""The order form: what is read back, what is kept, where mistakes stand."""

from typing import Any

import pytest

from bot.views import order_modal
from bot.views.order_modal import MAX_LINES, CatalogueEntry
from bot.views.payload import UnreadablePayloadError
from tests.views.presses import CATALOGUE, recorded, submitted, typed_view
from tests.views.slack_limits import check_view
from workflows.rules.order_form import OrderMistakes, WrittenLine, WrittenOrder, read_order

SKUS = frozenset(one.sku for one in CATALOGUE)


def _form(lines: int, typed: dict[str, str]) -> dict[str, Any]:
    return submitted(order_modal.build("ORD-7K2M4QXA", CATALOGUE, lines=lines), typed)


def _mistakes(view: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(OrderMistakes) as caught:
        read_order(order_modal.parse(view), SKUS, "USD")
    return order_modal.errors(caught.value, view)


def test_a_submission_is_read_exactly_as_typed() -> None:
    assert order_modal.parse(typed_view()) == WrittenOrder(
        order_id="ORD-7K2M4QXA",
        customer="Acme *GmbH*",
        lines=(WrittenLine(sku="LAPTOP-15", quantity="2", unit_price="1,500.00"),),
        card_expiry="09/28",
        note="As soon as <possible>",
    )


def test_empty_extra_lines_are_not_part_of_the_order() -> None:
    line = {"sku": "CABLE-2M", "quantity": "3", "unit_price": "12.50"}
    typed = {f"lines.{i}.{name}": value for i in (0, 2) for name, value in line.items()}
    order = order_modal.parse(_form(4, typed))

    assert order.lines == (WrittenLine(**line), WrittenLine(**line))


def test_a_mistake_stands_at_the_line_where_it_was_written() -> None:
    good = {"customer": "Acme", "card_expiry": "09/28"}
    line = {"lines.0.sku": "CABLE-2M", "lines.0.quantity": "1", "lines.0.unit_price": "5"}
    errors = _mistakes(_form(4, good | line | {"lines.2.quantity": "-1"}))

    assert errors == {
        "lines.2.sku": "Please choose a product.",
        "lines.2.quantity": "Please give a number above zero.",
        "lines.2.unit_price": "Please write the amount as a number, such as 1500.00.",
    }


def test_every_mistake_has_its_sentence_at_its_field() -> None:
    typed = {"lines.0.sku": "LAPTOP-15", "lines.0.quantity": "1.5", "lines.0.unit_price": "5 EUR"}
    view = _form(1, {"customer": " ", "card_expiry": "13/28", "note": "n" * 3001, **typed})
    blocks = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    errors = _mistakes(view)

    assert errors == {
        "customer": "Please fill this in.",
        "note": "This is too long. Please write at most 3000 characters.",
        "card_expiry": "Please write month and year as MM/YY, such as 09/28.",
        "lines.0.quantity": "Please give a whole number from 1 to 9,999.",
        "lines.0.unit_price": "Amounts are in USD here. Please give the amount in USD.",
    }
    assert errors.keys() <= blocks


def test_lines_are_added_up_to_ten_and_then_the_button_goes() -> None:
    view = typed_view()
    for _ in range(MAX_LINES + 2):
        view = submitted(order_modal.add_line(view, CATALOGUE), {"customer": "Acme"})
        check_view({key: view[key] for key in view if key not in {"id", "hash", "state"}})

    assert not [one for one in view["blocks"] if one["type"] == "actions"]
    assert len([one for one in view["blocks"] if one["block_id"].endswith(".sku")]) == MAX_LINES


def test_adding_a_line_keeps_ids_and_what_was_typed() -> None:
    view = typed_view()
    again: list[Any] = list(order_modal.add_line(view, CATALOGUE)["blocks"])  # type: ignore[call-overload]  # a list in a dict of objects
    elements = {one["block_id"]: one["element"] for one in again if one["type"] == "input"}
    before = {one["block_id"] for one in view["blocks"] if one["type"] == "input"}

    assert before <= elements.keys()
    assert elements["customer"]["initial_value"] == "Acme *GmbH*"
    assert elements["lines.0.sku"]["initial_option"]["value"] == "LAPTOP-15"


@pytest.mark.parametrize("count", [0, 101])
def test_without_a_choice_that_slack_can_show_the_product_is_typed(count: int) -> None:
    catalogue = [CatalogueEntry(sku=f"SKU-{i}", name="Thing") for i in range(count)]
    view = order_modal.build("ORD-7K2M4QXA", catalogue)
    order = order_modal.parse(submitted(view, {"lines.0.sku": " SKU-1 "}))

    check_view(view)
    assert order.lines[0].sku == "SKU-1"


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "{}",
        "null",
        '{"order_id":"","lines":1,"currency":"USD"}',
        '{"order_id":"ORD-1","lines":11,"currency":"USD"}',
        '{"order_id":"ORD-1","lines":0,"currency":"USD"}',
        '{"order_id":"ORD-1","lines":true,"currency":"USD"}',
    ],
)
def test_a_view_that_is_not_ours_is_refused_by_name(metadata: str) -> None:
    with pytest.raises(UnreadablePayloadError):
        order_modal.parse({**typed_view(), "private_metadata": metadata})


def test_a_state_with_holes_reads_as_empty() -> None:
    view = {**typed_view(), "state": {"values": {"customer": None, "note": {"note": {}}}}}
    order = order_modal.parse(view)

    assert (order.customer, order.note, order.lines[0].sku) == ("", "", "")


def test_the_order_id_survives_every_rebuild() -> None:
    view = submitted(order_modal.failed(typed_view(), CATALOGUE, "Sorry."), {})

    assert order_modal.parse(view).order_id == "ORD-7K2M4QXA"


def test_recorded_submissions_of_other_modals_are_refused_by_name() -> None:
    try:
        body = recorded("view_submission.bolt.json")
    except FileNotFoundError:
        pytest.skip("the recorded payloads are not on this machine")
    with pytest.raises(UnreadablePayloadError):
        order_modal.parse(body["view"])
