"""Private messages, modals and the home are entirely in German for people who read German."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from bot import listeners
from bot.listeners.services import Services
from emulator.client import StandInClient, text_of
from tests.bot.order_driver import (
    ANA,
    APPROVALS,
    BORIS,
    FAY,
    GUS,
    Json,
    OrderDriver,
    has_approve_button,
    listeners_finished,
)
from tests.bot.order_form import fill_in, open_form, order_id_of
from tests.bot.request_driver import EMIL, FORMS, RequestDriver, level
from tests.bot.test_home import bulk_form, home_with, open_home, ticked
from tests.bot.test_hr_form import choose, request_id_of, shows, submit, the_form
from tests.bot.test_thread_comments import private_messages, reply
from views import hr_modal, notices, thread_notices
from views.catalogue import CATALOGUES
from views.translator import translator
from workflows.rules.approvals.policy import Visibility
from workflows.rules.approvals.verbs import Verb

DE = translator("de")
_PRIVATE = ("views.open", "views.update", "views.publish", "chat.postEphemeral")


def _parts(sentence: str) -> Iterator[str]:
    """Yield the text between placeholders, if it is long enough to be recognised."""
    for part in re.split(r"\{\w+\}", sentence):
        if len(re.findall(r"[A-Za-z]{2,}", part)) > 1:
            yield part.strip()


GERMAN = "\n".join(CATALOGUES["de"].plain.values())
ENGLISH = {
    part for text in CATALOGUES["en"].plain.values() for part in _parts(text) if part not in GERMAN
}
WORDS = {
    text
    for text in CATALOGUES["en"].plain.values()
    if re.fullmatch(r"[A-Z][a-z]{3,}…?", text) and text not in CATALOGUES["de"].plain.values()
}
"""Texts of one word, such as the labels of buttons."""


async def sent_privately(slack: StandInClient) -> list[Any]:
    """Return everything that was shown to a single person: modals, validation errors and messages."""
    calls = [call for call in await slack.journal(kind="api") if call["method"] in _PRIVATE]
    answers = await slack.journal(kind="response_url")
    replies = [answer for answer in answers if not answer["arguments"].get("replace_original")]
    acks = [ack["payload"] for ack in await slack.journal(kind="ack") if ack.get("payload")]
    return [*(_arguments(entry) for entry in (*calls, *replies)), *acks]


def _arguments(entry: Json) -> Json:
    """Return a call's arguments, with views and blocks parsed."""
    found = entry["arguments"]
    return {
        name: json.loads(value) if name in ("view", "blocks") and isinstance(value, str) else value
        for name, value in found.items()
    }


def english_in(sent: object) -> set[str]:
    """Return the English texts of the catalogue that occur in it."""
    words = text_of({"text": "", "blocks": sent}) + json.dumps(sent, ensure_ascii=False)
    whole = {word.strip('"') for word in re.findall(r'"(?:[^"\\]|\\.)*"', words)}
    return {part for part in ENGLISH if part in words} | (WORDS & whole)


@pytest.fixture
async def german_users(slack: StandInClient, services: Services, bot: AsyncApp) -> None:
    """Set the language of the tests' people to German."""
    for person in (ANA, BORIS, FAY, GUS):
        await slack.people("user_change", user={"id": person, "locale": "de-DE"})
    await slack.wait_for_journal(kind="ack", what="user_change")
    await listeners_finished()
    assert {services.people.cached_locale(person) for person in (ANA, BORIS, FAY, GUS)} == {"de"}


@pytest.mark.usefixtures("german_users")
@pytest.mark.parametrize("verb", FORMS)
async def test_every_verb_is_in_german_from_the_menu_to_the_confirmation(
    slack: StandInClient, request_driver: RequestDriver, verb: Verb
) -> None:
    person, typed = FORMS[verb]
    pending = await request_driver.create()
    form = await request_driver.form(person, pending, verb)

    await slack.submit(person, form, dict(typed))

    await request_driver.modal(person, notices.confirmed(verb, DE))
    result = await sent_privately(slack)
    assert len(result) > 3
    assert english_in(result) == set()


@pytest.mark.usefixtures("german_users")
async def test_refusals_orders_and_validation_errors_are_in_german(
    slack: StandInClient, request_driver: RequestDriver, order_driver: OrderDriver
) -> None:
    pending = await request_driver.create()
    await slack.click(GUS, APPROVALS, pending.message, "approve")
    await order_driver.private_message(GUS, notices.refusal("not_an_approver", {}, DE))
    form = await open_form(slack)
    await fill_in(slack, form, lines__0__quantity="many", card_expiry="never")
    await slack.say(GUS, APPROVALS, "/order-status nothing")
    await order_driver.private_message(GUS, notices.malformed_order_id("nothing", DE))
    await slack.say(GUS, APPROVALS, "/countersign away")
    await slack.wait_for_modal(GUS, lambda v: v["callback_id"] == "away")
    await slack.say(GUS, APPROVALS, "/countersign new")
    await slack.wait_for_modal(GUS, lambda v: v["callback_id"] == "approval")
    card = await order_driver.waiting_order()
    await slack.say(GUS, APPROVALS, f"/order-status {card.order_id}")
    await order_driver.private_message(GUS, card.order_id)
    await listeners_finished()

    result = await sent_privately(slack)
    assert "eine ganze Zahl von 1 bis 9.999" in json.dumps(result, ensure_ascii=False)
    assert english_in(result) == set()
    shared = await order_driver.card(card.order_id, has_approve_button)
    assert "Waiting for approval" in str(shared["blocks"])


