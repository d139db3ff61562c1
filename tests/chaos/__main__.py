"""`make chaos`: run every trial in its long size, repeatedly and with new seeds, until the time is up."""

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

from tests.chaos.report import COLUMNS, Report
from tests.chaos.results_table import write
from tests.chaos.trial import Trial, chaos_installation, trial_context
from tests.chaos.trials import TRIALS

out = Console(highlight=False, soft_wrap=True, width=110)


def main() -> int:
    """Run the trials, print the table, and return 1 if a guarantee was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    add = parser.add_argument
    add(
        "--minutes",
        type=float,
        help="start no trial after this many minutes (default: run each once)",
    )
    add(
        "--seed",
        default=secrets.token_hex(3),
        help="the seed of an earlier run, to repeat it (default: a new seed)",
    )
    add("--only", choices=sorted(TRIALS), action="append", help="run this trial only; repeatable")
    add("--short", action="store_true", help="use the size of `make test`")
    add("--report", type=Path, help="write the table into this file, between its chaos markers")
    given = parser.parse_args()
    chosen = [TRIALS[name] for name in given.only or TRIALS]
    began = time.monotonic()
    reports = asyncio.run(_run(chosen, given.seed, given.minutes, short=given.short))
    minutes = (time.monotonic() - began) / 60
    out.print(_table(reports, f"seed {given.seed}, {minutes:.1f} minutes"))
    if given.report:
        write(given.report, reports, seed=given.seed, minutes=minutes)
    return 0 if all(report.kept for report in reports.values()) else 1


async def _run(
    chosen: list[Trial], seed: str, minutes: float | None, *, short: bool
) -> dict[str, Report]:
    """Run the chosen trials in turn, once each or until the time is up."""
    ends = time.monotonic() + (minutes or 0) * 60
    reports = {trial.name: Report() for trial in chosen}
    number = 0
    while True:
        for trial in chosen:
            if number and time.monotonic() > ends:
                return reports
            # The first round uses the seed itself, so that the command printed with a finding repeats it.
            round_seed = f"{seed}.{number}" if number else seed
            reports[trial.name].add(await _run_once(trial, round_seed, short=short))
        number += 1
        if minutes is None:
            return reports


async def _run_once(trial: Trial, seed: str, *, short: bool) -> Report:
    """Run one trial in a new installation. An exception in the trial itself is a finding."""
    began = time.monotonic()
    size = trial.short if short else trial.long
    with tempfile.TemporaryDirectory(prefix="countersign-chaos-") as directory:
        async with (
            chaos_installation(Path(directory)) as installation,
            trial_context(installation, seed, size) as context,
        ):
            try:
                await trial.run(context)
            except Exception as error:  # noqa: BLE001 - the other trials must still run
                traceback.print_exception(error, limit=-3, chain=False)
                context.report.lost.append(
                    f"the trial failed with {type(error).__name__}: {str(error)[:300]}"
                )
    report = context.report
    verdict = "kept" if report.kept else "BROKEN"
    out.print(f"{trial.name:<16} {verdict}  {time.monotonic() - began:5.0f} s  seed {seed}")
    for finding in report.findings:
        out.print(f"  {finding}", markup=False)
    if not report.kept:
        short_too = " --short" if short else ""
        out.print(
            f"  To repeat: python -m tests.chaos --only {trial.name}{short_too} --seed {seed}"
        )
    return report


def _table(reports: dict[str, Report], title: str) -> Table:
    table = Table("guarantee", *COLUMNS, title=title)
    for name, report in reports.items():
        table.add_row(name, *map(str, report.row()))
    return table


if __name__ == "__main__":
    sys.exit(main())
