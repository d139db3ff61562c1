"""The processes of one installation, each of which can be killed and started again."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bot.cli.demo import PRODUCTS, TEMPORAL_SETTINGS, temporal_binary
from emulator.client import StandInClient
from records.database import Database
from records.incoming_payments import IncomingPayments
from records.stock import Stock
from tests.bot.http_client import SECRET, TOKEN, HttpClient
from tests.journeys.programs import (
    RATE_SPEED,
    Program,
    answers,
    clean_environment,
    free_port,
    until,
)
from tests.journeys.starter import ROOT, starter
from tests.journeys.workspace import Workspace
from workflows.search import DEFINITIONS

STATE = "slack.json"
NAMES = ("temporal", "slack", "worker", "bot")
"""The start order: each program needs the ones before it."""
SECOND_BOT = "bot2"
"""A second bot process, if the installation has one."""
HTTP_BOT = "bot-http"
"""A bot process that receives signed HTTP requests from Slack. Tests start it when they need it."""
SIGNING_SECRET = "5f1c0a9be2d74c6f8a3e"
"""The secret with which requests to HTTP_BOT are signed."""
BOTS = ("bot", SECOND_BOT, HTTP_BOT)
SHORT_TASK_TIMEOUT = 'history.defaultWorkflowTaskTimeout="5s"'
"""Temporal gives a killed worker's workflow task to another worker after 5 s instead of 10 s."""


@dataclass
class Installation:
    """Temporal, the Slack stand-in, worker and bot, on ports and files that outlive the processes.

    `people` replaces the stand-in's own people file. `names` lists the programs. `temporal_settings`
    are dynamic settings of Temporal in addition to the product's.
    """

    directory: Path
    policies: Path
    people: Path | None = None
    names: tuple[str, ...] = NAMES
    temporal_settings: tuple[str, ...] = ()
    ports: dict[str, int] = field(
        default_factory=lambda: {name: free_port() for name in (*NAMES, *BOTS[1:], "ui")}
    )
    programs: dict[str, Program] = field(default_factory=dict)

    @property
    def database_url(self) -> str:
        """The URL of the records database."""
        return f"sqlite:///{self.directory / 'records.db'}"

    @property
    def slack_url(self) -> str:
        """The URL of the Slack stand-in."""
        return f"http://127.0.0.1:{self.ports['slack']}"

    @property
    def signed_url(self) -> str:
        """The URL at which HTTP_BOT receives Slack's requests."""
        return f"http://127.0.0.1:{self.ports[HTTP_BOT]}/slack/events"

    @property
    def temporal_address(self) -> str:
        """The host and port of Temporal."""
        return f"127.0.0.1:{self.ports['temporal']}"

    async def open(self) -> None:
        """Create the database and start all programs."""
        async with Database(self.database_url) as database:
            await database.upgrade()
            await Stock(database).seed(PRODUCTS)
        await self.start(*self.names)

    async def start(self, *names: str, worker: Path = ROOT / "worker.py") -> None:
        """Start these programs, in parallel if possible; return once they are healthy."""
        for group in (("temporal", "slack"), ("worker", *BOTS)):
            for name in filter(names.__contains__, group):
                command = self._commands(worker)[name]()
                self.programs[name] = Program(
                    name,
                    *command,
                    directory=self.directory,
                    environment=self._environment(name),
                    by=starter() if name != "temporal" else None,
                )
            for name in filter(names.__contains__, group):
                await answers(self._urls()[name], self.programs[name])

    async def kill(self, *names: str) -> None:
        """Kill these programs at the same instant, as a power cut would."""
        killed = [self.programs.pop(name) for name in names]
        for program in killed:
            program.send(signal.SIGKILL)
        await asyncio.gather(*(program.ended() for program in killed))

    async def close(self) -> None:
        """Kill all running programs."""
        await self.kill(*self.programs)

    async def end(self, *names: str) -> None:
        """Stop the running ones of these programs with SIGTERM."""
        ended = [self.programs.pop(name) for name in names if name in self.programs]
        await asyncio.gather(*(program.end() for program in ended))

    async def slack_has_saved(self, ts: str) -> None:
        """Wait until the stand-in has saved a message, so that it survives a kill."""
        saved = self.directory / STATE

        async def look() -> bool | None:
            return ts in saved.read_text() or None

        await until(look, what=f"{ts} in {saved}")

    @asynccontextmanager
    async def workspace(self) -> AsyncIterator[Workspace]:
        """Yield the installation's workspace."""
        async with (
            StandInClient(self.slack_url) as slack,
            Database(self.database_url) as database,
        ):
            await slack.limits(speed=RATE_SPEED)
            yield Workspace(slack=slack, database=database)

    @asynccontextmanager
    async def front_door(self) -> AsyncIterator[HttpClient]:
        """Yield the bot's API and webhook."""
        url = f"http://127.0.0.1:{self.ports['bot']}"
        async with aiohttp.ClientSession() as session, Database(self.database_url) as database:
            yield HttpClient(url=url, session=session, payments=IncomingPayments(database))

    def _urls(self) -> dict[str, str]:
        ports, base = self.ports, "http://127.0.0.1"
        return {
            "temporal": f"{base}:{ports['ui']}/",
            "slack": self.slack_url,
            "worker": f"{base}:{ports['worker']}/healthz",
            **{name: f"{base}:{ports[name]}/readyz" for name in BOTS},
        }

    def _commands(self, worker: Path) -> dict[str, Callable[[], tuple[str, ...]]]:
        return {
            "temporal": self._temporal,
            "slack": self._slack,
            "worker": lambda: (str(worker),),
            **dict.fromkeys(BOTS, lambda: ("-m", "bot")),
        }

    def _temporal(self) -> tuple[str, ...]:
        settings = [
            ("--dynamic-config-value", setting)
            for setting in (*TEMPORAL_SETTINGS, *self.temporal_settings)
        ]
        return (
            *(temporal_binary(), "server", "start-dev", "--ip", "127.0.0.1"),
            *("--port", str(self.ports["temporal"]), "--ui-port", str(self.ports["ui"])),
            *("--db-filename", str(self.directory / "temporal.db"), "--log-level", "error"),
            *(word for setting in settings for word in setting),
            *(word for definition in DEFINITIONS for word in ("--search-attribute", definition)),
        )

    def _slack(self) -> tuple[str, ...]:
        people = ("--people", str(self.people)) if self.people else ()
        return (
            *("-m", "emulator", "--manifest", str(ROOT / "manifest.yml"), *people),
            *("--port", str(self.ports["slack"]), "--state", str(self.directory / STATE)),
        )

    def _environment(self, name: str) -> dict[str, str]:
        delivery = {"SLACK_APP_TOKEN": "xapp-local"}
        if name == HTTP_BOT:
            delivery = {"SLACK_SIGNING_SECRET": SIGNING_SECRET}
        return clean_environment(
            SLACK_BOT_TOKEN="xoxb-local",
            SLACK_API_URL=f"{self.slack_url}/api/",
            DATABASE_URL=self.database_url,
            TEMPORAL_ADDRESS=self.temporal_address,
            POLICIES=str(self.policies),
            FOREIGN_POLICIES="true",  # trials start requests under policies of their own
            API_TOKEN=TOKEN,
            PAYMENT_WEBHOOK_SECRET=SECRET,
            WEB_PORT=str(self.ports[name if name in BOTS else "bot"]),
            WORKER_HEALTH_PORT=str(self.ports["worker"]),
            **delivery,
        )
