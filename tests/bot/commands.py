"""Sends commands directly to Temporal, without going through a door."""

from typing import Any

from bot.actions.registry import Command, spec_of
from bot.temporal.calls import Accepted, NotAccepted
from bot.temporal.client import WorkflowClient


async def send(
    workflows: WorkflowClient, request_id: str, click_id: str, command: Command
) -> Accepted[Any] | NotAccepted:
    """Send a command as one update and return Temporal's answer."""
    spec = spec_of(command)
    return await workflows.update(request_id, click_id, spec.update, command, spec.target.snapshot)
