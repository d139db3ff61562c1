"""The daily summary: a small table of the day's orders. Numbers only: no names, no amounts of one."""

from collections.abc import Sequence

from views.blocks import Block, Message, header, said
from views.ids import BlockId
from views.text import counted, text
from views.text import day as day_words
from workflows.rules.orders.daily_totals import DayRow, DaySummary


def build(summary: DaySummary, locale: str) -> Message:
    """Return the message; one sentence where nobody has ordered anything."""
    day = day_words(summary.day, locale)
    title = header(BlockId.HEADER, text("day.title", locale, day=day), locale)
    orders = sum(row.orders for row in summary.rows)
    words = (
        counted("day.text", orders, locale, day=day)
        if orders
        else text("day.none", locale, day=day)
    )
    blocks: list[Block] = [title, said(BlockId.NOTICE, words, locale)]
    if orders:
        blocks.append(said(BlockId.SUMMARY, _table(summary.rows, locale), locale))
    return Message(text=words, blocks=blocks)


def _table(rows: Sequence[DayRow], locale: str) -> str:
    """Return the rows in columns of equal width; nothing in them was typed by anybody."""
    head = (text("day.state", locale), text("day.orders", locale), text("day.total", locale))
    cells = [head, *(_cells(row, locale) for row in rows)]
    state, orders, total = (max(len(row[column]) for row in cells) for column in range(3))
    lines = [f"{one:<{state}}  {two:>{orders}}  {three:>{total}}" for one, two, three in cells]
    return "```\n" + "\n".join(lines) + "\n```"


def _cells(row: DayRow, locale: str) -> tuple[str, str, str]:
    totals = text("day.and", locale).join(str(one) for one in row.totals)
    return text(f"order.{row.status}", locale), str(row.orders), totals
