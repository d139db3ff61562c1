"""The messages that show a card: a reply in a thread finds its request without asking Slack."""

from sqlalchemy import event

from records.cards import CardMessage, Cards
from records.database import Database

CHANNEL = "C0APPROVALS"


def message(ts: str, request_id: str = "REQ-1", level: int = 0) -> CardMessage:
    return CardMessage(channel=CHANNEL, ts=ts, request_id=request_id, level=level)


async def test_a_message_belongs_to_the_request_that_it_showed_last(database: Database) -> None:
    cards = Cards(database)
    await cards.record([message("1.1", "ORD-1.approval"), message("1.2", "REQ-2")])
    await cards.record([message("1.1", "ORD-1")])

    assert await cards.request_of(CHANNEL, "1.1") == "ORD-1"
    assert await cards.request_of(CHANNEL, "1.2") == "REQ-2"
    assert await cards.request_of(CHANNEL, "1.3") == ""
    assert await cards.request_of("C0OTHER", "1.1") == ""


async def test_what_is_known_is_not_written_again(database: Database) -> None:
    cards = Cards(database)
    await cards.record([message("1.1"), message("1.2", level=1)])
    written: list[str] = []
    engine = database._writers.sync_engine  # noqa: SLF001 - it has no other observer
    event.listen(engine, "before_cursor_execute", lambda *args: written.append(args[2]))

    await cards.record([message("1.1"), message("1.2", level=1)])
    await cards.record([])

    assert written == []


async def test_a_level_is_decided_on_its_newest_reply_or_on_the_card(database: Database) -> None:
    cards = Cards(database)
    await cards.record([message("1.1"), message("1.2", level=1), message("1.4", level=1)])
    await cards.record([message("1.9", "REQ-2")])

    assert await cards.place_of("REQ-1", CHANNEL, 1) == "1.4"
    assert await cards.place_of("REQ-1", CHANNEL, 2) == "1.1"
    assert await cards.place_of("REQ-1", "C0OTHER", 1) == ""
