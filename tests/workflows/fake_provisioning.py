"""A fake of the provisioning steps."""

from collections import Counter
from dataclasses import dataclass, field

from temporalio import activity
from temporalio.exceptions import ApplicationError

from tests.workflows.fake_slack import Changes
from workflows.ports.hr import Provisioned, ProvisionPort, ProvisionQuestion
from workflows.rules.hr.request import HrRequest
from workflows.rules.hr.snapshot import DaysLeft, HrStepName


@dataclass
class FakeProvisioning(ProvisionPort):
    """Days off, payouts, equipment and the personnel file.

    Steps are named as in `HrStepName`, compensations `undo NAME`. `permanent_failures` are the
    steps that fail without a retry, `transient_failures` count the retried failures of a step.
    A `held` step blocks until `unblock`.
    """

    changes: Changes
    done: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    requests: dict[str, HrRequest] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)
    permanent_failures: set[str] = field(default_factory=set)
    transient_failures: Counter[str] = field(default_factory=Counter)
    held: set[str] = field(default_factory=set)

    def unblock(self, step: str) -> None:
        """Let a held step continue."""
        self.held.discard(step)
        self.changes.notify()

    async def _run(self, step: str, question: ProvisionQuestion) -> None:
        self.tries[step] += 1
        self.keys[step] = question.key
        self.requests[step] = question.request
        self.changes.notify()
        await self.changes.until(lambda: step not in self.held)
        if step in self.permanent_failures:
            data = {"year": "2027", "wanted": "5", "left": "2"}
            raise ApplicationError("no", data, type="not_enough_days", non_retryable=True)
        if self.transient_failures[step] > 0:
            self.transient_failures[step] -= 1
            raise ApplicationError(f"{step} failed for now", type="TransientError")
        self.done.append(step)
        self.changes.notify()

    @activity.defn
    async def provision(self, question: ProvisionQuestion) -> Provisioned:
        await self._run(question.step.value, question)
        booked = question.step is HrStepName.BOOK_DAYS
        left = (DaysLeft(year=2027, days=25),) if booked else ()
        return Provisioned(reference=f"{question.step}-1", left=left)

    @activity.defn
    async def take_back(self, question: ProvisionQuestion) -> None:
        await self._run(f"undo {question.step}", question)
