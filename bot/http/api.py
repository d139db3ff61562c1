"""The HTTP API for orders: create, read, cancel. A bearer token lets in, and may do all of it."""

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal, Protocol

import structlog
from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from bot.actions.order_lookup import OrderLookup
from bot.actions.product_list import ProductList
from bot.http.problems import Problem, parse, read_body, require_bearer, unreadable
from bot.policies.file import Policies
from bot.runtime.ids import ALPHABET, ORDER_ID
from bot.temporal.client import Ended, OrderAnswer, Refused, Unconfirmed, Unknown
from records.refusals import Refusal, Refusals
from views import notices
from views.order_json import order_json
from views.translator import ENGLISH
from workflows.rules.approvals.form import read_window
from workflows.rules.approvals.policy import route
from workflows.rules.messages import OrderInput
from workflows.rules.orders.form import (
    CURRENCY,
    POLICY,
    DraftLine,
    DraftOrder,
    OrderFormErrors,
    parse_order,
)
from workflows.rules.orders.mail import ADDRESS
from workflows.rules.orders.order import Cancellation, OrderSnapshot, PaymentMode
from workflows.rules.people.actors import MEMBER_ID, Actor, Origin
from workflows.rules.shared.click import click_id
from workflows.rules.shared.content import require_storable
from workflows.rules.shared.errors import OrderClosedError, RuleError

KEY = "Idempotency-Key"
MOST_LINES = 100
_HOLDER = "api"
"""Who acts: the token's holder, in the name of a member of the workspace."""

_log = structlog.get_logger("bot.http.api")


