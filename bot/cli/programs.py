"""`countersign demo`, `worker` and `bot`: the commands that start our programs."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.cli import demo as demo_process

app = typer.Typer()
err = Console(stderr=True, highlight=False, soft_wrap=True)


@app.command()
def demo(
    port: Annotated[int | None, typer.Option(help="Port of the Slack stand-in [8080].")] = None,
    temporal_port: Annotated[int | None, typer.Option(help="Port of Temporal [7233].")] = None,
    ui_port: Annotated[int | None, typer.Option(help="Port of Temporal's UI [8233].")] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Keep all data in this directory between runs.")
    ] = None,
) -> None:
    """Run everything on this machine, with a Slack stand-in in the browser."""
    options = demo_process.DemoOptions(
        port=port, temporal_port=temporal_port, ui_port=ui_port, keep=keep
    )
    asyncio.run(demo_process.run(options, err))


@app.command()
def worker() -> None:
    """Run the Temporal worker (the same as `python worker.py`)."""
    _become(str(demo_process.ROOT / "worker.py"))


@app.command()
def bot() -> None:
    """Run the bot: Socket Mode with SLACK_APP_TOKEN, signed HTTP with SLACK_SIGNING_SECRET."""
    _become("-m", "bot")


def _become(*arguments: str) -> None:
    """Replace this process, so that signals reach the program and its exit code is ours."""
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - starts our own program
