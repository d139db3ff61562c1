"""The locale cache: whose language is known, when it is read again, and what happens if it fails."""

import asyncio

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from emulator.client import StandInClient
from slack_api.locales import TTL, Locales
from slack_api.workspace import Workspace

ANA, EMIL, HANA = "U0ANA", "U0EMIL", "W0HANA"


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def people(web: AsyncWebClient, workspace: Workspace, clock: Clock) -> Locales:
    people = Locales(web, clock)
    await people.read_all(workspace.directory.locales)
    return people


async def test_all_locales_are_read_page_by_page(
    slack: StandInClient,
    web: AsyncWebClient,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("slack_api.directory.PAGE_SIZE", 3)
    people = Locales(web)
    await people.read_all(workspace.directory.locales)

    assert [people.cached_locale(person) for person in (EMIL, ANA, HANA, "U0NOBODY", "")] == [
        *("de", "en", "en", "en", "en")
    ]
    calls = await slack.journal(kind="api", method="users.list")
    assert len(calls) > 2
    assert {call["arguments"]["include_locale"] for call in calls} <= {"1", "true", True}


async def test_a_known_locale_is_read_again_after_an_hour(
    slack: StandInClient, people: Locales, clock: Clock
) -> None:
    await slack.people("user_change", user={"id": ANA, "locale": "de-DE"})

    assert await people.locale_of(ANA) == "en"
    clock.now += TTL
    assert people.cached_locale(ANA) == "en"
    assert await people.locale_of(ANA) == "de"
    assert await people.locale_of(ANA) == "de"
    assert len(await slack.journal(kind="api", method="users.info")) == 1


async def test_an_unknown_locale_is_read(slack: StandInClient, web: AsyncWebClient) -> None:
    assert await Locales(web).locale_of(EMIL) == "de"
    assert await Locales(web).locale_of("U0NOBODY") == "en"


@pytest.mark.parametrize("effect", ["hang", "http_500", "ratelimited"])
async def test_a_locale_that_cannot_be_read_is_not_read_again_immediately(
    slack: StandInClient, people: Locales, clock: Clock, effect: str
) -> None:
    await slack.faults({"target": "users.info", "effect": effect, "times": 5})
    clock.now += TTL

    async with asyncio.timeout(1.8):  # too short for a second attempt of one second
        assert [await people.locale_of(EMIL) for _ in range(3)] == ["de", "de", "de"]
    assert len(await slack.journal(kind="api", method="users.info")) <= 1


async def test_if_the_list_cannot_be_read_each_locale_is_read_when_needed(
    slack: StandInClient, web: AsyncWebClient, workspace: Workspace
) -> None:
    await slack.faults({"target": "users.list", "effect": "http_500"})
    people = Locales(web)
    await people.read_all(workspace.directory.locales)

    assert people.cached_locale(EMIL) == "en"
    assert await people.locale_of(EMIL) == "de"


async def test_an_unknown_locale_is_empty_for_messages_with_a_language_of_their_own(
    slack: StandInClient, web: AsyncWebClient
) -> None:
    people = Locales(web)

    assert await people.known_locale_of(EMIL) == "de"
    assert await people.known_locale_of("U0NOBODY") == ""


async def test_concurrent_callers_share_one_read(slack: StandInClient, web: AsyncWebClient) -> None:
    people = Locales(web)

    found = await asyncio.gather(*(people.known_locale_of(EMIL) for _ in range(5)))

    assert found == ["de"] * 5
    assert len(await slack.journal(kind="api", method="users.info")) == 1
