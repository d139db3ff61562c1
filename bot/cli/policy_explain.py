"""What a policy would do with a request: who is asked, who is told, until when. Nothing is started."""

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
from workflows.rules.shared.errors import NoCurrencyError, OtherCurrencyError, RuleError
from workflows.rules.shared.ids import MEMBER_ID
from workflows.rules.shared.money import Money

_FIXED = "The request cannot be changed."


class ExplainError(ValueError):
    """The question cannot be read. Its text says what to write instead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A request as it might be asked. `requester` is a Slack member id, or empty: anybody."""

    policy: Policy
    amount: Money | None
    requester: str
    answer_within: timedelta | None


def read_question(
    policies: Policies, name: str, amount: str, requester: str, answer_within: str
) -> Question:
    """Read what was typed at the command line.

    Raises:
        UnknownPolicyError: there is no policy of that name; the text names the nearest.
        ExplainError: something else cannot be read.

    """
    policy = policies.policy(name)
    try:
        money, wish = read_amount(amount, policy.currency), read_window(answer_within)
    except NoCurrencyError:
        raise ExplainError(
            f"“{amount}” has no currency. Write --amount '{amount.strip()} EUR'."
        ) from None
    except OtherCurrencyError as error:
        raise ExplainError(f"“{amount}”: {name} counts in {error.data['currency']}.") from None
    except RuleError as error:
        if error.code.startswith("amount_"):
            problem = error.code.removeprefix("amount_").replace("_", " ")
            words = f"“{amount}” is not an amount: {problem}. Write --amount 1000.01"
        else:
            words = f"“{answer_within}” is not a duration. Write --answer-within 30m, 4h or 2d"
        raise ExplainError(f"{words}.") from None
    if requester and not re.fullmatch(MEMBER_ID, requester):
        raise ExplainError(
            f"“{requester}” is not a Slack member id. Write --requester U0ANA (Slack: a profile, "
            "the three dots, Copy member ID)."
        )
    return Question(policy=policy, amount=money, requester=requester, answer_within=wish)


def explain(policies: Policies, question: Question, now: datetime) -> RenderableType:
    """Return the explanation; clock times count from `now`, in the house's time zone."""
    policy = question.policy
    matched = route(policy, question.amount)
    explaining = _Explaining(policies, question, now.astimezone(ZoneInfo(policies.timezone)))
    parts: list[RenderableType] = [
        Text.assemble((policy.title, "bold"), f" ({policy.name}, version {policy.version})"),
        Text(f"{_asked_for(question)} falls under the rule “{matched.rule}”."),
        _tiers(policy, matched),
    ]
    if not matched.levels:
        parts.append(Text("Nobody is asked and nobody is notified: it is approved at once."))
    for number, level in enumerate(matched.levels, 1):
        title = f"Level {number} of {len(matched.levels)}: {level.name}"
        parts += [Text(""), Text(title, style="bold"), explaining.level(level, number)]
    if matched.levels:
        parts += [Text(""), explaining.everybody()]
    return Group(*parts)


def _asked_for(question: Question) -> str:
    return f"An amount of {question.amount}" if question.amount else "A request without an amount"


def _tiers(policy: Policy, matched: Route) -> Table:
    table = Table("", "up to", "levels")
    matched_tier = _tier_of(policy, matched)
    for tier in policy.tiers:
        rest = "everything above" if len(policy.tiers) > 1 else "every amount"
        limit = str(tier.up_to) if tier.up_to else rest
        found = tier is matched_tier
        levels = ", then ".join(tier.levels) or "nobody is asked"
        table.add_row("▸" if found else "", limit, levels, style="bold" if found else "")
    return table


def _tier_of(policy: Policy, matched: Route) -> Tier:
    """Return the tier that a route came from."""
    return next(tier for tier in policy.tiers if tier.up_to == matched.reason.up_to)


