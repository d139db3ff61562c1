"""Which messages in channels show the card of which request."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import and_, or_, select

from records.database import Database
from records.schema import cards


@dataclass(frozen=True, kw_only=True, slots=True)
class CardMessage:
    """A message that shows a card. `level` is set for a reply in the thread, about that level."""

    channel: str
    ts: str
    request_id: str
    level: int = 0


class Cards:
    """The posted cards. A message of a card that was deleted in Slack stays recorded."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, messages: Iterable[CardMessage]) -> None:
        """Record messages, or the request that a known message shows now. Safe to repeat.

        Recording what is known already writes nothing.
        """
        wanted = {(message.channel, message.ts): message for message in messages}
        if not wanted:
            return
        places = or_(
            *(and_(cards.c.channel == channel, cards.c.ts == ts) for channel, ts in wanted)
        )
        async with self._database.reading() as connection:
            found = await connection.execute(select(cards).where(places))
            known = {CardMessage(**row) for row in found.mappings()}
        new = [asdict(message) for message in wanted.values() if message not in known]
        if not new:
            return
        async with self._database.writing("cards") as connection:
            await connection.upsert(cards, new)

    async def request_of(self, channel: str, ts: str) -> str:
        """Return the request that a message shows; empty if the message shows no card."""
        wanted = select(cards.c.request_id).where(cards.c.channel == channel, cards.c.ts == ts)
        async with self._database.reading() as connection:
            return await connection.scalar(wanted) or ""

    async def place_of(self, request_id: str, channel: str, level: int) -> str:
        """Return the ts of the newest message about a level: its reply or, without one, the card."""
        wanted = (
            select(cards.c.ts)
            .where(cards.c.request_id == request_id, cards.c.channel == channel)
            .where(cards.c.level.in_((0, level)))
            .order_by(cards.c.level.desc(), cards.c.ts.desc())
            .limit(1)
        )
        async with self._database.reading() as connection:
            return await connection.scalar(wanted) or ""
