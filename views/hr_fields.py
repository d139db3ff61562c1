"""The fields of an HR request in the form that amends it; its type cannot change, as the policy depends on it."""

from collections.abc import Mapping, Sequence

from views.blocks import Block
from views.hr_inputs import HrOffer, field_input, priority_input, typed_value
from views.payload import UnreadablePayloadError
from views.translator import Translator
from workflows.rules.hr.form import DraftHr
from workflows.rules.hr.request import FIELDS, HrType, Priority, field_errors, request_from_content
from workflows.rules.orders.catalogue import CatalogueEntry
from workflows.rules.shared.content import Content, ContentField
from workflows.rules.shared.errors import NotAnHrContentError, RuleError

_TYPE, _PRIORITY = "type", "priority"


def fields_of(content: Content) -> tuple[ContentField, ...]:
    """Return the fields of an HR request's content; none for any other content."""
    return content.fields if type_of(content.fields) else ()


def type_of(fields: Sequence[ContentField]) -> str:
    """Return the HR type that the fields belong to; empty if they are not those of an HR request."""
    type_ = next((field.value for field in fields if field.key == _TYPE), "")
    return type_ if type_ in set(HrType) else ""


def has_amount(fields: Sequence[ContentField]) -> bool:
    """Return whether a request with these fields may have an amount; every request but some HR types may."""
    type_ = type_of(fields)
    return not type_ or "amount" in FIELDS[HrType(type_)]


def inputs(
    fields: Sequence[ContentField], products: Sequence[CatalogueEntry], t: Translator
) -> list[Block]:
    """Return an input for each field that can be changed, filled with its value."""
    type_ = type_of(fields)
    if not type_:
        return []
    typed = {field.key: field.value for field in fields}
    written = DraftHr(
        request_id="",
        type=type_,
        title="",
        priority=typed.get(_PRIORITY, Priority.NORMAL.value),
        **{name: typed.get(name, "") for name in _own(type_)},
    )
    offer = HrOffer(types=(), products=products, currency="")
    inputs_ = [field_input(name, written, offer, t) for name in _own(type_)]
    return [*inputs_, priority_input(written, t)]


def read(view: Mapping[str, object], type_: str) -> tuple[ContentField, ...]:
    """Return the fields of a submitted form.

    Raises:
        UnreadablePayloadError: there is no such type.

    """
    if type_ not in set(HrType):
        raise UnreadablePayloadError("private_metadata.hr_type")
    typed = {name: typed_value(view, name).strip() for name in (_PRIORITY, *_own(type_))}
    return tuple(
        ContentField(label=key, value=value, key=key)
        for key, value in {_TYPE: type_, **typed}.items()
        if value
    )


def mistakes(content: Content) -> dict[str, RuleError]:
    """Return the errors of an amended HR request, by field."""
    try:
        return field_errors(request_from_content("", content))
    except NotAnHrContentError as error:
        return {"title": error}


def _own(type_: str) -> tuple[str, ...]:
    """Return the fields that only this type has; the amount has its own input for every request."""
    return tuple(name for name in FIELDS[HrType(type_)] if name != "amount")
