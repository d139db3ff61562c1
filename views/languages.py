"""A face in its reader's language: what is shown privately follows the person, not the policy."""

from dataclasses import replace
from typing import TypeVar

from workflows.rules.approvals.snapshot import ApprovalFace
from workflows.rules.hr.snapshot import HrFace
from workflows.rules.orders.order import OrderFace
from workflows.rules.snapshots import Face

F = TypeVar("F", ApprovalFace, OrderFace, HrFace, Face)


def in_language(face: F, locale: str) -> F:
    """Return the same face, all of it to be said in `locale`; an empty one changes nothing."""
    if not locale:
        return face
    if isinstance(face, OrderFace | HrFace) and face.approval is not None:
        return replace(face, language=locale, approval=replace(face.approval, language=locale))
    return replace(face, language=locale)
