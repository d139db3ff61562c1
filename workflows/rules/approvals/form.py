"""The request form: parses and checks what a person typed, field by field."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta

from workflows.rules.approvals.clock import format_duration
from workflows.rules.approvals.policy import Policy, Route, route
from workflows.rules.approvals.request import ApprovalRequest
from workflows.rules.people.actors import Actor, ManagedBy
from workflows.rules.shared.content import Content, check_content
from workflows.rules.shared.errors import (
    NotADurationError,
    RuleError,
    WindowTooLongError,
)
from workflows.rules.shared.form_errors import FormErrors, read_field
from workflows.rules.shared.money import POINT, Money, parse_money

_DURATION = re.compile(r"([1-9]\d{0,3})\s*([smhd])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftContent:
    """The content as it was typed. `links` are separated by spaces or line breaks.

    `decimal_mark` is that of the language in which the form was shown.
    """

    title: str
    text: str = ""
    amount: str = ""
    links: str = ""
    decimal_mark: str = POINT


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftRequest:
    """A request as it was typed. `answer_within` is empty or a duration such as `4h`."""

    request_id: str
    policy: str = ""
    content: DraftContent = DraftContent(title="")
    answer_within: str = ""


class RequestFormErrors(FormErrors):
    """The errors of a request form, by field: title, text, amount, links or answer_within."""


def read_request(
    draft: DraftRequest, policy: Policy, requester: Actor, managers: tuple[ManagedBy, ...]
) -> ApprovalRequest:
    """Parse a draft into a request with `policy` and `managers` pinned to it.

    Raises:
        RequestFormErrors: with the refusal of every invalid field.

    """
    content, errors = _content(draft.content, policy.currency)
    route_ = None
    if "amount" not in errors:
        route_ = read_field(errors, "amount", lambda: route(policy, content.amount))
    expire_after = read_field(
        errors, "answer_within", lambda: read_allowed_window(draft.answer_within, policy, route_)
    )
    if errors or route_ is None:
        raise RequestFormErrors(errors)
    return ApprovalRequest(
        request_id=draft.request_id,
        requester=requester,
        content=content,
        policy=policy,
        route=route_,
        expire_after=expire_after,
        managers=managers,
    )


def draft_errors(draft: DraftRequest) -> RequestFormErrors:
    """Return the errors that can be found without a policy: in all fields but the amount."""
    _, errors = _content(replace(draft.content, amount=""), "")
    read_field(errors, "answer_within", lambda: read_window(draft.answer_within))
    return RequestFormErrors(errors)


def read_allowed_window(text: str, policy: Policy, route_: Route | None) -> timedelta | None:
    """Parse the requested expiry. While the route is unknown, the longest of any route applies.

    Raises:
        NotADurationError, WindowTooLongError.

    """
    window = read_window(text)
    longest = longest_window(route_) if route_ is not None else _longest_of_any(policy)
    if window is not None and longest is not None and window > longest:
        raise WindowTooLongError(limit=format_duration(longest))
    return window


def _longest_of_any(policy: Policy) -> timedelta | None:
    """Return the longest expiry that some route with levels allows; None if one has no limit."""
    routes = [route(policy, tier.up_to) for tier in policy.tiers if tier.levels]
    bounds = [longest_window(route_) for route_ in routes]
    known = [bound for bound in bounds if bound is not None]
    return max(known, default=None) if len(known) == len(bounds) else None


def longest_window(route_: Route) -> timedelta | None:
    """Return the longest expiry that every level of the route allows; None if none has a limit."""
    bounds = (level.longest for level in route_.levels)
    return min((bound for bound in bounds if bound is not None), default=None)


def read_content(draft: DraftContent, currency: str) -> Content:
    """Parse a draft into content. `currency` is the policy's, or empty if it has none.

    Raises:
        RequestFormErrors: with the refusal of every invalid field.

    """
    content, errors = _content(draft, currency)
    if errors:
        raise RequestFormErrors(errors)
    return content


def _content(draft: DraftContent, currency: str) -> tuple[Content, dict[str, RuleError]]:
    """Return the draft as content, and the errors of its fields; an invalid amount is left out."""
    errors: dict[str, RuleError] = {}
    title, text = draft.title.strip(), draft.text.strip()
    other = Content(title="-")
    read_field(errors, "title", lambda: check_content(replace(other, title=title)))
    read_field(errors, "text", lambda: check_content(replace(other, text=text)))
    links = tuple(dict.fromkeys(draft.links.split()))
    read_field(errors, "links", lambda: check_content(replace(other, links=links)))
    amount = read_field(
        errors, "amount", lambda: read_amount(draft.amount, currency, draft.decimal_mark)
    )
    return Content(title=title, text=text, amount=amount, links=links), errors


def read_amount(text: str, currency: str, decimal_mark: str = POINT) -> Money | None:
    """Parse an amount; return None for an empty text.

    Raises:
        RuleError: see `parse_money`.

    """
    return parse_money(text, currency, decimal_mark) if text.strip() else None


def read_window(text: str) -> timedelta | None:
    """Parse a duration such as `30m`, `4h` or `2d`; return None for an empty text.

    Raises:
        NotADurationError: it is not in that form.

    """
    text = text.strip().lower()
    if not text:
        return None
    match = _DURATION.fullmatch(text)
    if match is None:
        raise NotADurationError
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
