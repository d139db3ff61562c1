"""Exported files: every changed byte is detected, and no CSV cell is a formula."""

import csv
import hashlib
import json
from io import StringIO
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bot.cli.audit_file import (
    ExportFlawError,
    JsonLines,
    check_lines,
    csv_facts,
    csv_head,
    refusal_documents,
    trail_documents,
)
from records.audit import AuditTrail
from records.database import Database
from records.redactions import Redaction, Redactions
from records.refusals import Refusal, Refusals
from records.trail import Flaw, Verification
from tests.records.builders import ANA, fact, state
from tests.records.stories import rejected
from tests.rules.builders import NOON, actor


@pytest.fixture(scope="module")
async def exported(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file with two trails and the refusals; the second trail is redacted."""
    lines = JsonLines()
    path = tmp_path_factory.mktemp("exported") / "records.db"
    async with Database(f"sqlite:///{path}") as database:
        await database.upgrade()
        trail, refusals = AuditTrail(database), Refusals(database)
        for request_id in ("APR-1", "APR-2"):
            await trail.append(*rejected(request_id))
        redaction = Redaction(
            request_id="APR-2", sequence=2, field="reason", actor=actor("UFAY"), why="?", at=NOON
        )
        await Redactions(database).redact(redaction)
        for code in ("own_request", "level_closed"):
            refusal = Refusal(request_id="APR-1", actor=ANA, verb="decide", code=code, at=NOON)
            await refusals.append(refusal)
        written = [
            lines.line(document)
            for request_id in ("APR-1", "APR-2")
            for document in trail_documents(await trail.trail(request_id))
        ]
        async with refusals.read_consistently() as (rows, head):
            written += [lines.line(document) async for document in refusal_documents(rows, head)]
    return "".join([*written, lines.end()]).encode()


def found(file: bytes) -> list[Verification]:
    return list(check_lines(file.splitlines(keepends=True)))


def documents(file: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.splitlines()]


def sealed(changed: list[dict[str, Any]]) -> bytes:
    """Return the lines with a recomputed end."""
    lines = JsonLines()
    return "".join([*map(lines.line, changed[:-1]), lines.end()]).encode()


def test_an_unchanged_export_is_intact(exported: bytes) -> None:
    assert [(check.request_id, check.flaw) for check in found(exported)] == [
        ("APR-1", None),
        ("APR-2", None),
        ("refusals", None),
    ]
    last = exported.splitlines(keepends=True)[-1]
    assert json.loads(last)["sha256"] == hashlib.sha256(exported.removesuffix(last)).hexdigest()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(position=st.integers(0, 100_000), byte=st.binary(max_size=1))
def test_a_changed_byte_is_detected(exported: bytes, position: int, byte: bytes) -> None:
    at = position % len(exported)
    forged = exported[:at] + byte + exported[at + 1 :]
    assume(forged != exported)

    with pytest.raises(ExportFlawError):
        found(forged)


@pytest.mark.parametrize("kind", ["fact", "redaction", "head", "refusal", "refusals_head"])
def test_a_changed_line_with_a_recomputed_end_breaks_the_chain(exported: bytes, kind: str) -> None:
    """The end alone could be recomputed by anyone."""
    lines = documents(exported)
    for number, document in enumerate(lines):
        if document["type"] != kind:
            continue
        for name in ("chain_hash", "digest", "why", "times", "reason", "sequence"):
            if name in document:
                other = [dict(line) for line in lines]
                other[number][name] = 7 if isinstance(document[name], int) else "x"

                assert any(not check.intact for check in found(sealed(other))), (number, name)


@pytest.mark.parametrize(
    ("kind", "flaw"),
    [
        ("fact", Flaw.CUT_SHORT),
        ("redaction", Flaw.ALTERED),
        ("head", Flaw.CUT_SHORT),
        ("refusal", Flaw.CUT_SHORT),
        ("refusals_head", Flaw.CUT_SHORT),
    ],
)
def test_a_missing_line_with_a_recomputed_end_is_detected(
    exported: bytes, kind: str, flaw: Flaw
) -> None:
    lines = documents(exported)
    last = max(number for number, line in enumerate(lines) if line["type"] == kind)

    left = found(sealed([*lines[:last], *lines[last + 1 :]]))

    assert flaw in [check.flaw for check in left]


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[:-1],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [*lines[:3], *lines[4:]],
        lambda lines: lines[:0],
        lambda lines: [*lines[:1], b"[]\n", *lines[1:]],
        lambda lines: [*lines[:1], b'{"type": "fact"}\n', *lines[1:]],
        lambda lines: [*lines[:1], b'{"type": "news"}\n', *lines[1:]],
        lambda lines: [*lines[:1], b"\xff\n", *lines[1:]],
    ],
)
def test_a_file_that_is_not_an_export_is_rejected(exported: bytes, change: Any) -> None:
    with pytest.raises(ExportFlawError, match=r"^Line \d+ "):
        list(check_lines(change(exported.splitlines(keepends=True))))


def test_a_line_with_the_same_content_in_other_bytes_is_reported(exported: bytes) -> None:
    """The end is recomputed. Two parsers could read such a line differently."""
    first, *others, _ = exported.splitlines(keepends=True)
    twice = first.replace(b'"type": "fact"', b'"type": "head", "type": "fact"', 1)
    body = b"".join([twice, *others])
    seal = {"lines": len(others) + 1, "sha256": hashlib.sha256(body).hexdigest()}
    end = json.dumps({"type": "end"} | seal).encode() + b"\n"

    with pytest.raises(ExportFlawError, match=r"^Line 1 is not formatted like an export\.$"):
        found(body + end)


@pytest.mark.parametrize("reason", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
async def test_no_csv_cell_is_a_formula(
    tmp_path_factory: pytest.TempPathFactory, reason: str
) -> None:
    path = tmp_path_factory.mktemp("table") / "records.db"
    async with Database(f"sqlite:///{path}") as database:
        await database.upgrade()
        await AuditTrail(database).append([fact(1, "=ORD", reason=reason)], state("=ORD"))
        trail = await AuditTrail(database).trail("=ORD")

    table = csv_head(refusals=False) + "".join(csv_facts(trail))

    (row,) = csv.DictReader(StringIO(table, newline=""))
    assert (row["request_id"], row["reason"]) == ("'=ORD", f"'{reason}")
    assert json.loads(row["data"]) == fact(1).data
