"""Faces as `records/` keeps them (JSON text), read back into their types."""

from typing import Any

from pydantic import TypeAdapter

from workflows.rules.snapshots import Snapshot

_ADAPTER: TypeAdapter[Snapshot] = TypeAdapter(Snapshot)


def read_snapshot(written: str) -> Snapshot:
    """Return the face. Raises pydantic.ValidationError where a newer version wrote it."""
    return _ADAPTER.validate_json(written)


def snapshot_to_json(snapshot: Snapshot) -> Any:
    """Return the face as plain JSON values."""
    return _ADAPTER.dump_python(snapshot, mode="json")
