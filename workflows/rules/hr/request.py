"""An HR request: what an employee may ask for, and the same as content that approvers read.

The two are one thing written twice (`content_from_request`, `request_from_content`): what was approved, amended or not,
is what is provisioned.
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
"""The longest time off that can be asked for at once, both ends counted."""
MAX_NAME = 80
"""Characters of a role or a team."""


class HrType(StrEnum):
    """What is asked for. The policy of this name says who approves it."""

    TIME_OFF = "time_off"
    EXPENSE = "expense"
    EQUIPMENT = "equipment"
    PROMOTION = "promotion"
    TRANSFER = "transfer"


class Priority(StrEnum):
    """How much it presses, in the employee's own words. It changes no rule."""

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
"""The fields of an `HrRequest` that a type needs; those of the other types stay empty."""
ALL_FIELDS = tuple(name for names in FIELDS.values() for name in names)
"""Every field that some type needs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HrRequest:
    """What an employee asks for. `link` is the message that it was made of, if it was.

    `starts` and `ends` are the first and the last day off, `item` is a product of the stock.
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
        """How many days off it asks for: each day counts, weekends too. 0 without dates."""
        if self.starts is None or self.ends is None:
            return 0
        return (self.ends - self.starts).days + 1

    @property
    def days_by_year(self) -> dict[int, int]:
        """The same by calendar year: each year has a balance of its own."""
        if self.starts is None or self.ends is None:
            return {}
        found: dict[int, int] = {}
        for number in range(self.days):
            year = (self.starts + timedelta(days=number)).year
            found[year] = found.get(year, 0) + 1
        return found


_KEYS = ("type", "priority", "starts", "ends", "item", "new_role", "new_team")
"""The keys of the content's fields, in their order. An empty one is left out."""


def content_from_request(request: HrRequest) -> Content:
    """Return what approvers read: each value under its key, ISO dates and catalogue names."""
    written = {
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
            ContentField(label=key, value=written[key], key=key) for key in _KEYS if written[key]
        ),
        amount=request.amount,
        links=(request.link,) if request.link else (),
    )


def request_from_content(request_id: str, content: Content) -> HrRequest:
    """Return the request that `content` is of: the exact way back from `content_from_request`.

    Raises:
        NotAnHrContentError: no request has this content.

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
    if content_from_request(request) != content:  # what we would lose, nobody may approve
        raise NotAnHrContentError
    return request


def _date(written: str) -> date | None:
    return date.fromisoformat(written) if written else None


def field_errors(request: HrRequest) -> dict[str, RuleError]:
    """Return what is wrong with the fields that its type needs, by field; empty where nothing is.

    The bounds of title, description, amount and link are `check_content`'s.
    """
    needed = FIELDS[request.type]
    found: dict[str, RuleError] = {
        name: HrFieldMissingError(field=name) for name in needed if not getattr(request, name)
    }
    if any(getattr(request, name) for name in ALL_FIELDS if name not in needed):
        found["type"] = NotAnHrContentError()
    for name in ("item", "new_role", "new_team"):
        if len(getattr(request, name)) > MAX_NAME:
            found[name] = TextTooLongError(limit=str(MAX_NAME))
    if request.starts is not None and request.ends is not None:
        if request.ends < request.starts:
            found["ends"] = EndsBeforeStartError()
        elif request.days > MAX_DAYS:
            found["ends"] = PeriodTooLongError(limit=str(MAX_DAYS))
    return found


def check_amended(before: Content, after: Content) -> None:
    """Check that an amended content is still an HR request, whole and of the same type.

    Raises:
        NotAnHrContentError, OtherHrTypeError, and the first of `field_errors`.

    """
    old, new = request_from_content("", before), request_from_content("", after)
    if new.type is not old.type:  # its policy, and so its approvers, would be others
        raise OtherHrTypeError(type=old.type.value)
    for error in field_errors(new).values():
        raise error


def amended_copy(request: HrRequest, request_id: str) -> HrRequest:
    """Return the same wish as a new request: what somebody begins with who was turned down."""
    return replace(request, request_id=request_id)
