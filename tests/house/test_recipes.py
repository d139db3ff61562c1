"""The recipes name only tests, files and settings that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
RECIPES = (ROOT / "docs" / "recipes.md").read_text()
TESTS = "\n".join(path.read_text() for path in sorted((ROOT / "tests").rglob("test_*.py")))


def test_the_recipes_name_tests_that_exist() -> None:
    named = set(re.findall(r"`(test_\w+)(?:\[[^`]*\])?`", RECIPES))

    assert len(named) > 10
    assert [name for name in sorted(named) if f"def {name}(" not in TESTS] == []


def test_the_recipes_name_files_that_exist() -> None:
    """A path with a placeholder or an example's name is not checked."""
    named = set(
        re.findall(r"`((?:workflows|bot|views|tests|activities|records|docs)/[\w./-]+)`", RECIPES)
    )
    new = {name for name in named if re.search(r"/fr\b|contract", name) and "tests/bot" not in name}

    assert len(named) > 20
    assert [name for name in sorted(named - new) if not (ROOT / name).exists()] == []
