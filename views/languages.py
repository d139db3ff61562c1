"""A face in its reader's language: what is shown privately follows the person, not the policy."""

from dataclasses import replace
from typing import TypeVar

from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.snapshot import HrSnapshot
from workflows.rules.orders.order import OrderSnapshot
from workflows.rules.snapshots import Snapshot

F = TypeVar("F", ApprovalSnapshot, OrderSnapshot, HrSnapshot, Snapshot)


def in_language(snapshot: F, locale: str) -> F:
    """Return the same face, all of it to be said in `locale`; an empty one changes nothing."""
    if not locale:
        return snapshot
    if isinstance(snapshot, OrderSnapshot | HrSnapshot) and snapshot.approval is not None:
        return replace(
            snapshot, language=locale, approval=replace(snapshot.approval, language=locale)
        )
    return replace(snapshot, language=locale)
