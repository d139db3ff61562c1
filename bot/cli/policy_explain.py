"""`countersign policy explain`: the approvers, notifications and deadlines of a request that is not started."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.policies.file import Policies
from views import notices
from views.translator import ENGLISH
from workflows.rules.approvals.clock import TickKind, Window, format_duration, windows
from workflows.rules.approvals.form import read_amount, read_window
from workflows.rules.approvals.policy import (
    LevelRule,
    Notify,
    Policy,
    QuorumKind,
    ReasonRule,
    Route,
    Tier,
    route,
)
from workflows.rules.notice import MAX_MENTIONS
from workflows.rules.people.actors import ApproverSource, SourceKind
from workflows.rules.shared.errors import (
    AmbiguousAmountError,
    NoCurrencyError,
    OtherCurrencyError,
    RuleError,
)
from workflows.rules.shared.money import Money

_FIXED = "The request cannot be changed."


class ExplainError(ValueError):
    """An option is invalid. The text says what to write instead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A hypothetical request. `requester` is a Slack member ID, or empty for any requester."""

    policy: Policy
    amount: Money | None
    requester: str
    answer_within: timedelta | None


def read_question(
    policies: Policies, name: str, amount: str, requester: str, answer_within: str
) -> Question:
    """Parse the options.

    Raises:
        UnknownPolicyError: no policy has that name; the text suggests the closest.
        ExplainError: another option is invalid.

    """
    policy = policies.policy(name)
    try:
        money, window = read_amount(amount, policy.currency), read_window(answer_within)
    except NoCurrencyError:
        raise ExplainError(
            f"“{amount}” has no currency. Write --amount '{amount.strip()} EUR'."
        ) from None
    except OtherCurrencyError as error:
        raise ExplainError(
            f"“{amount}”: the policy {name} uses {error.data['currency']}."
        ) from None
    except RuleError as error:
        if isinstance(error, AmbiguousAmountError):
            message = notices.field_refusal(error.code, error.data, ENGLISH).removesuffix(".")
        elif error.code.startswith("amount_"):
            problem = error.code.removeprefix("amount_").replace("_", " ")
            message = f"“{amount}” is not an amount: {problem}. Write --amount 1000.01"
        else:
            message = f"“{answer_within}” is not a duration. Write --answer-within 30m, 4h or 2d"
        raise ExplainError(f"{message}.") from None
    if requester and not re.fullmatch(r"[UW][A-Z0-9]{2,30}", requester):
        raise ExplainError(
            f"“{requester}” is not a Slack member ID. Write --requester U0ANA (in Slack: open a "
            "profile, the three dots, Copy member ID)."
        )
    return Question(policy=policy, amount=money, requester=requester, answer_within=window)


def explain(policies: Policies, question: Question, now: datetime) -> RenderableType:
    """Return the explanation. Deadlines count from `now`, in the policy file's time zone."""
    policy = question.policy
    matched = route(policy, question.amount)
    explanation = _Explanation(policies, question, now.astimezone(ZoneInfo(policies.timezone)))
    parts: list[RenderableType] = [
        Text.assemble((policy.title, "bold"), f" ({policy.name}, version {policy.version})"),
        Text(f"{_subject(question)} matches the rule “{matched.rule}”."),
        _tiers(policy, matched),
    ]
    if not matched.levels:
        parts.append(Text("No approval is needed and no one is notified: it is approved at once."))
    for number, level in enumerate(matched.levels, 1):
        title = f"Level {number} of {len(matched.levels)}: {level.name}"
        parts += [Text(""), Text(title, style="bold"), explanation.level(level, number)]
    if matched.levels:
        parts += [Text(""), explanation.all_levels()]
    return Group(*parts)


def _subject(question: Question) -> str:
    return f"An amount of {question.amount}" if question.amount else "A request without an amount"


def _tiers(policy: Policy, matched: Route) -> Table:
    table = Table("", "up to", "levels")
    matched_tier = _tier_of(policy, matched)
    for tier in policy.tiers:
        rest = "any higher amount" if len(policy.tiers) > 1 else "any amount"
        limit = str(tier.up_to) if tier.up_to else rest
        matches = tier is matched_tier
        levels = ", then ".join(tier.levels) or "no approval needed"
        table.add_row("▸" if matches else "", limit, levels, style="bold" if matches else "")
    return table


def _tier_of(policy: Policy, matched: Route) -> Tier:
    """Return the tier that a route was taken from."""
    return next(tier for tier in policy.tiers if tier.up_to == matched.reason.up_to)


