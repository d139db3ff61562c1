"""The App Home: showing it when it is opened, and navigating in it."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.listeners.delegation import open_form
from bot.listeners.services import Services
from views import home
from views.card_click import pressed
from views.ids import ActionId
from views.payload import actor_id, text_at


def register(app: AsyncApp, services: Services) -> None:
    """Listen to the opening of the home, and to its buttons and menus."""
    listener = HomeListeners(services)
    app.event("app_home_opened")(listener.home_opened)
    app.action(ActionId.HOME_DECIDE)(listener.navigated)
    app.action(ActionId.HOME_MINE)(listener.navigated)
    app.action(ActionId.HOME_AWAY)(listener.navigated)
    app.action(ActionId.HOME_HISTORY)(listener.navigated)
    app.action(ActionId.HOME_BACK)(listener.navigated)
    app.action(ActionId.HOME_ON)(listener.navigated)
    app.action(ActionId.HOME_KIND)(listener.navigated)
    app.action(ActionId.HOME_STATE)(listener.navigated)
    app.action(ActionId.SET_AWAY)(listener.away_clicked)


class HomeListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def home_opened(self, ack: AsyncAck, event: dict[str, Any]) -> None:
        """Show the home. The app's messages tab sends the same event and needs nothing."""
        await ack()
        if event.get("tab") == "home":
            await self._services.homes.opened(text_at(event, "user"))

    async def navigated(self, args: AsyncArgs) -> None:
        """Show another tab, kind, state or page."""
        await args.ack()
        person, homes = actor_id(args.body), self._services.homes
        place = home.after_navigation(await homes.place_of(person), pressed(args.body))
        await homes.go(person, place)

    async def away_clicked(self, args: AsyncArgs) -> None:
        """Open the form for time away."""
        await args.ack()
        await open_form(self._services, args.client, actor_id(args.body), args.body["trigger_id"])
