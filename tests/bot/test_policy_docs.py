"""docs/policies.md matches the program: every key, its default and values, and every example."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bot.policies.file import parse
from bot.policies.keys import (
    LANGUAGES,
    MAX_AMENDMENTS,
    MAX_MANAGER_STEPS,
    Defaults,
    EscalationKeys,
    FileKeys,
    Head,
    LevelKeys,
    Section,
    TierKeys,
)
from slack_api.directory import (
    CURRENT_FOR,
    FRESH_FOR,
    LIST_CURRENT_FOR,
    LIST_FRESH_FOR,
    READ_SINGLY,
)
from tests.rules.builders import (
    BORIS,
    CLARA,
    after,
    apply_result,
    directory_result,
    level,
    member,
    submitted,
    users,
)
from workflows.directory_reader import LAST_PAUSE, READ_AGAIN
from workflows.notifications import MAX_COPIES
from workflows.rules.approvals import deadlines
from workflows.rules.approvals.clock import Tick, TickKind
from workflows.rules.approvals.levels import reach_level
from workflows.rules.approvals.policy import (
    Escalation,
    LevelRule,
    Notify,
    Quorum,
    QuorumKind,
    ReasonRule,
)
from workflows.rules.approvals.request import ApprovalState, NotificationKind
from workflows.rules.approvals.seats import MAX_DELEGATION_DEPTH
from workflows.rules.approvals.snapshot import approval_snapshot
from workflows.rules.notice import MAX_MENTIONS
from workflows.rules.people.actors import Standing

DOCUMENT = (Path(__file__).parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")
PROSE = " ".join(DOCUMENT.split())
SECTIONS: dict[str, type[Section]] = {
    "[countersign]": Defaults,
    "[policy.NAME]": Head,
    "[[policy.NAME.tier]]": TierKeys,
    "[policy.NAME.level.NAME]": LevelKeys,
    "escalate": EscalationKeys,
}
HOUSE = '[countersign]\nadmins = ["user:U0FAY"]\nadmin_channel = "#admins"\n'
POLICY = """
[policy.one]
title = "One"
channel = "#one"
[[policy.one.tier]]
levels = ["only"]
[policy.one.level.only]
approvers = ["user:U0BORIS", "user:U0CLARA"]
"""
PLACES = {
    "[countersign]": "admin_channel =",
    "[policy.NAME]": "title =",
    "[policy.NAME.level.NAME]": "approvers =",
}
"""The line of HOUSE and POLICY after which a key of each section can be inserted."""


def rows(section: str) -> dict[str, list[str]]:
    """Return the table of a section: the other columns by key."""
    _, _, rest = DOCUMENT.partition(f"# `{section}`\n")
    table = re.split(r"\n#+ ", rest)[0]
    found = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| `")]
    return {cells[0].strip(" `"): [cell.strip() for cell in cells[1:]] for cells in found}


def written(field: FieldInfo) -> str:
    """Format a key's default as the document does."""
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True, validated_data={})
    assert default is not PydanticUndefined
    match default:
        case None:
            return "none"
        case Quorum():
            return f"`{default}`"
        case bool():
            return f"`{str(default).lower()}`"
        case str():
            return f'`"{default}"`'
        case _:
            return f"`{default}`"


def values(section: str, key: str) -> list[str]:
    """Return the TOML values that the document lists for a key."""
    return re.findall(r"`([^`]+)`", rows(section)[key][1])


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_is_documented_with_its_default(section: str) -> None:
    keys = SECTIONS[section].model_fields

    assert {key: cells[0] for key, cells in rows(section).items()} == {
        key: written(field) for key, field in keys.items()
    }
    assert all(cells[-1] for cells in rows(section).values())


def test_every_table_of_the_file_has_its_section() -> None:
    for table in FileKeys.model_fields:
        assert f"## `[{table}" in DOCUMENT


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        (section, key, value)
        for section in PLACES
        for key in rows(section)
        for value in values(section, key)
        if key not in ("admins", "timezone")
    ],
)
def test_every_documented_value_is_accepted(section: str, key: str, value: str) -> None:
    text = f"{HOUSE}{POLICY}"
    if key == "max_discount":  # only orders have list prices
        text = text.replace("policy.one", "policy.order")
    line = next(line for line in text.splitlines() if line.startswith(PLACES[section]))
    more = 'expire_after = "1d"\n' if key in ("max_expire_after", "remind_after") else ""
    more = more.replace("1d", "2d")
    if (
        key == "former_approvers_read"
    ):  # everyone in the channel reads a request that is not private
        more = 'visibility = "private"\n'

    parse(text.replace(line, f"{line}\n{key} = {value}\n{more}"))


