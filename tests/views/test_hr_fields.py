"""The amendment form of an HR request: it has every field of the type, and returns unchanged values."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.views import examples
from tests.views.payloads import click, view_submission
from tests.views.slack_limits import check_view
from views import verb_modal
from views.card_click import context_of
from views.translator import ENGLISH
from workflows.rules.approvals.verbs import Verb
from workflows.rules.hr.request import FIELDS, HrRequest, HrType, Priority, content_from_request
from workflows.rules.orders.catalogue import CatalogueEntry
from workflows.rules.shared.money import parse_money

CONTEXT = replace(context_of(click("more")), currency="EUR")
PRODUCTS = (
    CatalogueEntry(sku="DESK-OAK", name="Oak desk"),
    CatalogueEntry(sku="LAMP-LED", name="LED lamp"),
)
REQUEST = HrRequest(
    request_id="HR-1",
    type=HrType.TIME_OFF,
    title="A wedding",
    description="It is my sister's",
    priority=Priority.HIGH,
    link="https://example.com/p1",
)
OWN: dict[HrType, dict[str, Any]] = {
    HrType.TIME_OFF: {"starts": date(2027, 3, 1), "ends": date(2027, 3, 5)},
    HrType.EXPENSE: {"amount": parse_money("86.40", "EUR")},
    HrType.EQUIPMENT: {"item": "DESK-OAK"},
    HrType.PROMOTION: {"new_role": "Team lead"},
    HrType.TRANSFER: {"new_team": "Sales"},
}
COMMON = {"title", "text", "links", "priority"}


def form(type_: HrType) -> tuple[HrRequest, dict[str, Any]]:
    """Return a request of this type, and the form that amends it."""
    request = replace(REQUEST, type=type_, **OWN[type_])
    snapshot = replace(examples.pending(), content=content_from_request(request))
    return request, verb_modal.form(CONTEXT, Verb.AMEND, snapshot, ENGLISH, products=PRODUCTS)


def submitted(view: dict[str, Any], **changes: str) -> verb_modal.Submission:
    """Submit the form with its initial values except for `changes`."""
    body = view_submission(view, {})
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            values[block["block_id"]] = {
                block["element"]["action_id"]: _state(block, changes.get(block["block_id"], ""))
            }
    body["view"]["state"] = {"values": values}
    return verb_modal.parse_submission(body)


def _state(block: dict[str, Any], typed: str) -> dict[str, Any]:
    element = block["element"]
    match element["type"]:
        case "datepicker":
            return {"selected_date": typed or element["initial_date"]}
        case "static_select" | "radio_buttons":
            chosen = [option for option in element["options"] if option["value"] == typed]
            return {"selected_option": chosen[0] if chosen else element["initial_option"]}
        case _:
            return {"value": typed or element.get("initial_value")}


@pytest.mark.parametrize("type_", HrType)
def test_the_form_has_exactly_the_fields_of_the_type(type_: HrType) -> None:
    _, view = form(type_)
    block_ids = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]

    check_view(view)
    assert set(block_ids) == COMMON | set(FIELDS[type_])
    assert len(block_ids) == len(set(block_ids))


@pytest.mark.parametrize("type_", HrType)
def test_unchanged_values_are_returned_as_they_were(type_: HrType) -> None:
    request, view = form(type_)
    back = submitted(view)

    assert verb_modal.check(back, ENGLISH) == {}
    assert verb_modal.amended(back) == content_from_request(request)


@pytest.mark.parametrize(
    ("type_", "field", "typed", "value"),
    [
        (HrType.TIME_OFF, "ends", "2027-03-08", date(2027, 3, 8)),
        (HrType.TIME_OFF, "priority", "low", Priority.LOW),
        (HrType.EXPENSE, "amount", "80.00", parse_money("80.00", "EUR")),
        (HrType.EQUIPMENT, "item", "LAMP-LED", "LAMP-LED"),
        (HrType.PROMOTION, "new_role", "Head", "Head"),
        (HrType.TRANSFER, "new_team", "Lisbon", "Lisbon"),
    ],
)
def test_a_changed_field_leaves_the_others_unchanged(
    type_: HrType, field: str, typed: str, value: object
) -> None:
    request, view = form(type_)
    changed: dict[str, Any] = {field: value}

    amended = verb_modal.amended(submitted(view, **{field: typed}))

    assert amended == content_from_request(replace(request, **changed))


@pytest.mark.parametrize(
    ("type_", "field", "typed"),
    [
        (HrType.TIME_OFF, "ends", "2027-02-27"),
        (HrType.PROMOTION, "new_role", " "),
        (HrType.TRANSFER, "new_team", "x" * 81),
        (HrType.EXPENSE, "amount", "much"),
    ],
)
def test_an_error_is_at_its_field(type_: HrType, field: str, typed: str) -> None:
    _, view = form(type_)

    assert verb_modal.check(submitted(view, **{field: typed}), ENGLISH).keys() == {field}


def test_the_form_shown_again_keeps_its_values() -> None:
    _, view = form(HrType.TIME_OFF)

    again = verb_modal.again(submitted(view, ends="2027-03-08"), "Not confirmed yet.", ENGLISH)

    assert submitted(again).typed.fields == submitted(view, ends="2027-03-08").typed.fields


def test_other_requests_have_no_hr_fields() -> None:
    view: Any = verb_modal.form(CONTEXT, Verb.AMEND, examples.pending(), ENGLISH, products=PRODUCTS)
    block_ids = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]

    assert block_ids == ["title", "text", "amount", "links"]
