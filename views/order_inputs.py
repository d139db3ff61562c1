"""The inputs of the order form, and how their values are read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from views.blocks import Block, text_input
from views.ids import InputId
from views.inputs import radio_input
from views.order_lines import block_id
from views.payload import UnreadablePayloadError, from_json, input_value, text_at
from views.translator import Translator
from workflows.rules.orders.form import DraftLine, DraftOrder, is_blank
from workflows.rules.orders.order import PaymentMode
from workflows.rules.shared.money import POINT

MAX_LINES = 10
"""Order lines in one form; orders from elsewhere may have more."""
_KEYS = re.compile(r"\d{1,4}(,\d{1,4}){0,9}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderContext:
    """The form's private metadata: the id generated when it opened, and the keys of its lines.

    A line keeps its key, and no key is used twice: Slack keeps typed text by block id, so a line
    with a used key would get the text of the removed one. `next` is the key of the next line.
    `decimal_mark` is that of the language in which the form was opened.
    """

    order_id: str
    lines: str
    next: int
    currency: str
    decimal_mark: str = POINT

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the lines, from top to bottom."""
        return tuple(self.lines.split(","))

    def with_line(self, key: str) -> "OrderContext":
        """Return the context with one more line, if `key` is the next one and the form is not full."""
        if key != str(self.next) or len(self.keys) >= MAX_LINES:
            return self
        return replace(self, lines=f"{self.lines},{key}", next=self.next + 1)

    def without_line(self, key: str) -> "OrderContext":
        """Return the context without that line; the last line stays."""
        keys = [other for other in self.keys if other != key]
        return replace(self, lines=",".join(keys)) if keys else self


def customer_input(typed: str, t: Translator) -> Block:
    """Return the input for the customer's name."""
    label = t("form.customer")
    return text_input(InputId.CUSTOMER, label, t, typed=typed)


def closing_inputs(typed: DraftOrder, t: Translator) -> list[Block]:
    """Return the inputs below the lines."""
    modes = [(mode.value, t(f"form.payment.{mode}")) for mode in PaymentMode]
    return [
        radio_input(InputId.PAYMENT, t("form.payment"), modes, typed.payment.value, t),
        text_input(
            InputId.CARD_EXPIRY,
            t("form.card_expiry"),
            t,
            typed=typed.card_expiry,
            placeholder="09/28",
            hint=t("form.card_expiry.hint"),
            optional=True,  # needed only for a charge, which the rules check
        ),
        text_input(
            InputId.EMAIL,
            t("form.email"),
            t,
            typed=typed.email,
            hint=t("form.email.hint"),
            optional=True,
        ),
        text_input(
            InputId.ANSWER_WITHIN,
            t("form.answer_within"),
            t,
            typed=typed.answer_within,
            placeholder="4h",
            hint=t("form.answer_within.hint"),
            optional=True,
        ),
        text_input(
            InputId.NOTE,
            t("form.note"),
            t,
            typed=typed.note,
            multiline=True,
            optional=True,
        ),
    ]


def filled_lines(typed: DraftOrder) -> list[int]:
    """Return the indexes of the lines to submit: the first, and every other that is not blank."""
    return [index for index, line in enumerate(typed.lines) if index == 0 or not is_blank(line)]


def form_context(view: Mapping[str, object]) -> OrderContext:
    """Return the form's private metadata.

    Raises:
        UnreadablePayloadError: the view is not this form.

    """
    saved = from_json(text_at(view, "private_metadata"), OrderContext, "private_metadata")
    keys = saved.keys
    known = _KEYS.fullmatch(saved.lines) and len(set(keys)) == len(keys) <= MAX_LINES
    if not saved.order_id or not known or max(map(int, keys)) >= saved.next:
        raise UnreadablePayloadError("private_metadata")
    return saved


def typed_order(view: Mapping[str, object], saved: OrderContext) -> DraftOrder:
    """Return the values of the form, including blank lines."""
    return DraftOrder(
        order_id=saved.order_id,
        customer=input_value(view, InputId.CUSTOMER),
        lines=tuple(_line(view, key) for key in saved.keys),
        card_expiry=input_value(view, InputId.CARD_EXPIRY),
        note=input_value(view, InputId.NOTE),
        payment=_payment(view),
        email=input_value(view, InputId.EMAIL),
        answer_within=input_value(view, InputId.ANSWER_WITHIN),
        decimal_mark=saved.decimal_mark,
    )


def _payment(view: Mapping[str, object]) -> PaymentMode:
    """Return the payment mode. A value that the form does not offer never means a charge."""
    where = ("state", "values", InputId.PAYMENT, InputId.PAYMENT, "selected_option", "value")
    chosen = text_at(view, *where) or PaymentMode.CHARGE.value
    if chosen not in set(PaymentMode):
        raise UnreadablePayloadError("payment")
    return PaymentMode(chosen)


def _line(view: Mapping[str, object], key: str) -> DraftLine:
    sku_block = block_id(key, InputId.SKU)
    chosen = text_at(view, "state", "values", sku_block, InputId.SKU, "selected_option", "value")
    return DraftLine(
        sku=chosen or input_value(view, InputId.SKU, sku_block).strip(),
        quantity=input_value(view, InputId.QUANTITY, block_id(key, InputId.QUANTITY)),
        unit_price=input_value(view, InputId.UNIT_PRICE, block_id(key, InputId.UNIT_PRICE)),
    )
