"""The keys of a policy file: type, default and error message of each."""

import re
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from workflows.rules.approvals.policy import (
    Layout,
    Notify,
    Quorum,
    QuorumKind,
    ReasonRule,
    Requesters,
    Visibility,
)
from workflows.rules.people.actors import ApproverSource, SourceKind
from workflows.rules.shared.errors import AmbiguousAmountError, NoCurrencyError, RuleError
from workflows.rules.shared.ids import MEMBER_ID
from workflows.rules.shared.money import Money, parse_money

LANGUAGES = ("en", "de")
"""The languages with a complete catalogue. A test compares them with `views`."""

MAX_AMENDMENTS = 10
MAX_MANAGER_STEPS = 5
"""The largest N of `manager:N`."""

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return a suggestion: the choice most similar to `word`, or the list of choices."""
    choices = list(choices)
    if close := get_close_matches(word.lower(), choices, n=1, cutoff=0.6):
        return f"Did you mean “{close[0]}”?"
    return f"Use one of: {', '.join(choices)}." if choices else ""


def _wrong(message: str, suggestion: str = "") -> PydanticCustomError:
    """Return an error for pydantic to collect and the file reader to report."""
    data = {"message": message, "suggestion": suggestion}
    return PydanticCustomError("mistake", "{message} {suggestion}", data)


def _word(limit: int) -> BeforeValidator:
    def read(value: object) -> str:
        if isinstance(value, str) and 0 < len(value.strip()) <= limit:
            return value.strip()
        raise _wrong(f"This must be a string of 1 to {limit} characters.")

    return BeforeValidator(read)


def _choice(*choices: str) -> BeforeValidator:
    def read(value: object) -> str:
        if isinstance(value, str) and value in choices:
            return value
        raise _wrong(f"“{value}” is not allowed here.", nearest(str(value), choices))

    return BeforeValidator(read)


def _channel(written: object) -> str:
    if isinstance(written, str):
        if re.fullmatch(r"#[^\sA-Z#,.]{1,80}|[CG][A-Z0-9]{2,30}", written):
            return written
        name = re.sub(r"[\s#,.]+", "-", written.strip().lstrip("#").lower())
        raise _wrong(f"“{written}” is not a channel.", f'Write "#{name}", or the channel\'s id.')
    raise _wrong("This is not a channel.", 'Write "#name", or the channel\'s id.')


def _timezone(written: object) -> str:
    zones = available_timezones()
    if isinstance(written, str) and (written in zones or (written and not zones)):
        return written
    close = get_close_matches(str(written), zones, n=1)
    example = close[0] if close else "Europe/Berlin"
    raise _wrong(f"“{written}” is not a time zone.", f"Did you mean “{example}”?")


def _duration(written: object) -> timedelta:
    match = re.fullmatch(r"([1-9]\d{0,5})([smhd])", written) if isinstance(written, str) else None
    if match is None:
        raise _wrong(f"{written!r} is not a duration.", 'Write "10s", "5m", "24h" or "7d".')
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _money(written: object) -> Money:
    try:
        if isinstance(written, str):
            return parse_money(written, "")
    except NoCurrencyError:
        pass
    except AmbiguousAmountError as error:
        first, second = (
            f"{Decimal(error.data[name]).normalize():f}" for name in ("first", "second")
        )
        raise _wrong(f"“{written}” can mean {first} or {second}.", 'Write "1000.00 USD".') from None
    except RuleError as error:
        problem = error.code.removeprefix("amount_").replace("_", " ")
        raise _wrong(f"“{written}” is not an amount: {problem}.", 'Write "1000.00 USD".') from None
    raise _wrong(f"{written!r} is not an amount with a currency.", 'Write "1000.00 USD".')


def _source(written: object) -> ApproverSource:
    kind, colon, value = str(written).partition(":")
    read = _SOURCES.get(kind) if isinstance(written, str) and (colon or kind == "manager") else None
    if read is None:
        raise _wrong(
            f"“{written}” names no approver.", "Write user:U…, email:…, group:… or manager."
        )
    return ApproverSource(kind=SourceKind(kind), value=read(value))


def _member(value: str) -> str:
    if re.fullmatch(MEMBER_ID, value):
        return value
    message = f"“user:{value}” is not a Slack member ID."
    raise _wrong(message, "Write user: and the id, such as user:U0BORIS.")


def _email(value: str) -> str:
    if re.fullmatch(r"[^@\s<>,;:]{1,64}@[^@\s<>,;:.]+(\.[^@\s<>,;:.]+)+", value):
        return value.lower()
    raise _wrong(f"“email:{value}” is not an email address.", "Write email:boris@example.com.")


def _group(value: str) -> str:
    if re.fullmatch(r"S[A-Z0-9]{2,30}|[^\sA-Z@#:,<>]{1,80}", value):
        return value
    name = re.sub(r"[\s@#:,<>]+", "-", value.strip().lstrip("@").lower()) or "sales-leads"
    suggestion = f"Write its handle, group:{name}, or its id, group:S0…."
    raise _wrong(f"“group:{value}” is not a user group.", suggestion)


def _manager(value: str) -> str:
    if not value:
        return "1"
    if value.isdecimal() and value.isascii() and 2 <= int(value) <= MAX_MANAGER_STEPS:  # noqa: PLR2004 - manager:1 is manager
        return str(int(value))
    suggestion = f"Write manager, or manager:2 to manager:{MAX_MANAGER_STEPS}."
    raise _wrong(f"“manager:{value}” is not a valid manager.", suggestion)


_SOURCES = {"user": _member, "email": _email, "group": _group, "manager": _manager}


def _admin(written: object) -> ApproverSource:
    if str(written).partition(":")[0] == SourceKind.MANAGER:
        message = f"“{written}” depends on the requester, so it cannot be an admin."
        raise _wrong(message, "Write user:U…, email:… or group:….")
    return _source(written)


def _person(written: object) -> str:
    if isinstance(written, str) and re.fullmatch(MEMBER_ID, written):
        return written
    suggestion = 'Write U0ANA = "U0FAY": the person, then their manager.'
    raise _wrong(f"“{written}” is not a Slack member ID.", suggestion)


def _amendments(written: object) -> int:
    if type(written) is int and 0 <= written <= MAX_AMENDMENTS:
        return written
    suggestion = f"Write a whole number from 0 to {MAX_AMENDMENTS}."
    raise _wrong(f"{written!r} is not a number of amendments.", suggestion)


def _percentage(written: object) -> int:
    if type(written) is int and 0 <= written <= 100:  # noqa: PLR2004 - percent
        return written
    raise _wrong(f"{written!r} is not a percentage.", "Write a whole number from 0 to 100.")


def _quorum(written: object) -> Quorum:
    if type(written) is int and written >= 1:
        return Quorum(count=written)
    if isinstance(written, str) and written in (QuorumKind.ALL, QuorumKind.MAJORITY):
        return Quorum(kind=QuorumKind(written))
    raise _wrong(f"{written!r} is not a quorum.", 'Write 1, 2, …, "all" or "majority".')


class Section(BaseModel):
    """One table of the file. Strict: unknown keys are errors."""

    model_config = ConfigDict(strict=True, extra="forbid", arbitrary_types_allowed=True)


_ChannelName = Annotated[str, BeforeValidator(_channel)]
_Duration = Annotated[timedelta, BeforeValidator(_duration)]
_Sources = list[Annotated[ApproverSource, BeforeValidator(_source)]]
_Admins = list[Annotated[ApproverSource, BeforeValidator(_admin)]]
_Person = Annotated[str, BeforeValidator(_person)]
_Title = Annotated[str, _word(100)]


class Defaults(Section):
    """`[countersign]`: settings of every policy."""

    admins: Annotated[_Admins, Field(min_length=1)]
    admin_channel: _ChannelName
    timezone: Annotated[str, BeforeValidator(_timezone)] = "UTC"
    language: Annotated[str, _choice(*LANGUAGES)] = "en"


class Head(Section):
    """`[policy.NAME]`: the policy's own keys. Its tiers and levels are validated one at a time."""

    title: _Title
    channel: _ChannelName
    language: Annotated[str, _choice(*LANGUAGES)] | None = None
    layout: Annotated[str, _choice(*Layout)] = "card"
    visibility: Annotated[str, _choice(*Visibility)] = "channel"
    notify: Annotated[str, _choice(*Notify)] = "card"
    self_approval: Annotated[str, _choice("never")] = "never"
    distinct_approvers: bool = True
    delegation: bool = True
    max_amendments: Annotated[int, BeforeValidator(_amendments)] = 3
    requesters: Annotated[str, _choice(*Requesters)] = "members"
    max_discount: Annotated[int, BeforeValidator(_percentage)] = 0
    former_approvers_read: bool = True
    tier: list[dict[str, Any]] = Field(default_factory=list)
    level: dict[str, dict[str, Any]] = Field(default_factory=dict)


