"""The HTTP API for orders: create, read, cancel. One bearer token authorizes all of it."""

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Literal

import structlog
from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from bot.actions.execute import (
    Accepted,
    Commands,
    Context,
    Ended,
    Refused,
    Unconfirmed,
    UnknownRequest,
)
from bot.actions.order_lookup import OrderLookup
from bot.actions.product_list import ProductList
from bot.actions.registry import REGISTRY
from bot.actions.requesters import RequesterUncheckedError
from bot.actions.start import Starts, order_input
from bot.http.problems import Problem, parse, read_body, require_bearer, unreadable
from bot.policies.file import Policies
from views import notices
from views.order_json import order_json
from views.translator import ENGLISH
from workflows.rules.approvals.form import read_window
from workflows.rules.messages import OrderInput
from workflows.rules.orders.form import DraftLine, DraftOrder, OrderFormErrors
from workflows.rules.orders.mail import ADDRESS
from workflows.rules.orders.order import Cancellation, OrderSnapshot, PaymentMode
from workflows.rules.orders.order_route import order_route
from workflows.rules.orders.verbs import OrderVerb
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.content import require_storable
from workflows.rules.shared.errors import RequesterNotAllowedError, RuleError
from workflows.rules.shared.ids import ID_ALPHABET, MEMBER_ID, ORDER_ID

KEY = "Idempotency-Key"
MAX_LINES = 100
_OPERATOR = "api"
"""The token's holder, who acts on behalf of a member of the workspace."""

_log = structlog.get_logger("bot.http.api")


@dataclass(frozen=True, kw_only=True, slots=True)
class Api:
    """The dependencies of the API. With an empty token, the API is off."""

    token: str
    commands: Commands
    starts: Starts
    lookup: OrderLookup
    policies: Policies
    products: ProductList


def _storable(text: str) -> str:
    try:
        require_storable(text)
    except RuleError as error:
        raise ValueError(notices.field_refusal(error.code, error.data, ENGLISH)) from None
    return text


_Text = Annotated[str, AfterValidator(_storable)]
_Member = Annotated[str, StringConstraints(pattern=rf"^{MEMBER_ID}$")]


