"""Fixtures with the real parts: Temporal, worker, SQLite, the Slack stand-in and the Bolt app."""

import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.audit import KnownPolicies
from bot.app import create_app, running_services
from bot.cli.demo import PRODUCTS
from bot.listeners.services import Services
from bot.policies import file as policy_file
from bot.policies.file import Policies
from bot.runtime.settings import COMMAND
from bot.temporal.client import WorkflowClient
from emulator.client import StandInClient
from emulator.config import Config
from emulator.server import start
from records.database import Database
from records.refusals import Refusals
from records.stock import Stock
from tests.any_policy import AnyPolicy
from tests.bot.cli_driver import CliDriver, cli_driver, configure_cli
from tests.bot.http_client import SECRET as WEBHOOK_SECRET
from tests.bot.http_client import http_server
from tests.bot.order_cli import OrderCli
from tests.bot.order_driver import ANA, OrderDriver, RunningWorker, listeners_finished, unique
from tests.bot.request_driver import RequestDriver
from tests.bot.signed_clicks import SECRET, SignedHttp
from tests.sandbox import product_runner
from worker import activities
from workflows.registry import WORKFLOWS

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    # slack_sdk reads the proxy from the environment even for 127.0.0.1.
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True, scope="session")
def _short_tracebacks() -> Iterator[None]:
    """Print short tracebacks: structlog's default draws a box around every frame.

    Not to sys.stdout, which commands that run in this process replace.
    """
    renderer = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    structlog.configure(
        processors=[structlog.stdlib.add_log_level, renderer],
        logger_factory=structlog.PrintLoggerFactory(sys.__stderr__),
    )
    yield
    structlog.reset_defaults()


@pytest.fixture
async def slack() -> AsyncIterator[StandInClient]:
    async with (
        start(Config(manifest=ROOT / "manifest.yml")) as running,
        StandInClient(running.url) as client,
    ):
        yield client
        calls = await client.journal(kind="api")
        assert [call for call in calls if "missing_scope" in str(call.get("response"))] == []


@pytest.fixture
def web(slack: StandInClient) -> AsyncWebClient:
    """Slack's client, with the configuration of the bot's process."""
    return AsyncWebClient(token="xoxb-local", base_url=f"{slack.base_url}/api/")


@pytest.fixture(scope="session")
async def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with schema and products, as a template for copies."""
    path = tmp_path_factory.mktemp("records") / "template.db"
    async with Database(f"sqlite:///{path}") as database:
        await database.upgrade()
        await Stock(database).seed(PRODUCTS)
    return path


@pytest.fixture
def records_file(migrated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(migrated, tmp_path / "records.db"))


@pytest.fixture
async def database(records_file: Path) -> AsyncIterator[Database]:
    async with Database(f"sqlite:///{records_file}") as database:
        yield database


@pytest.fixture
def queue() -> str:
    return unique("bot")


@pytest.fixture
def known_policies() -> KnownPolicies:
    """The policies under which the worker lets requests start."""
    return AnyPolicy()


@pytest.fixture
async def worker(
    temporal: WorkflowEnvironment,
    slack: StandInClient,
    database: Database,
    queue: str,
    known_policies: KnownPolicies,
) -> AsyncIterator[RunningWorker]:
    client = AsyncWebClient(
        token="xoxb-local", base_url=f"{slack.base_url}/api/", timeout=4, retry_handlers=[]
    )

    def make() -> Worker:
        return Worker(
            temporal.client,
            task_queue=queue,
            workflows=WORKFLOWS,
            activities=activities(client, database, known_policies),
            workflow_runner=product_runner(),
            max_concurrent_workflow_task_polls=2,
            max_concurrent_activity_task_polls=1,
            graceful_shutdown_timeout=timedelta(0),
        )

    running = RunningWorker(make)
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
def _worker_first(request: pytest.FixtureRequest) -> None:
    """Start the worker before the bot, so that it stops after the bot, if the test needs a worker."""
    if "worker" in request.fixturenames:
        request.getfixturevalue("worker")


@pytest.fixture(scope="session")
def policies() -> Policies:
    """The policies in the repository's policies.toml."""
    return policy_file.load(ROOT / "policies.toml")


