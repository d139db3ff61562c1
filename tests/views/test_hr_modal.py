"""The HR form: the type decides on its fields, no value is lost, and any text gives a valid view."""

import json
import os
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.views.any_snapshot import texts
from tests.views.payloads import CATALOGUE, RECORDED, recorded
from tests.views.slack_limits import check_view
from tests.views.test_any_text import VIEWS as PROPERTY
from views import hr_copy, hr_modal, notices
from views.blocks import PRIVATE_METADATA, View
from views.hr_inputs import KEPT, HrContext, HrOffer, form_context, metadata, written_of
from views.payload import UnreadablePayloadError, to_json
from views.plain_text import plain_text
from views.translator import ENGLISH
from workflows.rules.hr.form import DraftHr, HrFormErrors
from workflows.rules.hr.request import (
    ALL_FIELDS,
    FIELDS,
    HrRequest,
    HrType,
    Priority,
    content_from_request,
    request_from_content,
)
from workflows.rules.shared.errors import HrFieldMissingError, NotALinkError

SNAPSHOTS = Path(__file__).parent / "snapshots" / "hr_form"
WRITE = bool(os.environ.get("WRITE_SNAPSHOTS"))
OFFER = HrOffer(types=tuple(HrType), products=CATALOGUE, currency="EUR")
HR_ID = "HR-7K2M4QXA"
LINK = "https://local.slack.com/archives/C0APPROVALS/p1732185000000100"
TYPED = {
    "title": "A week by the sea",
    "description": "See <you> & them",
    "priority": "high",
    "starts": "2027-07-01",
    "ends": "2027-07-07",
    "amount": "120.00",
    "item": "LAPTOP-15",
    "new_role": "Team lead",
    "new_team": "Sales",
}
MESSAGE: dict[str, Any] = {
    "type": "message_action",
    "channel": {"id": "C0GENERAL", "name": "general"},
    "message_ts": "1732185000.000100",
    "message": {
        "type": "message",
        "user": "U0BORIS",
        "ts": "1732185000.000100",
        "text": "Ana needs a &lt;new&gt; laptop, <@U0GUS>\nsee <https://example.com/x|there>",
    },
}


def submitted(view: Mapping[str, Any], typed: Mapping[str, str]) -> dict[str, Any]:
    """Return the view as Slack submits it, with these values by field name."""
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element, name = block["element"], block["block_id"]
        values[name] = {element["action_id"]: _answer(element, typed.get(name))}
    return {**view, "id": "V1", "hash": "1.h", "state": {"values": values}}


def _answer(element: Mapping[str, Any], typed: str | None) -> dict[str, Any]:
    kind = {"type": element["type"]}
    match element["type"]:
        case "static_select" | "radio_buttons":
            found = [option for option in element["options"] if option["value"] == typed]
            chosen = found[0] if found else element.get("initial_option")
            return {**kind, "selected_option": chosen}
        case "datepicker":
            return {**kind, "selected_date": typed or element.get("initial_date")}
        case _:
            return {**kind, "value": element.get("initial_value") if typed is None else typed}


def of_type(type_: str, typed: Mapping[str, str] = TYPED) -> dict[str, Any]:
    """Return the form as submitted with this type and these values."""
    return submitted(
        hr_modal.new_form(HR_ID, OFFER, ENGLISH, wanted=type_), {**typed, "type": type_}
    )


def fields_of(view: Mapping[str, Any]) -> list[str]:
    """Return the fields of the form that only some types have."""
    block_ids = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
    return [name for name in block_ids if name in ALL_FIELDS]


def there(view: View | None) -> dict[str, Any]:
    assert view is not None
    return dict(view)


@pytest.mark.parametrize("type_", HrType)
def test_a_type_has_exactly_its_fields_and_is_read_exactly_as_typed(type_: HrType) -> None:
    view = of_type(type_)

    assert fields_of(view) == list(FIELDS[type_])
    written = hr_modal.parse(view)
    assert written == DraftHr(
        request_id=HR_ID,
        type=type_,
        title=TYPED["title"],
        description=TYPED["description"],
        priority="high",
        **{name: TYPED[name] for name in FIELDS[type_]},
    )


@pytest.mark.parametrize("before", HrType)
@pytest.mark.parametrize("after", HrType)
def test_changing_the_type_and_back_loses_no_values(before: HrType, after: HrType) -> None:
    first = of_type(before)
    if before is after:
        assert hr_modal.with_type(first, after, OFFER, ENGLISH) is None
        return

    changed = there(hr_modal.with_type(first, after, OFFER, ENGLISH))
    back = there(hr_modal.with_type(submitted(changed, {}), before, OFFER, ENGLISH))

    assert fields_of(changed) == list(FIELDS[after])
    assert hr_modal.parse(submitted(back, {})) == hr_modal.parse(first)


