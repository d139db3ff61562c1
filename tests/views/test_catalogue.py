"""The catalogue and the code use the same keys."""

import ast
import re
import string
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from activities.audit import ID_DIFFERS, ID_TAKEN, POLICY_DIFFERS, ROUTE_DIFFERS
from bot.policies import keys as policy_keys
from views.catalogue import CATALOGUES, FALLBACK, Messages, read
from views.translator import ENGLISH, MissingTextError, language_of, translator
from workflows.rules.approvals.request import OPEN, RequestKind, Status, Verdict
from workflows.rules.approvals.verbs import Verb
from workflows.rules.ended_outside import ENDED_OUTSIDE
from workflows.rules.hr.request import ALL_FIELDS, HrType, Priority
from workflows.rules.hr.saga import UNREADABLE
from workflows.rules.hr.snapshot import HrStepName, Provisioning
from workflows.rules.notice import NoticeKind
from workflows.rules.orders.order import OrderStatus, StepName
from workflows.rules.orders.verbs import OrderVerb
from workflows.rules.shared.errors import RuleError
from workflows.rules.shared.saga import StepStatus

DAY = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
OWN_WORDS = (NoticeKind.OUTCOME, NoticeKind.CARD_NOT_POSTED, NoticeKind.START_REFUSED)
CONTENT_FIELDS = ("title", "text", "amount", "links", "sources", "reason", "comment", "delegate")

PLAIN, COUNTED = CATALOGUES[FALLBACK].plain, CATALOGUES[FALLBACK].counted
SENTENCES = PLAIN.keys() | COUNTED
ROOT = Path(__file__).parents[2]
VIEWS = ROOT / "views"
SOURCE = "".join(
    path.read_text(encoding="utf-8")
    for path in sorted(VIEWS.glob("*.py"))
    if not path.name.startswith("catalogue")
)
MADE_KEYS = {  # keys with values in them: f"verb.{verb}.title", _outcome_key("outcome", snapshot)
    *re.findall(r'f"([a-z_]+\.[^"\n]*\{[^"\n]*)"', SOURCE),
    *(f"{key}.{{}}" for key in re.findall(r'_outcome_key\("([a-z.]+)"', SOURCE)),
}
PATTERNS = [
    re.compile(r"\w+".join(re.escape(part) for part in re.split(r"\{[^}]*\}", key)))
    for key in MADE_KEYS
]
VARIANT = re.compile(r"\.(clock|always|by|own|for|from|until|nowhere|link|blank|none|other|approve|reject|request_changes|guest|stranger|bot|deactivated|unknown|approved|rejected|expired|withdrawn|admin_closed|private)$")  # fmt: skip


def _whole_keys(key: ast.expr) -> list[str]:
    """Return the literal keys of an argument; keys with values in them have their own test."""
    if isinstance(key, ast.IfExp):
        return _whole_keys(key.body) + _whole_keys(key.orelse)
    return [key.value] if isinstance(key, ast.Constant) and isinstance(key.value, str) else []


def _keys_in_code(*functions: str) -> set[str]:
    return {
        key
        for node in ast.walk(ast.parse(SOURCE))
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in functions
        for key in _whole_keys(node.args[0])
    }


def test_every_key_in_the_code_is_in_the_catalogue() -> None:
    assert len(_keys_in_code("t", "self.t", "ENGLISH")) > 100
    assert len(_keys_in_code("t.count")) > 10
    assert not _keys_in_code("t", "self.t", "ENGLISH") - PLAIN.keys()
    assert not _keys_in_code("t.count") - COUNTED


def test_views_get_their_translator_from_the_caller() -> None:
    """Only snapshots in their own language and English JSON are exceptions."""
    makers = {
        path.stem
        for path in VIEWS.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name) and node.id in {"translator", "ENGLISH"}
    }

    assert makers - {"translator"} == {"cards", "notice_messages", "order_json"}


def _is_used(key: str) -> bool:
    if f'"{key}"' in SOURCE or any(pattern.fullmatch(key) for pattern in PATTERNS):
        return True
    stem = VARIANT.sub("", key)
    return stem != key and _is_used(stem)


def test_every_key_is_used() -> None:
    assert not {key for key in SENTENCES if not _is_used(key)}


