"""The worker of the yardstick workflows, run as `python -m benchmarks.minimal_worker`."""

import asyncio
import sys

from slack_sdk.web.async_client import AsyncWebClient
from temporalio import activity
from temporalio.client import Client
from temporalio.service import GrpcCompression
from temporalio.worker import Worker

from benchmarks.minimal import BareWorkflow, Edit, MinimalWorkflow
from workflows.payloads import data_converter

CHANNEL = "C0APPROVALS"


class MinimalSlack:
    """Posts and edits messages."""

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


async def main(address: str, task_queue: str, slack_url: str, token: str) -> None:
    """Run the worker until the process is killed."""
    client = await Client.connect(
        address, data_converter=data_converter, grpc_compression=GrpcCompression.NONE
    )
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
