"""One Temporal, worker, database, Slack stand-in and bot, shared by every row of the contract."""

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from bot.app import create_app, running_services
from bot.listeners import answers
from bot.policies.file import Policies
from bot.runtime.settings import COMMAND
from bot.temporal.client import WorkflowClient
from emulator.client import StandInClient
from emulator.config import Config
from emulator.server import start
from records.database import Database
from records.refusals import Refusals
from tests.any_policy import AnyPolicy
from tests.bot.cli_driver import cli_driver, configure_cli
from tests.bot.conftest import ROOT
from tests.bot.contract.doors import Environment
from tests.bot.http_client import http_server
from tests.bot.order_driver import OrderDriver, unique
from tests.bot.request_driver import RequestDriver
from tests.bot.signed_clicks import SECRET, SignedHttp
from tests.sandbox import product_runner
from worker import activities
from workflows.registry import WORKFLOWS


@pytest.fixture(scope="module")
async def env(
    temporal: WorkflowEnvironment,
    migrated: Path,
    policies: Policies,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Environment]:
    queue, directory = unique("contract"), tmp_path_factory.mktemp("contract")
    path = Path(shutil.copy(migrated, directory / "records.db"))
    workflows = WorkflowClient(temporal.client, queue)
    with pytest.MonkeyPatch.context() as patch, capture_logs():
        # No acknowledgement reaches the stand-in, so none can overwrite a modal's result.
        patch.setattr(answers, "WORKING_FOR", 0)
        for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
            patch.delenv(name, raising=False)
        configure_cli(
            patch,
            directory,
            DATABASE_URL=f"sqlite:///{path}",
            TEMPORAL_ADDRESS=temporal.client.service_client.config.target_host,
            TEMPORAL_NAMESPACE=temporal.client.namespace,
            TEMPORAL_TASK_QUEUE=queue,
        )
        async with (
            start(Config(manifest=ROOT / "manifest.yml", rate_tiers=False)) as running,
            StandInClient(running.url) as slack,
            Database(f"sqlite:///{path}") as database,
        ):
            web = AsyncWebClient(token="xoxb-local", base_url=f"{slack.base_url}/api/")
            worker = Worker(
                temporal.client,
                task_queue=queue,
                workflows=WORKFLOWS,
                activities=activities(web, database, AnyPolicy()),
                workflow_runner=product_runner(),
                max_concurrent_workflow_task_polls=2,
                max_concurrent_activity_task_polls=1,
                graceful_shutdown_timeout=timedelta(0),
            )
            serving = running_services(
                slack=web,
                database=database,
                workflows=workflows,
                policies=policies,
                command=COMMAND,
            )
            async with (
                worker,
                serving as services,
                http_server(services, database, temporal.client, queue) as http_client,
            ):
                policy = policies.policy("order")
                yield Environment(
                    slack=slack,
                    http=SignedHttp(create_app(web, SECRET, services)),
                    cli=cli_driver(workflows, database, directory),
                    http_client=http_client,
                    request_driver=RequestDriver(slack=slack, workflows=workflows, house=policy),
                    order_driver=OrderDriver(
                        slack=slack,
                        env=temporal,
                        workflows=workflows,
                        policy=policy,
                        requests=services.requests,
                        refusals=Refusals(database),
                    ),
                )
