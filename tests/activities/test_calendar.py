"""The calendar port: windows become instants in UTC, and the zone data's version is told honestly."""

from datetime import UTC, datetime, timedelta, timezone
from importlib import metadata
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.calendar import CalendarActivities, tzdata_version
from workflows.ports.approvals import DeadlineQuestion


@pytest.mark.parametrize(
    "start",
    [
        datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 6, 15, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    ],
)
async def test_a_window_ends_so_many_hours_later_whatever_local_clocks_do(start: datetime) -> None:
    question = DeadlineQuestion(start=start, windows=(timedelta(days=1), timedelta(minutes=5)))

    found = await ActivityEnvironment().run(CalendarActivities().deadlines, question)

    assert found.at == (
        datetime(2026, 3, 30, 0, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 0, 35, tzinfo=UTC),
    )
    assert {at.utcoffset() for at in found.at} == {timedelta(0)}
    assert found.tzdata


async def test_no_windows_have_no_ends() -> None:
    question = DeadlineQuestion(start=datetime(2026, 3, 29, tzinfo=UTC), windows=())

    found = await ActivityEnvironment().run(CalendarActivities().deadlines, question)

    assert found.at == ()


def test_the_systems_zone_data_tells_its_version(tmp_path: Path) -> None:
    (tmp_path / "tzdata.zi").write_text("# version 2025b\n# This file is in the public domain.\n")

    assert tzdata_version((str(tmp_path / "missing"), str(tmp_path))) == "2025b"


def test_zone_data_without_a_version_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "UTC").write_bytes(b"TZif2")

    assert tzdata_version((str(tmp_path),)) == "unknown"


def test_without_system_data_the_packages_version_counts_or_there_is_none() -> None:
    installed = {package.name: package.version for package in metadata.distributions()}

    assert tzdata_version(()) == installed.get("tzdata", "none")
