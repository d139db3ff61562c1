"""The catalogue: every key that the code asks for is there, and every key that is there is asked for."""

import ast
import re
import string
from pathlib import Path

import pytest

from bot import policy_keys
from bot.views.catalogue_en import SENTENCES
from bot.views.text import CATALOGUES, FALLBACK, MissingSentenceError, counted, listed, text
from workflows.rules.errors import RuleError
from workflows.rules.order import OrderStatus, StepName, StepStatus
from workflows.rules.request import Status, Verdict

VIEWS = Path(__file__).parents[2] / "bot" / "views"
SOURCE = "".join(
    path.read_text(encoding="utf-8")
    for path in sorted(VIEWS.glob("*.py"))
    if not path.name.startswith("catalogue")
)
PREFIXES = {
    *re.findall(r'f"([a-z_.]+\.)\{', SOURCE),
    *(f"{key}." for key in re.findall(r'_by_clock\("([a-z.]+)"', SOURCE)),
}
VARIANT = re.compile(r"\.(one|many|clock|by|blank|other|approve|reject|(approved|rejected|expired|withdrawn)(\.by)?)$")  # fmt: skip


def _whole_keys(key: ast.expr) -> list[str]:
    """Return the literal keys of an argument; those made of values are tested below."""
    if isinstance(key, ast.IfExp):
        return _whole_keys(key.body) + _whole_keys(key.orelse)
    return [key.value] if isinstance(key, ast.Constant) and isinstance(key.value, str) else []


def _keys_in_code() -> set[str]:
    keys: set[str] = set()
    for node in ast.walk(ast.parse(SOURCE)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            ends = {"text": [""], "counted": [".one", ".many"]}.get(node.func.id, [])
            keys |= {key + end for key in _whole_keys(node.args[0]) for end in ends}
    return keys


def test_every_key_in_the_code_is_in_the_catalogue() -> None:
    assert len(_keys_in_code()) > 100
    assert not _keys_in_code() - SENTENCES.keys()


def _is_used(key: str) -> bool:
    stems = {key, VARIANT.sub("", key)}
    prefixes = {stem.rpartition(".")[0] + "." for stem in stems}
    return any(f'"{stem}"' in SOURCE for stem in stems) or bool(prefixes & PREFIXES)


def test_every_sentence_is_used() -> None:
    assert not {key for key in SENTENCES if not _is_used(key)}


@pytest.mark.parametrize(
    "key",
    [
        *(f"approval.{one}" for one in Status),
        *(f"outcome.{one}" for one in Status if one is not Status.PENDING),
        *(f"outcome.short.{one}" for one in Status if one is not Status.PENDING),
        *(f"notice.outcome.approval.{one}" for one in Status),
        *(f"decision.{one}" for one in Verdict),
        *(f"order.{one}" for one in OrderStatus),
        *(f"order.text.{one}" for one in OrderStatus),
        *(f"notice.outcome.order.{one}" for one in OrderStatus),
        *(f"order.step.{one}" for one in StepName),
        *(f"order.step.mark.{one}" for one in StepStatus),
        *(f"order.step.state.{one}" for one in StepStatus),
        *(f"refusal.{one.code}" for one in RuleError.__subclasses__()),
    ],
)
def test_every_value_of_the_rules_has_its_words(key: str) -> None:
    assert SENTENCES[key]


RULES = (VIEWS.parents[1] / "workflows" / "rules" / "approval.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", [*re.findall(r'return "(\w+)"\n', RULES), "approvers_unread"])
def test_every_reason_for_a_blocked_level_has_its_sentence(code: str) -> None:
    assert SENTENCES[f"level.blocked.{code}"]


@pytest.mark.parametrize("code", set(re.findall(r'_close\([^)]*?rule="(\w+)"', RULES, re.DOTALL)))
def test_every_closing_rule_has_its_sentence(code: str) -> None:
    assert SENTENCES[f"outcome.why.{code}"]


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_catalogue_is_complete_and_its_blanks_are_the_same(language: str) -> None:
    assert CATALOGUES[language].keys() == CATALOGUES[FALLBACK].keys()
    for key, sentence in CATALOGUES[language].items():
        assert _blanks(sentence) == _blanks(CATALOGUES[FALLBACK][key]), key


def _blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_policies_are_written_in_languages_that_we_speak() -> None:
    assert set(policy_keys.LANGUAGES) == set(CATALOGUES)


def test_an_unknown_language_falls_back_to_english() -> None:
    assert text("button.approve", "xx") == "Approve"


def test_a_missing_sentence_is_a_bug() -> None:
    with pytest.raises(MissingSentenceError):
        text("no.such.key", "en")


def test_a_blank_that_is_not_filled_is_a_bug() -> None:
    with pytest.raises(KeyError):
        text("list.and", "en")


def test_one_and_many() -> None:
    assert [counted("people", count, "en") for count in (0, 1, 2)] == [
        "0 people",
        "1 person",
        "2 people",
    ]
    assert [listed(items, "en") for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
