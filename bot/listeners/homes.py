"""The interface of App Homes for listeners; `bot.home` implements it."""

from typing import Protocol

from views.home import HomePage, HomePlace


class Homes(Protocol):
    """Shows App Homes, and reads what is on them. Only homes that were opened once are shown."""

    async def opened(self, person: str) -> None:
        """Show a home that its owner has just opened."""
        ...

    async def place_of(self, person: str) -> HomePlace:
        """Return the tab and page that a person is viewing."""
        ...

    async def go(self, person: str, place: HomePlace) -> None:
        """Show another tab or page."""
        ...

    async def tell(self, person: str, sentence: str, settled: str = "") -> bool:
        """Show a home with a sentence on top and without the request `settled`; return whether it worked."""
        ...

    async def page_of(self, person: str) -> HomePage:
        """Return the current page of a person's home."""
        ...

    async def overview(self, person: str, rows: int, settled: str = "") -> HomePage:
        """Return the first rows of a person's inbox, without the request `settled`."""
        ...