@pytest.mark.parametrize(
    "key",
    [
        *(f"approval.{status}" for status in (*Status, "blocked")),
        *(f"outcome.{status}" for status in Status if status not in OPEN),
        *(f"outcome.short.{status}" for status in Status if status not in OPEN),
        *(f"notice.outcome.approval.{status}" for status in Status),
        *(f"decision.{verdict}{end}" for verdict in Verdict for end in ("", ".for")),
        *(f"verb.{verb}.{part}" for verb in Verb for part in ("menu", "button")),
        *(
            f"verb.{verb}.{part}"
            for verb in Verb
            if verb is not Verb.REFRESH
            for part in ("title", "submit", "what")
        ),
        *(f"notice.confirmed.{verb}" for verb in (*Verb, *OrderVerb)),
        *(f"order.back.{ending}" for ending in ("failed", "cancelled", "expired")),
        *(f"tell.{kind}" for kind in NoticeKind if kind not in OWN_WORDS),
        *(f"verb.{part}.{field}" for part in ("input", "hint") for field in CONTENT_FIELDS),
        *(f"hr.form.priority.{priority}" for priority in Priority),
        *(f"hr.form.{field}" for field in ALL_FIELDS),
        *(f"order.{status}" for status in OrderStatus),
        *(f"order.text.{status}" for status in OrderStatus),
        *(f"notice.outcome.order.{status}" for status in OrderStatus),
        *(f"order.step.{step}" for step in StepName),
        *(f"order.undone.{step}" for step in StepName),
        *(f"order.step.mark.{status}" for status in StepStatus),
        *(f"order.step.state.{status}" for status in StepStatus),
        *(f"hr.type.{type_}" for type_ in HrType),
        *(f"hr.priority.{priority}" for priority in Priority),
        *(f"field.{field}" for field in ("type", "priority", *ALL_FIELDS) if field != "amount"),
        *(f"home.kind.{kind}" for kind in RequestKind),
        *(f"hr.provisioning.{status}" for status in Provisioning),
        *(f"hr.{part}.{step}" for part in ("step", "told") for step in HrStepName),
        *(f"refusal.{error.code}" for error in RuleError.__subclasses__()),
    ],
)
def test_every_value_of_the_rules_has_its_text(key: str) -> None:
    assert ENGLISH.has(key)


RULES = {
    path.stem: path.read_text(encoding="utf-8")
    for path in (ROOT / "workflows" / "rules").rglob("*.py")
}
BLOCKED = re.findall(r'blocked="(\w+)"|return "(\w+_eligible\w*)" if .* else "(\w+)"|, "(\w+unreadable)",', "".join(RULES.values()))  # fmt: skip
BLOCKED_CODES = sorted({code for found in BLOCKED for code in found if code})


def test_the_reasons_for_a_blocked_level_are_found_in_the_rules() -> None:
    assert "too_few_eligible" in BLOCKED_CODES
    assert len(BLOCKED_CODES) >= 4


@pytest.mark.parametrize("code", [*BLOCKED_CODES, "no_eligible_approver"])
def test_every_reason_for_a_blocked_level_has_its_text(code: str) -> None:
    assert ENGLISH.has(f"level.blocked.{code}")


CAUSES = "".join(
    path.read_text(encoding="utf-8")
    for limits in ("activities", "workflows", "workflows/rules")
    for path in (ROOT / limits).rglob("*.py")
)
FAILURES = set(
    re.findall(r'(?:"code": |_refusal\(\s*|_retryable\(\s*|Failure\(code=)"([a-z_]+)"', CAUSES)
) | {ID_DIFFERS, ID_TAKEN, ROUTE_DIFFERS, POLICY_DIFFERS}


def test_every_cause_of_a_failure_has_its_text_and_there_are_no_others() -> None:
    texts = {key for key in SENTENCES if key.startswith("failure.")}
    assert texts == {f"failure.{code}" for code in (*FAILURES, UNREADABLE, ENDED_OUTSIDE, "other")}


CLOSING = [re.findall(r'close\([^"]*?rule="(\w+)"', words) for words in RULES.values()]
CLOSING_RULES = sorted(
    {"reject_quorum", "quorum_out_of_reach", ENDED_OUTSIDE}
    | {code for codes in CLOSING for code in codes}
)


def test_the_closing_rules_are_found_in_the_rules() -> None:
    assert {"admin", "expire_after", "no_level_needed", "quorum", "requester"} <= {*CLOSING_RULES}


@pytest.mark.parametrize("code", CLOSING_RULES)
def test_every_closing_rule_has_its_text(code: str) -> None:
    assert ENGLISH.has(f"outcome.why.{code}")


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_language_has_the_same_keys_and_blanks(language: str) -> None:
    spoken = CATALOGUES[language]

    assert spoken.plain.keys() == PLAIN.keys()
    assert spoken.counted == COUNTED
    for key, sentence in spoken.plain.items():
        assert _blanks(sentence) == _blanks(PLAIN[key]), key


