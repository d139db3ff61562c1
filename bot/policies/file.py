"""The policy file: TOML in, rules out, and every mistake in it with its line and a suggestion."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from bot.policies import checks as policy_checks
from bot.policies.checks import Mistake
from bot.policies.keys import (
    FARTHEST_MANAGER,
    EscalationKeys,
    FileKeys,
    Head,
    House,
    LevelKeys,
    Section,
    TierKeys,
    nearest,
)
from workflows.rules.approvals.policy import (
    Escalation,
    Layout,
    LevelRule,
    Notify,
    Policy,
    ReasonRule,
    Tier,
    Visibility,
    digest,
)
from workflows.rules.hr.request import HrType
from workflows.rules.orders.form import POLICY as ORDER
from workflows.rules.people.actors import ApproverSource, ManagedBy

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\"'-]+)\s*=")
_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One mistake: where, what, and what to write instead."""

    line: int
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        return f"line {self.line}: {self.message} {self.suggestion}".rstrip()


class PolicyFileError(Exception):
    """The file cannot be used. All its mistakes at once, in the order of the file."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda one: one.line))
        super().__init__("\n".join(f"{name}, {one}" for one in self.problems))


class UnknownPolicyError(LookupError):
    """There is no policy of that name."""


FORMS: Mapping[str, str] = MappingProxyType(
    {ORDER: "/order"} | {one.value: f"/request {one}" for one in HrType}
)
"""Policies of journeys with a workflow of their own, each with the command that opens its form: an
approval alone would carry nothing out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Policies:
    """What the file says. Each policy carries the digest of itself as its version.

    `managers` is the table `[managers]`: each person once, nobody their own manager, however far up.
    """

    admins: tuple[ApproverSource, ...]
    admin_channel: str
    timezone: str
    language: str
    by_name: Mapping[str, Policy]
    managers: tuple[ManagedBy, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The policies' names, in the order of the file."""
        return tuple(self.by_name)

    def policy(self, name: str) -> Policy:
        """Return the policy of that name.

        Raises:
            UnknownPolicyError: there is none; its text names the nearest.

        """
        if name not in self.by_name:
            raise UnknownPolicyError(f"There is no policy “{name}”. {nearest(name, self.names)}")
        return self.by_name[name]

    def chain_of(self, person: str) -> tuple[ManagedBy, ...]:
        """Return the person's line in the table `[managers]`, from their manager up.

        At most five steps, which is as far as `manager:5` goes; empty where the table does not
        have the person. A request pins it at submission.
        """
        by_person = {one.person: one for one in self.managers}
        chain: list[ManagedBy] = []
        while len(chain) < FARTHEST_MANAGER and (step := by_person.get(person)):
            chain.append(step)
            person = step.manager
        return tuple(chain)


def load(path: Path | str) -> Policies:
    """Read a policy file.

    Raises:
        PolicyFileError: it is missing or wrong; every mistake with its line and a suggestion.

    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem(
            line=1,
            message=f"The file cannot be read ({type(error).__name__}).",
            suggestion="Set POLICIES to the path of a policies.toml.",
        )
        raise PolicyFileError(str(path), [problem]) from error
    return parse(text, str(path))


def parse(text: str, name: str = "policies.toml") -> Policies:
    """Read the text of a policy file; `name` stands before each mistake.

    Raises:
        PolicyFileError: every mistake with its line and a suggestion.

    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _AT_LINE.search(str(error))
        message = f"This is not TOML: {_AT_LINE.sub('', str(error))}."
        line = int(at[1]) if at else max(text.count("\n"), 1)
        raise PolicyFileError(name, [Problem(line=line, message=message)]) from error
    reader = _Reader(_line_numbers(text))
    policies = reader.policies(values)
    if policies is None or reader.problems:
        raise PolicyFileError(name, reader.problems)
    return policies


def _line_numbers(text: str) -> dict[str, int]:
    """Return the line on which each table and key begins, which TOML's own parser does not tell."""
    lines: dict[str, int] = {}
    table, seen = "", dict[str, int]()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = re.sub(r"[\s\"']", "", header[2])
            if header[1] == "[[":
                seen[table] = seen.get(table, -1) + 1
                table = f"{table}.{seen[table]}"
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault(f"{table}.{key[1]}".replace('"', "").lstrip("."), number)
    return lines


S = TypeVar("S", bound=Section)


class _Reader:
    """Reads section by section, so that a mistake in one hides none in another."""

    def __init__(self, lines: Mapping[str, int]) -> None:
        self.problems: list[Problem] = []
        self._lines = lines

    def _note(self, at: str, message: str, suggestion: str = "") -> None:
        """Note a mistake at the line of what `at` names, or of the nearest table around it."""
        while at and at not in self._lines:
            at = at.rpartition(".")[0]
        line = self._lines.get(at, 1)
        self.problems.append(Problem(line=line, message=message, suggestion=suggestion))

    def _read(self, shape: type[S], values: object, at: str) -> S | None:
        try:
            return shape.model_validate(values)
        except ValidationError as error:
            for found in error.errors():
                place = [str(part) for part in found["loc"] if isinstance(part, int | str)]
                key, inner = next(iter(place), ""), cast("type[Section]", shape)
                if key == "escalate" and len(place) > 2:  # noqa: PLR2004 - escalate, which one, its key
                    key, inner = place[2], EscalationKeys
                message, suggestion = _words(found["type"], key, found.get("ctx", {}), inner)
                self._note(".".join([at, *place]).strip("."), message, suggestion)
            return None

    def _take(self, at: str, mistakes: Iterable[Mistake]) -> None:
        for one in mistakes:
            where = f"{at}.{one.key}".strip(".") if one.key else at
            self._note(where, one.message, one.suggestion)

    def policies(self, values: Mapping[str, Any]) -> Policies | None:
        """Return what the file says, or None where anything in it is wrong."""
        whole = self._read(FileKeys, values, "")
        house = (
            self._read(House, values["countersign"], "countersign")
            if _is_table(values, "countersign")
            else None
        )
        managers = whole.managers if whole else {}
        self._take("managers", policy_checks.circles(managers))
        written = values["policy"] if _is_table(values, "policy") else {}
        found = {
            name: self._policy(name, one, house)
            for name, one in written.items()
            if _is_table(written, name)
        }
        if house is None or self.problems:
            return None
        return Policies(
            admins=tuple(house.admins),
            admin_channel=house.admin_channel,
            timezone=house.timezone,
            language=house.language,
            by_name={name: policy for name, policy in found.items() if policy},
            managers=tuple(
                ManagedBy(person=person, manager=manager) for person, manager in managers.items()
            ),
        )

    def _policy(self, name: str, values: Mapping[str, Any], house: House | None) -> Policy | None:
        at = f"policy.{name}"
        self._take(at, policy_checks.name(name))
        head = self._read(Head, values, at)
        written = head.level if head else values.get("level", {})
        levels = {key: self._level(key, one, f"{at}.level.{key}") for key, one in written.items()}
        tiers = [
            self._read(TierKeys, one, f"{at}.tier.{index}")
            for index, one in enumerate(head.tier if head else values.get("tier", []))
        ]
        if head is not None and name == ORDER:
            self._take(at, policy_checks.order(head))
        self._take(at, policy_checks.tiers(tiers, at))
        self._take(at, policy_checks.levels(tiers, list(levels)))
        if head is None or house is None or self.problems:
            return None
        policy = Policy(
            name=name,
            title=head.title,
            channel=head.channel,
            tiers=tuple(Tier(up_to=one.up_to, levels=tuple(one.levels)) for one in tiers if one),
            levels=tuple(one for one in levels.values() if one),
            layout=Layout(head.layout),
            visibility=Visibility(head.visibility),
            notify=Notify(head.notify),
            distinct_approvers=head.distinct_approvers,
            delegation=head.delegation,
            max_amendments=head.max_amendments,
            admins=tuple(house.admins),
            admin_channel=house.admin_channel,
            language=head.language or house.language,
        )
        return replace(policy, version=digest(policy))

    def _level(self, name: str, values: object, at: str) -> LevelRule | None:
        self._take(at, policy_checks.name(name))
        level = self._read(LevelKeys, values, at)
        if level is None:
            return None
        self._take(at, policy_checks.people(level))
        self._take(at, policy_checks.quorums(level))
        self._take(at, policy_checks.windows(level))
        return LevelRule(
            name=name,
            approvers=tuple(level.approvers),
            quorum=level.quorum,
            reject_quorum=level.reject_quorum,
            approve_reason=ReasonRule(level.approve_reason),
            reject_reason=ReasonRule(level.reject_reason),
            remind_after=tuple(level.remind_after),
            escalate=tuple(
                Escalation(after=one.after, to=tuple(one.to), replace=one.replace)
                for one in level.escalate
            ),
            expire_after=level.expire_after,
            max_expire_after=level.max_expire_after,
        )


def _is_table(values: Mapping[str, Any], key: str) -> bool:
    return isinstance(values.get(key), dict)


_WORDS = {
    "missing": ("“{key}” is missing.", "Please add it."),
    "too_short": ("{key}: nobody is named.", "Write user:U…, email:…, group:… or manager."),
    "bool_type": ("{key}: this must be true or false.", "Write it without quotes."),
    "int_type": ("{key}: this must be a whole number from 1.", "Write it without quotes."),
    "greater_than_equal": ("{key}: this must be a whole number from 1.", "Write 1 or more."),
    "list_type": ("{key}: this must be a list.", 'Write {key} = ["…"].'),
    "string_type": ("{key}: this must be a text.", "Write it in quotes."),
    "dict_type": ("{key}: this must be a table.", "Write it under a [table] of its own."),
}


def _words(kind: str, key: str, data: Mapping[str, Any], shape: type[Section]) -> tuple[str, str]:
    """Return what is wrong and what to do, in our words instead of pydantic's."""
    if kind == "mistake":
        return (f"{key}: {data['message']}", str(data["suggestion"]))
    if kind == "extra_forbidden":
        return (f"Unknown key “{key}”.", nearest(key, shape.model_fields))
    message, suggestion = _WORDS.get(kind, ("{key}: this cannot be read.", "See policies.toml."))
    return (message.format(key=key), suggestion.format(key=key))
