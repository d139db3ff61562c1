"""Runs `countersign` commands against the real server and the records of the test."""

import asyncio
import json
import os
import pwd
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from bot.actions.execute import Commands, Context
from bot.actions.registry import Command
from bot.cli import execution, main
from bot.temporal.client import WorkflowClient
from records.audit import AuditTrail
from records.database import Database
from records.refusals import Refusals
from records.requests import PublicState, Requests
from tests.bot import cli_program
from tests.bot.order_driver import TIMEOUT
from tests.journeys.starter import starter
from workflows.rules.approvals.verbs import Verb
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.audit import AuditEvent, Fact

ANA, BORIS, CLARA, FAY, GUS = "U0ANA", "U0BORIS", "U0CLARA", "U0FAY", "U0GUS"
COMMAND = 60
"""Seconds after which a command counts as hung."""
OPERATOR = pwd.getpwuid(os.getuid()).pw_name
"""The user who runs the tests. LOGNAME is not evidence: anyone can set it."""

POLICIES = """
[countersign]
admins = ["user:U0FAY"]
admin_channel = "#approvals"
timezone = "Europe/Berlin"

[policy.general]
title = "General"
channel = "#approvals"
[[policy.general.tier]]
up_to = "100.00 USD"
levels = []
[[policy.general.tier]]
levels = ["lead"]
[policy.general.level.lead]
approvers = ["user:U0BORIS", "user:U0CLARA"]
expire_after = "2d"
max_expire_after = "7d"

[policy.travel]
title = "Travel"
channel = "#approvals"
[[policy.travel.tier]]
levels = ["both"]
[policy.travel.level.both]
approvers = ["user:U0BORIS", "user:U0CLARA"]
quorum = 2
"""


def cli_actor(person: str) -> Actor:
    """Return the actor that the records have for a command with `--as person`."""
    return Actor(person=person, origin=Origin.CLI, operator=OPERATOR)


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    """The output and the exit code of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The standard output, parsed as JSON."""
        return json.loads(self.out)


@dataclass
class CliDriver:
    """Runs commands, each in its own process.

    With `in_process`, they run in a thread of this process, for tests that patch their code.
    Temporal's native client does not support many short-lived event loops in one process: about one
    command in a thousand has crashed.
    """

    workflows: WorkflowClient
    trail: AuditTrail
    requests: Requests
    refusals: Refusals
    directory: Path
    in_process: bool = False

    async def run(self, *words: str, stdin: str = "") -> CommandResult:
        """Run a command and return its result."""
        if not self.in_process:
            return await self._run_in_own_process(words, stdin)
        result = await asyncio.to_thread(
            CliRunner().invoke, main.app, words, input=stdin.encode(), prog_name="countersign"
        )
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return CommandResult(code=result.exit_code, out=result.stdout, err=result.stderr)

    async def _run_in_own_process(self, words: tuple[str, ...], stdin: str) -> CommandResult:
        out, err, typed = (
            self.directory / f"{uuid4().hex}.{name}" for name in ("out", "err", "in")
        )
        typed.write_text(stdin)
        # In a thread: the first start waits until the starter has imported the program.
        program = await asyncio.to_thread(
            starter().start,
            ("-m", cli_program.__name__, *words),
            directory=Path.cwd(),
            environment=os.environ,
            out=out,
            err=err,
            stdin=typed,
        )

        async with asyncio.timeout(COMMAND):
            while (code := program.poll()) is None:  # noqa: ASYNC110 - a process sends no event
                await asyncio.sleep(0.005)
        return CommandResult(code=code, out=out.read_text(), err=err.read_text())

    async def request(self, *words: str, stdin: str = "") -> CommandResult:
        """Run a `countersign request` command."""
        return await self.run("request", *words, stdin=stdin)

    async def create_request(self, policy: str = "general", *words: str) -> str:
        """Create a request of Ana's and wait until its level is open."""
        result = await self.request(
            *("create", "--policy", policy, "--title", "Team offsite", "--amount", "1500.00 USD"),
            *("--as", ANA, *words),
        )
        assert result.code == 0, result.err
        request_id = result.out.strip()
        await self.until_decidable(request_id)
        return request_id

    async def execute(self, request_id: str, command: Command) -> object:
        """Execute a command as the command line does, without starting a process."""
        commands = Commands(
            workflows=self.workflows,
            requests=self.requests,
            trail=self.trail,
            refusals=self.refusals,
            now=lambda: datetime.now(UTC),
        )
        context = Context.of_key(request_id, command, uuid4().hex)
        return await commands.execute(command, context)

    async def until_decidable(self, request_id: str) -> None:
        """Wait until Boris may comment: the level is open then."""
        await self.until(request_id, BORIS, Verb.COMMENT)

    async def until(self, request_id: str, person: str, verb: Verb) -> None:
        """Wait until the person may use this verb."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                menu = await self.workflows.menu(request_id, person)
                if menu is not None and verb in menu.verbs:
                    return
                await asyncio.sleep(0.02)

    async def fact(self, request_id: str, kind: Fact) -> AuditEvent:
        """Wait for the first fact of this kind, and return it."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                for fact in await self.trail.facts(request_id):
                    if fact.kind is kind:
                        return fact
                await asyncio.sleep(0.02)

    async def copy_unknown_to_temporal(self, request_id: str) -> str:
        """Return the id of a copy of a request that is in the records but not in Temporal."""
        record = await self.requests.get(request_id)
        assert record is not None
        copy = f"{request_id}-COPY"
        facts = [replace(fact, request_id=copy) for fact in await self.trail.facts(request_id)]
        state = PublicState(
            request_id=copy,
            owner_id=copy,
            kind=record.kind,
            requester=record.requester,
            status=record.status,
            face=record.face.replace(request_id, copy),
        )
        await self.trail.append(facts, state)
        return copy

    async def refusals_of(self, request_id: str) -> list[tuple[Actor, str, str]]:
        """Return the recorded refusals: actor, verb and code."""
        return [
            (refusal.actor, refusal.verb, refusal.code)
            for refusal in await self.refusals.of(request_id)
        ]


def configure_cli(monkeypatch: pytest.MonkeyPatch, directory: Path, **settings: str) -> None:
    """Give every command these settings, and none of this machine's files."""
    policies = directory / "policies.toml"
    policies.write_text(POLICIES)
    monkeypatch.chdir(directory)
    monkeypatch.setattr(execution, "POLL_INTERVAL", cli_program.POLL_INTERVAL)
    monkeypatch.setenv("LOGNAME", "another-user")
    monkeypatch.setenv("POLICIES", str(policies))
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


def cli_driver(workflows: WorkflowClient, database: Database, directory: Path) -> CliDriver:
    """Return a driver with access to these records."""
    return CliDriver(
        workflows=workflows,
        trail=AuditTrail(database),
        requests=Requests(database),
        refusals=Refusals(database),
        directory=directory,
    )
