"""What goes into a workflow and what comes out of it: one type per message."""

from dataclasses import dataclass
from datetime import timedelta

from workflows.rules.card import CardState
from workflows.rules.face import ApprovalFace
from workflows.rules.order import Order
from workflows.rules.people import Actor
from workflows.rules.policy import Policy
from workflows.rules.request import ApprovalRequest, ApprovalState


@dataclass(frozen=True, kw_only=True, slots=True)
class CarriedApproval:
    """What one run of an approval hands to the next (continue-as-new)."""

    state: ApprovalState
    card: CardState
    clicks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalInput:
    """Start an approval. `carried` is only ever set by the workflow itself."""

    request: ApprovalRequest
    carried: CarriedApproval | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalOutcome:
    """How an approval ended. A parent owns `card` from then on."""

    face: ApprovalFace
    card: CardState


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderInput:
    """Start an order. `expire_after` is a wish within the policy's bounds."""

    order: Order
    requester: Actor
    policy: Policy
    expire_after: timedelta | None = None
