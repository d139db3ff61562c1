"""The inputs of the HR form, and how their values are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from views.blocks import PRIVATE_METADATA, Block, text_input
from views.ids import BlockId, InputId
from views.inputs import choice_input, day_input, radio_input
from views.payload import (
    UnreadablePayloadError,
    from_json,
    mapping_at,
    mappings_at,
    text_at,
    to_json,
)
from views.translator import Translator
from workflows.rules.hr.form import DraftHr
from workflows.rules.hr.request import ALL_FIELDS, FIELDS, HrRequest, HrType, Priority
from workflows.rules.orders.catalogue import CatalogueEntry
from workflows.rules.shared.money import POINT, Money

KEPT = 150
"""Characters kept of a field that is hidden at the moment: twice the limit of any field."""
_EXAMPLE = Decimal(120)
_FIELDS = {
    "starts": InputId.STARTS,
    "ends": InputId.ENDS,
    "amount": InputId.AMOUNT,
    "item": InputId.ITEM,
    "new_role": InputId.NEW_ROLE,
    "new_team": InputId.NEW_TEAM,
}
"""The inputs of fields that only some types have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HrOffer:
    """The choices of the form: types with a policy, products, and the currency of an expense.

    If `currency` is empty, the amount must name its own.
    """

    types: tuple[HrType, ...]
    products: Sequence[CatalogueEntry]
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HrContext:
    """The form's private metadata: the id generated when it opened, and the `type` whose fields it shows.

    A form made from a message has the message's place, and its link once Slack has returned it.
    Values in the fields of other types are kept here, so that they are back when the type is.
    `decimal_mark` is that of the language in which the form was opened.
    """

    request_id: str
    type: str = ""
    channel: str = ""
    message_ts: str = ""
    link: str = ""
    starts: str = ""
    ends: str = ""
    amount: str = ""
    item: str = ""
    new_role: str = ""
    new_team: str = ""
    decimal_mark: str = POINT

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that the form shows."""
        return FIELDS[HrType(self.type)] if self.type else ()

    def with_hidden_values(self, typed: DraftHr) -> "HrContext":
        """Return the context with the values of the fields that the form does not show."""
        hidden = {
            name: value if len(value := getattr(typed, name)) <= KEPT else ""
            for name in ALL_FIELDS
            if name not in self.fields
        }
        visible = dict.fromkeys(self.fields, "")
        return replace(self, **hidden, **visible)


def metadata(saved: HrContext) -> str:
    """Return the context as JSON; if it is too long, without the values of hidden fields."""
    written = to_json(saved)
    if len(written) <= PRIVATE_METADATA:
        return written
    return to_json(replace(saved, **dict.fromkeys(ALL_FIELDS, "")))


def form_context(view: Mapping[str, object]) -> HrContext:
    """Return the form's private metadata.

    Raises:
        UnreadablePayloadError: the view is not this form.

    """
    saved = from_json(text_at(view, "private_metadata"), HrContext, "private_metadata")
    if not saved.request_id or saved.type not in {"", *HrType}:
        raise UnreadablePayloadError("private_metadata")
    return saved


def written_of(request: HrRequest, t: Translator) -> DraftHr:
    """Return a request as its requester would type it."""
    return DraftHr(
        request_id=request.request_id,
        type=request.type.value,
        title=request.title,
        description=request.description,
        priority=request.priority.value,
        starts=request.starts.isoformat() if request.starts else "",
        ends=request.ends.isoformat() if request.ends else "",
        amount=t.money(request.amount) if request.amount else "",
        item=request.item,
        new_role=request.new_role,
        new_team=request.new_team,
        link=request.link,
        decimal_mark=t.decimal_mark,
    )


def type_input(offer: HrOffer, typed: DraftHr, t: Translator) -> Block:
    """Return the type input; Slack reports a change at once, so that the type's fields can appear."""
    choices = [(type_.value, t(f"hr.type.{type_}")) for type_ in offer.types]
    label = t("hr.form.type")
    block = choice_input(InputId.HR_TYPE, label, choices, typed.type, t)
    return {**block, "block_id": BlockId.TYPE, "dispatch_action": True}


def common_inputs(typed: DraftHr, t: Translator) -> list[Block]:
    """Return the inputs that every type has."""
    return [
        text_input(
            InputId.TITLE,
            t("hr.form.title.label"),
            t,
            typed=typed.title,
            hint=t("hr.form.title.hint"),
        ),
        text_input(
            InputId.DESCRIPTION,
            t("hr.form.description"),
            t,
            typed=typed.description,
            hint=t("hr.form.description.hint"),
            multiline=True,
            optional=True,
        ),
        priority_input(typed, t),
    ]


def priority_input(typed: DraftHr, t: Translator) -> Block:
    """Return the priority input."""
    priorities = [(priority.value, t(f"hr.form.priority.{priority}")) for priority in Priority]
    known = typed.priority if typed.priority in set(Priority) else Priority.NORMAL.value
    return radio_input(InputId.PRIORITY, t("hr.form.priority"), priorities, known, t)


def field_input(name: str, typed: DraftHr, offer: HrOffer, t: Translator) -> Block:
    """Return the input of a field that only some types have."""
    input_id, value = _FIELDS[name], str(getattr(typed, name))
    label = t(f"hr.form.{name}")
    if name in ("starts", "ends"):
        return day_input(input_id, label, value, t)
    if name == "item":
        products = [(product.sku, product.name) for product in offer.products]
        return choice_input(input_id, label, products, value, t)
    if name != "amount":
        return text_input(input_id, label, t, typed=value)
    if offer.currency:
        label = t("hr.form.amount.in", currency=offer.currency)
    example = t.number(Money(amount=_EXAMPLE, currency=offer.currency))
    return text_input(input_id, label, t, typed=value, placeholder=example)


def typed_hr(view: Mapping[str, object], saved: HrContext) -> DraftHr:
    """Return the values of all fields, including those hidden at the moment."""
    values = {
        name: _value(view, input_id.value, input_id) or getattr(saved, name)
        for name, input_id in _FIELDS.items()
    }
    return DraftHr(
        request_id=saved.request_id,
        type=_value(view, BlockId.TYPE.value, InputId.HR_TYPE),
        title=_value(view, InputId.TITLE.value, InputId.TITLE),
        description=_value(view, InputId.DESCRIPTION.value, InputId.DESCRIPTION),
        priority=_value(view, InputId.PRIORITY.value, InputId.PRIORITY) or Priority.NORMAL.value,
        link=saved.link,
        decimal_mark=saved.decimal_mark,
        **values,
    )


def typed_value(view: Mapping[str, object], name: str) -> str:
    """Return the value of a field or of the priority."""
    input_id = _FIELDS.get(name) or InputId(name)
    return _value(view, input_id.value, input_id)


def _value(view: Mapping[str, object], block_id: str, input_id: InputId) -> str:
    """Return the value of one input of any kind.

    In a view that has just opened, Slack sends no state: the value is then the initial one.
    """
    by_action = mapping_at(view, "state", "values", block_id)
    if input_id.value in by_action:
        state = mapping_at(by_action, input_id.value)
        selected = text_at(state, "selected_option", "value") or text_at(state, "selected_date")
        return selected or text_at(state, "value")
    for block in mappings_at(view, "blocks"):
        if text_at(block, "block_id") == block_id:
            element = mapping_at(block, "element")
            selected = text_at(element, "initial_option", "value") or text_at(
                element, "initial_date"
            )
            return selected or text_at(element, "initial_value")
    return ""