@pytest.mark.parametrize("language", CATALOGUES)
def test_plural_texts_have_all_forms_of_the_language(language: str) -> None:
    """The last form has every blank of the English one; the others may leave out the count."""
    catalog, english = read(language), read(FALLBACK)
    for key in COUNTED:
        written = catalog[key].string
        assert isinstance(written, tuple)
        assert len(written) == catalog.num_plurals
        forms = english[key].string
        assert isinstance(forms, tuple)
        blanks = _blanks(forms[-1])
        assert _blanks(written[-1]) == blanks, key
        assert all(_blanks(form) | {"count"} == blanks | {"count"} for form in written), key


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_file_is_completely_translated(language: str) -> None:
    entries = [entry for entry in read(language) if entry.id]

    assert len(entries) == len(SENTENCES)
    assert not [entry.id for entry in entries if entry.fuzzy]
    assert not [entry.id for entry in entries if not entry.string or not all(entry.string)]


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_text_renders(language: str) -> None:
    filled = _Anything()
    for key, sentence in CATALOGUES[language].plain.items():
        assert sentence.format_map(filled).strip(), key
    for key in COUNTED:
        for count in (0, 1, 2, 5, 21, 100):
            form = CATALOGUES[language].for_count(key, count)
            assert form is not None
            assert form.format_map(filled).strip()


class _Anything(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"({key})"


def _blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


IN_BOTH = {"normal", "Normal", "Status", "Countersign"}
"""Words that both languages have."""
ENGLISH_ONLY = re.compile(
    r"\b(the|you|your|this|were|please|nobody|request|approvers?)\b", re.IGNORECASE
)


def test_the_german_file_has_no_english_text() -> None:
    texts = {key: re.sub(r"`[^`]*`", "", text) for key, text in CATALOGUES["de"].plain.items()}

    assert not {key for key, text in texts.items() if ENGLISH_ONLY.search(text)}
    same = {text for key, text in PLAIN.items() if CATALOGUES["de"].plain[key] == text}
    assert not {text for text in same - IN_BOTH if re.search(r"[a-z]{5}", _without_blanks(text))}


def _without_blanks(sentence: str) -> str:
    return re.sub(r"\{\w+\}", "", sentence)


def test_a_language_with_more_plural_forms_uses_each() -> None:
    polish = Catalog(locale="pl")
    polish.add(("people", "people"), ("{count} osoba", "{count} osoby", "{count} osób"))
    polish.add(("half", "half"), ("jedna", "", ""))
    spoken = Messages(polish)

    texts = [(spoken.for_count("people", count) or "").split()[-1] for count in (1, 2, 5, 22, 25)]
    assert texts == ["osoba", "osoby", "osób", "osoby", "osób"]
    assert spoken.counted == {"people"}
    assert spoken.for_count("half", 1) is None


def test_policies_accept_the_languages_of_the_catalogue() -> None:
    assert set(policy_keys.LANGUAGES) == set(CATALOGUES)


def test_an_unknown_language_falls_back_to_english() -> None:
    assert translator("xx")("button.approve") == "Approve"


def test_a_missing_key_raises() -> None:
    with pytest.raises(MissingTextError):
        ENGLISH("no.such.key")


def test_a_blank_without_a_value_raises() -> None:
    with pytest.raises(KeyError):
        ENGLISH("quote")


def test_singular_plural_and_lists() -> None:
    assert [ENGLISH.count("people", count) for count in (0, 1, 2)] == [
        "0 people",
        "1 person",
        "2 people",
    ]
    assert [ENGLISH.list(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


@pytest.mark.parametrize(
    ("slack_locale", "language"),
    [
        ("de-DE", "de"),
        ("de-AT", "de"),
        ("de", "de"),
        ("de_DE", "de"),
        ("en-GB", "en"),
        ("xx-XX", "en"),
        ("", "en"),
    ],
)
def test_a_slack_locale_selects_its_language(slack_locale: str, language: str) -> None:
    assert language_of(slack_locale) == language


def test_numbers_lists_and_dates_follow_the_language() -> None:
    assert [translator("de").count("people", count) for count in (0, 1, 2)] == [
        "0 Personen",
        "1 Person",
        "2 Personen",
    ]
    assert translator("de").list(["a", "b", "c"]) == "a, b und c"
    assert translator("xx").list(["a", "b", "c"]) == "a, b and c"
    assert translator("de").day(DAY.date()) == "21. November 2026"
    assert ENGLISH.day(DAY.date()) == "21 November 2026"
    assert translator("de").date(DAY).startswith("<!date^1795257000^{date_short_pretty} um {time}|")
