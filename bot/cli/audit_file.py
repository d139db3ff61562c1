"""The format of an exported audit file, and its verification from the file alone."""

import csv
import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO
from typing import Any

from records.refusals import ChainVerifier
from records.trail import Columns, Trail, Verification

_NESTED = ("actor", "data")
"""Columns that hold JSON."""
_FACT_COLUMNS = (
    *("request_id", "sequence", "at", "kind", "person", "origin", "operator", "on_behalf_of"),
    *("level", "content_revision", "rule", "reason", "data", "redacted", "chain_hash"),
)
_REFUSAL_COLUMNS = (
    *("number", "request_id", "at", "last_at", "times", "person", "origin", "operator"),
    *("verb", "code", "chain_hash"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""First characters of a cell that a spreadsheet would run as a formula."""


class ExportFlawError(Exception):
    """A file differs from what an export writes. Carries the line number."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"Line {line} {problem}")
        self.line = line


# JSON, one document per line. Facts, redactions and refusals have the same columns as in their
# tables, so every hash can be recomputed from the file alone. The last line seals the whole file.


def trail_documents(trail: Trail) -> Iterator[dict[str, Any]]:
    """Yield the documents of one request: its redactions, its facts, its head."""
    for row in trail.redactions:
        yield {"type": "redaction"} | _nested(row)
    for row in trail.rows:
        yield {"type": "fact"} | _nested(row)
    if trail.head is not None:
        head = {name: value for name, value in trail.head.items() if name != "face"}
        yield {"type": "head"} | {name: _plain(value) for name, value in head.items()}


async def refusal_documents(
    rows: AsyncIterator[Columns], head: Columns | None
) -> AsyncIterator[dict[str, Any]]:
    """Yield what an export has of the refusals: every row, and the head."""
    async for row in rows:
        yield {"type": "refusal"} | _nested(row)
    if head is not None:
        yield {"type": "refusals_head"} | dict(head)


class JsonLines:
    """Serializes documents as lines, and a last line with their number and digest."""

    def __init__(self) -> None:
        self._lines = 0
        self._digest = hashlib.sha256()

    def line(self, document: Mapping[str, Any]) -> str:
        """Return the next line."""
        written = json.dumps(document) + "\n"
        self._lines += 1
        self._digest.update(written.encode())
        return written

    def end(self) -> str:
        """Return the last line."""
        return self.line({"type": "end", "lines": self._lines, "sha256": self._digest.hexdigest()})


def check_lines(lines: Iterable[bytes]) -> Iterator[Verification]:
    """Verify an exported file from its lines alone; yield the result of each trail.

    Raises:
        ExportFlawError: the file was altered; results yielded before are still valid.

    """
    check = _FileCheck()
    for raw in lines:
        document = check.read(raw)
        yield from check.add(document)
    yield from check.close()


@dataclass(slots=True)
class _FileCheck:
    number: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    ended: bool = False
    done: set[str] = field(default_factory=set)
    request_id: str = ""
    rows: dict[str, list[Columns]] = field(default_factory=dict)
    refusals: ChainVerifier | None = None

    def read(self, raw: bytes) -> dict[str, Any]:
        self.number += 1
        if self.ended:
            raise ExportFlawError(self.number, "comes after the last line.")
        try:
            document = json.loads(raw)
            as_written = (json.dumps(document) + "\n").encode()
        except ValueError:
            raise ExportFlawError(self.number, "is not JSON.") from None
        if not isinstance(document, dict) or as_written != raw:
            raise ExportFlawError(self.number, "is not formatted like an export.")
        if document.get("type") != "end":
            self.digest.update(raw)
        return document

    def add(self, document: dict[str, Any]) -> Iterator[Verification]:
        kind = document.pop("type", "")
        if kind == "end":
            seal = {"lines": self.number - 1, "sha256": self.digest.hexdigest()}
            yield from self._finish_trail()
            yield from self._finish_refusals(None)
            if document != seal:
                raise ExportFlawError(self.number, "does not match the lines before it.")
            self.ended = True
            return
        try:
            row = {name: _flat(name, value) for name, value in document.items()}
            yield from self._add_row(kind, row)
        except (KeyError, TypeError, AttributeError):
            raise ExportFlawError(self.number, "lacks a required field.") from None

    def _add_row(self, kind: str, row: Columns) -> Iterator[Verification]:
        match kind:
            case "fact" | "redaction" | "head":
                if row["request_id"] != self.request_id:
                    yield from self._finish_trail()
                    self._begin(row["request_id"])
                self.rows.setdefault(kind, []).append(row)
            case "refusal":
                yield from self._finish_trail()
                self.refusals = self.refusals or ChainVerifier()
                self.refusals.add(row)
            case "refusals_head":
                yield from self._finish_trail()
                self.refusals = self.refusals or ChainVerifier()
                yield from self._finish_refusals(row)
            case _:
                raise ExportFlawError(self.number, "has an unknown type.")

    def _begin(self, request_id: str) -> None:
        if request_id in self.done:
            raise ExportFlawError(
                self.number, f"continues {request_id}, which was already complete."
            )
        self.done.add(request_id)
        self.request_id, self.rows = request_id, {}

    def _finish_trail(self) -> Iterator[Verification]:
        if self.rows:
            heads = self.rows.get("head", [])
            yield Trail(
                request_id=self.request_id,
                rows=tuple(self.rows.get("fact", ())),
                redactions=tuple(self.rows.get("redaction", ())),
                head=heads[0] if len(heads) == 1 else None,
            ).verify()
        self.rows = {}

    def _finish_refusals(self, head: Columns | None) -> Iterator[Verification]:
        if self.refusals is not None:
            yield self.refusals.finish(head)
        self.refusals = None

    def close(self) -> Iterator[Verification]:
        yield from self._finish_trail()
        yield from self._finish_refusals(None)
        if not self.ended:
            raise ExportFlawError(self.number, "is not the last line: the file was cut short.")


# CSV for spreadsheets. Only the JSON lines can be verified.


def csv_head(*, refusals: bool) -> str:
    """Return the header line."""
    return _csv(_REFUSAL_COLUMNS if refusals else _FACT_COLUMNS)


def csv_facts(trail: Trail) -> Iterator[str]:
    """Yield one line per fact."""
    for row in trail.rows:
        document = _nested(row)
        data = document["data"] if isinstance(document["data"], dict) else {}
        redacted = " ".join(sorted(trail.kept(row["sequence"])))
        more = {"on_behalf_of": data.get("on_behalf_of", ""), "redacted": redacted}
        cells = dict(row) | _actor_cells(document) | more
        yield _csv([cells[name] for name in _FACT_COLUMNS])


def csv_refusal(row: Columns) -> str:
    """Return the line of one refusal."""
    cells = dict(row) | _actor_cells(_nested(row))
    return _csv([cells[name] for name in _REFUSAL_COLUMNS])


def _actor_cells(document: Mapping[str, Any]) -> dict[str, str]:
    actor = document["actor"] if isinstance(document["actor"], dict) else {}
    return {name: actor.get(name, "") for name in ("person", "origin", "operator")}


def _csv(cells: Sequence[object]) -> str:
    line = StringIO()
    csv.writer(line).writerow([_without_formula(str(cell)) for cell in cells])
    return line.getvalue()


def _without_formula(cell: str) -> str:
    """Return the cell, quoted if a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _nested(row: Columns) -> dict[str, Any]:
    return {name: _object(value) if name in _NESTED else value for name, value in row.items()}


def _object(written: str) -> Any:
    """Return the JSON value of a column, or its text if it is not in our canonical form."""
    try:
        value = json.loads(written)
    except ValueError:
        return written
    as_written = isinstance(value, dict) and json.dumps(value, sort_keys=True) == written
    return value if as_written else written


def _flat(name: str, value: Any) -> Any:
    return (
        json.dumps(value, sort_keys=True) if name in _NESTED and value.__class__ is dict else value
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
