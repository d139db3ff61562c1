"""An HR request, and its lossless conversion to and from the content that approvers read.

Because the conversion loses nothing, exactly the approved content, amended or not, is provisioned.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from workflows.rules.shared.content import Content, ContentField
from workflows.rules.shared.errors import (
    EndsBeforeStartError,
    HrFieldMissingError,
    NotAnHrContentError,
    OtherHrTypeError,
    PeriodTooLongError,
    RuleError,
    TextTooLongError,
)
from workflows.rules.shared.money import Money

MAX_DAYS = 366
"""The longest time off in one request, first and last day included."""
MAX_NAME = 80
"""Characters of a role or a team."""


class HrType(StrEnum):
    """The types of HR requests. Each has a policy of the same name."""

    TIME_OFF = "time_off"
    EXPENSE = "expense"
    EQUIPMENT = "equipment"
    PROMOTION = "promotion"
    TRANSFER = "transfer"


class Priority(StrEnum):
    """The urgency as the employee sees it. No rule depends on it."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


FIELDS: Mapping[HrType, tuple[str, ...]] = MappingProxyType(
    {
        HrType.TIME_OFF: ("starts", "ends"),
        HrType.EXPENSE: ("amount",),
        HrType.EQUIPMENT: ("item",),
        HrType.PROMOTION: ("new_role",),
        HrType.TRANSFER: ("new_team",),
    }
)
"""The fields of an `HrRequest` that a type needs; the fields of other types stay empty."""
ALL_FIELDS = tuple(name for names in FIELDS.values() for name in names)
"""The fields of all types."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HrRequest:
    """An employee's request. `link` leads to the message that it was created from, if any.

    `starts` and `ends` are the first and the last day off; `item` is a product's SKU.
    """

    request_id: str
    type: HrType
    title: str
    description: str = ""
    priority: Priority = Priority.NORMAL
    starts: date | None = None
    ends: date | None = None
    amount: Money | None = None
    item: str = ""
    new_role: str = ""
    new_team: str = ""
    link: str = ""

    @property
    def days(self) -> int:
        """The number of days off, including weekends; 0 without dates."""
        if self.starts is None or self.ends is None:
            return 0
        return (self.ends - self.starts).days + 1

    @property
    def days_by_year(self) -> dict[int, int]:
        """The days off per calendar year, because each year has its own balance."""
        if self.starts is None or self.ends is None:
            return {}
        days: dict[int, int] = {}
        for number in range(self.days):
            year = (self.starts + timedelta(days=number)).year
            days[year] = days.get(year, 0) + 1
        return days


_KEYS = ("type", "priority", "starts", "ends", "item", "new_role", "new_team")
"""The keys of the content's fields, in order. Empty fields are left out."""


def content_from_request(request: HrRequest) -> Content:
    """Return the content that approvers read: each value under its key, dates in ISO format."""
    values = {
        "type": request.type.value,
        "priority": request.priority.value,
        "starts": request.starts.isoformat() if request.starts else "",
        "ends": request.ends.isoformat() if request.ends else "",
        "item": request.item,
        "new_role": request.new_role,
        "new_team": request.new_team,
    }
    return Content(
        title=request.title,
        text=request.description,
        fields=tuple(
            ContentField(label=key, value=values[key], key=key) for key in _KEYS if values[key]
        ),
        amount=request.amount,
        links=(request.link,) if request.link else (),
    )


def request_from_content(request_id: str, content: Content) -> HrRequest:
    """Return the request for `content`: the exact inverse of `content_from_request`.

    Raises:
        NotAnHrContentError: no HR request has this content.

    """
    fields = {field.key: field.value for field in content.fields}
    try:
        request = HrRequest(
            request_id=request_id,
            type=HrType(fields.get("type", "")),
            title=content.title,
            description=content.text,
            priority=Priority(fields.get("priority", "")),
            starts=_date(fields.get("starts", "")),
            ends=_date(fields.get("ends", "")),
            amount=content.amount,
            item=fields.get("item", ""),
            new_role=fields.get("new_role", ""),
            new_team=fields.get("new_team", ""),
            link=next(iter(content.links), ""),
        )
    except ValueError:  # no such type, priority or day
        raise NotAnHrContentError from None
    if (
        content_from_request(request) != content
    ):  # no one may approve what the conversion would lose
        raise NotAnHrContentError
    return request


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def field_errors(request: HrRequest) -> dict[str, RuleError]:
    """Return the errors in the fields that the type needs, by field.

    `check_content` checks title, description, amount and link.
    """
    needed = FIELDS[request.type]
    errors: dict[str, RuleError] = {
        name: HrFieldMissingError(field=name) for name in needed if not getattr(request, name)
    }
    if any(getattr(request, name) for name in ALL_FIELDS if name not in needed):
        errors["type"] = NotAnHrContentError()
    for name in ("item", "new_role", "new_team"):
        if len(getattr(request, name)) > MAX_NAME:
            errors[name] = TextTooLongError(limit=str(MAX_NAME))
    if request.starts is not None and request.ends is not None:
        if request.ends < request.starts:
            errors["ends"] = EndsBeforeStartError()
        elif request.days > MAX_DAYS:
            errors["ends"] = PeriodTooLongError(limit=str(MAX_DAYS))
    return errors


def check_amended(before: Content, after: Content) -> None:
    """Check that amended content is still a complete HR request of the same type.

    Raises:
        NotAnHrContentError, OtherHrTypeError, or the first of `field_errors`.

    """
    old, new = request_from_content("", before), request_from_content("", after)
    if new.type is not old.type:  # another type has another policy and other approvers
        raise OtherHrTypeError(type=old.type.value)
    for error in field_errors(new).values():
        raise error


def amended_copy(request: HrRequest, request_id: str) -> HrRequest:
    """Return a copy with a new id, as a starting point after a rejection."""
    return replace(request, request_id=request_id)
