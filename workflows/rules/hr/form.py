"""The written HR request: what a person typed, checked field by field before anything is believed."""

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
from workflows.rules.shared.form_errors import FormErrors, Read, read_field
from workflows.rules.shared.money import Money

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftHr:
    """An HR request as a person wrote it, before anything is believed. Days as 2026-01-31."""

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


class HrFormErrors(FormErrors):
    """What is wrong with a written HR request, by the field of `DraftHr`."""


def read_hr(
    written: DraftHr, policy: Policy, today: date, products: Mapping[str, str]
) -> HrRequest:
    """Turn what a person wrote into a request that `policy` takes.

    `products` are the names by number that can be had. Fields that the type does not need are not
    read: a form may still hold what was typed for another type.

    Raises:
        HrMistakes: with the refusal of every field that is wrong, all at once.

    """
    form = _Form(written)
    form.read("title", lambda: check_content(Content(title=written.title.strip())))
    plain = Content(title="-")
    text, link = written.description.strip(), written.link.strip()
    form.read("description", lambda: check_content(replace(plain, text=text)))
    form.read("link", lambda: check_content(replace(plain, links=(link,) if link else ())))
    type_ = form.read("type", lambda: _type(written.type))
    priority = form.read("priority", lambda: _priority(written.priority))
    if type_ is None or priority is None:
        raise HrFormErrors(form.mistakes)
    read = _needed(form, FIELDS[type_], policy, products)
    request = replace(
        read,
        type=type_,
        priority=priority,
        title=written.title.strip(),
        description=text,
        link=link,
    )
    if request.starts is not None and request.starts < today:
        form.mistakes.setdefault("starts", DayPastError(day=today.isoformat()))
    for name, error in field_errors(request).items():
        form.mistakes.setdefault(name, error)
    if "amount" not in form.mistakes:
        form.read("amount", lambda: route(policy, request.amount))
    if form.mistakes:
        raise HrFormErrors(form.mistakes)
    return request


class _Form:
    """What was written, and the mistakes that were found in it."""

    def __init__(self, written: DraftHr) -> None:
        self.written = written
        self.mistakes: dict[str, RuleError] = {}

    def read(self, field: str, read: Callable[[], Read]) -> Read | None:
        """Return what `read` returns, or None after noting its refusal under `field`."""
        return read_field(self.mistakes, field, read)


def _needed(
    form: _Form, needed: tuple[str, ...], policy: Policy, products: Mapping[str, str]
) -> HrRequest:
    """Read the fields that the type needs. What stands there is enough to be judged further."""
    written = form.written
    read = HrRequest(request_id=written.request_id, type=HrType.TIME_OFF, title="-")
    if "starts" in needed:
        starts = form.read("starts", lambda: _day("starts", written.starts))
        ends = form.read("ends", lambda: _day("ends", written.ends))
        read = replace(read, starts=starts, ends=ends)
    if "amount" in needed:
        amount = form.read("amount", lambda: _amount(written.amount, policy))
        read = replace(read, amount=amount)
    if "item" in needed:
        item = form.read("item", lambda: _item(written.item, products))
        read = replace(read, item=item or "")
    if "new_role" in needed:
        role = form.read("new_role", lambda: _words("new_role", written.new_role))
        read = replace(read, new_role=role or "")
    if "new_team" in needed:
        team = form.read("new_team", lambda: _words("new_team", written.new_team))
        read = replace(read, new_team=team or "")
    return read


def _type(written: str) -> HrType:
    if written not in set(HrType):
        raise UnknownHrTypeError(type=written)
    return HrType(written)


def _priority(written: str) -> Priority:
    if written not in set(Priority):
        raise UnknownPriorityError(priority=written)
    return Priority(written)


def _day(field: str, written: str) -> date:
    written = written.strip()
    if not written:
        raise HrFieldMissingError(field=field)
    try:
        if _DAY.fullmatch(written):
            return date.fromisoformat(written)
    except ValueError:  # no such day: 2026-02-30
        raise NotADateError from None
    raise NotADateError


def _amount(written: str, policy: Policy) -> Money:
    amount = read_amount(written, policy.currency)
    if amount is None:
        raise HrFieldMissingError(field="amount")
    return amount


def _item(written: str, products: Mapping[str, str]) -> str:
    sku = written.strip()
    if not sku:
        raise HrFieldMissingError(field="item")
    if sku not in products:
        raise UnknownProductError(sku=sku)
    return sku


def _words(field: str, written: str) -> str:
    words = " ".join(written.split())
    if not words:
        raise HrFieldMissingError(field=field)
    require_storable(words)
    return words
