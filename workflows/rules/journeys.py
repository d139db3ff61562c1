"""The journey registry: one entry each for approvals, orders and HR requests."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from workflows.rules.approvals.privacy import public_approval
from workflows.rules.approvals.request import RequestKind
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.ended_outside import ended_approval, ended_hr, ended_order
from workflows.rules.hr.privacy import public_hr
from workflows.rules.hr.snapshot import HrSnapshot
from workflows.rules.orders.order import OrderSnapshot
from workflows.rules.shared.ids import HR_ID, ORDER_ID, REQUEST_ID
from workflows.rules.snapshots import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class Journey:
    """One kind of request.

    `title` is its English name for the command line, `cli_group` the command group of such requests;
    views have their own names in the catalogue. `id_prefix` starts a new id, `id_pattern` matches a
    whole id. `public` removes what a channel may not show from a snapshot of this journey. While the
    child approval is open, its requester's list shows the approval if `listed_as_approval`: it has
    the newer state. `end_outside` returns the last snapshot of a request whose workflow is gone.
    """

    kind: RequestKind
    title: str
    snapshot_type: type[Snapshot]
    id_prefix: str
    id_pattern: re.Pattern[str]
    has_child_approval: bool
    listed_as_approval: bool
    cli_group: str
    public: Callable[[Any], Snapshot]
    end_outside: Callable[[Any, datetime], Snapshot]


def _unchanged(snapshot: OrderSnapshot) -> Snapshot:
    return snapshot


JOURNEYS: Mapping[str, Journey] = MappingProxyType(
    {
        journey.kind.value: journey
        for journey in (
            Journey(
                kind=RequestKind.APPROVAL,
                title="request",
                snapshot_type=ApprovalSnapshot,
                id_prefix="REQ",
                id_pattern=REQUEST_ID,
                has_child_approval=False,
                listed_as_approval=False,
                cli_group="request",
                public=public_approval,
                end_outside=ended_approval,
            ),
            Journey(
                kind=RequestKind.ORDER,
                title="order",
                snapshot_type=OrderSnapshot,
                id_prefix="ORD",
                id_pattern=ORDER_ID,
                has_child_approval=True,
                listed_as_approval=False,
                cli_group="order",
                public=_unchanged,
                end_outside=ended_order,
            ),
            Journey(
                kind=RequestKind.HR,
                title="HR request",
                snapshot_type=HrSnapshot,
                id_prefix="HR",
                id_pattern=HR_ID,
                has_child_approval=True,
                listed_as_approval=True,
                cli_group="request",
                public=public_hr,
                end_outside=ended_hr,
            ),
        )
    }
)
"""The journeys by the `kind` of their snapshots, which is also the `kind` in `records/`."""


def journey_of(snapshot: Snapshot) -> Journey:
    """Return the journey of a snapshot. The child approval of an order is an approval."""
    return JOURNEYS[snapshot.kind]


def journey_of_id(request_id: str) -> Journey | None:
    """Return the journey whose ids look like `request_id`; None for a child approval's id."""
    return next(
        (journey for journey in JOURNEYS.values() if journey.id_pattern.fullmatch(request_id)),
        None,
    )


def public(snapshot: Snapshot) -> Snapshot:
    """Return the public snapshot, for a channel."""
    return journey_of(snapshot).public(snapshot)
