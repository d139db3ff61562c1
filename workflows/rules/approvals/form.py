"""The written request: what a person typed, checked field by field before anything is believed."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta

from workflows.rules.approvals.clock import format_duration
from workflows.rules.approvals.policy import Policy, Route, route
from workflows.rules.approvals.request import ApprovalRequest
from workflows.rules.people.actors import Actor, ManagedBy
from workflows.rules.shared.content import Content, check_content
from workflows.rules.shared.errors import (
    NoCurrencyError,
    NotADurationError,
    NoTierError,
    RuleError,
    WindowTooLongError,
)
from workflows.rules.shared.form_errors import FormErrors, read_field
from workflows.rules.shared.money import Money, parse_money

_DURATION = re.compile(r"([1-9]\d{0,3})\s*([smhd])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_CURRENCY = re.compile(r"([A-Za-z]{3})\s*", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftContent:
    """What is asked, as a person wrote it. `links` are separated by spaces or line ends."""

    title: str
    text: str = ""
    amount: str = ""
    links: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftRequest:
    """A request as a person wrote it; `answer_within` such as `4h`, or empty."""

    request_id: str
    policy: str = ""
    content: DraftContent = DraftContent(title="")
    answer_within: str = ""


class RequestFormErrors(FormErrors):
    """What is wrong with a written request, by field: `title`, `text`, `amount`, `links`, `answer_within`."""


def read_request(
    written: DraftRequest, policy: Policy, requester: Actor, managers: tuple[ManagedBy, ...]
) -> ApprovalRequest:
    """Turn what a person wrote into a request, with `policy` and `managers` pinned to it.

    Raises:
        RequestMistakes: with the refusal of every field that is wrong, all at once.

    """
    mistakes: dict[str, RuleError] = {}
    expire_after = read_field(mistakes, "answer_within", lambda: read_window(written.answer_within))
    try:
        content = read_content(written.content, policy.currency)
        route_ = route(policy, content.amount)
    except RequestFormErrors as found:
        raise RequestFormErrors({**found.by_field, **mistakes}) from None
    except NoTierError as error:
        raise RequestFormErrors({"amount": error, **mistakes}) from None
    if expire_after is not None and (longest := longest_window(route_)) and expire_after > longest:
        mistakes["answer_within"] = WindowTooLongError(limit=format_duration(longest))
    if mistakes:
        raise RequestFormErrors(mistakes)
    return ApprovalRequest(
        request_id=written.request_id,
        requester=requester,
        content=content,
        policy=policy,
        route=route_,
        expire_after=expire_after,
        managers=managers,
    )


def longest_window(route_: Route) -> timedelta | None:
    """Return for how long every level of the route may wait, or None where none has a bound."""
    bounds = (level.longest for level in route_.levels)
    return min((bound for bound in bounds if bound is not None), default=None)


def read_content(written: DraftContent, currency: str) -> Content:
    """Turn what a person wrote into content, its amount in `currency`: the policy's, or empty.

    Raises:
        RequestMistakes: with the refusal of every field that is wrong, all at once.

    """
    mistakes: dict[str, RuleError] = {}
    title, text = written.title.strip(), written.text.strip()
    plain = Content(title="-")
    read_field(mistakes, "title", lambda: check_content(replace(plain, title=title)))
    read_field(mistakes, "text", lambda: check_content(replace(plain, text=text)))
    links = tuple(dict.fromkeys(written.links.split()))
    read_field(mistakes, "links", lambda: check_content(replace(plain, links=links)))
    amount = read_field(mistakes, "amount", lambda: read_amount(written.amount, currency))
    if mistakes:
        raise RequestFormErrors(mistakes)
    return Content(title=title, text=text, amount=amount, links=links)


def read_amount(written: str, currency: str) -> Money | None:
    """Read an amount, or None where nothing is written.

    Raises:
        NoCurrencyError: no currency is given, and the amount names none.
        RuleError: what `parse_money` raises.

    """
    written = written.strip()
    if not written:
        return None
    named = _CURRENCY.fullmatch(written[-3:])
    currency = currency or (named[1].upper() if named else "")
    if not currency:
        raise NoCurrencyError
    return parse_money(written, currency)


def read_window(written: str) -> timedelta | None:
    """Read how long a request may wait, such as `30m`, `4h` or `2d`; None where nothing is written.

    Raises:
        NotADurationError: it is written otherwise.

    """
    written = written.strip().lower()
    if not written:
        return None
    match = _DURATION.fullmatch(written)
    if match is None:
        raise NotADurationError
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
