"""The codec for stored snapshots: every snapshot in `records/` is JSON text written and read here."""

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from workflows.rules.snapshots import Snapshot

SnapshotT = TypeVar("SnapshotT", bound=Snapshot)

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


def decode_as(text: str | None, snapshot_type: type[SnapshotT]) -> SnapshotT | None:
    """Return the stored snapshot; None without `text`, or if the snapshot has another type.

    Raises:
        pydantic.ValidationError: see `decode_snapshot`.

    """
    snapshot = decode_snapshot(text) if text is not None else None
    return snapshot if isinstance(snapshot, snapshot_type) else None


def read_as(text: str | None, snapshot_type: type[SnapshotT]) -> SnapshotT | None:
    """Return the stored snapshot like `decode_as`; None also if it cannot be decoded."""
    try:
        return decode_as(text, snapshot_type)
    except ValidationError:
        return None


def snapshot_to_json(snapshot: Snapshot) -> Any:
    """Return the snapshot as plain JSON values."""
    return _ADAPTER.dump_python(snapshot, mode="json")
