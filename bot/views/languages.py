"""A face in its reader's language: what is shown privately follows the person, not the policy."""

from dataclasses import replace
from typing import TypeVar

from workflows.rules.face import ApprovalFace
from workflows.rules.faces import Face
from workflows.rules.hr_face import HrFace
from workflows.rules.order import OrderFace

F = TypeVar("F", ApprovalFace, OrderFace, HrFace, Face)


def in_language(face: F, locale: str) -> F:
    """Return the same face, all of it to be said in `locale`; an empty one changes nothing."""
    if not locale:
        return face
    if isinstance(face, OrderFace | HrFace) and face.approval is not None:
        return replace(face, language=locale, approval=replace(face.approval, language=locale))
    return replace(face, language=locale)
