"""Workers run without the sandbox: the sources of workflows stay deterministic (docs/adr/0009)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / "workflows").rglob("*.py"))
BANNED_CALLS = {"open", "input", "print", "eval", "exec", "id", "hash", "__import__"}
"""Built-ins that read or write outside of the workflow, or differ from process to process."""


def problems(source: str) -> Iterator[str]:
    """Return the banned calls, and the mutable values that a module keeps."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in BANNED_CALLS:
                yield f"{node.func.id}() in line {node.lineno}"
        elif isinstance(node, ast.For | ast.comprehension) and isinstance(node.iter, ast.Set):
            yield f"order of a set in line {node.iter.lineno}"
    for statement in tree.body:
        value = getattr(statement, "value", None)
        if isinstance(value, ast.List | ast.Set | ast.ListComp | ast.SetComp | ast.DictComp):
            names = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
            if not all(
                isinstance(name, ast.Name) and name.id.strip("_").isupper() for name in names
            ):
                yield f"mutable value in line {statement.lineno}"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: str(path.relative_to(ROOT)))
def test_workflow_code_is_deterministic(path: Path) -> None:
    assert [*problems(path.read_text())] == []


@pytest.mark.parametrize(
    "source",
    [
        "def run(): return open('policies.toml')",
        "def key(person): return hash(person)",
        "seen = []",
        "seen = {person for person in ()}",
        "def run(): return [name for name in {'a', 'b'}]",
    ],
)
def test_what_is_not_deterministic_is_found(source: str) -> None:
    assert len([*problems(source)]) == 1
