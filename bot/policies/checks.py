"""What can be wrong with a policy beyond its single keys: what contradicts itself, what can never work."""

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
"""Sources that name one known person each. How many a group has is read when a level opens."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mistake:
    """A mistake at a key below the table that was checked; at the table itself without one."""

    key: str = ""
    message: str
    suggestion: str = ""


def name(written: str) -> Iterator[Mistake]:
    """Check a name: commands, file names and button values carry it."""
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", written):
        words = f"“{written}” is not a name."
        yield Mistake(message=words, suggestion="Use a-z, 0-9, - and _, at most 40.")


def order(head: Head) -> Iterator[Mistake]:
    """Check what an order cannot have: its own card takes the place of its approval's."""
    if head.visibility == Visibility.PRIVATE:
        words = "An order cannot be private: its card shows customer, lines and amount."
        fix = 'Write visibility = "channel", and a channel that only they can read.'
        yield Mistake(key="visibility", message=words, suggestion=fix)


def people(level: LevelKeys) -> Iterator[Mistake]:
    """Each source once, and every escalation asks somebody who is not asked already."""
    twice = "Somebody stands there twice."
    if _repeats(level.approvers):
        yield Mistake(key="approvers", message=twice, suggestion="Name each person once.")
    asked = set(level.approvers)
    for index, step in enumerate(level.escalate):
        here = f"escalate.{index}.to"
        if _repeats(step.to):
            yield Mistake(key=here, message=twice, suggestion="Name each person once.")
        if not set(step.to) - asked:
            why = f"This asks nobody new: {_list(step.to)} is asked already."
            yield Mistake(key=here, message=why, suggestion="Name somebody else, or remove it.")
        asked = set(step.to) if step.replace else asked | set(step.to)


def quorums(level: LevelKeys) -> Iterator[Mistake]:
    """Check what can be known: `user:` and `email:` are one person each; of `all`, one no is the end."""
    if level.quorum.kind is QuorumKind.ALL:
        if level.reject_quorum > 1:
            why = "Where all must agree, one rejection is the end anyway."
            yield _never_matters(why, 1)
        return
    known = _most_people(level)
    if known is None:
        return
    needed = level.quorum.needed(known)
    if needed > known:
        fix = f"Write at most {known}, or name more people."
        words = f"With {known} named, {needed} approvals can never be given."
        yield Mistake(key="quorum", message=words, suggestion=fix)
    elif level.reject_quorum > (last := known - needed + 1):
        why = f"After {last} of {known} say no, the quorum of {needed} is out of reach anyway."
        yield _never_matters(why, last)


def _never_matters(why: str, last: int) -> Mistake:
    fix = f"Write reject_quorum = {last} or less."
    words = f"This can never matter. {why}"
    return Mistake(key="reject_quorum", message=words, suggestion=fix)


def _most_people(level: LevelKeys) -> int | None:
    """Return the most people who are ever asked at once; None where that is not known."""
    asked = set(level.approvers)
    most = 0
    for step in (None, *level.escalate):
        if step is not None:
            asked = set(step.to) if step.replace else asked | set(step.to)
        if any(one.kind not in _ONE_PERSON for one in asked):
            return None
        most = max(most, len(asked))
    return most


def windows(level: LevelKeys) -> Iterator[Mistake]:
    """Reminders and escalations in order, each before the latest end that a request may wish for."""
    if level.max_expire_after is not None:
        if level.expire_after is None:
            fix = "Add expire_after, or remove this."
            words = "Without expire_after this has no effect."
            yield Mistake(key="max_expire_after", message=words, suggestion=fix)
        elif level.max_expire_after < level.expire_after:
            fix = "Make it the longer of the two."
            words = "This is shorter than expire_after."
            yield Mistake(key="max_expire_after", message=words, suggestion=fix)
    end = level.max_expire_after or level.expire_after
    yield from _in_order("remind_after.{}", "reminder", level.remind_after, end)
    steps = [one.after for one in level.escalate]
    yield from _in_order("escalate.{}.after", "escalation", steps, end)


