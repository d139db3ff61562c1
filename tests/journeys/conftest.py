"""Running processes for the journeys: a demo, an installation of separate processes, and a browser."""

import os
import signal
from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.journeys import browser as browsers
from tests.journeys.demos import ANY_PORT, KilledDemo, RunningDemo, ends_cleanly, running_demo
from tests.journeys.installation import SHORT_TASK_TIMEOUT, Installation
from tests.journeys.programs import descendants_of, still_running
from tests.journeys.workspace import Workspace

POLICIES = Path(__file__).with_name("policies.toml")
LOG_TAIL = 3000
UNREACHABLE_PROXY = "http://127.0.0.1:9"
"""A proxy address at which nothing listens."""


@pytest.fixture(scope="session")
async def killed_demo(tmp_path_factory: pytest.TempPathFactory) -> KilledDemo:
    """Return a persistent demo, started with an unreachable proxy and killed while an order was pending."""
    home = tmp_path_factory.mktemp("demo")
    proxies = {
        "HTTP_PROXY": UNREACHABLE_PROXY,
        "http_proxy": UNREACHABLE_PROXY,
        "HTTPS_PROXY": UNREACHABLE_PROXY,
    }
    async with running_demo(home, *ANY_PORT, keep=home / "kept", name="first", **proxies) as demo:
        async with demo.workspace() as workspace:
            order_id = await workspace.order("1500.00", customer="Anna Atkins")
            card = await workspace.card(order_id, buttons=True)
        children = descendants_of(demo.program.pid)
        await demo.program.kill()
        survivors = await still_running(children)
        return KilledDemo(
            demo=demo, children=children, survivors=survivors, order_id=order_id, card=card
        )


@pytest.fixture(scope="session")
async def demo(killed_demo: KilledDemo) -> AsyncIterator[RunningDemo]:
    """Yield the demo that all non-destructive journeys share: the killed demo, started again.

    At the end SIGTERM must stop it and all its children cleanly.
    """
    killed = killed_demo.demo
    home = killed.directory.parent
    async with running_demo(home, *ANY_PORT, keep=killed.directory, name="second") as started:
        yield started
        await ends_cleanly(started, lambda: started.program.send(signal.SIGTERM))


@pytest.fixture(scope="session")
async def demo_workspace(demo: RunningDemo) -> AsyncIterator[Workspace]:
    """Yield the workspace of the demo."""
    async with demo.workspace() as workspace:
        yield workspace


@pytest.fixture(scope="session")
async def shared_installation(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Installation]:
    """Yield the installation that all journeys with kills share."""
    installation = Installation(
        directory=tmp_path_factory.mktemp("installation"),
        policies=POLICIES,
        temporal_settings=(SHORT_TASK_TIMEOUT,),
    )
    try:
        await installation.open()
        yield installation
    finally:
        await installation.close()


@pytest.fixture
async def installation(shared_installation: Installation) -> AsyncIterator[Installation]:
    """Yield the installation. Every test must leave all programs running; planned faults are removed."""
    yield shared_installation
    async with shared_installation.workspace() as workspace:
        await workspace.slack.clear_faults()


@pytest.fixture
async def workspace(installation: Installation) -> AsyncIterator[Workspace]:
    """Yield the workspace of the installation."""
    async with installation.workspace() as workspace:
        yield workspace


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Yield a headless browser. If there is none, the journey is skipped, or fails if CI is true."""
    expect.set_options(timeout=browsers.SECONDS * 1000)
    async with async_playwright() as playwright:
        program = browsers.find_chromium(playwright)
        if program is None:
            reason = f"no browser found: {browsers.FIX}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        launched = await playwright.chromium.launch(
            executable_path=program, args=list(browsers.FLAGS)
        )
        yield launched
        await launched.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory for screenshots: COUNTERSIGN_SCREENSHOTS, or a temporary directory."""
    configured = os.environ.get("COUNTERSIGN_SCREENSHOTS")
    directory = Path(configured) if configured else tmp_path_factory.mktemp("pictures")
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the end of each process's log to the report of a failed journey."""
    report = yield
    arguments = getattr(item, "funcargs", {})
    logs: list[Path] = []
    if report.failed and (demo := arguments.get("demo")):
        logs += sorted(demo.directory.glob("logs/*"))
    if report.failed and (installation := arguments.get("house")):
        logs += sorted(installation.directory.glob("*.out")) + sorted(
            installation.directory.glob("*.err")
        )
    for log in logs:
        report.sections.append((f"end of {log.name}", log.read_text()[-LOG_TAIL:]))
    return report
