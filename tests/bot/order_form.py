"""Opens, fills in and submits the order form."""

import json
from urllib.parse import urlencode

from emulator.client import StandInClient
from tests.bot.order_driver import (
    ANA,
    APPROVALS,
    Json,
)
from tests.bot.signed_clicks import SignedHttp

TYPED = {
    "customer": "Acme GmbH",
    "lines.0.sku": "DESK-OAK",
    "lines.0.quantity": "1",
    "lines.0.unit_price": "1000.01",
    "card_expiry": "12/39",
    "note": "",
}


async def open_form(slack: StandInClient, person: str = ANA) -> Json:
    await slack.say(person, APPROVALS, "/order")
    return await slack.wait_for_modal(person, lambda v: v["callback_id"] == "order")


def order_id_of(form: Json) -> str:
    return str(json.loads(form["private_metadata"])["order_id"])


async def fill_in(slack: StandInClient, form: Json, person: str = ANA, **changes: str) -> Json:
    """Submit the form with TYPED and `changes`; a name has `__` for the dot of its field."""
    typed = TYPED | {name.replace("__", "."): value for name, value in changes.items()}
    return await slack.act(
        person, "view_submit", tab="main", view_id=form["id"], state=state_of(form, typed)
    )


def state_of(form: Json, typed: dict[str, str]) -> Json:
    state: Json = {}
    for block in form["blocks"]:
        if block["type"] != "input" or not typed.get(block["block_id"]):
            continue
        written, element = typed[block["block_id"]], block["element"]
        value: Json = {"value": written}
        if element["type"] in ("static_select", "radio_buttons"):
            (option,) = (option for option in element["options"] if option["value"] == written)
            value = {"selected_option": option}
        state[block["block_id"]] = {element["action_id"]: value}
    return state


async def submission(slack: StandInClient, http: SignedHttp, **changes: str) -> tuple[Json, Json]:
    """Open the form by a signed command; return it and the payload of its submission."""
    mark = await slack.journal_mark()
    await slack.say(ANA, APPROVALS, "/order")
    (envelope,) = await slack.journal(mark, kind="envelope", what="/order")
    await http.send(urlencode(envelope["payload"]))
    form = await slack.wait_for_modal(ANA)
    await fill_in(slack, form, **changes)
    (envelope,) = await slack.journal(mark, kind="envelope", what="view_submission")
    return form, envelope["payload"]
