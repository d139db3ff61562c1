"""The Temporal worker: connects the activities to Slack and the database, and runs our workflows."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.worker import Worker

from activities.audit import AuditActivities, KnownPolicies
from activities.calendar import CalendarActivities
from activities.cards import CardActivities, LastPublish
from activities.directory import DirectoryActivities
from activities.incoming_payments import (
    Bank,
    EmbeddedBank,
    IncomingPaymentActivities,
    RefundActivities,
)
from activities.mail import MailOff, SmtpMail, mail_server
from activities.notices import NoticeActivities
from activities.orders import InventoryActivities, PaymentActivities, ShippingActivities
from activities.payment_gateway import GatewayBank, GatewayPaymentActivities, PaymentGateway
from activities.provisioning import ProvisionActivities
from activities.reconciliation import ReconciliationActivities
from activities.summaries import SummaryActivities
from bot.policies.book import ForeignPolicies, PolicyBook
from bot.runtime import http_server, process, settings
from bot.runtime.health import Health
from bot.runtime.needs import database_check, slack_check, temporal_check
from bot.temporal.connection import connect
from records.absences import Absences
from records.cards import Cards
from records.database import Database
from slack_api import access
from slack_api.locales import Locales
from slack_api.poster import Poster
from slack_api.rate_limited_client import RateLimitedClient
from slack_api.workspace import Workspace
from workflows.ports.orders import MailPort, PaymentPort
from workflows.registry import WORKFLOWS, runner

KEEPALIVE_TIMEOUT = 5
"""Seconds for which an idle connection to Slack is kept open."""
SLACK_TIMEOUT = 4
"""Seconds for one Slack call of an activity, well under the 10 s of one attempt."""
STOP_ACTIVITIES_AFTER = timedelta(seconds=SLACK_TIMEOUT)
"""How long running activities may take after SIGTERM: as long as one Slack call. Then they are
cancelled, and another worker repeats them."""

_log = structlog.get_logger("worker")


@dataclass(frozen=True, kw_only=True)
class ExternalServices:
    """The services that the settings choose. Without `payment`, the database takes payments."""

    payment: PaymentPort | None = None
    bank: Bank = field(default_factory=EmbeddedBank)
    mail: MailPort = field(default_factory=MailOff)


@asynccontextmanager
async def external_services(config: settings.Settings) -> AsyncIterator[ExternalServices]:
    """Yield the payment gateway and the mail server that the settings name.

    Raises:
        SettingsError: one of the settings for them is missing.

    """
    mail: MailPort = MailOff()
    if config.smtp_url is not None:
        server = mail_server(config.smtp_url.get_secret_value())
        mail = SmtpMail(server, config.mail_from)
    else:
        _log.info("mail_off", why="SMTP_URL is not set")
    named = config.payment_gateway()
    if named is None:
        yield ExternalServices(mail=mail)
        return
    proxy = config.proxies().for_url(named[0])
    async with aiohttp.ClientSession(proxy=proxy) as session:
        gateway = PaymentGateway(session, *named)
        payment, bank = GatewayPaymentActivities(gateway), GatewayBank(gateway)
        yield ExternalServices(payment=payment, bank=bank, mail=mail)


def activities(
    slack: AsyncWebClient,
    database: Database,
    policies: KnownPolicies,
    external: ExternalServices | None = None,
    last_publish: LastPublish | None = None,
) -> list[Callable[..., Any]]:
    """Return every activity, bound to Slack, the database and the `external` services.

    Requests may start under `policies` only.

    Without `external`, payments are made in the database and mail is off.
    """
    external = external or ExternalServices()
    workspace = Workspace.of(slack, database, _now)
    poster = Poster(slack, workspace.channels)
    audit = AuditActivities(database, policies, _now)
    cards = CardActivities(poster, Cards(database), last_publish)
    notices = NoticeActivities(poster, Locales(slack))
    directory = DirectoryActivities(workspace.directory, Absences(database), _now)
    inventory = InventoryActivities(database)
    payment = external.payment or PaymentActivities(database, _today)
    refunds = RefundActivities(database, external.bank)
    incoming = IncomingPaymentActivities(database)
    provisioning = ProvisionActivities(database)
    reconciliation = ReconciliationActivities(database)
    summaries = SummaryActivities(database, poster)
    shipping = ShippingActivities(database, _now)
    return [
        audit.append,
        CalendarActivities().deadlines,
        cards.publish,
        notices.tell,
        directory.approvers,
        inventory.reserve,
        inventory.release,
        payment.charge,
        payment.receive,
        payment.refund,
        refunds.give_back,
        incoming.sweep,
        reconciliation.compare,
        reconciliation.end_request,
        shipping.ship,
        shipping.deliver,
        shipping.recall,
        provisioning.provision,
        provisioning.take_back,
        summaries.sum_up,
        summaries.tell_day,
        external.mail.send,
    ]


def _now() -> datetime:
    return datetime.now(UTC)


def _today() -> date:
    return _now().date()


@asynccontextmanager
async def slack_client(
    config: settings.Settings, call_timeout: float = SLACK_TIMEOUT
) -> AsyncIterator[AsyncWebClient]:
    """Yield a client that never retries on its own: a repeated post would be a second card.

    `call_timeout` is in seconds.

    Unlike slack_sdk's default, the client reuses connections. It keeps them only briefly: a post
    on a connection that Slack has closed fails with an unknown outcome, and the next attempt must
    search for the message first.
    """
    token = config.bot_token()
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(keepalive_timeout=KEEPALIVE_TIMEOUT),
        timeout=aiohttp.ClientTimeout(total=call_timeout),
    ) as session:
        yield RateLimitedClient(
            token=token,
            base_url=config.slack_api_url,
            session=session,
            proxy=config.proxies().for_url(config.slack_api_url),
            retry_handlers=[],
        )


@asynccontextmanager
async def running(config: settings.Settings) -> AsyncIterator[None]:
    """Run the worker while the context is open. Running tasks end before it closes.

    An unreachable Slack does not stop it: workflows and other activities do not need Slack.
    """
    # The client comes first: without a token there is no point in opening the rest.
    async with (
        slack_client(config) as slack,
        external_services(config) as external,
        Database(config.database_url) as database,
    ):
        await database.require_current_schema()
        temporal = await connect(settings.temporal_environment(), config.proxies())
        await access.attempt(slack.auth_test, access.BOT_TOKEN)
        book = ForeignPolicies if config.foreign_policies else PolicyBook
        policies = book(config.policies, _now)
        last_publish = LastPublish()
        worker = Worker(
            temporal,
            task_queue=config.temporal_task_queue,
            workflows=WORKFLOWS,
            activities=activities(slack, database, policies, external, last_publish),
            workflow_runner=runner(sandboxed=config.workflow_sandbox),
            graceful_shutdown_timeout=STOP_ACTIVITIES_AFTER,
            # After a worker's crash, a click waits this long for the dead worker's sticky queue.
            # That must be less than the 2.5 s of the sender's timeout (the SDK's default is 10 s).
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        )
        health = Health(
            {
                "database": database_check(database),
                "temporal": temporal_check(temporal),
                "slack": slack_check(slack),
            },
            last_publish.details,
        )
        serving = http_server.serve(
            config.worker_health_port, *health.routes(), host=config.worker_health_host
        )
        async with health.checking(), serving, worker:
            _log.info("worker_started", task_queue=worker.task_queue)
            try:
                yield
            finally:
                _log.info("worker_stopping")


if __name__ == "__main__":
    process.run(running)
