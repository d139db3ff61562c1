"""The schedules that the command line manages."""

from bot.temporal.schedules import (
    IDS,
    SUMMARY_AT,
    ScheduleDescription,
    create_all,
    pause,
    remove,
    resume,
    show,
)

__all__ = [
    "IDS",
    "SUMMARY_AT",
    "ScheduleDescription",
    "create_all",
    "pause",
    "remove",
    "resume",
    "show",
]
