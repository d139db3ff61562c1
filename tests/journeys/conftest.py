"""Running processes for the journeys: a demo, a house of single processes, and a browser."""

import os
import signal
from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.journeys import browser as browsers
from tests.journeys.demos import ANY_PORT, KilledDemo, RunningDemo, ends_cleanly, running_demo
from tests.journeys.installation import Installation
from tests.journeys.programs import descendants_of, still_running
from tests.journeys.workspace import Workspace

POLICIES = Path(__file__).with_name("policies.toml")
LOG_TAIL = 3000
UNREACHABLE_PROXY = "http://127.0.0.1:9"
"""A proxy at which nothing answers."""


@pytest.fixture(scope="session")
async def killed_demo(tmp_path_factory: pytest.TempPathFactory) -> KilledDemo:
    """Return a kept demo, begun behind a useless proxy, that got SIGKILL while an order waited."""
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
        family = descendants_of(demo.program.pid)
        await demo.program.kill()
        left = await still_running(family)
        return KilledDemo(demo=demo, family=family, left=left, order_id=order_id, card=card)


@pytest.fixture(scope="session")
async def demo(killed_demo: KilledDemo) -> AsyncIterator[RunningDemo]:
    """Yield the one demo of all journeys that break nothing: the killed one, begun again.

    At the end SIGTERM must end it, all of it, cleanly.
    """
    killed = killed_demo.demo
    home = killed.directory.parent
    async with running_demo(home, *ANY_PORT, keep=killed.directory, name="second") as started:
        yield started
        await ends_cleanly(started, lambda: started.program.send(signal.SIGTERM))


@pytest.fixture(scope="session")
async def demo_workspace(demo: RunningDemo) -> AsyncIterator[Workspace]:
    """Yield the people of the demo."""
    async with demo.workspace() as workspace:
        yield workspace


@pytest.fixture(scope="session")
async def shared_installation(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Installation]:
    """Yield the house of all journeys that kill something."""
    installation = Installation(directory=tmp_path_factory.mktemp("house"), policies=POLICIES)
    try:
        await installation.open()
        yield installation
    finally:
        await installation.close()


@pytest.fixture
async def installation(shared_installation: Installation) -> AsyncIterator[Installation]:
    """Yield the house with everything running, as every test must find it."""
    yield shared_installation
    async with shared_installation.workspace() as workspace:
        await workspace.slack.clear_faults()


@pytest.fixture
async def workspace(installation: Installation) -> AsyncIterator[Workspace]:
    """Yield the people of the house."""
    async with installation.workspace() as workspace:
        yield workspace


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Yield a headless browser; without one the journey is skipped, or failed where CI is true."""
    expect.set_options(timeout=browsers.SECONDS * 1000)
    async with async_playwright() as playwright:
        program = browsers.find_chromium(playwright)
        if program is None:
            reason = f"there is no browser: {browsers.FIX}"
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
    """Return where screenshots go: COUNTERSIGN_SCREENSHOTS, or a folder that pytest throws away."""
    named = os.environ.get("COUNTERSIGN_SCREENSHOTS")
    directory = Path(named) if named else tmp_path_factory.mktemp("pictures")
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show, where a journey failed, the last words of the processes behind it."""
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
