"""`countersign audit verify`: what is asked of the records and of Temporal, and how it ends."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.actions.audit_verification import Checked, Compared, check
from bot.actions.connection import Client, RPCError, TemporalUnavailableError
from bot.cli.audit_output import chain_words, checked_words
from bot.cli.terminal import CommandError, Exit, Line, remark, show
from records.trail import Flaw

if TYPE_CHECKING:
    from bot.cli.context import CliContext


@dataclass(slots=True)
class Findings:
    """What was found so far: how many trails, how many of them broken, and what nobody could say."""

    trails: int = 0
    broken: int = 0
    unchecked: bool = False
    nowhere: bool = False
    refusals_broken: bool = False

    def add(self, checked: Checked) -> None:
        """Count one trail."""
        self.trails += 1
        if is_nowhere(checked):
            self.nowhere = True
        elif not checked.is_whole:
            self.broken += 1
        elif not checked.is_known:
            self.unchecked = True

    @property
    def exit(self) -> Exit:
        """The exit code that says it all: the worst that was found."""
        if self.broken or self.refusals_broken:
            return Exit.FLAWED
        if self.nowhere:
            return Exit.CANNOT
        return Exit.UNCHECKED if self.unchecked else Exit.DONE

    @property
    def words(self) -> str:
        """All of it in one sentence."""
        trails = f"{self.trails} trail{'' if self.trails == 1 else 's'}"
        if self.broken:
            return f"{trails}, {self.broken} of them not as they were written."
        return f"{trails}, every chain is whole."


def is_nowhere(checked: Checked) -> bool:
    """Whether nothing is written down of a request, and nothing had to be."""
    return checked.flaw is Flaw.NOTHING_WRITTEN and checked.compared is not Compared.FACT_LOST


async def verify(context: "CliContext", ids: list[str], *, temporal: bool) -> Exit:
    """Check the trails of these requests and say what is found of each.

    Without any: of all of them, and the refusals; then only those trails are named of which there
    is more to say than that they are whole.
    """
    await context.require_records()
    client = await _client(context) if temporal else None
    findings = Findings(unchecked=temporal and client is None)
    async for request_id in _wanted(context, client, ids):
        checked = await check(context.trail, client, request_id)
        if not ids and is_nowhere(checked):
            continue  # it has begun a moment ago, after the records were read
        findings.add(checked)
        if ids or not (checked.is_whole and checked.is_known):
            show([_line(checked)])
        if checked.compared is Compared.UNREACHABLE:
            client = None  # it would keep everybody waiting each time
    if not ids:
        refusals = await context.refusals.verify()
        findings.refusals_broken = not refusals.intact
        show([Line(chain_words(refusals), style="" if refusals.intact else "red")])
        show([Line(findings.words)])
    return findings.exit


async def _client(context: "CliContext") -> Client | None:
    try:
        return await context.temporal()
    except (CommandError, TemporalUnavailableError, RPCError) as error:
        remark(f"{error} Only the chains are checked; with --no-temporal that is enough.")
        return None


async def _wanted(
    context: "CliContext", client: Client | None, ids: list[str]
) -> AsyncIterator[str]:
    """Yield the requests to check: of all, also those that only Temporal knows."""
    if ids:
        for request_id in ids:
            yield request_id
        return
    seen = set()
    async for request_id in context.trail.request_ids():
        seen.add(request_id)
        yield request_id
    if client is None:
        return
    queue = context.task_queue.replace("'", "''")
    query = f"TaskQueue = '{queue}' AND WorkflowType IN ('ApprovalWorkflow', 'OrderWorkflow')"
    async for found in client.list_workflows(query):
        if found.id not in seen:
            seen.add(found.id)
            yield found.id


def _line(checked: Checked) -> Line:
    style = "" if checked.is_known else "yellow"
    return Line(checked_words(checked), style=style if checked.is_whole else "red")
