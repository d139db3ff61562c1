"""The audit trail in a modal: every fact has a text, and any facts give a valid view."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.client import text_of
from tests.views import examples
from tests.views.any_snapshot import AnySnapshot, texts
from tests.views.slack_limits import check_view
from views import details_modal
from views.trail import LATEST, trail_blocks
from views.translator import ENGLISH, translator
from workflows.rules.messages import Menu
from workflows.rules.people.actors import CLOCK, Actor, Origin
from workflows.rules.shared.audit import AuditEvent, Fact


def facts(count: int, text: str = "", actor: Actor = CLOCK) -> list[AuditEvent]:
    """Return this many facts, with the kinds in turn."""
    kinds = [*Fact]
    return [
        AuditEvent(
            request_id="HR-1",
            sequence=number,
            kind=kinds[number % len(kinds)],
            at=examples.NOW + timedelta(minutes=number),
            actor=actor,
            level=2,
            reason=text,
            data={"verdict": "reject", "step": "register"},
        )
        for number in range(1, count + 1)
    ]


@pytest.mark.parametrize("locale", ["en", "de"])
@pytest.mark.parametrize("kind", Fact)
def test_every_fact_has_its_text(kind: Fact, locale: str) -> None:
    (fact,) = [fact for fact in facts(len(Fact)) if fact.kind is kind]

    (_, block) = trail_blocks([fact], translator(locale))

    text = text_of({"blocks": [block]})
    assert "{" not in text.replace("{date_short_pretty}", "").replace("{time}", "")
    assert kind.value not in text


@pytest.mark.parametrize("key", ["order.step.reserve", "hr.step.register"])
def test_the_step_of_any_journey_is_named(key: str) -> None:
    name = key.rpartition(".")[2]
    fact = replace(facts(1)[0], kind=Fact.STEP_COMPLETED, data={"step": name})

    assert ENGLISH(key) in text_of({"blocks": trail_blocks([fact], ENGLISH)})


def test_the_latest_facts_are_shown_and_the_others_counted() -> None:
    visible = text_of({"blocks": trail_blocks(facts(LATEST + 3, actor=examples.BORIS), ENGLISH)})

    assert "Earlier entries: 3" in visible
    assert f"{LATEST + 3}. " in visible
    assert "\n3. " not in visible
    assert "<@U0BORIS>" in visible


@given(texts, st.integers(0, 10**6), st.sampled_from(["en", "de"]))
@settings(max_examples=16, deadline=None, derandomize=True)
def test_any_facts_are_a_valid_view(typed: str, seed: int, locale: str) -> None:
    menu = Menu(face=AnySnapshot([typed], seed).approval(), verbs=())
    actor = Actor(person=typed, origin=Origin.CLI, operator=typed)

    check_view(details_modal.request_view(menu, translator(locale), facts(99, typed, actor)))


@pytest.mark.parametrize("locale", ["en", "de"])
def test_the_oldest_facts_are_left_out_of_a_view_that_would_be_too_large(locale: str) -> None:
    """Every text is 3,000 NUL characters, and JSON needs six bytes for the replacement of each."""
    typed = "\0" * 3000
    menu = Menu(face=AnySnapshot([typed], 77124).approval(), verbs=())
    actor = Actor(person=typed, origin=Origin.CLI, operator=typed)
    t = translator(locale)

    view = details_modal.request_view(menu, t, facts(99, typed, actor))

    check_view(view)
    visible = text_of(view)
    assert t("trail.title") in visible
    assert "\n60. " not in visible
