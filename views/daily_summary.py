"""The daily summary: a small table of the day's orders, without names and single amounts."""

from collections.abc import Sequence

from views.blocks import Block, Message, header, text_block
from views.ids import BlockId
from views.translator import Translator
from workflows.rules.orders.daily_totals import DayRow, DaySummary


def build(summary: DaySummary, t: Translator) -> Message:
    """Return the message; one sentence if there were no orders."""
    day = t.day(summary.day)
    title = header(BlockId.HEADER, t("day.title", day=day), t)
    orders = sum(row.orders for row in summary.rows)
    text = t.count("day.text", orders, day=day) if orders else t("day.none", day=day)
    blocks: list[Block] = [title, text_block(BlockId.NOTICE, text, t)]
    if orders:
        blocks.append(text_block(BlockId.SUMMARY, _table(summary.rows, t), t))
    return Message(text=text, blocks=blocks)


def _table(rows: Sequence[DayRow], t: Translator) -> str:
    """Return the rows in columns of equal width; they contain no user text."""
    head = (t("day.state"), t("day.orders"), t("day.total"))
    cells = [head, *(_cells(row, t) for row in rows)]
    state, orders, total = (max(len(row[column]) for row in cells) for column in range(3))
    lines = [f"{row[0]:<{state}}  {row[1]:>{orders}}  {row[2]:>{total}}" for row in cells]
    return "```\n" + "\n".join(lines) + "\n```"


def _cells(row: DayRow, t: Translator) -> tuple[str, str, str]:
    totals = t("day.and").join(str(amount) for amount in row.totals)
    return t(f"order.{row.status}"), str(row.orders), totals
