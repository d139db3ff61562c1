"""Explanations: the rule that applies to a request, and the cause of a failure."""

from collections.abc import Callable

from views.translator import Translator
from workflows.rules.approvals.policy import RouteReason
from workflows.rules.shared.failure import Failure, read_failure

_RULE = 200
_DATA = 120


def rule_text(rule: RouteReason, t: Translator) -> str:
    """Return the rule on one line, escaped: the policy and the amounts that it is for."""
    policy = t.inline(rule.policy, _RULE)
    if rule.discount_over is not None:
        return t("rule.discount_over", policy=policy, percent=str(rule.discount_over))
    if rule.up_to is not None:
        return t("rule.up_to", policy=policy, amount=t.money(rule.up_to))
    if rule.over is not None:
        return t("rule.over", policy=policy, amount=t.money(rule.over))
    return t("rule.always", policy=policy)


def failure_text(written: str, t: Translator) -> str:
    """Return the cause of a failure as plain text; a cause without a catalogue text is shown as it is."""
    return _catalogue_text(read_failure(written), lambda value: value, t) or written.strip()


def failure_mrkdwn(written: str, limit: int, t: Translator) -> str:
    """Return the cause on one line, escaped; without a catalogue text at most `limit` characters of it."""
    return _escaped(read_failure(written), t) or t.inline(written, limit)


def problem_text(problem: Failure, t: Translator) -> str:
    """Return a cause in one sentence, escaped; a cause without a catalogue text is named by its code."""
    unknown = t("failure.other", code=t.inline(problem.code, _DATA))
    return _escaped(problem, t) or unknown


def _escaped(failure: Failure | None, t: Translator) -> str:
    return _catalogue_text(failure, lambda value: t.inline(value, _DATA), t)


def _catalogue_text(failure: Failure | None, render: Callable[[str], str], t: Translator) -> str:
    if failure is None or not t.has(f"failure.{failure.code}"):
        return ""
    data = {name: render(value) for name, value in failure.data.items()}
    try:
        return t(f"failure.{failure.code}", **data)
    except KeyError:  # a newer worker sends other data
        return ""
