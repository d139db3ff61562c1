"""The codec for stored snapshots: every snapshot in `records/` is JSON text written and read here."""

from typing import Any

from pydantic import TypeAdapter

from workflows.rules.snapshots import Snapshot

_ADAPTER: TypeAdapter[Snapshot] = TypeAdapter(Snapshot)


def encode_snapshot(snapshot: Snapshot) -> str:
    """Return the snapshot as JSON text."""
    return _ADAPTER.dump_json(snapshot).decode()


def decode_snapshot(text: str) -> Snapshot:
    """Return the snapshot stored as `text`.

    Raises:
        pydantic.ValidationError: a newer version of Countersign wrote it, or it was changed by hand.

    """
    return _ADAPTER.validate_json(text)


def snapshot_to_json(snapshot: Snapshot) -> Any:
    """Return the snapshot as plain JSON values."""
    return _ADAPTER.dump_python(snapshot, mode="json")
