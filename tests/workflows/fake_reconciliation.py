"""A fake of the reconciliation port: returns `pages` one after the other, and `ended` for every request."""

from collections import deque
from dataclasses import dataclass, field

from temporalio import activity

from workflows.ports.reconciliation import (
    Compared,
    EndedRequest,
    EndQuestion,
    OpenQuestion,
    ReconciliationPort,
)


@dataclass
class FakeReconciliation(ReconciliationPort):
    """Without pages and requests by default."""

    pages: deque[Compared] = field(default_factory=deque)
    ended: EndedRequest | None = None
    asked: list[OpenQuestion] = field(default_factory=list)

    @activity.defn
    async def compare(self, question: OpenQuestion) -> Compared:
        self.asked.append(question)
        return self.pages.popleft() if self.pages else Compared(compared=0, gone=(), after="")

    @activity.defn
    async def end_request(self, question: EndQuestion) -> EndedRequest | None:  # noqa: ARG002 - the port's signature
        return self.ended
