"""Payloads that Slack sends for clicks on our buttons and submissions of our modals."""

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from tests.views import examples
from views import approval_card, order_modal
from views.card_click import Click, parse_click
from views.translator import ENGLISH
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.orders.catalogue import CatalogueEntry

RECORDED = (
    Path(__file__).parents[3] / "shared" / "slack_payloads"
)  # beside the checkout, or skipped
TS = "1732185000.000100"
CATALOGUE = (
    CatalogueEntry(sku="LAPTOP-15", name="Laptop 15 inch", price_hint="1,500.00 USD"),
    CatalogueEntry(sku="CABLE-2M", name="Cable 2 m", price_hint="12.50 USD"),
)


def block_actions(snapshot: ApprovalSnapshot, action_id: str = "approve") -> dict[str, Any]:
    """Return a click on a card, with everything that Slack adds to a message it sends back."""
    blocks: list[Any] = deepcopy(approval_card.build(snapshot, ENGLISH).blocks)
    row = next(block for block in blocks if block["type"] == "actions")
    pressed = next(button for button in row["elements"] if button["action_id"] == action_id)
    return {
        "type": "block_actions",
        "team": {"id": "T0LOCAL", "domain": "demo"},
        "enterprise": None,
        "is_enterprise_install": False,
        "user": {"id": "U0BORIS", "username": "boris", "name": "boris", "team_id": "T0LOCAL"},
        "api_app_id": "A0LOCAL",
        "container": {"type": "message", "message_ts": TS, "channel_id": "C0APPROVALS"},
        "trigger_id": "1.2.abc",
        "channel": {"id": "C0APPROVALS", "name": "approvals"},
        "message": {"type": "message", "user": "U0LOCALBOT", "ts": TS, "blocks": blocks},
        "state": {"values": {}},
        "response_url": "https://hooks.slack.com/actions/T0LOCAL/1/xyz",
        "actions": [
            {
                "type": "button",
                "action_id": action_id,
                "block_id": row["block_id"],
                "text": pressed["text"] | {"emoji": True},
                "value": pressed["value"],
                **({"style": pressed["style"]} if "style" in pressed else {}),
                "action_ts": "1732185010.000200",
            }
        ],
    }


def click(action_id: str = "reject") -> Click:
    """Return a click on the pending card."""
    return parse_click(block_actions(examples.pending(), action_id))


def chosen(view: Mapping[str, Any], verb: str) -> dict[str, Any]:
    """Return a click on a verb's button in the *More…* modal."""
    block = next(block for block in view["blocks"] if block["block_id"] == f"verb-{verb}")
    return {
        "type": "block_actions",
        "team": {"id": "T0LOCAL", "domain": "demo"},
        "user": {"id": "U0BORIS", "username": "boris", "name": "boris", "team_id": "T0LOCAL"},
        "container": {"type": "view", "view_id": "V1"},
        "trigger_id": "3.4.def",
        "view": {**view, "id": "V1", "hash": "1.h", "state": {"values": {}}},
        "actions": [
            {
                "type": "button",
                "action_id": block["accessory"]["action_id"],
                "block_id": block["block_id"],
                "value": block["accessory"]["value"],
                "action_ts": "1732185020.000300",
            }
        ],
    }


def recorded(name: str) -> dict[str, Any]:
    """Return a payload that another project recorded."""
    found: dict[str, Any] = json.loads((RECORDED / name).read_text(encoding="utf-8"))
    return found


def submitted(view: Mapping[str, Any], typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the view as Slack submits it, with these values by block id."""
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        answer = _answer(element, typed.get(block["block_id"]))
        values[block["block_id"]] = {element["action_id"]: {"type": element["type"], **answer}}
    return {**view, "id": "V1", "hash": "1.h", "state": {"values": values}}


def _answer(element: Mapping[str, Any], typed: Any) -> dict[str, Any]:
    match element["type"]:
        case "static_select" | "radio_buttons":
            chosen = [option for option in element["options"] if option["value"] == typed]
            return {"selected_option": chosen[0] if chosen else element.get("initial_option")}
        case "checkboxes":
            return {"selected_options": list(element["options"]) if typed else []}
        case "users_select":
            return {"selected_user": typed}
        case "multi_users_select":
            return {"selected_users": list(typed or ())}
        case "datetimepicker":
            return {"selected_date_time": typed}
    return {"value": typed}


def typed_view() -> dict[str, Any]:
    """Return the order form as a user filled it in."""
    return submitted(
        order_modal.build("ORD-7K2M4QXA", CATALOGUE, ENGLISH),
        {
            "customer": "Acme *GmbH*",
            "lines.0.sku": "LAPTOP-15",
            "lines.0.quantity": "2",
            "lines.0.unit_price": "1,500.00",
            "card_expiry": "09/28",
            "note": "As soon as <possible>",
        },
    )


def three_lines() -> dict[str, Any]:
    """Return a form with a valid line, a line with wrong numbers, and an incomplete line."""
    return submitted(
        order_modal.build("ORD-7K2M4QXA", CATALOGUE, ENGLISH, lines=3),
        {
            "customer": "Acme",
            "lines.0.sku": "LAPTOP-15",
            "lines.0.quantity": "2",
            "lines.0.unit_price": "1,500.00",
            "lines.1.quantity": "-1",
            "lines.1.unit_price": "5 EUR",
            "lines.2.unit_price": "12.50",
            "payment": "await",
            "email": "orders@acme.example",
            "answer_within": "4h",
        },
    )


def view_submission(view: Mapping[str, Any], typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole payload of a submitted modal."""
    return {
        "type": "view_submission",
        "team": {"id": "T0LOCAL", "domain": "demo"},
        "user": {"id": "U0BORIS", "username": "boris", "name": "boris", "team_id": "T0LOCAL"},
        "trigger_id": "1.2.abc",
        "view": submitted(view, typed),
        "response_urls": [],
    }
