"""docs/hr.md matches the program: types, policies, commands, limits, images and demo approvers."""

import re
from pathlib import Path

import pytest
import yaml

from bot.policies.file import Policies, load
from emulator.people import Seed
from records.time_off import DEFAULT_DAYS
from views.home import ROWS
from views.translator import ENGLISH
from workflows.rules.approvals.policy import Layout, Visibility, route
from workflows.rules.hr.request import FIELDS, HrType, Priority
from workflows.rules.hr.snapshot import STEPS
from workflows.rules.people.actors import SourceKind
from workflows.rules.shared.money import parse_money

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "hr.md").read_text(encoding="utf-8")
PROSE = " ".join(DOCUMENT.split())
FIELD_WORDS = {
    "starts": "first and last day",
    "ends": "first and last day",
    "amount": "amount",
    "item": "item, from the stock",
    "new_role": "new role",
    "new_team": "new team",
}
STEP_WORDS = {
    "book_days": "days booked",
    "queue_payout": "payout queued",
    "reserve_item": "item set aside",
    "register": "personnel file",
}
NUMBERS = {10: "ten"}


@pytest.fixture(scope="module")
def policies() -> Policies:
    return load(ROOT / "policies.toml")


@pytest.fixture(scope="module")
def people() -> Seed:
    return Seed.load(ROOT / "emulator" / "people.yml")


def rows(heading: str) -> list[list[str]]:
    """Return the rows of the table whose header starts with this."""
    _, _, rest = DOCUMENT.partition(f"| {heading} |")
    lines = rest.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


def test_every_type_is_documented_with_its_policy_fields_and_steps() -> None:
    assert rows("type") == [
        [
            ENGLISH(f"hr.type.{type_}"),
            type_.value,
            ", ".join(dict.fromkeys(FIELD_WORDS[name] for name in FIELDS[type_])),
            ", ".join(STEP_WORDS[step] for step in STEPS[type_]),
        ]
        for type_ in HrType
    ]


def test_the_documented_visibility_is_right_and_all_types_have_a_thread(policies: Policies) -> None:
    named = [policies.policy(type_.value) for type_ in HrType]

    assert all(policy.layout is Layout.THREAD for policy in named)
    assert [policy.name for policy in named if policy.visibility is Visibility.CHANNEL] == [
        "equipment"
    ]
    assert "Time off, expense, promotion and transfer are private" in PROSE


@pytest.mark.parametrize(
    ("amount", "levels"),
    [
        ("100.00", ["manager"]),
        ("1000.00", ["manager", "hr"]),
        ("1000.01", ["manager", "hr", "finance"]),
    ],
)
def test_the_documented_levels_of_an_expense_are_right(
    policies: Policies, amount: str, levels: list[str]
) -> None:
    found = route(policies.policy("expense"), parse_money(amount, "EUR"))

    assert [level.name for level in found.levels] == levels
    assert (
        "up to 100.00 EUR needs the manager alone, up to 1,000.00 EUR the manager and HR" in PROSE
    )


def test_the_documented_commands_and_shortcuts_are_in_the_manifest() -> None:
    features = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))["features"]
    commands = {command["command"] for command in features["slash_commands"]}
    shortcuts = {shortcut["name"] for shortcut in features["shortcuts"]}

    assert {"/request", "/countersign"} <= set(re.findall(r"`(/[a-z-]+)", DOCUMENT))
    assert set(re.findall(r"`(/[a-z-]+)", DOCUMENT)) <= commands
    assert set(re.findall(r"shortcut \*\*(.+?)\*\*", DOCUMENT)) == shortcuts


def test_the_documented_limits_and_priorities_are_right() -> None:
    assert f"everyone has {DEFAULT_DAYS} days" in PROSE
    assert f"{NUMBERS[ROWS]} per page" in PROSE
    assert f"({', '.join(Priority)}; it does not affect the rules)" in PROSE


def test_every_image_exists_and_is_small() -> None:
    named = re.findall(r"\(images/([\w-]+\.png)\)", DOCUMENT)

    assert len(named) == len(set(named)) == 5
    assert all((ROOT / "docs" / "images" / name).stat().st_size < 150_000 for name in named)


def test_the_documented_approvers_match_the_people_and_policies(
    policies: Policies, people: Seed
) -> None:
    """Computed from `people.yml` and `policies.toml`: the manager, then the remaining HR members."""
    names = {user.id: user.real_name for user in people.users}
    table = {manager.person: manager.manager for manager in policies.managers}
    manager, hr = policies.policy("time_off").levels
    (group,) = (source.value for source in hr.approvers)
    (members,) = (known.users for known in people.groups if known.handle == group)
    expected = []
    for user in people.users:
        if user.deleted or user.guest or user.stranger:
            continue
        above = user.manager or table.get(user.id, "")
        left = [names[member] for member in members if member not in (user.id, above)]
        expected.append([user.real_name, names.get(above, "none"), " or ".join(left) or "none"])

    assert [source.kind for source in manager.approvers] == [SourceKind.MANAGER]
    assert rows("requester") == expected
