"""The benchmarks time what they name: the arithmetic, on a journal written by hand."""

import math
from typing import Any

import pytest

from benchmarks import clicks, report
from benchmarks.journal import inline_times
from benchmarks.usage import Load, Usage, milliseconds_each

FIRST, SECOND = "APR-000000000001", "APR-000000000002"


def entry(kind: str, at: float, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "at": at, "n": int(at * 1000), **fields}


def envelope(at: float, envelope: str, payload_type: str, text: str) -> dict[str, Any]:
    payload = {"type": payload_type, "message": {"text": text}}
    return entry("envelope", at, envelope=envelope, payload=payload)


def click(at: float, name: str) -> dict[str, Any]:
    return envelope(at, "interactive", "block_actions", name)


def written(at: float, name: str) -> dict[str, Any]:
    return entry("response_url", at, arguments={"text": name})


def test_a_click_is_timed_from_its_own_delivery() -> None:
    """The delivery of the bot's own post, a second earlier, has the request's id too."""
    journal = [
        envelope(1.0, "events_api", "event_callback", FIRST),
        envelope(1.5, "interactive", "view_submission", FIRST),
        click(2.0, FIRST),
        written(2.25, FIRST),
        written(9.0, FIRST),
    ]

    assert inline_times(journal, {FIRST}) == [0.25]


def test_a_click_without_an_inline_write_takes_forever() -> None:
    journal = [click(1.0, FIRST), click(1.0, SECOND), written(1.5, SECOND)]

    assert inline_times(journal, {FIRST, SECOND}) == [math.inf, 0.5]


def test_a_missing_click_is_an_error() -> None:
    journal = [envelope(1.0, "events_api", "event_callback", FIRST), written(2.0, FIRST)]

    with pytest.raises(ValueError, match=f"no click was delivered for {FIRST}"):
        inline_times(journal, {FIRST})


def test_a_write_before_its_click_is_an_error() -> None:
    with pytest.raises(ValueError, match="older than its click"):
        inline_times([written(1.0, FIRST), click(2.0, FIRST)], {FIRST})


def test_the_ratio_is_of_medians_and_counts_clicks_without_a_write() -> None:
    figure = clicks.ratio("click", [0.02, 0.03, math.inf], [0.01, 0.01, 0.05], 2)

    assert figure.value == pytest.approx(3)
    assert figure.detail.endswith("3 clicks, 1 not inline")
    assert figure.verdict == "**no**"


def test_processor_time_is_divided_by_the_number_of_approvals() -> None:
    before = {"worker": Usage(cpu=1.0, memory=50)}
    after = {"worker": Usage(cpu=2.5, memory=60)}

    assert milliseconds_each(before, after, 100) == {"worker": 15.0}


def test_foreign_load_is_what_we_did_not_use() -> None:
    load = Load()
    load.add(available=2.0, busy=1.5, own=1.0)
    load.add(available=2.0, busy=1.0, own=1.25)  # accounted late by the kernel: not less than zero

    assert load.foreign_share == 0.125
    assert not load.is_quiet


def test_figures_of_two_revisions_are_paired_by_round() -> None:
    def figures(value: float) -> list[report.Figure]:
        return [report.Figure(name="worker", value=value, detail="")]

    (comparison,) = report.compared([figures(2), figures(3)], [figures(4), figures(4)])

    assert comparison.ratios == [0.5, 0.75]


def test_figures_of_a_noisy_machine_are_not_written(tmp_path: Any) -> None:
    load = Load(available=10, own=2, foreign=5)

    with pytest.raises(report.NoisyMachineError, match="50% of the processors"):
        report.write([report.Figure(name="worker", value=1, detail="", budget=2)], load, tmp_path)

    assert [*tmp_path.iterdir()] == []