class _Body(BaseModel):
    """A request body. Unknown members are refused: a `total` would be a mistake."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class _Line(_Body):
    sku: _Text
    quantity: Annotated[int, Field(ge=1, le=9_999)]
    unit_price: _Text


class _NewOrder(_Body):
    order_id: Annotated[str, StringConstraints(pattern=f"^{ORDER_ID.pattern}$")] | None = None
    requester: _Member
    customer: _Text
    email: Annotated[str, StringConstraints(pattern=f"^({ADDRESS})?$")] = ""
    lines: Annotated[list[_Line], Field(max_length=MAX_LINES)]
    card_expiry: _Text = ""
    note: _Text = ""
    payment: Literal["charge", "await"] = "charge"
    expire_after: _Text = ""
    payment_window: _Text = ""


class _Cancel(_Body):
    actor: _Member
    reason: _Text = ""


Handler = Callable[[Api, web.Request], Awaitable[web.Response]]


def routes(api: Api) -> list[web.RouteDef]:
    """Return the routes. Every error is a problem: see `bot.http.problems`."""

    def authorized(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def checked(request: web.Request) -> web.Response:
            require_bearer(request, api.token)
            return await handler(api, request)

        return checked

    return [
        web.post("/api/v1/orders", authorized(_create)),
        web.get("/api/v1/orders", authorized(_latest)),
        web.get("/api/v1/orders/{order_id}", authorized(_read)),
        web.post(REGISTRY[OrderVerb.CANCEL].route, authorized(_cancel)),
    ]


async def _create(api: Api, request: web.Request) -> web.Response:
    """Start an order: 201. Repeated with the same id or key: 200, or 409 for another order."""
    body = parse(_NewOrder, await read_body(request))
    asked = _order_input(api, body, body.order_id or _id_by_key(request))
    order = asked.order
    try:
        started = await api.starts.start(asked)
    except RequesterNotAllowedError as error:
        title = "The requester may not place orders"
        sentence = notices.refusal(error.code, error.data, ENGLISH)
        raise Problem(403, "requester-not-allowed", title, sentence) from None
    except RequesterUncheckedError:
        title = "Slack did not answer, so the requester could not be checked"
        raise Problem(
            503, "slack-unavailable", title, "Nothing was created. Send it again."
        ) from None
    if not started.is_same:
        title = "Another order has this id or key"
        raise Problem(409, "order-exists", title, order_id=order.order_id)
    _log.info("order_created", order_id=order.order_id, started=started.is_new)
    location = f"/api/v1/orders/{order.order_id}"
    created = {
        "order_id": order.order_id,
        "total": str(order.total.amount),
        "currency": order.total.currency,
        "requires_approval": bool(order_route(order, asked.policy).levels),
    }
    status = 201 if started.is_new else 200
    return web.json_response(created, status=status, headers={"Location": location})


def _order_input(api: Api, body: _NewOrder, order_id: str) -> OrderInput:
    draft = _draft(body, order_id)
    requester = Actor(person=body.requester, origin=Origin.API, operator=_OPERATOR)
    try:
        asked = order_input(draft, api.products.by_sku, api.policies, requester)
    except OrderFormErrors as mistakes:
        raise _mistaken(mistakes.by_field) from None
    return replace(asked, payment_window=_payment_window(body.payment_window))


def _draft(body: _NewOrder, order_id: str) -> DraftOrder:
    return DraftOrder(
        order_id=order_id,
        customer=body.customer,
        lines=tuple(
            DraftLine(sku=line.sku, quantity=str(line.quantity), unit_price=line.unit_price)
            for line in body.lines
        ),
        card_expiry=body.card_expiry,
        note=body.note,
        payment=PaymentMode(body.payment),
        email=body.email,
        answer_within=body.expire_after,
    )


def _payment_window(text: str) -> timedelta | None:
    try:
        return read_window(text)
    except RuleError as error:
        raise _mistaken({"payment_window": error}) from None


def _mistaken(by_field: Mapping[str, RuleError]) -> Problem:
    sentences = notices.field_refusals(by_field, ENGLISH)
    return unreadable([(_pointer(field), text) for field, text in sentences.items()])


def _pointer(field: str) -> str:
    """Return the JSON pointer of a field of the rules."""
    return "expire_after" if field == "answer_within" else field.replace(".", "/")


def _id_by_key(request: web.Request) -> str:
    """Return the order id of an idempotency key: the same key is the same order."""
    digest = hashlib.sha256(_key(request).encode()).digest()
    return "ORD-" + "".join(ID_ALPHABET[byte % 32] for byte in digest[:8])


def _key(request: web.Request) -> str:
    key = request.headers.get(KEY, "")
    if not re.fullmatch(r"[!-~]{8,200}", key):
        raise Problem(
            400,
            "key-missing",
            "The request has no idempotency key",
            f"Give an order_id in the body, or {KEY}: 8 to 200 printable characters.",
        )
    return key


async def _read(api: Api, request: web.Request) -> web.Response:
    """Return one order."""
    return web.json_response(order_json(await _found(api, _order_id(request))))


async def _latest(api: Api, request: web.Request) -> web.Response:
    """Return the latest orders of one requester, newest first."""
    person, limit = request.query.get("requester", ""), request.query.get("limit", "10")
    if not re.fullmatch(MEMBER_ID, person):
        raise Problem(400, "query", "The requester is missing", "requester=U0ANA, a member's id")
    if not re.fullmatch(r"[1-9]\d?", limit, re.ASCII):
        raise Problem(400, "query", "The limit is invalid", "limit: a number from 1 to 99")
    snapshots = await api.lookup.latest_of(person, int(limit))
    return web.json_response({"orders": [order_json(snapshot) for snapshot in snapshots]})


async def _cancel(api: Api, request: web.Request) -> web.Response:
    """Cancel an order: 200 with the order; 409 if the rules refuse, with their sentence."""
    order_id, body = _order_id(request), parse(_Cancel, await read_body(request))
    has_key = KEY in request.headers
    key = _key(request) if has_key else secrets.token_hex(8)
    actor = Actor(person=body.actor, origin=Origin.API, operator=_OPERATOR)
    command = Cancellation(actor=actor, reason=body.reason)
    # The caller retries: it has the key.
    context = Context.of_key(order_id, command, key, may_repeat=has_key, retry=False)
    result = await api.commands.execute(command, context)
    match result:
        case Accepted(snapshot=snapshot):
            return web.json_response(order_json(snapshot))
        case Ended(already_done=True):
            return web.json_response(order_json(await _found(api, order_id)))
        case Refused() | Ended():
            detail = notices.field_refusal(result.code, result.data, ENGLISH)
            code = result.code.replace("_", "-")
            raise Problem(409, code, "The order is not cancelled", detail)
        case Unconfirmed():
            detail = f"Repeat the request with the same {KEY}: it is the same cancellation."
            raise Problem(503, "unconfirmed", "Not confirmed yet", detail)
        case UnknownRequest():
            raise _not_found(order_id)


async def _found(api: Api, order_id: str) -> OrderSnapshot:
    snapshot = await api.lookup.look_up(order_id)
    if snapshot is None:
        raise _not_found(order_id)
    return snapshot


def _order_id(request: web.Request) -> str:
    order_id = request.match_info["order_id"]
    if not ORDER_ID.fullmatch(order_id):
        raise _not_found(order_id)
    return order_id


def _not_found(order_id: str) -> Problem:
    return Problem(404, "order-unknown", "There is no such order", order_id=order_id[:40])
