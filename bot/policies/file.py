"""Loading the policy file: TOML to rules, every error with its line and a suggestion."""

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
    MAX_MANAGER_STEPS,
    Defaults,
    EscalationKeys,
    FileKeys,
    Head,
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
    Requesters,
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
    """One error in the file: its line, what is wrong, and what to write instead."""

    line: int
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        return f"line {self.line}: {self.message} {self.suggestion}".rstrip()


class PolicyFileError(Exception):
    """The file cannot be used. Carries all its errors, in the order of the file."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(f"{name}, {problem}" for problem in self.problems))


class UnknownPolicyError(LookupError):
    """No policy has that name."""


FORMS: Mapping[str, str] = MappingProxyType(
    {ORDER: "/order"} | {type_.value: f"/request {type_}" for type_ in HrType}
)
"""Policies that belong to a workflow other than a plain approval, with the command that opens its
form. A plain approval would be decided, and then nothing would be carried out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Policies:
    """The contents of a policy file. Each policy's version is its own digest.

    `managers` is the table `[managers]`: each person once, and without cycles.
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
            UnknownPolicyError: no policy has that name; the text suggests the closest.

        """
        if name not in self.by_name:
            raise UnknownPolicyError(f"There is no policy “{name}”. {nearest(name, self.names)}")
        return self.by_name[name]

    def chain_of(self, person: str) -> tuple[ManagedBy, ...]:
        """Return the person's managers from the table `[managers]`, closest first.

        At most five, which is as far as `manager:5` reaches; empty if the table does not list the
        person. A request pins the chain at submission.
        """
        by_person = {entry.person: entry for entry in self.managers}
        chain: list[ManagedBy] = []
        while len(chain) < MAX_MANAGER_STEPS and (step := by_person.get(person)):
            chain.append(step)
            person = step.manager
        return tuple(chain)


