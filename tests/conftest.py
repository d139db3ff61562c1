"""The Temporal server that all tests share, the markers of tests, and their distribution to processes."""

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

# Later server versions use another name. tests/workflows/test_time_skipping.py checks it.
TIME_SKIPPING_KEY = "frontend.WorkflowTimeSkippingEnabled"
_SETTINGS = (
    f"{TIME_SKIPPING_KEY}=true",
    'history.timerProcessorMaxTimeShift="1ms"',
    "history.transferProcessorMaxPollRPS=5000",
    "history.timerProcessorMaxPollRPS=5000",
    # Each test has its own task queue: one partition is enough, and cheaper than four.
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
    # Otherwise a history can be deleted no earlier than half a minute after its end.
    "history.transferProcessorEnsureCloseBeforeDelete=false",
)
DEV_SERVER_ARGS = [
    *(argument for setting in _SETTINGS for argument in ("--dynamic-config-value", setting)),
    *(argument for definition in DEFINITIONS for argument in ("--search-attribute", definition)),
]


os.environ.setdefault("GOGC", "400")
"""Make the Temporal server collect garbage less often: memory is plentiful, but there are only two cores."""


gc.set_threshold(20_000, 50, 100)
"""Make Python collect garbage less often: it took 5 % of the time."""


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run tests on the event loop that bot and worker use."""
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


GROUPS = {
    "tests/journeys: the demo": (
        *("journeys/test_hr_browser.py", "journeys/test_order_browser.py"),
        *("journeys/test_orders.py", "journeys/test_demo.py", "journeys/test_order_scenarios.py"),
    ),
    "tests/chaos: worker and Temporal": (
        *("chaos/test_restarts.py", "chaos/test_bugs.py"),
        *("chaos/test_truth.py", "chaos/test_converges.py"),
    ),
    "tests/chaos: Slack and people": (
        *("chaos/test_one_card.py", "chaos/test_hostile_slack.py", "chaos/test_slack_down.py"),
        *("chaos/test_one_effect.py", "chaos/test_hostile_input.py"),
        "chaos/test_directory_storm.py",
    ),
    "tests/journeys: the installation": (
        *("journeys/test_restarts.py", "journeys/test_verbs_browser.py"),
        *("journeys/test_browser.py", "journeys/test_command_line.py"),
    ),
}
"""Files that share slow starts. One process runs all files of a group; the groups run first, in this order."""
_TESTS = Path(__file__).parent
_GROUPS_BY_FILE = {_TESTS / file: group for group, files in GROUPS.items() for file in files}


UNIT = ("rules", "views", "house", "benchmarks")
"""Folders whose tests need no server and no other process."""
POLICIES = ("test_policy_file.py", "test_policy_explain.py", "test_policy_docs.py")
"""Files of tests/bot that need no server and no other process."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by what it needs, and run the groups first."""
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
    group = _GROUPS_BY_FILE.get(item.path)
    return len(GROUPS) if group is None else [*GROUPS].index(group)


class ByFile(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """One process runs all tests of a file (`pytest -n 4`), and all files of a group."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return _GROUPS_BY_FILE.get(_TESTS.parent / file, file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Return the scheduler that distributes tests by file and group."""
    return ByFile(config, log)


_skipped = pytest.StashKey[list[str]]()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Collect the names of skipped browser journeys."""
    reports = terminalreporter.getreports("skipped")
    config.stash[_skipped] = [
        report.nodeid.rpartition("::")[2] for report in reports if "browser" in report.keywords
    ]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Report skipped browser journeys and the fix in the very last line."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and (names := config.stash.get(_skipped, [])):
        reporter.write_line(
            f"Skipped without a browser: {', '.join(names)}. To run them, {browsers.FIX}.",
            yellow=True,
        )
