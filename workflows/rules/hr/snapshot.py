"""The state and the snapshot of an HR request: its approval's outcome and its steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from workflows.rules.approvals.policy import Policy
from workflows.rules.approvals.request import RequestKind, Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.request import HrRequest, HrType
from workflows.rules.people.actors import Actor
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.failure import Failure
from workflows.rules.shared.ids import approval_id
from workflows.rules.shared.saga import StepStatus


class HrStepName(StrEnum):
    """The steps of provisioning."""

    BOOK_DAYS = "book_days"
    QUEUE_PAYOUT = "queue_payout"
    RESERVE_ITEM = "reserve_item"
    REGISTER = "register"


STEPS: Mapping[HrType, tuple[HrStepName, ...]] = MappingProxyType(
    {
        HrType.TIME_OFF: (HrStepName.BOOK_DAYS, HrStepName.REGISTER),
        HrType.EXPENSE: (HrStepName.QUEUE_PAYOUT, HrStepName.REGISTER),
        HrType.EQUIPMENT: (HrStepName.RESERVE_ITEM, HrStepName.REGISTER),
        HrType.PROMOTION: (HrStepName.REGISTER,),
        HrType.TRANSFER: (HrStepName.REGISTER,),
    }
)
"""The provisioning steps of each type, in order; the last one updates the personnel file."""


class Provisioning(StrEnum):
    """The progress of provisioning after approval."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    COMPENSATING = "compensating"
    FAILED = "failed"
    NOT_NEEDED = "not_needed"


ENDED = (Provisioning.DONE, Provisioning.FAILED, Provisioning.NOT_NEEDED)
"""Final states of provisioning."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DaysLeft:
    """The days off that a person has left in a calendar year."""

    year: int
    days: int


@dataclass(frozen=True, kw_only=True, slots=True)
class HrStep:
    """One step. `reference` is the id of its effect. `left` is set after booking days."""

    name: HrStepName
    status: StepStatus = StepStatus.WAITING
    reference: str = ""
    left: tuple[DaysLeft, ...] = ()
    problem: Failure | None = None

    @property
    def error(self) -> str:
        """The failure's code, empty unless the step failed."""
        return self.problem.code if self.problem else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HrStuck:
    """A compensation that failed, and why. It is retried."""

    step: HrStepName
    problem: Failure
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class HrState:
    """The whole state of an HR request, as one value for continue-as-new.

    `request` is as submitted until the approval ends, and then as decided, with the last amendment.
    `owed` are the steps whose compensation is registered and not done, the earliest first.
    """

    request: HrRequest
    requester: Actor
    policy: Policy
    status: Status = Status.PENDING
    approval: ApprovalSnapshot | None = None
    provisioning: Provisioning = Provisioning.WAITING
    steps: tuple[HrStep, ...] = ()
    owed: tuple[HrStepName, ...] = ()
    failure: Failure | None = None
    stuck: HrStuck | None = None
    sequence: int = 0
    received_at: datetime
    changed_at: datetime
    ended_at: datetime | None = None

    def step(self, name: HrStepName) -> HrStep:
        """Return the step of that name."""
        return next(step for step in self.steps if step.name is name)


@dataclass(frozen=True, kw_only=True, slots=True)
class HrChange:
    """The effect of a rule: the new state and its facts."""

    state: HrState
    facts: tuple[AuditEvent, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class HrSnapshot:
    """The published state of an HR request at one `card_version`.

    `approval` is None while the approval is open, because the approval publishes its own state.
    `status` is the approval's; `provisioning` is the progress after it. `as_of` is set only if the
    workflow could not be queried: it is the time of the stored snapshot.
    """

    kind: Literal["hr"] = "hr"
    request: HrRequest
    requester: Actor
    title: str
    channel: str
    admin_channel: str
    language: str
    status: Status
    approval: ApprovalSnapshot | None
    provisioning: Provisioning
    steps: tuple[HrStep, ...]
    failure: Failure | None
    stuck: HrStuck | None
    as_of: datetime | None = None
    card_version: int
    received_at: datetime
    changed_at: datetime
    ended_at: datetime | None

    @property
    def request_id(self) -> str:
        """The HR request's id."""
        return self.request.request_id

    @property
    def about(self) -> RequestKind:
        """The kind under which its requester finds it."""
        return RequestKind.HR

    @property
    def approval_id(self) -> str:
        """The request id of its approval."""
        return approval_id(self.request.request_id)

    @property
    def waits_for_approval(self) -> bool:
        """Whether the child approval is open, and so has the newer state."""
        return self.approval is None

    @property
    def closed_by(self) -> None:
        """An admin closes its approval only."""
        return None

    @property
    def is_child(self) -> bool:
        """Whether it belongs to another request; an HR request never does."""
        return False

    @property
    def is_open(self) -> bool:
        """Whether it has not ended yet: its approval is open, or provisioning is under way."""
        return self.ended_at is None

    @property
    def needs_attention(self) -> bool:
        """Whether a compensation has failed."""
        return self.stuck is not None


def hr_snapshot(state: HrState, version: int) -> HrSnapshot:
    """Return the snapshot of `state`."""
    return HrSnapshot(
        request=state.request,
        requester=state.requester,
        title=state.policy.title,
        channel=state.policy.channel,
        admin_channel=state.policy.admin_channel,
        language=state.policy.language,
        status=state.status,
        approval=state.approval,
        provisioning=state.provisioning,
        steps=state.steps,
        failure=state.failure,
        stuck=state.stuck,
        card_version=version,
        received_at=state.received_at,
        changed_at=state.changed_at,
        ended_at=state.ended_at,
    )
