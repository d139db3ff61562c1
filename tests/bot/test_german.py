"""Somebody who reads German: whatever is said to them alone is in German, to the last word."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from bot.listeners.services import Services
from bot.views import notices
from bot.views.catalogue import CATALOGUES
from emulator.client import StandInClient, text_of
from tests.bot.desk import ANA, APPROVALS, BORIS, FAY, GUS, Json, Shop, has_buttons, listeners_ended
from tests.bot.forms import fill_in, open_form
from tests.bot.front_desk import FrontDesk
from tests.bot.test_verbs import FORMS
from workflows.rules.verbs import Verb

_PRIVATE = ("views.open", "views.update", "chat.postEphemeral")


def _parts(sentence: str) -> Iterator[str]:
    """Yield what stands between the blanks of a sentence, where it is long enough to be known again."""
    for part in re.split(r"\{\w+\}", sentence):
        if len(re.findall(r"[A-Za-z]{2,}", part)) > 1:
            yield part.strip()


GERMAN = "\n".join(CATALOGUES["de"].plain.values())
ENGLISH = {
    part for one in CATALOGUES["en"].plain.values() for part in _parts(one) if part not in GERMAN
}
WORDS = {
    one
    for one in CATALOGUES["en"].plain.values()
    if re.fullmatch(r"[A-Z][a-z]{3,}…?", one) and one not in CATALOGUES["de"].plain.values()
}
"""Whole texts of one word, such as what stands on a button."""


async def said_privately(slack: StandInClient) -> list[Any]:
    """Return everything that was shown to one person alone: modals, their mistakes, sentences."""
    calls = [one for one in await slack.journal(kind="api") if one["method"] in _PRIVATE]
    answers = await slack.journal(kind="response_url")
    told = [one for one in answers if not one["arguments"].get("replace_original")]
    acks = [one["payload"] for one in await slack.journal(kind="ack") if one.get("payload")]
    return [*(_arguments(one) for one in (*calls, *told)), *acks]


def _arguments(entry: Json) -> Json:
    """Return what a call says; a form's fields come as texts."""
    found = entry["arguments"]
    return {
        name: json.loads(value) if name in ("view", "blocks") and isinstance(value, str) else value
        for name, value in found.items()
    }


def english_in(said: object) -> set[str]:
    """Return what is said in English there; what people typed is not."""
    words = text_of({"text": "", "blocks": said}) + json.dumps(said, ensure_ascii=False)
    whole = {one.strip('"') for one in re.findall(r'"(?:[^"\\]|\\.)*"', words)}
    return {part for part in ENGLISH if part in words} | (WORDS & whole)


@pytest.fixture
async def germans(slack: StandInClient, services: Services, bot: AsyncApp) -> None:
    """Have everybody whom the tests know read German."""
    for person in (ANA, BORIS, FAY, GUS):
        await slack.people("user_change", user={"id": person, "locale": "de-DE"})
    await slack.wait_for_journal(kind="ack", what="user_change")
    await listeners_ended()
    assert {services.people.cached_locale(one) for one in (ANA, BORIS, FAY, GUS)} == {"de"}


@pytest.mark.usefixtures("germans")
@pytest.mark.parametrize("verb", FORMS)
async def test_every_verb_from_the_menu_to_the_last_word(
    slack: StandInClient, desk: FrontDesk, verb: Verb
) -> None:
    person, typed, _ = FORMS[verb]
    asked = await desk.ask()
    form = await desk.form(person, asked, verb)

    await slack.submit(person, form, dict(typed))

    await desk.says(person, notices.confirmed(verb, "de"))
    said = await said_privately(slack)
    assert len(said) > 3
    assert english_in(said) == set()


@pytest.mark.usefixtures("germans")
async def test_refusals_orders_and_their_mistakes(
    slack: StandInClient, desk: FrontDesk, shop: Shop
) -> None:
    asked = await desk.ask()
    await slack.click(GUS, APPROVALS, asked.message, "approve")
    await shop.told(GUS, notices.refusal("not_an_approver", {}, "de"))
    form = await open_form(slack)
    await fill_in(slack, form, lines__0__quantity="many", card_expiry="never")
    await slack.say(GUS, APPROVALS, "/order-status nothing")
    await shop.told(GUS, notices.malformed_order_id("nothing", "de"))
    await slack.say(GUS, APPROVALS, "/away")
    await slack.wait_for_modal(GUS, lambda v: v["callback_id"] == "away")
    await slack.say(GUS, APPROVALS, "/approval")
    await slack.wait_for_modal(GUS, lambda v: v["callback_id"] == "approval")
    card = await shop.waiting_order()
    await slack.say(GUS, APPROVALS, f"/order-status {card.order_id}")
    await shop.told(GUS, card.order_id)
    await listeners_ended()

    said = await said_privately(slack)
    assert "eine ganze Zahl von 1 bis 9.999" in json.dumps(said, ensure_ascii=False)
    assert english_in(said) == set()
    shared = await shop.card(card.order_id, has_buttons)
    assert "Waiting for approval" in str(shared["blocks"])
