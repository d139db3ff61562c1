"""The port of provisioning: what an approved HR request does in the world, and how it is undone."""

from dataclasses import dataclass

from temporalio import activity

from workflows.rules.hr.request import HrRequest
from workflows.rules.hr.snapshot import DaysLeft, HrStepName


@dataclass(frozen=True, kw_only=True, slots=True)
class ProvisionQuestion:
    """Do one step of an approved request for its requester, or undo it. `key` names it for ever."""

    key: str
    step: HrStepName
    request: HrRequest
    person: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Provisioned:
    """What a step is known by, and after a booking how many days are left."""

    reference: str
    left: tuple[DaysLeft, ...] = ()


class ProvisionPort:
    """Days off, payouts, equipment and the personnel file."""

    @activity.defn
    async def provision(self, question: ProvisionQuestion) -> Provisioned:
        """Do the step. Safe to repeat: the same key does it once.

        Raises ApplicationErrors that are not retried where it cannot be done; their type is the
        code of `Failure`, their first detail its data.
        """
        raise NotImplementedError

    @activity.defn
    async def take_back(self, question: ProvisionQuestion) -> None:
        """Undo what the key has done, if anything. Safe to repeat; a later `provision` is refused."""
        raise NotImplementedError
