"""Run the benchmarks and write the report: `python -m benchmarks [--out DIR] [--against REV]`. See README.md."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import approvals, clicks
from benchmarks.installation import ROOT, running_installation
from benchmarks.report import ROUNDS, Comparison, Figure, NoisyMachineError, compared, write
from benchmarks.revision import checked_out
from benchmarks.usage import Load, measured_load

console = Console(stderr=True, highlight=False)


async def _transport(name: str, single_budget: float, concurrent_budget: float) -> list[Figure]:
    with TemporaryDirectory() as directory:
        async with running_installation(
            Path(directory), socket_mode=name == "Socket Mode"
        ) as installation:
            console.print(f"{name}: bare updates ...")
            bare = await clicks.measure_bare(installation)
            console.print(f"{name}: clicks ...")
            ours = await clicks.measure_clicks(installation)
    at_once = f"click, {clicks.CONCURRENT_CLICKS} at once, {name}"
    return [
        clicks.ratio(f"click, one at a time, {name}", ours.single, bare.single, single_budget),
        clicks.ratio(at_once, ours.concurrent, bare.concurrent, concurrent_budget),
    ]


async def _approvals(root: Path = ROOT) -> list[Figure]:
    with TemporaryDirectory() as directory:
        async with running_installation(
            Path(directory), socket_mode=True, root=root
        ) as installation:
            return await approvals.measure(installation, console)


async def _measure_all() -> tuple[list[Figure], Load]:
    """Measure everything, one installation after another."""
    async with measured_load() as load:
        figures = await _transport("Socket Mode", 1.5, 2.0)
        figures += await _transport("HTTP", 1.6, 2.3)
        figures += await _approvals()
    return figures, load


async def _compare(revision: str) -> Sequence[Comparison]:
    """Measure whole approvals of this revision and of an earlier one in turn."""
    ours, theirs = [], []
    with checked_out(revision) as tree:
        for number in range(1, ROUNDS + 1):
            console.print(f"round {number} of {ROUNDS}: this revision ...")
            ours.append(await _approvals())
            console.print(f"round {number} of {ROUNDS}: {revision} ...")
            theirs.append(await _approvals(tree))
    return compared(ours, theirs)


def main(
    out: Annotated[Path, typer.Option(help="The directory for the report and the plot.")] = Path(
        "benchmarks"
    ),
    against: Annotated[
        str, typer.Option(help="A git revision to measure beside this one, in turn.")
    ] = "",
) -> None:
    """Measure on this machine and write the report."""
    figures, load = asyncio.run(_measure_all())
    comparisons = asyncio.run(_compare(against)) if against else ()
    try:
        write(figures, load, out, comparisons)
    except NoisyMachineError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    typer.run(main)