class TierKeys(Section):
    """`[[policy.NAME.tier]]`: the levels for amounts up to a limit."""

    up_to: Annotated[Money, BeforeValidator(_money)] | None = None
    levels: list[str]


class EscalationKeys(Section):
    """One entry of `escalate`: additional or replacement approvers after a delay."""

    after: _Duration
    to: Annotated[_Sources, Field(min_length=1)]
    replace: bool = False


class LevelKeys(Section):
    """`[policy.NAME.level.NAME]`: approvers, quorum and deadlines."""

    approvers: Annotated[_Sources, Field(min_length=1)]
    quorum: Annotated[Quorum, BeforeValidator(_quorum)] = Quorum()
    reject_quorum: Annotated[int, Field(ge=1)] = 1
    approve_reason: Annotated[str, _choice(*ReasonRule)] = "optional"
    reject_reason: Annotated[str, _choice(*ReasonRule)] = "required"
    remind_after: list[_Duration] = Field(default_factory=list)
    escalate: list[EscalationKeys] = Field(default_factory=list)
    expire_after: _Duration | None = None
    max_expire_after: _Duration | None = None


class FileKeys(Section):
    """The file's tables."""

    countersign: dict[str, Any]
    policy: dict[str, dict[str, Any]]
    managers: dict[_Person, _Person] = Field(default_factory=dict)


def read_source(written: str) -> ApproverSource:
    """Parse an approver source in the notation of the policy file: `user:U0BORIS`, `manager:2`.

    Raises:
        SourceError: it is not a valid source; the text says what to write instead.

    """
    try:
        return _source(written.strip())
    except PydanticCustomError as error:
        raise SourceError(error.message(), written.strip()) from None


class SourceError(ValueError):
    """An invalid approver source. The text says what to write instead of `written`."""

    def __init__(self, message: str, written: str) -> None:
        super().__init__(message)
        self.written = written
