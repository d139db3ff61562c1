"""The connection to Temporal of a program that may not need one: opened when first used."""

from collections.abc import Mapping

from temporalio.client import Client
from temporalio.exceptions import TemporalError
from temporalio.service import RPCError

from bot.runtime.proxies import NO_PROXIES, Proxies
from bot.temporal.calls import WAIT, TemporalUnavailableError
from bot.temporal.client import WorkflowClient
from bot.temporal.connection import connect

__all__ = [
    "Client",
    "Connection",
    "RPCError",
    "TemporalError",
    "TemporalUnavailableError",
    "error_name",
]


class Connection:
    """Connects to Temporal once. Methods raise TemporalUnavailableError with a sentence for people."""

    def __init__(
        self,
        environment: Mapping[str, str],
        task_queue: str,
        *,
        wait: float = WAIT,
        proxies: Proxies = NO_PROXIES,
    ) -> None:
        self._environment = environment
        self._proxies = proxies
        self._wait = wait
        self._client: Client | None = None
        self._workflows: WorkflowClient | None = None
        self.task_queue = task_queue

    async def workflows(self) -> WorkflowClient:
        """Return our client."""
        if self._workflows is None:
            self._workflows = WorkflowClient(
                await self.client(), self.task_queue, wait=min(WAIT, self._wait)
            )
        return self._workflows

    async def client(self) -> Client:
        """Return the SDK's client, for a namespace that exists."""
        if self._client is None:
            self._client = await connect(self._environment, self._proxies)
        return self._client


def error_name(error: TemporalError) -> str:
    """Return a short name of what went wrong: the status of a call, or the error's type."""
    return error.status.name if isinstance(error, RPCError) else type(error).__name__