@pytest.mark.parametrize(
    ("section", "key", "choices"),
    [
        ("[countersign]", "language", LANGUAGES),
        ("[policy.NAME]", "notify", Notify),
        ("[policy.NAME.level.NAME]", "approve_reason", ReasonRule),
        ("[policy.NAME.level.NAME]", "reject_reason", ReasonRule),
        (
            "[policy.NAME.level.NAME]",
            "quorum",
            [kind for kind in QuorumKind if kind != QuorumKind.COUNT],
        ),
    ],
)
def test_no_value_is_undocumented(section: str, key: str, choices: list[str]) -> None:
    words = {value for value in values(section, key) if value.startswith('"')}

    assert words == {f'"{choice}"' for choice in choices}


def test_the_documented_limits_are_right() -> None:
    words = {5: "five", 8: "eight", 20: "twenty"}

    assert f"from 0 to {MAX_AMENDMENTS} |" in PROSE
    assert f"`manager:2` to `manager:{MAX_MANAGER_STEPS}`" in PROSE
    assert f"up to {words[MAX_MANAGER_STEPS]} steps" in PROSE
    assert f"through at most {words[MAX_DELEGATION_DEPTH]} people" in PROSE
    assert f"when more than {words[MAX_MENTIONS]} are asked" in PROSE
    assert f"At most {words[MAX_COPIES]} people get a copy" in PROSE
    assert (timedelta(minutes=1), timedelta(hours=1)) == (READ_AGAIN, LAST_PAUSE)
    assert "queried again after a minute, then less and less often, at least once an hour" in PROSE
    assert timedelta(minutes=1) == CURRENT_FOR
    assert "can use what was read up to a minute ago" in PROSE
    assert f"use what was read up to {FRESH_FOR.seconds} seconds ago" in PROSE
    assert f"for more than {READ_SINGLY} people" in PROSE
    assert (timedelta(minutes=5), timedelta(minutes=1)) == (LIST_CURRENT_FOR, LIST_FRESH_FOR)
    assert "up to five minutes ago, or one minute" in PROSE


def reached(rule: LevelRule, *ticks: Tick) -> ApprovalState:
    """Return a request whose level is reached but not open, with these ticks."""
    return reach_level(submitted(rule), ticks)


def test_reminders_of_a_blocked_level_go_to_the_admin_channel() -> None:
    assert "A reminder that falls due in the meantime goes to `admin_channel`" in PROSE
    remind = Tick(at=after(minutes=1), kind=TickKind.REMIND)

    reminded = deadlines.advance_clock(reached(level(BORIS), remind), after(minutes=1))

    assert [notification.kind for notification in reminded.notifications] == [
        NotificationKind.BLOCKED
    ]


def test_excluded_approvers_are_in_the_audit_trail_but_not_on_the_card() -> None:
    assert "The card does not name them; the audit trail's evidence lists everyone" in PROSE
    named = directory_result(member(BORIS), member(CLARA, Standing.GUEST))

    change = apply_result(reached(level(BORIS)), named)

    assert f"{CLARA}=guest by " in change.facts[-1].data["evidence"]
    assert CLARA not in str(approval_snapshot(change.state, 1))


@pytest.mark.parametrize("replace", [True, False])
def test_only_a_replacing_escalation_opens_an_unreadable_level(*, replace: bool) -> None:
    assert "An escalation without `replace` only adds its sources to the others" in PROSE
    step = Escalation(after=timedelta(minutes=1), to=users(CLARA), replace=replace)
    escalate = Tick(at=after(minutes=1), kind=TickKind.ESCALATE)

    escalated = deadlines.advance_clock(
        reached(level(BORIS, escalate=(step,)), escalate), after(minutes=1)
    ).state
    sources = escalated.levels[-1].sources
    unread = tuple(str(source) for source in sources if source not in step.to)
    change = apply_result(
        escalated, directory_result(member(CLARA), unreadable=unread), after(minutes=1)
    )

    assert (change.state.levels[-1].blocked == "") is replace


@pytest.mark.parametrize(
    "sentence",
    [
        "Members must not be able to edit the profile field *Manager* themselves",
        "An entry is used only if the person's profile field *Manager* is empty",
        "Missed reminders are sent once",
        "the admins and their groups. When Slack reports a change to any of them",
    ],
)
def test_rules_with_other_tests_are_documented(sentence: str) -> None:
    assert sentence in PROSE


EXAMPLES = re.findall(r"^```toml\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_valid(example: str) -> None:
    house = "" if "[countersign]" in example else HOUSE
    policy = "" if "[policy." in example else POLICY

    assert parse(f"{house}{policy}{example}").names


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 3