class Orders(Protocol):
    """What the API does with orders. Both raise TemporalUnavailableError; safe to repeat."""

    async def start_order(self, asked: OrderInput) -> bool:
        """Start an order; False where its id was started before."""
        ...

    async def cancel_order(
        self, order_id: str, click_id: str, cancellation: Cancellation
    ) -> OrderAnswer:
        """Cancel an order; the same click id is the same deed."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Api:
    """What the API works with. An empty token lets nobody in."""

    token: str
    orders: Orders
    lookup: OrderLookup
    policies: Policies
    products: ProductList
    refusals: Refusals
    now: Callable[[], datetime]


def _storable(written: str) -> str:
    try:
        require_storable(written)
    except RuleError as error:
        raise ValueError(notices.field_refusal(error.code, error.data, ENGLISH)) from None
    return written


_Text = Annotated[str, AfterValidator(_storable)]
_Member = Annotated[str, StringConstraints(pattern=rf"^{MEMBER_ID}$")]


class _Body(BaseModel):
    """A body of ours says what we know, and nothing else: a `total` would be a mistake."""

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
    lines: Annotated[list[_Line], Field(max_length=MOST_LINES)]
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
    """Return the routes. Every error is a problem; see `bot.http.problems` for what goes with all."""

    def let_in(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def checked(request: web.Request) -> web.Response:
            require_bearer(request, api.token)
            return await handler(api, request)

        return checked

    return [
        web.post("/api/v1/orders", let_in(_create)),
        web.get("/api/v1/orders", let_in(_latest)),
        web.get("/api/v1/orders/{order_id}", let_in(_read)),
        web.post("/api/v1/orders/{order_id}/cancel", let_in(_cancel)),
    ]


async def _create(api: Api, request: web.Request) -> web.Response:
    """Begin an order: 201. The same id, or the same key, again: 200, or 409 for another order."""
    wish = parse(_NewOrder, await read_body(request))
    asked = _asked(api, wish, wish.order_id or _id_by_key(request))
    order = asked.order
    started = await api.orders.start_order(asked)
    snapshot = None if started else await api.lookup.look_up(order.order_id)
    if snapshot is not None and (snapshot.order, snapshot.requester.person) != (
        order,
        wish.requester,
    ):
        raise Problem(
            409,
            "order-exists",
            "There is another order of this id or key",
            order_id=order.order_id,
        )
    _log.info("order_created", order_id=order.order_id, started=started)
    where = f"/api/v1/orders/{order.order_id}"
    body = {
        "order_id": order.order_id,
        "total": str(order.total.amount),
        "currency": order.total.currency,
        "requires_approval": bool(route(asked.policy, order.total).levels),
    }
    status = 201 if started else 200
    return web.json_response(body, status=status, headers={"Location": where})


def _asked(api: Api, wish: _NewOrder, order_id: str) -> OrderInput:
    policy = api.policies.policy(POLICY)
    try:
        read = parse_order(_written(wish, order_id), api.products.names, CURRENCY, policy)
    except OrderFormErrors as mistakes:
        raise _mistaken(mistakes.by_field) from None
    return OrderInput(
        order=read.order,
        requester=Actor(person=wish.requester, origin=Origin.API, operator=_HOLDER),
        policy=policy,
        managers=api.policies.chain_of(wish.requester),
        expire_after=read.expire_after,
        payment_window=_payment_window(wish.payment_window),
    )


def _written(wish: _NewOrder, order_id: str) -> DraftOrder:
    return DraftOrder(
        order_id=order_id,
        customer=wish.customer,
        lines=tuple(
            DraftLine(sku=one.sku, quantity=str(one.quantity), unit_price=one.unit_price)
            for one in wish.lines
        ),
        card_expiry=wish.card_expiry,
        note=wish.note,
        payment=PaymentMode(wish.payment),
        email=wish.email,
        answer_within=wish.expire_after,
    )


def _payment_window(written: str) -> timedelta | None:
    try:
        return read_window(written)
    except RuleError as error:
        raise _mistaken({"payment_window": error}) from None


def _mistaken(by_field: Mapping[str, RuleError]) -> Problem:
    sentences = notices.field_refusals(by_field, ENGLISH)
    return unreadable([(_pointer(field), said) for field, said in sentences.items()])


def _pointer(field: str) -> str:
    """Return where in the body a field of the rules stands."""
    return "expire_after" if field == "answer_within" else field.replace(".", "/")


def _id_by_key(request: web.Request) -> str:
    """Return the order id that an idempotency key stands for: the same key, the same order."""
    digest = hashlib.sha256(_key(request).encode()).digest()
    return "ORD-" + "".join(ALPHABET[byte % 32] for byte in digest[:8])


def _key(request: web.Request) -> str:
    key = request.headers.get(KEY, "")
    if not re.fullmatch(r"[!-~]{8,200}", key):
        raise Problem(
            400,
            "key-missing",
            "Say how to know a repetition",
            f"Give an order_id in the body, or {KEY}: 8 to 200 printable characters.",
        )
    return key


async def _read(api: Api, request: web.Request) -> web.Response:
    """Return one order."""
    return web.json_response(order_json(await _found(api, _order_id(request))))


async def _latest(api: Api, request: web.Request) -> web.Response:
    """Return the latest orders of one requester, the newest first."""
    person, limit = request.query.get("requester", ""), request.query.get("limit", "10")
    if not re.fullmatch(MEMBER_ID, person):
        raise Problem(400, "query", "Say whose orders", "requester=U0ANA, a member's id")
    if not re.fullmatch(r"[1-9]\d?", limit, re.ASCII):
        raise Problem(400, "query", "Say how many orders", "limit: a number from 1 to 99")
    snapshots = await api.lookup.latest_of(person, int(limit))
    return web.json_response({"orders": [order_json(snapshot) for snapshot in snapshots]})


async def _cancel(api: Api, request: web.Request) -> web.Response:
    """Cancel an order: 200 with the order; 409 where the rules refuse, with their sentence."""
    order_id, wish = _order_id(request), parse(_Cancel, await read_body(request))
    key = _key(request) if KEY in request.headers else secrets.token_hex(8)
    actor = Actor(person=wish.actor, origin=Origin.API, operator=_HOLDER)
    cancellation = Cancellation(actor=actor, reason=wish.reason)
    answer = await api.orders.cancel_order(order_id, click_id(order_id, key), cancellation)
    match answer:
        case Refused(code=code, data=data):
            raise await _refuse(api, order_id, actor, code, data)
        case Ended() | Unknown():  # Temporal forgets what ended long ago; the records do not
            status = (await _found(api, order_id)).status.value
            raise await _refuse(api, order_id, actor, OrderClosedError.code, {"status": status})
        case Unconfirmed():
            detail = f"Ask again with the same {KEY}: it is the same cancellation."
            raise Problem(503, "unconfirmed", "Not confirmed yet", detail)
        case _:
            return web.json_response(order_json(answer.face))


async def _refuse(
    api: Api, order_id: str, actor: Actor, code: str, data: Mapping[str, str]
) -> Problem:
    """Write a refusal down and return it as a problem."""
    refusal = Refusal(request_id=order_id, actor=actor, verb="cancel", code=code, at=api.now())
    await api.refusals.append(refusal)
    sentence = notices.field_refusal(code, data, ENGLISH)
    return Problem(409, code.replace("_", "-"), "The order is not cancelled", sentence)


async def _found(api: Api, order_id: str) -> OrderSnapshot:
    snapshot = await api.lookup.look_up(order_id)
    if snapshot is None:
        raise _not_found(order_id)
    return snapshot


def _order_id(request: web.Request) -> str:
    written = request.match_info["order_id"]
    if not ORDER_ID.fullmatch(written):
        raise _not_found(written)
    return written


def _not_found(order_id: str) -> Problem:
    return Problem(404, "order-unknown", "There is no such order", order_id=order_id[:40])