@pytest.mark.usefixtures("german_users")
async def test_a_german_form_reads_and_shows_german_amounts(
    slack: StandInClient, order_driver: OrderDriver
) -> None:
    form = await open_form(slack)

    await fill_in(slack, form, lines__0__unit_price="1.000,01 $")

    shown = await slack.wait_for_modal(ANA, lambda v: "1.000,01 USD" in text_of(v))
    assert order_id_of(form) in text_of(shown)
    card = await order_driver.card(order_id_of(form), has_approve_button)
    assert "1,000.01 USD" in str(card["blocks"])


# Emil's language in the demo is German.


async def test_the_home_and_its_messages_are_in_german(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    """Mutation checked: with English in `HomeBoard.publish`, every text was detected."""
    pending = [await request_driver.create(level(EMIL)) for _ in range(3)]
    home = await open_home(slack, EMIL)
    for tab in ("home_mine", "home_away", "home_history", "home_decide"):
        await slack.click_in_view(EMIL, home, tab)
        home = await slack.wait_for_home(EMIL, _newer_than(home))

    await slack.click_in_view(EMIL, home, "approve")
    await home_with(slack, EMIL, notices.confirmed("approve", DE))
    left = [request.request_id for request in pending]
    await slack.wait_for_home(
        EMIL, lambda v: sum(request_id in text_of(v) for request_id in left) == len(left) - 1
    )
    form = await bulk_form(slack, EMIL)
    await slack.submit(EMIL, form, {"chosen": ticked(form)})
    await request_driver.modal(EMIL, notices.confirmed("approve", DE))
    await listeners_finished()

    assert english_in(await sent_privately(slack)) == set()


def _newer_than(home: Json) -> Callable[[Json], bool]:
    return lambda view: bool(view["hash"] != home["hash"])


async def test_the_answer_to_approvals_is_in_german(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver, order_driver: OrderDriver
) -> None:
    pending = await request_driver.create(level(EMIL))

    await slack.say(EMIL, APPROVALS, "/countersign inbox")

    await order_driver.private_message(EMIL, pending.request_id)
    assert english_in(await sent_privately(slack)) == set()


async def test_the_hr_form_and_its_messages_are_in_german(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    await slack.say(EMIL, APPROVALS, "/request")
    form = await the_form(slack, EMIL)
    await choose(slack, form, "expense", {}, EMIL)
    form = await shows(slack, "amount", person=EMIL)

    mistaken = await submit(slack, form, EMIL, amount="a lot")
    await submit(slack, form, EMIL)

    assert english_in(mistaken) == set()
    received = hr_modal.received(request_id_of(form), "#hr", DE)
    await request_driver.modal(EMIL, text_of(received).partition("<")[0].strip()[:60])
    assert english_in(await sent_privately(slack)) == set()


async def test_hints_and_refusals_in_a_thread_are_in_german(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver, order_driver: OrderDriver
) -> None:
    private = await request_driver.create(level(EMIL), visibility=Visibility.PRIVATE)
    others = await request_driver.create(level(BORIS))

    await reply(slack, EMIL, private, "ok")
    await reply(slack, EMIL, others, "ok")
    await slack.click(EMIL, APPROVALS, others.message, "approve")
    await order_driver.private_message(EMIL, notices.refusal("not_an_approver", {}, DE))

    (hint,) = await private_messages(slack, EMIL, private)
    assert thread_notices.public_thread(DE) in hint
    assert await private_messages(slack, EMIL, others) == [
        thread_notices.refused("not_involved", {}, DE)
    ]
    assert english_in(await sent_privately(slack)) == set()


def _translators_in(path: Path) -> Iterator[str]:
    """Yield the source of each translator in a listener's module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name) and node.id == "ENGLISH":
            yield node.id
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "personal_translator":
            yield ast.unparse(node.args[0])


def test_every_listener_uses_the_translator_of_the_person_it_answers() -> None:
    """mypy checks that each view gets a translator, but not whose language it has."""
    modules = sorted(Path(str(listeners.__file__)).parent.glob("*.py"))
    made_of = [source for path in modules for source in _translators_in(path)]

    assert made_of == ["self.people.cached_locale(person)", "await self.people.locale_of(person)"]