def load(path: Path | str) -> Policies:
    """Read a policy file.

    Raises:
        PolicyFileError: it is missing or invalid; carries every error with its line.

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
    """Parse the text of a policy file; each error message starts with `name`.

    Raises:
        PolicyFileError: the text is invalid; carries every error with its line.

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
    """Return the line of each table and key: `tomllib` does not report them."""
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
    """Reads section by section, so that an error in one does not hide errors in another."""

    def __init__(self, lines: Mapping[str, int]) -> None:
        self.problems: list[Problem] = []
        self._lines = lines

    def _note(self, at: str, message: str, suggestion: str = "") -> None:
        """Record an error at the line of `at`, or of the closest enclosing table."""
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
                if key == "escalate" and len(place) > 2:  # noqa: PLR2004 - escalate, index, key
                    key, inner = place[2], EscalationKeys
                message, suggestion = _explain(found["type"], key, found.get("ctx", {}), inner)
                self._note(".".join([at, *place]).strip("."), message, suggestion)
            return None

    def _note_all(self, at: str, mistakes: Iterable[Mistake]) -> None:
        for mistake in mistakes:
            where = f"{at}.{mistake.key}".strip(".") if mistake.key else at
            self._note(where, mistake.message, mistake.suggestion)

    def policies(self, values: Mapping[str, Any]) -> Policies | None:
        """Return the policies, or None if the file has any error."""
        whole = self._read(FileKeys, values, "")
        defaults = (
            self._read(Defaults, values["countersign"], "countersign")
            if _is_table(values, "countersign")
            else None
        )
        managers = whole.managers if whole else {}
        self._note_all("managers", policy_checks.circles(managers))
        tables = values["policy"] if _is_table(values, "policy") else {}
        policies = {
            name: self._policy(name, table, defaults)
            for name, table in tables.items()
            if _is_table(tables, name)
        }
        if defaults is None or self.problems:
            return None
        return Policies(
            admins=tuple(defaults.admins),
            admin_channel=defaults.admin_channel,
            timezone=defaults.timezone,
            language=defaults.language,
            by_name={name: policy for name, policy in policies.items() if policy},
            managers=tuple(
                ManagedBy(person=person, manager=manager) for person, manager in managers.items()
            ),
        )

    def _policy(
        self, name: str, values: Mapping[str, Any], defaults: Defaults | None
    ) -> Policy | None:
        at = f"policy.{name}"
        self._note_all(at, policy_checks.name(name))
        head = self._read(Head, values, at)
        tables = head.level if head else values.get("level", {})
        levels = {
            key: self._level(key, table, f"{at}.level.{key}") for key, table in tables.items()
        }
        tiers = [
            self._read(TierKeys, table, f"{at}.tier.{index}")
            for index, table in enumerate(head.tier if head else values.get("tier", []))
        ]
        if head is not None:
            self._note_all(at, policy_checks.readers(head))
        if head is not None and name == ORDER:
            self._note_all(at, policy_checks.order(head))
        elif head is not None:
            self._note_all(at, policy_checks.without_products(head))
        self._note_all(at, policy_checks.tiers(tiers, at))
        self._note_all(at, policy_checks.levels(tiers, list(levels)))
        if head is None or defaults is None or self.problems:
            return None
        policy = Policy(
            name=name,
            title=head.title,
            channel=head.channel,
            tiers=tuple(
                Tier(up_to=tier.up_to, levels=tuple(tier.levels)) for tier in tiers if tier
            ),
            levels=tuple(level for level in levels.values() if level),
            layout=Layout(head.layout),
            visibility=Visibility(head.visibility),
            notify=Notify(head.notify),
            distinct_approvers=head.distinct_approvers,
            delegation=head.delegation,
            max_amendments=head.max_amendments,
            requesters=Requesters(head.requesters),
            max_discount=head.max_discount,
            former_approvers_read=head.former_approvers_read,
            admins=tuple(defaults.admins),
            admin_channel=defaults.admin_channel,
            language=head.language or defaults.language,
        )
        return replace(policy, version=digest(policy))

    def _level(self, name: str, values: object, at: str) -> LevelRule | None:
        self._note_all(at, policy_checks.name(name))
        level = self._read(LevelKeys, values, at)
        if level is None:
            return None
        self._note_all(at, policy_checks.people(level))
        self._note_all(at, policy_checks.quorums(level))
        self._note_all(at, policy_checks.windows(level))
        return LevelRule(
            name=name,
            approvers=tuple(level.approvers),
            quorum=level.quorum,
            reject_quorum=level.reject_quorum,
            approve_reason=ReasonRule(level.approve_reason),
            reject_reason=ReasonRule(level.reject_reason),
            remind_after=tuple(level.remind_after),
            escalate=tuple(
                Escalation(after=step.after, to=tuple(step.to), replace=step.replace)
                for step in level.escalate
            ),
            expire_after=level.expire_after,
            max_expire_after=level.max_expire_after,
        )


def _is_table(values: Mapping[str, Any], key: str) -> bool:
    return isinstance(values.get(key), dict)


_MESSAGES = {
    "missing": ("“{key}” is missing.", "Please add it."),
    "too_short": ("{key} is empty.", "Write user:U…, email:…, group:… or manager."),
    "bool_type": ("{key} must be true or false.", "Write it without quotes."),
    "int_type": ("{key} must be a whole number, 1 or more.", "Write it without quotes."),
    "greater_than_equal": ("{key} must be a whole number, 1 or more.", "Write 1 or more."),
    "list_type": ("{key} must be a list.", 'Write {key} = ["…"].'),
    "string_type": ("{key} must be a string.", "Write it in quotes."),
    "dict_type": ("{key} must be a table.", "Write it under its own [table]."),
}


def _explain(kind: str, key: str, data: Mapping[str, Any], shape: type[Section]) -> tuple[str, str]:
    """Return the error message and a suggestion for one of pydantic's errors."""
    if kind == "mistake":
        return (f"{key}: {data['message']}", str(data["suggestion"]))
    if kind == "extra_forbidden":
        return (f"Unknown key “{key}”.", nearest(key, shape.model_fields))
    message, suggestion = _MESSAGES.get(kind, ("{key} cannot be read.", "See docs/policies.md."))
    return (message.format(key=key), suggestion.format(key=key))
