"""The yardstick: the least that posts a message, takes one decision by update and edits the message.

`MinimalWorkflow` has no validator, no deadline, no audit, no retry of ours: start, post, update,
edit. `BareWorkflow` only answers updates. Run as a module it is a worker process of its own.
"""

import asyncio
import sys
from dataclasses import dataclass
from datetime import timedelta

from slack_sdk.web.async_client import AsyncWebClient
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

from workflows.payloads import data_converter

CHANNEL = "C0APPROVALS"
TIMEOUT = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Which message to edit, and to what."""

    ts: str
    text: str


class MinimalSlack:
    """Post and edit, nothing else."""

    def __init__(self, slack: AsyncWebClient) -> None:
        self._slack = slack

    @activity.defn(name="post")
    async def post(self, text: str) -> str:
        """Post a message and return its ts."""
        posted = await self._slack.chat_postMessage(channel=CHANNEL, text=text)
        return str(posted["ts"])

    @activity.defn(name="edit")
    async def edit(self, edit: Edit) -> None:
        """Edit the message."""
        await self._slack.chat_update(channel=CHANNEL, ts=edit.ts, text=edit.text)


@workflow.defn
class MinimalWorkflow:
    """An approval as a tutorial writes it."""

    def __init__(self) -> None:
        self._verdict = ""

    @workflow.run
    async def run(self, title: str) -> str:
        """Post, wait for the update, edit."""
        ts: str = await workflow.execute_activity(
            "post", title, start_to_close_timeout=TIMEOUT, result_type=str
        )
        await workflow.wait_condition(lambda: bool(self._verdict))
        edit = Edit(ts=ts, text=f"{title}: {self._verdict}")
        await workflow.execute_activity("edit", edit, start_to_close_timeout=TIMEOUT)
        return self._verdict

    @workflow.update
    def decide(self, verdict: str) -> str:
        """Take the decision."""
        self._verdict = verdict
        return self._verdict


@workflow.defn
class BareWorkflow:
    """Answers updates until it is terminated."""

    def __init__(self) -> None:
        self._count = 0

    @workflow.run
    async def run(self) -> None:
        """Wait for ever."""
        await workflow.wait_condition(lambda: False)

    @workflow.update
    def decide(self, verdict: str) -> str:
        """Count."""
        self._count += 1
        return f"{verdict} {self._count}"


async def main(address: str, task_queue: str, slack_url: str, token: str) -> None:
    """Work until killed."""
    client = await Client.connect(address, data_converter=data_converter)
    slack = MinimalSlack(AsyncWebClient(token=token, base_url=slack_url, retry_handlers=[]))
    async with Worker(
        client,
        task_queue=task_queue,
        workflows=[MinimalWorkflow, BareWorkflow],
        activities=[slack.post, slack.edit],
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
