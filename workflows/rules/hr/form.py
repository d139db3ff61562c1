"""The HR request form: parses and checks what a person typed, field by field."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from workflows.rules.approvals.form import read_amount
from workflows.rules.approvals.policy import Policy, route
from workflows.rules.hr.request import FIELDS, HrRequest, HrType, Priority, field_errors
from workflows.rules.shared.content import Content, check_content, require_storable
from workflows.rules.shared.errors import (
    DayPastError,
    HrFieldMissingError,
    NotADateError,
    RuleError,
    UnknownHrTypeError,
    UnknownPriorityError,
    UnknownProductError,
)
from workflows.rules.shared.form_errors import FormErrors, Parsed, read_field
from workflows.rules.shared.money import POINT, Money

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftHr:
    """An HR request as it was typed, not checked yet. Dates are in the form 2026-01-31.

    `decimal_mark` is that of the language in which the form was shown.
    """

    request_id: str
    type: str
    title: str
    description: str = ""
    priority: str = Priority.NORMAL.value
    starts: str = ""
    ends: str = ""
    amount: str = ""
    item: str = ""
    new_role: str = ""
    new_team: str = ""
    link: str = ""
    decimal_mark: str = POINT


class HrFormErrors(FormErrors):
    """The errors of an HR request form, by field of `DraftHr`."""


def read_hr(
    draft: DraftHr, policy: Policy | None, today: date, products: Mapping[str, str]
) -> HrRequest:
    """Parse a draft into an HR request that `policy` covers; None if no policy covers its type.

    `products` are the names of the available products by SKU. Fields that the type does not need
    are ignored, because the form may still have values that were typed for another type.

    Raises:
        HrFormErrors: with the refusal of every invalid field.

    """
    form = _Form(draft)
    form.read("title", lambda: check_content(Content(title=draft.title.strip())))
    other = Content(title="-")
    text, link = draft.description.strip(), draft.link.strip()
    form.read("description", lambda: check_content(replace(other, text=text)))
    form.read("link", lambda: check_content(replace(other, links=(link,) if link else ())))
    type_ = form.read("type", lambda: _type(draft.type))
    priority = form.read("priority", lambda: _priority(draft.priority))
    if policy is None:
        form.errors.setdefault("type", UnknownHrTypeError(type=draft.type))
    if type_ is None or policy is None:
        raise HrFormErrors(form.errors)
    read = _needed(form, FIELDS[type_], policy, products)
    request = replace(
        read,
        type=type_,
        priority=priority or Priority.NORMAL,
        title=draft.title.strip(),
        description=text,
        link=link,
    )
    if request.starts is not None and request.starts < today:
        form.errors.setdefault("starts", DayPastError(day=today.isoformat()))
    for name, error in field_errors(request).items():
        form.errors.setdefault(name, error)
    if "amount" not in form.errors:
        form.read("amount", lambda: route(policy, request.amount))
    if form.errors:
        raise HrFormErrors(form.errors)
    return request


class _Form:
    """A draft and the errors found in it."""

    def __init__(self, draft: DraftHr) -> None:
        self.draft = draft
        self.errors: dict[str, RuleError] = {}

    def read(self, field: str, parse: Callable[[], Parsed]) -> Parsed | None:
        """Return the result of `parse`, or None after adding its refusal to the errors."""
        return read_field(self.errors, field, parse)


def _needed(
    form: _Form, needed: tuple[str, ...], policy: Policy, products: Mapping[str, str]
) -> HrRequest:
    """Parse the fields that the type needs. Invalid fields keep their defaults."""
    draft = form.draft
    read = HrRequest(request_id=draft.request_id, type=HrType.TIME_OFF, title="-")
    if "starts" in needed:
        starts = form.read("starts", lambda: _day("starts", draft.starts))
        ends = form.read("ends", lambda: _day("ends", draft.ends))
        read = replace(read, starts=starts, ends=ends)
    if "amount" in needed:
        amount = form.read("amount", lambda: _amount(draft, policy))
        read = replace(read, amount=amount)
    if "item" in needed:
        item = form.read("item", lambda: _item(draft.item, products))
        read = replace(read, item=item or "")
    if "new_role" in needed:
        role = form.read("new_role", lambda: _name("new_role", draft.new_role))
        read = replace(read, new_role=role or "")
    if "new_team" in needed:
        team = form.read("new_team", lambda: _name("new_team", draft.new_team))
        read = replace(read, new_team=team or "")
    return read


def _type(text: str) -> HrType:
    if text not in set(HrType):
        raise UnknownHrTypeError(type=text)
    return HrType(text)


def _priority(text: str) -> Priority:
    if text not in set(Priority):
        raise UnknownPriorityError(priority=text)
    return Priority(text)


def _day(field: str, text: str) -> date:
    text = text.strip()
    if not text:
        raise HrFieldMissingError(field=field)
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:  # no such day: 2026-02-30
        raise NotADateError from None
    raise NotADateError


def _amount(draft: DraftHr, policy: Policy) -> Money:
    amount = read_amount(draft.amount, policy.currency, draft.decimal_mark)
    if amount is None:
        raise HrFieldMissingError(field="amount")
    return amount


def _item(text: str, products: Mapping[str, str]) -> str:
    sku = text.strip()
    if not sku:
        raise HrFieldMissingError(field="item")
    if sku not in products:
        raise UnknownProductError(sku=sku)
    return sku


def _name(field: str, text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise HrFieldMissingError(field=field)
    require_storable(name)
    return name