def test_a_cleared_field_stays_empty() -> None:
    first = of_type(HrType.PROMOTION)
    changed = there(hr_modal.with_type(first, HrType.TRANSFER, OFFER, ENGLISH))
    back = there(hr_modal.with_type(submitted(changed, {}), HrType.PROMOTION, OFFER, ENGLISH))

    cleared = submitted(back, {"new_role": "", "title": ""})

    assert hr_modal.parse(cleared).new_role == ""
    assert hr_modal.parse(cleared).title == ""


def test_a_valid_type_in_the_command_is_preselected() -> None:
    assert fields_of(hr_modal.new_form(HR_ID, OFFER, ENGLISH, wanted="expense")) == ["amount"]
    assert fields_of(hr_modal.new_form(HR_ID, OFFER, ENGLISH, wanted="a pony")) == []


def test_a_single_type_is_preselected() -> None:
    offer = HrOffer(types=(HrType.TRANSFER,), products=(), currency="")

    assert fields_of(hr_modal.new_form(HR_ID, offer, ENGLISH)) == ["new_team"]


def test_without_products_an_item_is_typed() -> None:
    offer = HrOffer(types=tuple(HrType), products=(), currency="")
    view = submitted(
        hr_modal.new_form(HR_ID, offer, ENGLISH, wanted="equipment"), {"item": "DESK-OAK"}
    )

    assert hr_modal.parse(view).item == "DESK-OAK"


def test_a_form_submitted_before_its_fields_appeared_is_shown_with_them() -> None:
    early = submitted(
        hr_modal.new_form(HR_ID, OFFER, ENGLISH), {"type": "expense", "title": "Taxi"}
    )

    again = hr_modal.failed(early, OFFER, hr_modal.fields_appeared(ENGLISH), ENGLISH)

    assert hr_modal.lacks_fields(early)
    assert not hr_modal.lacks_fields(submitted(again, {}))
    assert fields_of(again) == ["amount"]
    assert hr_modal.parse(submitted(again, {})).title == "Taxi"


def test_an_error_is_at_its_field_or_at_the_title() -> None:
    view = of_type(HrType.EXPENSE)
    missing = HrFieldMissingError(field="amount")
    mistakes = HrFormErrors({"amount": missing, "link": NotALinkError(link="x"), "ends": missing})

    errors = hr_modal.errors(mistakes, view, ENGLISH)

    blocks = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    assert set(errors) == {"amount", "title"}
    assert set(errors) <= blocks
    assert errors["amount"] == "This field is required."


def test_a_message_is_quoted_as_plain_text_and_its_place_is_kept() -> None:
    view = hr_modal.quote_form(HR_ID, OFFER, MESSAGE, ENGLISH)

    context = form_context(view)
    assert (
        hr_modal.parse(submitted(view, {})).description
        == ("> Ana needs a <new> laptop, @U0GUS\n> see https://example.com/x") + "\n\n"
    )
    assert (context.channel, context.message_ts, context.link) == (
        "C0GENERAL",
        "1732185000.000100",
        "",
    )


@pytest.mark.parametrize("text", ["x" * 5000, "\n".join("x" * 1400), "x\n" * 1400])
def test_a_long_message_is_quoted_in_part(text: str) -> None:
    body = {**MESSAGE, "message": {**MESSAGE["message"], "text": text}}

    view = hr_modal.quote_form(HR_ID, OFFER, body, ENGLISH)

    quote = hr_modal.parse(submitted(view, {})).description
    assert len(quote) < hr_modal.QUOTED + 30
    assert quote.endswith("(shortened)\n\n")


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded payloads are not on this machine")
def test_a_recorded_message_shortcut_makes_a_form() -> None:
    body = recorded("shortcut.message_action.json")

    assert (
        "@W222 test" in hr_modal.parse(hr_modal.quote_form(HR_ID, OFFER, body, ENGLISH)).description
    )


def test_adding_the_link_later_loses_no_values() -> None:
    as_opened = {**hr_modal.quote_form(HR_ID, OFFER, MESSAGE, ENGLISH), "state": {"values": {}}}
    view = there(hr_modal.with_link(as_opened, LINK, OFFER, ENGLISH))
    chosen = there(hr_modal.with_type(of_type("transfer"), "promotion", OFFER, ENGLISH))
    late = there(hr_modal.with_link(submitted(chosen, {}), LINK, OFFER, ENGLISH))

    assert hr_modal.parse(submitted(view, {})).description.startswith("> Ana needs")
    assert hr_modal.parse(view).link == LINK
    assert LINK in json.dumps(view["blocks"])
    assert hr_modal.with_link(view, LINK, OFFER, ENGLISH) is None
    assert hr_modal.parse(submitted(late, {})).title == TYPED["title"]
    assert fields_of(late) == ["new_role"]


def a_request(type_: HrType = HrType.TIME_OFF) -> HrRequest:
    return HrRequest(
        request_id=HR_ID,
        type=type_,
        title="A week",
        description="By the sea",
        priority=Priority.LOW,
        starts=date(2027, 7, 1),
        ends=date(2027, 7, 7),
        link=LINK,
    )


