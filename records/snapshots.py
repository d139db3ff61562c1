"""Faces as `records/` keeps them (JSON text), read back into their types."""

from typing import Any

from pydantic import TypeAdapter

from workflows.rules.snapshots import Face

_ADAPTER: TypeAdapter[Face] = TypeAdapter(Face)


def read_face(written: str) -> Face:
    """Return the face. Raises pydantic.ValidationError where a newer version wrote it."""
    return _ADAPTER.validate_json(written)


def plain_face(face: Face) -> Any:
    """Return the face as plain JSON values."""
    return _ADAPTER.dump_python(face, mode="json")