class _Explaining:
    """One explanation, with what holds for all its levels."""

    def __init__(self, policies: Policies, question: Question, now: datetime) -> None:
        self._policies = policies
        self._question = question
        self._policy = question.policy
        self._now = now

    def level(self, level: LevelRule, number: int) -> RenderableType:
        """Return who is asked at a level, how many are enough, who is told, and when what falls due."""
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column()
        for index, source in enumerate(level.approvers):
            table.add_row("asked" if not index else "", Text(self._source(source)))
        if number > 1 and self._policy.distinct_approvers:
            table.add_row("", "Nobody who has counted at an earlier level counts again.")
        table.add_row("enough", _enough(level))
        table.add_row("told", Text(self._told(number)))
        table.add_row("reasons", _reasons(level))
        found = windows(level, self._question.answer_within)
        table.add_row("clock", self._clock_words(level, number, found))
        if not found:
            return Padding(table, (0, 0, 0, 2))
        return Group(Padding(table, (0, 0, 0, 2)), Padding(self._clock(level, found), (0, 0, 0, 4)))

    def everybody(self) -> Table:
        """Return what holds for every level: who hears of it when nobody can decide, and the end."""
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column()
        admins = ", ".join(map(str, self._policy.admins))
        table.add_row(
            "blocked",
            "Where too few may decide, or a source cannot be read, the card says so, "
            f"{self._policy.admin_channel} is told, and it is tried again. "
            f"Admins: {admins}; they may name other approvers, but not decide.",
        )
        requester = self._question.requester or "Whoever asks"
        table.add_row("outcome", f"{requester} is told by direct message.")
        hand_over = "may" if self._policy.delegation else "may not"
        table.add_row("stand-ins", f"Approvers {hand_over} have somebody stand in for them.")
        changes = self._policy.max_amendments
        times = "once" if changes == 1 else f"{changes} times at most"
        words = f"The request may be changed {times}." if changes else _FIXED
        table.add_row("changes", words)
        return table

    def _source(self, source: ApproverSource) -> str:
        match source.kind:
            case SourceKind.USER if source.value == self._question.requester:
                return f"{source.value}, by {source}: asks, and so never decides"
            case SourceKind.USER:
                return f"{source.value}, by {source}"
            case SourceKind.EMAIL:
                return f"whoever has the e-mail {source.value} in Slack, by {source}"
            case SourceKind.GROUP:
                return f"the members of the user group {source.value}, by {source}"
            case SourceKind.MANAGER:
                return self._manager(source)

    def _manager(self, source: ApproverSource) -> str:
        steps, requester = int(source.value), self._question.requester
        who = "the manager of " * steps + (requester or "whoever asks")
        chain = self._policies.chain_of(requester)
        if not requester:
            table = ", or the table [managers] where that is empty"
        elif len(chain) < steps:
            table = " (the table [managers] names nobody)"
        else:
            table = f", or {chain[steps - 1].manager} by the table [managers] where that is empty"
        return f"{who}, by {source}: as Slack's profile field Manager says{table}"

    def _told(self, number: int) -> str:
        channel = self._policy.channel
        match self._policy.notify:
            case Notify.CARD:
                card = f"on the card in {channel}" if number == 1 else "in the thread of the card"
                more = f", in its thread where more than {MAX_MENTIONS} are asked" * (number == 1)
                return (
                    f"mentioned {card}{more}; who is no member of {channel} gets a copy of the "
                    "card as a direct message"
                )
            case Notify.DM:
                return f"each gets a copy as a direct message; the card stands in {channel}"
            case Notify.NONE:
                return f"nobody: the card stands in {channel}"

    def _clock_words(self, level: LevelRule, number: int, found: Sequence[Window]) -> str:
        wish = self._question.answer_within
        longest = level.longest
        cut = ""
        if wish is not None and longest is not None and wish > longest:
            cut = f" {format_duration(wish)} is too long: at most {format_duration(longest)} here."
        if not found:
            return f"Nothing falls due: it waits until somebody decides.{cut}"
        start = "it is submitted" if number == 1 else "the level before it has passed"
        return f"It runs from when {start}; if that were now:{cut}"

    def _clock(self, level: LevelRule, found: Sequence[Window]) -> Table:
        table = Table("after", f"at ({self._policies.timezone})", "what happens")
        for window in sorted(found, key=lambda one: one.after):
            at = (self._now + window.after).strftime("%a %d %b %Y %H:%M:%S")
            table.add_row(
                format_duration(window.after), at, Text(" ".join(self._due(level, window)))
            )
        return table

    def _due(self, level: LevelRule, window: Window) -> Iterator[str]:
        match window.kind:
            case TickKind.REMIND:
                quiet = self._policy.notify is Notify.NONE
                yield "nobody is reminded" if quiet else "who has not decided is reminded"
            case TickKind.ESCALATE:
                step = level.escalate[window.step]
                yield "asked instead:" if step.replace else "asked too:"
                yield "; ".join(map(self._source, step.to))
            case _:
                yield "the request expires"


def _enough(level: LevelRule) -> str:
    quorum = level.quorum
    approvals = {
        QuorumKind.ALL: "all of those who may decide must approve",
        QuorumKind.MAJORITY: "more than half of those who may decide must approve",
        QuorumKind.COUNT: f"{_times(quorum.count, 'approval')} of those who may decide",
    }[quorum.kind]
    ends = "ends" if level.reject_quorum == 1 else "end"
    return f"{approvals}; {_times(level.reject_quorum, 'rejection')} {ends} the request"


def _times(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


_REASON_WORDS = {
    ReasonRule.NONE: "none",
    ReasonRule.OPTIONAL: "one may be given",
    ReasonRule.REQUIRED: "one must be given",
}


def _reasons(level: LevelRule) -> str:
    approve, reject = _REASON_WORDS[level.approve_reason], _REASON_WORDS[level.reject_reason]
    return f"with an approval: {approve}; with a rejection: {reject}"