@pytest.fixture
def workflows(temporal: WorkflowEnvironment, queue: str) -> WorkflowClient:
    return WorkflowClient(temporal.client, queue)


@pytest.fixture
async def services(
    web: AsyncWebClient,
    database: Database,
    workflows: WorkflowClient,
    policies: Policies,
    _worker_first: None,
) -> AsyncIterator[Services]:
    async with running_services(
        slack=web, database=database, workflows=workflows, policies=policies, command=COMMAND
    ) as services:
        yield services
        await listeners_finished()


@pytest.fixture
async def bot(
    slack: StandInClient, web: AsyncWebClient, services: Services
) -> AsyncIterator[AsyncApp]:
    """The bot, listening over Socket Mode."""
    app = create_app(web, "", services)
    handler = AsyncSocketModeHandler(
        app,
        "xapp-local",
        web_client=AsyncWebClient(token="xapp-local", base_url=f"{slack.base_url}/api/"),
    )
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.wait_for_connections(1)
    yield app
    await handler.close_async()  # type: ignore[no-untyped-call]


@pytest.fixture
def http(web: AsyncWebClient, services: Services) -> SignedHttp:
    """The bot over signed HTTP; it does not receive the stand-in's deliveries."""
    return SignedHttp(create_app(web, SECRET, services))


@pytest.fixture
def refusals(database: Database) -> Refusals:
    return Refusals(database)


@pytest.fixture
def request_driver(
    slack: StandInClient, services: Services, workflows: WorkflowClient, worker: RunningWorker
) -> RequestDriver:
    house = services.policies.policy("order")
    return RequestDriver(slack=slack, workflows=workflows, house=house)


@pytest.fixture
def order_driver(  # noqa: PLR0913, PLR0917 - the parts that an order uses
    slack: StandInClient,
    temporal: WorkflowEnvironment,
    services: Services,
    workflows: WorkflowClient,
    refusals: Refusals,
    worker: RunningWorker,
) -> OrderDriver:
    return OrderDriver(
        slack=slack,
        env=temporal,
        workflows=workflows,
        policy=services.policies.policy("order"),
        requests=services.requests,
        refusals=refusals,
    )


@pytest.fixture
def cli(  # noqa: PLR0913, PLR0917 - the parts that a command uses
    temporal: WorkflowEnvironment,
    workflows: WorkflowClient,
    database: Database,
    records_file: Path,
    queue: str,
    slack: StandInClient,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> CliDriver:
    """The command line, configured for this test's Temporal, queue and records."""
    configure_cli(
        monkeypatch,
        tmp_path,
        DATABASE_URL=f"sqlite:///{records_file}",
        TEMPORAL_ADDRESS=temporal.client.service_client.config.target_host,
        TEMPORAL_NAMESPACE=temporal.client.namespace,
        TEMPORAL_TASK_QUEUE=queue,
        SLACK_BOT_TOKEN="xoxb-local",
        SLACK_API_URL=f"{slack.base_url}/api/",
    )
    return cli_driver(workflows, database, tmp_path_factory.mktemp("output"))


@pytest.fixture
async def order_cli(  # noqa: PLR0913, PLR0917 - the parts that a command uses
    cli: CliDriver,
    order_driver: OrderDriver,
    services: Services,
    database: Database,
    queue: str,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[OrderCli]:
    """The order commands, with the shipped policies and the bot's payment webhook."""
    async with http_server(services, database, order_driver.env.client, queue) as http_client:
        monkeypatch.setenv("POLICIES", str(ROOT / "policies.toml"))
        monkeypatch.setenv("CLI_PERSON", ANA)
        monkeypatch.setenv("PAYMENT_WEBHOOK_SECRET", WEBHOOK_SECRET)
        monkeypatch.setenv("WEB_PORT", http_client.url.rpartition(":")[2])
        with capture_logs():  # the bot runs in this process, and its logs are not command output
            yield OrderCli(cli=cli, order_driver=order_driver, database=database)
