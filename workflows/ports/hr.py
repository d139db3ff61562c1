"""The port of provisioning: the steps of an approved HR request, and their compensations."""

from dataclasses import dataclass

from temporalio import activity

from workflows.rules.hr.request import HrRequest
from workflows.rules.hr.snapshot import DaysLeft, HrStepName


@dataclass(frozen=True, kw_only=True, slots=True)
class ProvisionQuestion:
    """One step of an approved request, to do or to undo. `key` is its idempotency key."""

    key: str
    step: HrStepName
    request: HrRequest
    person: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Provisioned:
    """The reference of a step, and after a booking the days that are left."""

    reference: str
    left: tuple[DaysLeft, ...] = ()


class ProvisionPort:
    """Days off, payouts, equipment and the personnel file."""

    @activity.defn
    async def provision(self, question: ProvisionQuestion) -> Provisioned:
        """Do the step. Safe to repeat: the same key does it once.

        If it cannot be done, raises an ApplicationError that is not retried. The error's type is
        the code of the `Failure`, the first detail its data.
        """
        raise NotImplementedError

    @activity.defn
    async def take_back(self, question: ProvisionQuestion) -> None:
        """Undo the step of this key, if it was done. Safe to repeat; a later `provision` is refused."""
        raise NotImplementedError
