"""The calendar port: durations become instants, and say which time-zone data they came from."""

from datetime import UTC
from importlib import metadata
from pathlib import Path
from zoneinfo import TZPATH

from temporalio import activity

from workflows.ports.approvals import CalendarPort, DeadlineQuestion, Deadlines


class CalendarActivities(CalendarPort):
    """Plain arithmetic in UTC so far: a day is 24 hours, holidays and offices' hours play no part."""

    def __init__(self) -> None:
        self._tzdata = tzdata_version()

    @activity.defn
    async def deadlines(self, question: DeadlineQuestion) -> Deadlines:
        """Return the instants at which the windows are over. Pure: safe to repeat."""
        start = question.start.astimezone(UTC)
        return Deadlines(at=tuple(start + one for one in question.windows), tzdata=self._tzdata)


def tzdata_version(folders: tuple[str, ...] = TZPATH) -> str:
    """Return the version of the time-zone data that `zoneinfo` uses, such as `2025b`.

    The system's data comes first, as for `zoneinfo` itself, then the package `tzdata`; "unknown"
    where the system's data does not tell, "none" where there is none.
    """
    for folder in map(Path, folders):
        if (folder / "tzdata.zi").is_file():
            with (folder / "tzdata.zi").open(encoding="utf-8") as lines:
                return next(lines, "").removeprefix("# version ").strip() or "unknown"
        if (folder / "+VERSION").is_file():  # macOS
            return (folder / "+VERSION").read_text(encoding="utf-8").strip() or "unknown"
        if (folder / "UTC").is_file():
            return "unknown"
    try:
        return metadata.version("tzdata")
    except metadata.PackageNotFoundError:
        return "none"
