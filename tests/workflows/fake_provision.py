"""A small HR department."""

from collections import Counter
from dataclasses import dataclass, field

from temporalio import activity
from temporalio.exceptions import ApplicationError

from tests.workflows.weather import Bell
from workflows.ports.hr import Provisioned, ProvisionPort, ProvisionQuestion
from workflows.rules.hr.request import HrRequest
from workflows.rules.hr.snapshot import DaysLeft, HrStepName


@dataclass
class FakeProvision(ProvisionPort):
    """Days off, payouts, equipment and the personnel file in one.

    Steps are named as in `HrStepName`, their undoing as `undo NAME`. `declines` names what fails
    for good, `stumbles` how often something fails for now. What is `held` waits for `let`.
    """

    bell: Bell
    done: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    requests: dict[str, HrRequest] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)
    declines: set[str] = field(default_factory=set)
    stumbles: Counter[str] = field(default_factory=Counter)
    held: set[str] = field(default_factory=set)

    def let(self, step: str) -> None:
        """Let a held step go on."""
        self.held.discard(step)
        self.bell.ring()

    async def _do(self, step: str, question: ProvisionQuestion) -> None:
        self.tries[step] += 1
        self.keys[step] = question.key
        self.requests[step] = question.request
        self.bell.ring()
        await self.bell.until(lambda: step not in self.held)
        if step in self.declines:
            data = {"year": "2027", "wanted": "5", "left": "2"}
            raise ApplicationError("no", data, type="not_enough_days", non_retryable=True)
        if self.stumbles[step] > 0:
            self.stumbles[step] -= 1
            raise ApplicationError(f"{step} stumbled", type="Stumbled")
        self.done.append(step)
        self.bell.ring()

    @activity.defn
    async def provision(self, question: ProvisionQuestion) -> Provisioned:
        await self._do(question.step.value, question)
        booked = question.step is HrStepName.BOOK_DAYS
        left = (DaysLeft(year=2027, days=25),) if booked else ()
        return Provisioned(reference=f"{question.step}-1", left=left)

    @activity.defn
    async def take_back(self, question: ProvisionQuestion) -> None:
        await self._do(f"undo {question.step}", question)
