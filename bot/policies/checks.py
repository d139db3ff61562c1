"""Checks across the keys of a policy: contradictions, and rules that can never take effect."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.policies.keys import Head, LevelKeys, TierKeys, nearest
from workflows.rules.approvals.clock import format_duration
from workflows.rules.approvals.policy import QuorumKind, Visibility
from workflows.rules.people.actors import ApproverSource, SourceKind
from workflows.rules.shared.money import Money

_ONE_PERSON = (SourceKind.USER, SourceKind.EMAIL)
"""Sources that name exactly one person. A group's size is only known when a level opens."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mistake:
    """An error at `key` of the checked table, or at the table itself if `key` is empty."""

    key: str = ""
    message: str
    suggestion: str = ""


def name(written: str) -> Iterator[Mistake]:
    """Check a name. It appears in commands, file names and button values."""
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", written):
        fix = "Use at most 40 of the characters a-z, 0-9, - and _."
        yield Mistake(message=f"“{written}” is not a valid name.", suggestion=fix)


def order(head: Head) -> Iterator[Mistake]:
    """Check the order policy: an order's own card replaces the card of its approval."""
    if head.visibility == Visibility.PRIVATE:
        message = "An order cannot be private: its card shows customer, lines and amount."
        fix = 'Write visibility = "channel", and use a private channel.'
        yield Mistake(key="visibility", message=message, suggestion=fix)


def readers(head: Head) -> Iterator[Mistake]:
    """Check a policy whose content everyone in the channel can read."""
    if not head.former_approvers_read and head.visibility != Visibility.PRIVATE:
        message = "This never takes effect: everyone in the channel can read the request."
        fix = 'Remove it, or write visibility = "private".'
        yield Mistake(key="former_approvers_read", message=message, suggestion=fix)


def without_products(head: Head) -> Iterator[Mistake]:
    """Check a policy whose requests have no list prices: every policy but that of orders."""
    if "max_discount" in head.model_fields_set:
        message = "This never takes effect: only the lines of an order have list prices."
        fix = "Remove it, or write it under [policy.order]."
        yield Mistake(key="max_discount", message=message, suggestion=fix)


def people(level: LevelKeys) -> Iterator[Mistake]:
    """Check that no source is repeated and that each escalation adds an approver."""
    twice = "An approver is listed twice."
    if _repeats(level.approvers):
        yield Mistake(key="approvers", message=twice, suggestion="List each approver once.")
    approvers = set(level.approvers)
    for index, step in enumerate(level.escalate):
        here = f"escalate.{index}.to"
        if _repeats(step.to):
            yield Mistake(key=here, message=twice, suggestion="List each approver once.")
        if not set(step.to) - approvers:
            message = f"This adds no approver: {_list(step.to)} is already an approver."
            yield Mistake(key=here, message=message, suggestion="Name someone else, or remove it.")
        approvers = set(step.to) if step.replace else approvers | set(step.to)


def quorums(level: LevelKeys) -> Iterator[Mistake]:
    """Check quorums as far as the number of approvers is known: `user:` and `email:` are one each."""
    if level.quorum.kind is QuorumKind.ALL:
        if level.reject_quorum > 1:
            why = "If all must approve, one rejection ends the level."
            yield _never_matters(why, 1)
        return
    known = _most_people(level)
    if known is None:
        return
    needed = level.quorum.needed(known)
    if needed > known:
        fix = f"Write at most {known}, or name more people."
        message = f"With {known} approvers, {needed} approvals are impossible."
        yield Mistake(key="quorum", message=message, suggestion=fix)
    elif level.reject_quorum > (last := known - needed + 1):
        why = f"After {last} of {known} rejections, the quorum of {needed} is out of reach."
        yield _never_matters(why, last)


def _never_matters(why: str, last: int) -> Mistake:
    fix = f"Write reject_quorum = {last} or less."
    return Mistake(key="reject_quorum", message=f"This never takes effect. {why}", suggestion=fix)


def _most_people(level: LevelKeys) -> int | None:
    """Return the largest number of approvers at any time, or None if it is unknown."""
    approvers = set(level.approvers)
    most = 0
    for step in (None, *level.escalate):
        if step is not None:
            approvers = set(step.to) if step.replace else approvers | set(step.to)
        if any(source.kind not in _ONE_PERSON for source in approvers):
            return None
        most = max(most, len(approvers))
    return most


