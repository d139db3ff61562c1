"""The catalogue: every key that the code asks for is there, and every key that is there is asked for."""

import ast
import re
import string
from pathlib import Path

import pytest

from bot import policy_keys
from bot.views import (
    catalogue_en_cards,
    catalogue_en_day,
    catalogue_en_forms,
    catalogue_en_home,
    catalogue_en_notices,
)
from bot.views.catalogue_en import SENTENCES
from bot.views.text import CATALOGUES, FALLBACK, MissingSentenceError, counted, listed, text
from workflows.rules.errors import RuleError
from workflows.rules.notice import NoticeKind
from workflows.rules.order import OrderStatus, StepName, StepStatus
from workflows.rules.order_verbs import OrderVerb
from workflows.rules.request import OPEN, Status, Verdict
from workflows.rules.verbs import Verb

OWN_WORDS = (NoticeKind.OUTCOME, NoticeKind.CARD_NOT_POSTED)
CONTENT_FIELDS = ("title", "text", "amount", "links", "sources", "reason", "comment", "delegate")

VIEWS = Path(__file__).parents[2] / "bot" / "views"
SOURCE = "".join(
    path.read_text(encoding="utf-8")
    for path in sorted(VIEWS.glob("*.py"))
    if not path.name.startswith("catalogue")
)
MADE_KEYS = {  # keys made of values: f"verb.{verb}.title", _by_clock("outcome", face)
    *re.findall(r'f"([a-z_]+\.[^"\n]*\{[^"\n]*)"', SOURCE),
    *(f"{key}.{{}}" for key in re.findall(r'_by_clock\("([a-z.]+)"', SOURCE)),
}
PATTERNS = [
    re.compile(r"\w+".join(re.escape(part) for part in re.split(r"\{[^}]*\}", key)))
    for key in MADE_KEYS
]
VARIANT = re.compile(r"\.(one|many|clock|always|by|own|for|from|until|nowhere|link|blank|other|approve|reject|request_changes|guest|stranger|bot|deactivated|unknown|approved|rejected|expired|withdrawn|admin_closed)$")  # fmt: skip


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
    if f'"{key}"' in SOURCE or any(one.fullmatch(key) for one in PATTERNS):
        return True
    stem = VARIANT.sub("", key)
    return stem != key and _is_used(stem)


def test_every_sentence_is_used() -> None:
    assert not {key for key in SENTENCES if not _is_used(key)}


@pytest.mark.parametrize(
    "key",
    [
        *(f"approval.{one}" for one in (*Status, "blocked")),
        *(f"outcome.{one}" for one in Status if one not in OPEN),
        *(f"outcome.short.{one}" for one in Status if one not in OPEN),
        *(f"notice.outcome.approval.{one}" for one in Status),
        *(f"decision.{one}{end}" for one in Verdict for end in ("", ".for")),
        *(f"verb.{one}.{part}" for one in Verb for part in ("menu", "button")),
        *(
            f"verb.{one}.{part}"
            for one in Verb
            if one is not Verb.REFRESH
            for part in ("title", "submit", "what")
        ),
        *(f"notice.confirmed.{one}" for one in (*Verb, *OrderVerb)),
        *(f"order.back.{one}" for one in ("failed", "cancelled", "expired")),
        *(f"tell.{one}" for one in NoticeKind if one not in OWN_WORDS),
        *(f"verb.{part}.{one}" for part in ("input", "hint") for one in CONTENT_FIELDS),
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


RULES = {
    path.stem: path.read_text(encoding="utf-8")
    for path in (VIEWS.parents[1] / "workflows" / "rules").glob("*.py")
}
BLOCKED = re.findall(r'blocked="(\w+)"|return "(\w+_eligible\w*)" if .* else "(\w+)"|, "(\w+unreadable)",', "".join(RULES.values()))  # fmt: skip
BLOCKED_CODES = sorted({code for found in BLOCKED for code in found if code})


def test_the_reasons_for_a_blocked_level_are_found_in_the_rules() -> None:
    assert "too_few_eligible" in BLOCKED_CODES
    assert len(BLOCKED_CODES) >= 4


@pytest.mark.parametrize("code", [*BLOCKED_CODES, "no_eligible_approver"])
def test_every_reason_for_a_blocked_level_has_its_sentence(code: str) -> None:
    assert SENTENCES[f"level.blocked.{code}"]


CLOSING = [re.findall(r'close\([^"]*?rule="(\w+)"', words) for words in RULES.values()]
CLOSING_RULES = sorted(
    {"reject_quorum", "quorum_out_of_reach"} | {code for codes in CLOSING for code in codes}
)


def test_the_closing_rules_are_found_in_the_rules() -> None:
    assert {"admin", "expire_after", "no_level_needed", "quorum", "requester"} <= {*CLOSING_RULES}


@pytest.mark.parametrize("code", CLOSING_RULES)
def test_every_closing_rule_has_its_sentence(code: str) -> None:
    assert SENTENCES[f"outcome.why.{code}"]


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_catalogue_is_complete_and_its_blanks_are_the_same(language: str) -> None:
    assert CATALOGUES[language].keys() == CATALOGUES[FALLBACK].keys()
    for key, sentence in CATALOGUES[language].items():
        assert _blanks(sentence) == _blanks(CATALOGUES[FALLBACK][key]), key


def _blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_no_part_of_the_catalogue_repeats_a_key_of_another() -> None:
    parts = (
        catalogue_en_cards,
        catalogue_en_day,
        catalogue_en_forms,
        catalogue_en_home,
        catalogue_en_notices,
    )

    assert sum(len(part.SENTENCES) for part in parts) == len(SENTENCES)


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