def test_a_copy_has_all_values_and_a_new_id() -> None:
    request = request_from_content("HR-NEW00000", content_from_request(a_request()))

    view = hr_modal.copy_form(request, OFFER, ENGLISH)

    written = hr_modal.parse(submitted(view, {}))
    assert written == written_of(request, ENGLISH)
    assert (written.request_id, written.link) == ("HR-NEW00000", LINK)
    assert fields_of(view) == ["starts", "ends"]


def test_the_copy_button_accepts_the_id_of_the_request_or_of_its_approval() -> None:
    for given_id in (HR_ID, f"{HR_ID}.approval"):
        button: Any = hr_copy.copy_button(given_id, ENGLISH)

        assert hr_copy.parse_copy(button, {"user": {"id": "U0ANA"}}) == ("U0ANA", HR_ID)


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "{}",
        to_json(HrContext(request_id="")),
        to_json(HrContext(request_id=HR_ID, type="pony")),
    ],
)
def test_a_foreign_form_is_not_read(metadata: str) -> None:
    with pytest.raises(UnreadablePayloadError):
        hr_modal.parse({"private_metadata": metadata, "blocks": []})


def test_hidden_values_too_long_to_keep_are_dropped() -> None:
    longest = dict.fromkeys(ALL_FIELDS, "\x01" * KEPT)
    context = HrContext(request_id=HR_ID, type="expense", link=LINK, **longest)

    written = metadata(context)

    assert len(to_json(context)) > PRIVATE_METADATA
    assert form_context({"private_metadata": written}) == HrContext(
        request_id=HR_ID, type="expense", link=LINK
    )


@PROPERTY
@given(st.fixed_dictionaries(dict.fromkeys((*TYPED, "said"), texts)), st.data())
def test_every_form_is_valid_for_any_text(typed: dict[str, str], data: st.DataObject) -> None:
    type_, changed = data.draw(st.sampled_from(HrType)), data.draw(st.sampled_from(HrType))
    message = {**MESSAGE, "message": {**MESSAGE["message"], "text": typed["said"]}}
    view = of_type(type_, typed)
    forms = [
        hr_modal.quote_form(HR_ID, OFFER, message, ENGLISH),
        hr_modal.failed(view, OFFER, notices.unavailable(ENGLISH), ENGLISH),
        hr_modal.with_type(view, changed, OFFER, ENGLISH),
        hr_modal.with_link(view, LINK, OFFER, ENGLISH),
    ]

    for form in forms:
        if form is not None:
            check_view(form)
            back = hr_modal.with_type(submitted(form, {}), type_, OFFER, ENGLISH)
            check_view(back if back is not None else form)
    text = plain_text(typed["said"])
    assert text == text.strip()


def _failed(type_: HrType) -> Callable[[], View]:
    return lambda: hr_modal.failed(of_type(type_), OFFER, notices.unavailable(ENGLISH), ENGLISH)


SHOWN: dict[str, Callable[[], View]] = {
    "empty": lambda: hr_modal.new_form(HR_ID, OFFER, ENGLISH),
    **{type_.value: _failed(type_) for type_ in HrType},
    "quoting": lambda: there(
        hr_modal.with_link(
            hr_modal.quote_form(HR_ID, OFFER, MESSAGE, ENGLISH), LINK, OFFER, ENGLISH
        )
    ),
    "copied": lambda: hr_modal.copy_form(a_request(), OFFER, ENGLISH),
    "opening_copy": lambda: hr_modal.opening_copy(ENGLISH),
    "not_yours": lambda: hr_modal.message(hr_modal.not_yours(ENGLISH), ENGLISH),
    "not_copied": lambda: hr_modal.message(hr_modal.not_copied(ENGLISH), ENGLISH),
    "no_policy": lambda: hr_modal.message(hr_modal.no_policy(ENGLISH), ENGLISH),
    "working": lambda: hr_modal.working(HR_ID, ENGLISH),
    "received": lambda: hr_modal.received(HR_ID, "#hr-requests", ENGLISH),
    "received.approved": lambda: hr_modal.received(HR_ID, "#hr-requests", ENGLISH, asks=False),
    "sent_before": lambda: hr_modal.message(hr_modal.sent_before(HR_ID, ENGLISH), ENGLISH),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_form_is_exactly_its_snapshot(name: str) -> None:
    """After an intended change: `WRITE_SNAPSHOTS=1 pytest tests/views/test_hr_modal.py`."""
    view, path = SHOWN[name](), SNAPSHOTS / f"{name}.json"
    if WRITE:
        SNAPSHOTS.mkdir(exist_ok=True)
        path.write_text(json.dumps(view, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    check_view(view)
    assert view == json.loads(path.read_text(encoding="utf-8"))


def test_no_snapshot_is_left_over() -> None:
    assert {path.stem for path in SNAPSHOTS.glob("*.json")} == SHOWN.keys()
