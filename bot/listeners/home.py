"""The App Home: shown when it is opened, and moved about in."""

from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.listeners.delegation import open_form
from bot.listeners.services import Services
from views import home
from views.card_click import pressed
from views.ids import ActionId
from views.payload import actor_id, text_at

_log = structlog.get_logger("bot.home")


def register(app: AsyncApp, services: Services) -> None:
    """Listen to the tab that is opened, and to everything that moves about in it."""
    listener = HomeListeners(services)
    app.event("app_home_opened")(listener.home_opened)
    app.action(ActionId.HOME_DECIDE)(listener.moved)
    app.action(ActionId.HOME_MINE)(listener.moved)
    app.action(ActionId.HOME_AWAY)(listener.moved)
    app.action(ActionId.HOME_HISTORY)(listener.moved)
    app.action(ActionId.HOME_BACK)(listener.moved)
    app.action(ActionId.HOME_ON)(listener.moved)
    app.action(ActionId.HOME_KIND)(listener.moved)
    app.action(ActionId.HOME_STATE)(listener.moved)
    app.action(ActionId.SET_AWAY)(listener.away_clicked)


class HomeListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def home_opened(self, ack: AsyncAck, event: dict[str, Any]) -> None:
        """Show the home, if it is that tab; the other one shows messages and needs nothing."""
        await ack()
        if event.get("tab") == "home":
            await self._services.homes.opened(text_at(event, "user"))

    async def moved(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Show another tab, kind, state or page."""
        await ack()
        person, homes = actor_id(body), self._services.homes
        place = home.after_navigation(await homes.place_of(person), pressed(body))
        await homes.go(person, place)

    async def away_clicked(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Open the form that `/away` opens."""
        await ack()
        await open_form(self._services, client, actor_id(body), body["trigger_id"])
