"""The differences between journeys are in their registries, not in chains of `isinstance` and `kind ==`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from bot.temporal.client import StartInput
from workflows.rules.approvals.request import RequestKind
from workflows.rules.snapshots import Snapshot

ROOT = Path(__file__).resolve().parent.parent.parent
SNAPSHOTS = "|".join(type_.__name__ for type_ in get_args(Snapshot))
TYPES = re.compile(
    rf"\b({SNAPSHOTS}|{'|'.join(type_.__name__ for type_ in get_args(StartInput))})\b"
)
KINDS = re.compile(rf"\bRequestKind\.|^'({'|'.join(RequestKind)})'$")
PATTERNS = re.compile(rf"\b({SNAPSHOTS})\(|\bRequestKind\.|^'({'|'.join(RequestKind)})'$")
ALLOWED = {
    "records/incoming_payments.py": "payments belong to orders",
    "records/requests.py": "the command line lists approvals and orders separately",
    "workflows/approval.py": "only an approval that is not about another request keeps its card",
    "workflows/rules/approvals/snapshot.py": "only such an approval is no child",
    "workflows/rules/inbox.py": "only approvals wait for people",
    "workflows/rules/notice.py": "only approvals have levels, and only orders have parcels",
}
SOURCES = [
    path
    for package in ("activities", "bot", "records", "slack_api", "views", "workflows")
    for path in sorted((ROOT / package).rglob("*.py"))
]


def narrowings(source: str) -> Iterator[str]:
    """Yield the expressions that tell journeys apart.

    A `match` over the inputs of workflows is allowed: mypy reports an input that it leaves out.
    """
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, types]):
                if TYPES.search(ast.unparse(types)):
                    yield ast.unparse(node)
            case ast.Compare():
                sides = [ast.unparse(side) for side in (node.left, *node.comparators)]
                if any(KINDS.search(side) or re.fullmatch(SNAPSHOTS, side) for side in sides):
                    yield ast.unparse(node)
            case ast.match_case(pattern=pattern):
                if PATTERNS.search(ast.unparse(pattern)):
                    yield ast.unparse(pattern)


@pytest.mark.parametrize(
    "source",
    [
        "isinstance(face, OrderSnapshot)",
        "isinstance(asked, HrInput | OrderInput)",
        "isinstance(face, (HrSnapshot, dict))",
        "face.kind == 'order'",
        "journey.kind is not RequestKind.HR",
        "type(face) is ApprovalSnapshot",
        "match face:\n    case HrSnapshot():\n        pass",
        "match row['kind']:\n    case 'hr':\n        pass",
    ],
)
def test_the_check_finds_each_form(source: str) -> None:
    assert len(list(narrowings(source))) == 1


def test_no_code_outside_the_registries_tells_journeys_apart() -> None:
    found = {str(path.relative_to(ROOT)): list(narrowings(path.read_text())) for path in SOURCES}

    assert {path for path, expressions in found.items() if expressions} == ALLOWED.keys(), found