class _Explanation:
    """One explanation: the values that all its parts share."""

    def __init__(self, policies: Policies, question: Question, now: datetime) -> None:
        self._policies = policies
        self._question = question
        self._policy = question.policy
        self._now = now

    def level(self, level: LevelRule, number: int) -> RenderableType:
        """Return a level's approvers, quorum, notifications, reasons and deadlines."""
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column()
        for index, source in enumerate(level.approvers):
            table.add_row("approvers" if not index else "", Text(self._source(source)))
        if number > 1 and self._policy.distinct_approvers:
            table.add_row("", "A person who decided at an earlier level cannot decide again.")
        table.add_row("quorum", _quorum(level))
        table.add_row("notified", Text(self._notified(number)))
        table.add_row("reasons", _reasons(level))
        found = windows(level, self._question.answer_within)
        table.add_row("deadlines", self._deadlines(level, number, found))
        if not found:
            return Padding(table, (0, 0, 0, 2))
        return Group(Padding(table, (0, 0, 0, 2)), Padding(self._clock(level, found), (0, 0, 0, 4)))

    def all_levels(self) -> Table:
        """Return the rules for all levels: blocking, outcome, delegates and changes."""
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column()
        admins = ", ".join(map(str, self._policy.admins))
        table.add_row(
            "blocked",
            "If there are too few approvers, or a source cannot be read, the card says so, "
            f"{self._policy.admin_channel} is notified, and the lookup is retried. "
            f"Admins ({admins}) can choose other approvers, but they cannot decide.",
        )
        requester = self._question.requester or "The requester"
        table.add_row("outcome", f"{requester} receives a direct message.")
        delegation = "can" if self._policy.delegation else "cannot"
        table.add_row("delegates", f"Approvers {delegation} delegate their decision.")
        changes = self._policy.max_amendments
        times = "once" if changes == 1 else f"up to {changes} times"
        table.add_row("changes", f"The request can be changed {times}." if changes else _FIXED)
        return table

    def _source(self, source: ApproverSource) -> str:
        match source.kind:
            case SourceKind.USER if source.value == self._question.requester:
                return f"{source.value} ({source}): the requester, so cannot decide"
            case SourceKind.USER:
                return f"{source.value} ({source})"
            case SourceKind.EMAIL:
                return f"the person whose email in Slack is {source.value} ({source})"
            case SourceKind.GROUP:
                return f"the members of the user group {source.value} ({source})"
            case SourceKind.MANAGER:
                return self._manager(source)

    def _manager(self, source: ApproverSource) -> str:
        steps, requester = int(source.value), self._question.requester
        who = "the manager of " * steps + (requester or "the requester")
        chain = self._policies.chain_of(requester)
        if not requester:
            table = "; if that is empty, the table [managers]"
        elif len(chain) < steps:
            table = " (the table [managers] has no entry)"
        else:
            table = f"; if that is empty, {chain[steps - 1].manager} from the table [managers]"
        return f"{who} ({source}), from the Slack profile field Manager{table}"

    def _notified(self, number: int) -> str:
        channel = self._policy.channel
        match self._policy.notify:
            case Notify.CARD:
                card = f"on the card in {channel}" if number == 1 else "in the thread of the card"
                more = f" (in its thread if there are more than {MAX_MENTIONS})" * (number == 1)
                return (
                    f"mentioned {card}{more}; approvers outside {channel} receive the card as a "
                    "direct message"
                )
            case Notify.DM:
                return (
                    f"each approver receives the card as a direct message; it is also in {channel}"
                )
            case Notify.NONE:
                return f"no one; the card is in {channel}"

    def _deadlines(self, level: LevelRule, number: int, found: Sequence[Window]) -> str:
        requested = self._question.answer_within
        longest = level.longest
        limit = ""
        if requested is not None and longest is not None and requested > longest:
            limit = f" {format_duration(requested)} is too long: the limit is {format_duration(longest)}."
        if not found:
            return f"None: the level waits until it is decided.{limit}"
        start = "the request is submitted" if number == 1 else "the previous level is approved"
        return f"Counted from when {start}. If that were now:{limit}"

    def _clock(self, level: LevelRule, found: Sequence[Window]) -> Table:
        table = Table("after", f"at ({self._policies.timezone})", "what happens")
        for window in sorted(found, key=lambda window: window.after):
            at = (self._now + window.after).strftime("%a %d %b %Y %H:%M:%S")
            table.add_row(
                format_duration(window.after), at, Text(" ".join(self._due(level, window)))
            )
        return table

    def _due(self, level: LevelRule, window: Window) -> Iterator[str]:
        match window.kind:
            case TickKind.REMIND:
                quiet = self._policy.notify is Notify.NONE
                yield (
                    "no one is reminded" if quiet else "approvers who have not decided are reminded"
                )
            case TickKind.ESCALATE:
                step = level.escalate[window.step]
                yield "replaced by:" if step.replace else "added:"
                yield "; ".join(map(self._source, step.to))
            case _:
                yield "the request expires"


def _quorum(level: LevelRule) -> str:
    quorum = level.quorum
    approvals = {
        QuorumKind.ALL: "all approvers must approve",
        QuorumKind.MAJORITY: "more than half of the approvers must approve",
        QuorumKind.COUNT: f"{_times(quorum.count, 'approval')}",
    }[quorum.kind]
    ends = "ends" if level.reject_quorum == 1 else "end"
    return f"{approvals}; {_times(level.reject_quorum, 'rejection')} {ends} the request"


def _times(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


_REASON_WORDS = {
    ReasonRule.NONE: "none",
    ReasonRule.OPTIONAL: "optional",
    ReasonRule.REQUIRED: "required",
}


def _reasons(level: LevelRule) -> str:
    approve, reject = _REASON_WORDS[level.approve_reason], _REASON_WORDS[level.reject_reason]
    return f"approve: {approve}; reject: {reject}"
