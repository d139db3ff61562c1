"""The results table of `make chaos` in docs/guarantees.md, with its date and the versions used."""

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bot.cli.demo import ROOT, temporal_binary
from tests.chaos.report import COLUMNS, Report

BEGIN, END = "<!-- chaos: begin -->", "<!-- chaos: end -->"


def write(file: Path, reports: dict[str, Report], *, seed: str, minutes: float) -> None:
    """Write the table between the markers of `file`. Raises ValueError if it has no markers."""
    text = file.read_text()
    if BEGIN not in text or END not in text:
        raise ValueError(f"{file} has no {BEGIN} and {END}")
    between = "\n".join([BEGIN, _heading(seed, minutes), "", *_table(reports), END])
    file.write_text(
        re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: between, text, flags=re.DOTALL)
    )


def _heading(seed: str, minutes: float) -> str:
    day = datetime.now(UTC).date().isoformat()
    revision = _output_of("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    server = _output_of(temporal_binary(), "--version").removeprefix("temporal version ")
    return (
        f"`make chaos` of {day}: {minutes:.0f} minutes, seed {seed}, revision {revision}, Python "
        f"{platform.python_version()}, temporalio {version('temporalio')}, server: {server}, "
        f"{os.cpu_count()} cores."
    )


def _table(reports: dict[str, Report]) -> list[str]:
    total = Report()
    for report in reports.values():
        total.add(report)
    rows = [*reports.items(), ("together", total)]
    lines = [f"| guarantee | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 1) + "|"]
    return [
        *lines,
        *(f"| {name} | {' | '.join(map(str, report.row()))} |" for name, report in rows),
    ]


def _output_of(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - fixed commands
    return done.stdout.strip()
