"""`countersign audit verify`: verifying trails against their chains and Temporal's history."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from bot.actions.audit_verification import Checked, Compared, check
from bot.actions.connection import Client, RPCError, TemporalUnavailableError
from bot.cli.audit_output import chain_text, checked_text
from bot.cli.context import CliContext
from bot.cli.terminal import CommandError, Exit, Line, remark, show
from records.audit import AuditTrail
from records.trail import Flaw
from workflows.registry import AUDITED_WORKFLOWS

CONCURRENT_CHECKS = 4
"""Trails checked at the same time. Each holds one history in memory."""


@dataclass(slots=True)
class Findings:
    """Totals of a verification: trails, broken trails, and what could not be compared."""

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
        """The exit code of the worst result."""
        if self.broken or self.refusals_broken:
            return Exit.FLAWED
        if self.nowhere:
            return Exit.CANNOT
        return Exit.UNCHECKED if self.unchecked else Exit.DONE

    @property
    def text(self) -> str:
        """The totals in one sentence."""
        trails = f"{self.trails} trail{'' if self.trails == 1 else 's'}"
        if self.broken:
            return f"{trails}, {self.broken} altered."
        return f"{trails}, every chain is intact."


def is_nowhere(checked: Checked) -> bool:
    """Return whether nothing is recorded for a request, and nothing had to be."""
    return checked.flaw is Flaw.NOTHING_WRITTEN and checked.compared is not Compared.FACT_LOST


async def verify(context: CliContext, ids: list[str], *, temporal: bool) -> Exit:
    """Verify the trails of these requests and print a result for each.

    Without ids, verify all trails and the refusals, and print only the trails that are altered or
    could not be compared.
    """
    await context.require_records()
    client = await _client(context) if temporal else None
    findings = Findings(unchecked=temporal and client is None)
    wanted = _wanted(context, client, ids)
    verifier = _Verifier(trails=context.trail, client=client)
    async for checked in _in_order(wanted, verifier.check):
        if not ids and is_nowhere(checked):
            continue  # it was started after the records were read
        findings.add(checked)
        if ids or not (checked.is_whole and checked.is_known):
            show([_line(checked)])
    if not ids:
        refusals = await context.refusals.verify()
        findings.refusals_broken = not refusals.intact
        show([Line(chain_text(refusals), style="" if refusals.intact else "red")])
        show([Line(findings.text)])
    return findings.exit


@dataclass(slots=True)
class _Verifier:
    """Checks trails against Temporal, until it does not answer."""

    trails: AuditTrail
    client: Client | None

    async def check(self, request_id: str) -> Checked:
        """Check one trail."""
        checked = await check(self.trails, self.client, request_id)
        if checked.compared is Compared.UNREACHABLE:
            self.client = None  # do not wait for the timeout again
        return checked


async def _in_order(
    ids: AsyncIterator[str], check_one: Callable[[str], Coroutine[Any, Any, Checked]]
) -> AsyncIterator[Checked]:
    """Check a few trails at a time, so that none waits for another's I/O; yield them in their order."""
    running: deque[asyncio.Task[Checked]] = deque()
    try:
        async for request_id in ids:
            if len(running) == CONCURRENT_CHECKS:
                yield await running.popleft()
            running.append(asyncio.create_task(check_one(request_id)))
        while running:
            yield await running.popleft()
    finally:
        for task in running:
            task.cancel()


async def _client(context: CliContext) -> Client | None:
    try:
        return await context.temporal()
    except (CommandError, TemporalUnavailableError, RPCError) as error:
        remark(f"{error} Only the chains are verified. Use --no-temporal to skip the comparison.")
        return None


async def _wanted(context: CliContext, client: Client | None, ids: list[str]) -> AsyncIterator[str]:
    """Yield the ids to verify. Without `ids`, include requests that only Temporal knows."""
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
    types = ", ".join(f"'{workflow.__name__}'" for workflow in AUDITED_WORKFLOWS)
    query = f"TaskQueue = '{queue}' AND WorkflowType IN ({types})"
    async for found in client.list_workflows(query):
        if found.id not in seen:
            seen.add(found.id)
            yield found.id


def _line(checked: Checked) -> Line:
    style = "" if checked.is_known else "yellow"
    return Line(checked_text(checked), style=style if checked.is_whole else "red")
