"""`make chaos`: every trial in its long size, again and again with new seeds, until the time is up."""

import argparse
import asyncio
import secrets
import sys
import tempfile
import time
import traceback
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.chaos.ground import Trial, chaos_house, ground
from tests.chaos.report import write
from tests.chaos.tally import COLUMNS, Tally
from tests.chaos.trials import TRIALS

out = Console(highlight=False, soft_wrap=True, width=110)


def main() -> int:
    """Run, print the table, and return 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    add = parser.add_argument
    add("--minutes", type=float, help="begin no trial after so many minutes (default: each once)")
    add("--seed", default=secrets.token_hex(3), help="repeats a run (default: a new one)")
    add("--only", choices=sorted(TRIALS), action="append", help="this trial; may be repeated")
    add("--short", action="store_true", help="the size of `make test`")
    add("--report", type=Path, help="put the table into this file, between its chaos marks")
    given = parser.parse_args()
    chosen = [TRIALS[name] for name in given.only or TRIALS]
    began = time.monotonic()
    tallies = asyncio.run(_run(chosen, given.seed, given.minutes, short=given.short))
    minutes = (time.monotonic() - began) / 60
    out.print(_table(tallies, f"seed {given.seed}, {minutes:.1f} minutes"))
    if given.report:
        write(given.report, tallies, seed=given.seed, minutes=minutes)
    return 0 if all(tally.kept for tally in tallies.values()) else 1


async def _run(
    chosen: list[Trial], seed: str, minutes: float | None, *, short: bool
) -> dict[str, Tally]:
    """Run the chosen trials in turn, once or until the time is up."""
    ends = time.monotonic() + (minutes or 0) * 60
    tallies = {trial.name: Tally() for trial in chosen}
    turn = 0
    while True:
        for trial in chosen:
            if turn and time.monotonic() > ends:
                return tallies
            # The first turn repeats what `--seed` says, so a finding's own command does too.
            own = f"{seed}.{turn}" if turn else seed
            tallies[trial.name].add(await _one(trial, own, short=short))
        turn += 1
        if minutes is None:
            return tallies


async def _one(trial: Trial, seed: str, *, short: bool) -> Tally:
    """Run one trial in a house of its own; what breaks the trial itself is a finding too."""
    began = time.monotonic()
    size = trial.short if short else trial.long
    with tempfile.TemporaryDirectory(prefix="countersign-chaos-") as directory:
        async with chaos_house(Path(directory)) as house, ground(house, seed, size) as ready:
            try:
                await trial.run(ready)
            except Exception as error:  # noqa: BLE001 - the other trials go on
                traceback.print_exception(error, limit=-3, chain=False)
                ready.tally.lost.append(
                    f"the trial ended by {type(error).__name__}: {str(error)[:300]}"
                )
    tally = ready.tally
    verdict = "kept" if tally.kept else "BROKEN"
    out.print(f"{trial.name:<16} {verdict}  {time.monotonic() - began:5.0f} s  seed {seed}")
    for finding in tally.findings:
        out.print(f"  {finding}", markup=False)
    if not tally.kept:
        short_too = " --short" if short else ""
        out.print(f"  Again: python -m tests.chaos --only {trial.name}{short_too} --seed {seed}")
    return tally


def _table(tallies: dict[str, Tally], title: str) -> Table:
    table = Table("guarantee", *COLUMNS, title=title)
    for name, tally in tallies.items():
        table.add_row(name, *map(str, tally.row()))
    return table


if __name__ == "__main__":
    sys.exit(main())
