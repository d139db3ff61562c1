"""Why: the rule that a request falls under, and what a step of an order has failed for, in words."""

from collections.abc import Callable

from views.text import has_text, in_line, text
from workflows.rules.approvals.policy import RouteReason
from workflows.rules.shared.failure import Failure, read_failure

_RULE = 200
_DATA = 120


def rule_words(rule: RouteReason, locale: str) -> str:
    """Return the rule, on one line and escaped: which policy, and for which amounts."""
    policy = in_line(rule.policy, _RULE, locale)
    if rule.up_to is not None:
        return text("rule.up_to", locale, policy=policy, amount=rule.up_to)
    if rule.over is not None:
        return text("rule.over", locale, policy=policy, amount=rule.over)
    return text("rule.always", locale, policy=policy)


def failure_words(written: str, locale: str) -> str:
    """Return why it failed, for plain text. What we have no words for is shown as it came."""
    return _words(read_failure(written), locale, lambda one: one) or written.strip()


def failure_mrkdwn(written: str, limit: int, locale: str) -> str:
    """Return the same on one line, escaped and no longer than `limit` where it is not ours."""
    return _escaped(read_failure(written), locale) or in_line(written, limit, locale)


def problem_words(problem: Failure, locale: str) -> str:
    """Return a cause in a sentence, escaped; one that we have no words for is named by its code."""
    unknown = text("failure.other", locale, code=in_line(problem.code, _DATA, locale))
    return _escaped(problem, locale) or unknown


def _escaped(failure: Failure | None, locale: str) -> str:
    return _words(failure, locale, lambda one: in_line(one, _DATA, locale))


def _words(failure: Failure | None, locale: str, shown: Callable[[str], str]) -> str:
    if failure is None or not has_text(f"failure.{failure.code}"):
        return ""
    data = {name: shown(value) for name, value in failure.data.items()}
    try:
        return text(f"failure.{failure.code}", locale, **data)
    except KeyError:  # a newer worker tells it with other data
        return ""