def _in_order(
    key: str, word: str, instants: Sequence[timedelta], end: timedelta | None
) -> Iterator[Mistake]:
    for index, after in enumerate(instants):
        here = key.format(index)
        if end is not None and after >= end:
            fix = "Make it shorter, or the request's end later."
            words = f"The {word} after {format_duration(after)} comes too late: by then the request has expired."
            yield Mistake(key=here, message=words, suggestion=fix)
        if index and after <= instants[index - 1]:
            fix = "Write them in ascending order, each once."
            words = (
                f"The {word} after {format_duration(after)} stands behind one that is not earlier."
            )
            yield Mistake(key=here, message=words, suggestion=fix)


def tiers(found: Sequence[TierKeys | None], at: str) -> Iterator[Mistake]:
    """Every amount must fall into exactly one tier: ascending, one currency, open at the end."""
    if not found:
        fix = f'Add [[{at}.tier]] with levels = ["…"].'
        yield Mistake(message="There is no tier, so no amount has a rule.", suggestion=fix)
    before: Money | None = None
    for index, tier in enumerate(found):
        here, last = f"tier.{index}", index == len(found) - 1
        if tier is None:
            return
        if tier.up_to is None:
            if not last:
                words = "This tier takes every amount: the next overlaps it."
                yield Mistake(key=here, message=words, suggestion="Give it up_to, or put it last.")
            return
        yield from _follows(tier.up_to, before, f"{here}.up_to")
        before = tier.up_to
        if last:
            fix = f"Add a last [[{at}.tier]] without up_to."
            words = f"There is a gap: no tier takes more than {before}."
            yield Mistake(key=here, message=words, suggestion=fix)


def _follows(limit: Money, before: Money | None, here: str) -> Iterator[Mistake]:
    if before is None:
        return
    if before.currency != limit.currency:
        fix = f"Use {before.currency} in all tiers of a policy."
        yield Mistake(key=here, message="Two currencies cannot be compared.", suggestion=fix)
    elif limit <= before:
        fix = "Write the tiers in ascending order, each limit once."
        words = f"This overlaps the tier up to {before}."
        yield Mistake(key=here, message=words, suggestion=fix)


def levels(found: Sequence[TierKeys | None], names: Sequence[str]) -> Iterator[Mistake]:
    """Every level that a tier names exists, and every level is named by a tier."""
    used: set[str] = set()
    for index, tier in enumerate(found):
        asked = tier.levels if tier else []
        here = f"tier.{index}.levels"
        for one in asked:
            if one not in names:
                fix = nearest(one, names)
                yield Mistake(key=here, message=f"There is no level “{one}”.", suggestion=fix)
        if _repeats(asked):
            fix = "Name each level once."
            yield Mistake(key=here, message="A level stands there twice.", suggestion=fix)
        used |= set(asked)
    if None in found:
        return
    for one in names:
        if one not in used:
            fix = "Name it in a tier's levels, or remove it."
            words = f"No tier uses the level “{one}”."
            yield Mistake(key=f"level.{one}", message=words, suggestion=fix)


def circles(managers: Mapping[str, str]) -> Iterator[Mistake]:
    """Nobody is their own manager, however far up. Each circle is told once, where it begins."""
    told: set[str] = set()
    for person in managers:
        chain = [person]
        while (above := managers.get(chain[-1])) is not None and above not in chain:
            chain.append(above)
        if above == person and person not in told:
            told |= set(chain)
            words = f"This leads back to {person}: {' → '.join([*chain, person])}."
            yield Mistake(key=person, message=words, suggestion="Somebody must be at the top.")


def _repeats(items: Sequence[object]) -> bool:
    return len(set(items)) < len(items)


def _list(sources: Iterable[ApproverSource]) -> str:
    return ", ".join(map(str, sources))