def windows(level: LevelKeys) -> Iterator[Mistake]:
    """Check that reminders and escalations ascend and come before the latest possible expiry."""
    if level.max_expire_after is not None:
        if level.expire_after is None:
            fix = "Add expire_after, or remove this."
            message = "Without expire_after this has no effect."
            yield Mistake(key="max_expire_after", message=message, suggestion=fix)
        elif level.max_expire_after < level.expire_after:
            fix = "Make it the longer of the two."
            message = "This is shorter than expire_after."
            yield Mistake(key="max_expire_after", message=message, suggestion=fix)
    end = level.max_expire_after or level.expire_after
    yield from _in_order("remind_after.{}", "reminder", level.remind_after, end)
    steps = [step.after for step in level.escalate]
    yield from _in_order("escalate.{}.after", "escalation", steps, end)


def _in_order(
    key: str, word: str, instants: Sequence[timedelta], end: timedelta | None
) -> Iterator[Mistake]:
    for index, after in enumerate(instants):
        here = key.format(index)
        if end is not None and after >= end:
            fix = "Make it shorter, or let the request expire later."
            message = f"The {word} after {format_duration(after)} is too late: the request has expired by then."
            yield Mistake(key=here, message=message, suggestion=fix)
        if index and after <= instants[index - 1]:
            fix = "Write them in ascending order, each once."
            message = (
                f"The {word} after {format_duration(after)} is not later than the one before it."
            )
            yield Mistake(key=here, message=message, suggestion=fix)


def tiers(found: Sequence[TierKeys | None], at: str) -> Iterator[Mistake]:
    """Check that each amount falls into exactly one tier: ascending, one currency, the last open."""
    if not found:
        fix = f'Add [[{at}.tier]] with levels = ["…"].'
        yield Mistake(message="There is no tier, so no request matches.", suggestion=fix)
    before: Money | None = None
    for index, tier in enumerate(found):
        here, last = f"tier.{index}", index == len(found) - 1
        if tier is None:
            return
        if tier.up_to is None:
            if not last:
                message = "This tier takes every amount, so the next one overlaps it."
                yield Mistake(key=here, message=message, suggestion="Add up_to, or put it last.")
            return
        yield from _follows(tier.up_to, before, f"{here}.up_to")
        before = tier.up_to
        if last:
            fix = f"Add a last [[{at}.tier]] without up_to."
            message = f"There is a gap: no tier takes amounts over {before}."
            yield Mistake(key=here, message=message, suggestion=fix)


def _follows(limit: Money, before: Money | None, here: str) -> Iterator[Mistake]:
    if before is None:
        return
    if before.currency != limit.currency:
        fix = f"Use {before.currency} in all tiers of a policy."
        yield Mistake(key=here, message="Two currencies cannot be compared.", suggestion=fix)
    elif limit <= before:
        fix = "Write the tiers in ascending order, each limit once."
        yield Mistake(key=here, message=f"This overlaps the tier up to {before}.", suggestion=fix)


def levels(found: Sequence[TierKeys | None], names: Sequence[str]) -> Iterator[Mistake]:
    """Check that tiers name existing levels, and that each level is used."""
    used: set[str] = set()
    for index, tier in enumerate(found):
        named = tier.levels if tier else []
        here = f"tier.{index}.levels"
        for level in named:
            if level not in names:
                fix = nearest(level, names)
                yield Mistake(key=here, message=f"There is no level “{level}”.", suggestion=fix)
        if _repeats(named):
            fix = "List each level once."
            yield Mistake(key=here, message="A level is listed twice.", suggestion=fix)
        used |= set(named)
    if None in found:
        return
    for level in names:
        if level not in used:
            fix = "Add it to a tier's levels, or remove it."
            message = f"No tier uses the level “{level}”."
            yield Mistake(key=f"level.{level}", message=message, suggestion=fix)


def circles(managers: Mapping[str, str]) -> Iterator[Mistake]:
    """Check that managers form no cycle. Each cycle is reported once, at its first person."""
    reported: set[str] = set()
    for person in managers:
        chain = [person]
        while (above := managers.get(chain[-1])) is not None and above not in chain:
            chain.append(above)
        if above == person and person not in reported:
            reported |= set(chain)
            message = f"This is a cycle: {' → '.join([*chain, person])}."
            yield Mistake(key=person, message=message, suggestion="Remove one of these entries.")


def _repeats(items: Sequence[object]) -> bool:
    return len(set(items)) < len(items)


def _list(sources: Iterable[ApproverSource]) -> str:
    return ", ".join(map(str, sources))
