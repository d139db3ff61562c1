"""In which language people are spoken to in private: theirs, as Slack has it, and as far as it is known."""

import asyncio

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.listeners.services import Services
from emulator.client import StandInClient
from slack_api import locales as module
from slack_api.locales import FRESH, People
from tests.bot.desk import ANA, APPROVALS, Shop, has_buttons, listeners_ended

EMIL, HANA = "U0EMIL", "W0HANA"


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def people(web: AsyncWebClient, clock: Clock) -> People:
    read = People(web, clock)
    await read.read_all()
    return read


async def test_everybody_is_known_from_the_start_page_by_page(
    slack: StandInClient, web: AsyncWebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 3)
    people = People(web)
    await people.read_all()

    assert [people.cached_locale(one) for one in (EMIL, ANA, HANA, "U0NOBODY", "")] == [
        *("de", "en", "en", "en", "en")
    ]
    calls = await slack.journal(kind="api", method="users.list")
    assert len(calls) > 2
    assert {call["arguments"]["include_locale"] for call in calls} <= {"1", "true", True}


async def test_who_is_known_is_asked_for_once_an_hour(
    slack: StandInClient, people: People, clock: Clock
) -> None:
    await slack.people("user_change", user={"id": ANA, "locale": "de-DE"})

    assert await people.locale_of(ANA) == "en"
    clock.now += FRESH
    assert people.cached_locale(ANA) == "en"
    assert await people.locale_of(ANA) == "de"
    assert await people.locale_of(ANA) == "de"
    assert len(await slack.journal(kind="api", method="users.info")) == 1


async def test_who_is_not_known_is_asked_for(slack: StandInClient, web: AsyncWebClient) -> None:
    assert await People(web).locale_of(EMIL) == "de"
    assert await People(web).locale_of("U0NOBODY") == "en"


@pytest.mark.parametrize("effect", ["hang", "http_500", "ratelimited"])
async def test_what_slack_does_not_tell_is_no_trouble_and_not_asked_for_again_at_once(
    slack: StandInClient, people: People, clock: Clock, effect: str
) -> None:
    await slack.faults({"target": "users.info", "effect": effect, "times": 5})
    clock.now += FRESH

    async with asyncio.timeout(1.8):  # a second try of one second would not fit
        assert [await people.locale_of(EMIL) for _ in range(3)] == ["de", "de", "de"]
    assert len(await slack.journal(kind="api", method="users.info")) <= 1


async def test_a_list_that_cannot_be_read_is_no_trouble_either(
    slack: StandInClient, web: AsyncWebClient
) -> None:
    await slack.faults({"target": "users.list", "effect": "http_500"})
    people = People(web)
    await people.read_all()

    assert people.cached_locale(EMIL) == "en"
    assert await people.locale_of(EMIL) == "de"


async def test_who_changes_their_language_is_spoken_to_in_it(
    slack: StandInClient, bot: AsyncApp, services: Services
) -> None:
    assert services.people.cached_locale(ANA) == "en"
    await slack.people("user_change", user={"id": ANA, "locale": "de-CH"})
    await slack.wait_for_journal(kind="ack", what="user_change")
    await listeners_ended()

    assert services.people.cached_locale(ANA) == "de"


async def test_a_modal_and_its_mistakes_are_in_the_language_of_who_opened_it(
    slack: StandInClient, bot: AsyncApp
) -> None:
    await slack.say(EMIL, APPROVALS, "/order")
    view = await slack.wait_for_modal(EMIL)

    assert view["title"]["text"] == "Neue Bestellung"
    assert "Kunde" in str(view["blocks"])


async def test_a_private_answer_is_in_the_readers_language_and_the_card_in_the_policys(
    slack: StandInClient, bot: AsyncApp, shop: Shop
) -> None:
    card = await shop.waiting_order()

    await slack.say(EMIL, APPROVALS, f"/order-status {card.order_id}")
    await slack.say(EMIL, APPROVALS, "/order-status")

    told = await shop.told(EMIL, card.order_id)
    assert "Wartet auf Genehmigung" in str(told["blocks"])
    await shop.told(EMIL, "noch keine Bestellungen")
    shared = await shop.card(card.order_id, has_buttons)
    assert "Waiting for approval" in str(shared["blocks"])
