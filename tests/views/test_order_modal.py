"""The order form: the values read, the values kept, and the place of errors."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.views.payloads import CATALOGUE, recorded, submitted, three_lines, typed_view
from tests.views.slack_limits import check_view
from views import order_modal
from views.blocks import View
from views.order_inputs import MAX_LINES
from views.payload import UnreadablePayloadError
from views.translator import ENGLISH
from workflows.rules.orders.catalogue import CatalogueEntry
from workflows.rules.orders.form import DraftLine, DraftOrder, OrderFormErrors, read_order
from workflows.rules.orders.order import PaymentMode

PRODUCTS = {product.sku: product for product in CATALOGUE}


def _form(lines: int, typed: dict[str, str]) -> dict[str, Any]:
    return submitted(order_modal.build("ORD-7K2M4QXA", CATALOGUE, ENGLISH, lines=lines), typed)


def _there(view: View | None) -> dict[str, Any]:
    assert view is not None
    return dict(view)


def _elements(view: dict[str, Any]) -> dict[str, Any]:
    """Return the inputs by block id."""
    return {
        block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"
    }


def _texts(view: Mapping[str, Any], *block_ids: str) -> list[str]:
    """Return the texts of these blocks."""
    blocks = {block["block_id"]: block for block in view["blocks"]}
    found = [blocks[block_id] for block_id in block_ids]
    return [
        block["text"]["text"] if "text" in block else block["elements"][0]["text"]
        for block in found
    ]


def _mistakes(view: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(OrderFormErrors) as caught:
        read_order(order_modal.parse(view), PRODUCTS, "USD")
    return order_modal.errors(caught.value, view, ENGLISH)


def test_a_submission_is_read_exactly_as_typed() -> None:
    assert order_modal.parse(typed_view()) == DraftOrder(
        order_id="ORD-7K2M4QXA",
        customer="Acme *GmbH*",
        lines=(DraftLine(sku="LAPTOP-15", quantity="2", unit_price="1,500.00"),),
        card_expiry="09/28",
        note="As soon as <possible>",
    )


def test_blank_extra_lines_are_not_part_of_the_order() -> None:
    line = {"sku": "CABLE-2M", "quantity": "3", "unit_price": "12.50"}
    typed = {f"lines.{i}.{name}": value for i in (0, 2) for name, value in line.items()}
    order = order_modal.parse(_form(4, typed))

    assert order.lines == (DraftLine(**line), DraftLine(**line))


def test_an_error_is_at_its_line_of_the_form() -> None:
    good = {"customer": "Acme", "card_expiry": "09/28"}
    line = {"lines.0.sku": "CABLE-2M", "lines.0.quantity": "1", "lines.0.unit_price": "5"}
    errors = _mistakes(_form(4, good | line | {"lines.2.quantity": "-1"}))

    assert errors == {
        "lines.2.sku": "Choose a product.",
        "lines.2.quantity": "Enter a number greater than zero.",
        "lines.2.unit_price": "Enter the amount as a number, such as 1500.00.",
    }


def test_every_error_has_its_text_at_its_field() -> None:
    typed = {"lines.0.sku": "LAPTOP-15", "lines.0.quantity": "1.5", "lines.0.unit_price": "5 EUR"}
    view = _form(1, {"customer": " ", "card_expiry": "13/28", "note": "n" * 3001, **typed})
    blocks = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    errors = _mistakes(view)

    assert errors == {
        "customer": "This field is required.",
        "note": "This is too long. Use 3000 characters or fewer.",
        "card_expiry": "Enter the month and year as MM/YY, such as 09/28.",
        "lines.0.quantity": "Enter a whole number from 1 to 9,999.",
        "lines.0.unit_price": "Enter the amount in USD.",
    }
    assert errors.keys() <= blocks


def test_up_to_ten_lines_can_be_added() -> None:
    view = typed_view()
    for number in range(1, MAX_LINES):
        view = submitted(_there(order_modal.add_line(view, str(number), CATALOGUE, ENGLISH)), {})
        check_view({key: view[key] for key in view if key not in {"id", "hash", "state"}})

    assert order_modal.add_line(view, str(MAX_LINES), CATALOGUE, ENGLISH) is None
    assert not [block for block in view["blocks"] if block["type"] == "actions"]
    assert (
        len([block for block in view["blocks"] if block["block_id"].endswith(".sku")]) == MAX_LINES
    )


def test_adding_a_line_keeps_ids_and_values() -> None:
    view = typed_view()
    elements = _elements(_there(order_modal.add_line(view, "1", CATALOGUE, ENGLISH)))
    before = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}

    assert before <= elements.keys()
    assert elements["customer"]["initial_value"] == "Acme *GmbH*"
    assert elements["lines.0.sku"]["initial_option"]["value"] == "LAPTOP-15"


def test_removing_a_line_keeps_the_values_of_the_others() -> None:
    view = _there(order_modal.remove_line(three_lines(), "0", CATALOGUE, ENGLISH))
    elements = _elements(view)

    assert [element for element in elements if element.endswith("sku")] == [
        "lines.1.sku",
        "lines.2.sku",
    ]
    assert elements["lines.1.quantity"]["initial_value"] == "-1"
    assert elements["lines.2.unit_price"]["initial_value"] == "12.50"
    assert elements["payment"]["initial_option"]["value"] == "await"
    assert _texts(view, "line-1", "line-2") == ["*Product 1*", "*Product 2*"]


def test_a_repeated_click_removes_no_second_line() -> None:
    view = submitted(_there(order_modal.remove_line(three_lines(), "1", CATALOGUE, ENGLISH)), {})

    assert order_modal.remove_line(view, "1", CATALOGUE, ENGLISH) is None
    view = submitted(_there(order_modal.remove_line(view, "2", CATALOGUE, ENGLISH)), {})
    assert order_modal.remove_line(view, "0", CATALOGUE, ENGLISH) is None
    assert not [block for block in view["blocks"] if "accessory" in block]


def test_a_line_never_gets_the_key_of_a_removed_line() -> None:
    view = submitted(_there(order_modal.remove_line(three_lines(), "2", CATALOGUE, ENGLISH)), {})

    assert order_modal.add_line(view, "2", CATALOGUE, ENGLISH) is None
    again = _there(order_modal.add_line(view, "3", CATALOGUE, ENGLISH))
    assert "lines.3.sku" in _elements(again)
    assert order_modal.add_line(submitted(again, {}), "3", CATALOGUE, ENGLISH) is None


def test_totals_are_updated_and_wrong_numbers_are_marked() -> None:
    view = order_modal.with_totals(three_lines(), CATALOGUE, ENGLISH)

    assert _texts(view, "line-sum-0", "line-sum-1", "line-sum-2", "total") == [
        "Subtotal: *3,000.00 USD*",
        (
            "⚠ Quantity: Enter a number greater than zero.\n"
            "⚠ Unit price in USD: Enter the amount in USD."
        ),
        "Subtotal: not available yet",
        "*Total so far: 3,000.00 USD* · some products have no quantity or price yet",
    ]


def test_a_blank_extra_line_does_not_make_the_total_partial() -> None:
    line = {"lines.0.sku": "CABLE-2M", "lines.0.quantity": "2", "lines.0.unit_price": "12.50"}

    assert _texts(order_modal.with_totals(_form(2, line), CATALOGUE, ENGLISH), "total") == [
        "*Total: 25.00 USD*"
    ]
    assert _texts(order_modal.build("ORD-7K2M4QXA", CATALOGUE, ENGLISH), "total") == [
        "*Total:* not available yet"
    ]


def test_payment_mode_and_email_are_read() -> None:
    written = order_modal.parse(three_lines())

    assert (written.payment, written.email, written.answer_within) == (
        PaymentMode.AWAIT,
        "orders@acme.example",
        "4h",
    )
    assert order_modal.parse(typed_view()).payment is PaymentMode.CHARGE


def test_an_unknown_payment_mode_never_means_a_charge() -> None:
    view = three_lines()
    view["state"]["values"]["payment"]["payment"]["selected_option"]["value"] = "free"

    with pytest.raises(UnreadablePayloadError):
        order_modal.parse(view)


@pytest.mark.parametrize("count", [0, 101])
def test_with_no_or_too_many_products_the_product_is_typed(count: int) -> None:
    catalogue = [CatalogueEntry(sku=f"SKU-{i}", name="Thing") for i in range(count)]
    view = order_modal.build("ORD-7K2M4QXA", catalogue, ENGLISH)
    order = order_modal.parse(submitted(view, {"lines.0.sku": " SKU-1 "}))

    check_view(view)
    assert order.lines[0].sku == "SKU-1"


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "{}",
        "null",
        '{"order_id":"","lines":"0","next":1,"currency":"USD"}',
        '{"order_id":"ORD-1","lines":"0,1,2,3,4,5,6,7,8,9,10","next":11,"currency":"USD"}',
        '{"order_id":"ORD-1","lines":"","next":1,"currency":"USD"}',
        '{"order_id":"ORD-1","lines":"0,0","next":1,"currency":"USD"}',
        '{"order_id":"ORD-1","lines":"0,x","next":1,"currency":"USD"}',
        '{"order_id":"ORD-1","lines":"0,1","next":1,"currency":"USD"}',
        '{"order_id":"ORD-1","lines":1,"next":1,"currency":"USD"}',
    ],
)
def test_a_foreign_view_is_refused_with_the_name_of_the_part(metadata: str) -> None:
    with pytest.raises(UnreadablePayloadError):
        order_modal.parse({**typed_view(), "private_metadata": metadata})


def test_missing_values_are_read_as_empty() -> None:
    view = {**typed_view(), "state": {"values": {"customer": None, "note": {"note": {}}}}}
    order = order_modal.parse(view)

    assert (order.customer, order.note, order.lines[0].sku) == ("", "", "")


def test_the_order_id_survives_every_rebuild() -> None:
    view = submitted(order_modal.failed(typed_view(), CATALOGUE, "Sorry.", ENGLISH), {})

    assert order_modal.parse(view).order_id == "ORD-7K2M4QXA"


def test_recorded_submissions_of_other_modals_are_refused_with_the_name_of_the_part() -> None:
    try:
        body = recorded("view_submission.bolt.json")
    except FileNotFoundError:
        pytest.skip("the recorded payloads are not on this machine")
    with pytest.raises(UnreadablePayloadError):
        order_modal.parse(body["view"])
