"""The Temporal worker: wires the activities to Slack and the database, and runs our workflows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.worker import Worker

from activities.audit import AuditActivities
from activities.calendar import CalendarActivities
from activities.cards import CardActivities
from activities.directory import DirectoryActivities
from activities.mail import MailOff, SmtpMail, mail_server
from activities.notices import NoticeActivities
from activities.orders import InventoryActivities, PaymentActivities, ShippingActivities
from activities.payment_gateway import GatewayBank, GatewayPaymentActivities, PaymentGateway
from activities.provisioning import ProvisionActivities
from activities.received_payments import (
    Bank,
    EmbeddedBank,
    ReceivedPaymentActivities,
    RefundActivities,
)
from activities.summaries import SummaryActivities
from bot.runtime import http_server, process, settings
from bot.temporal.client import connect
from records.database import Database
from slack_api.notice_locales import Locales
from slack_api.posting import Poster
from slack_api.rate_limited_client import PatientClient
from workflows.ports.orders import MailPort, PaymentPort
from workflows.registry import WORKFLOWS, sandbox

KEEP_ALIVE = 5
"""Seconds for which an idle connection to Slack is kept."""
SLACK_TIMEOUT = 4
"""Seconds for one Slack call of an activity: well under the 10 s that one try has."""

_log = structlog.get_logger("worker")


@dataclass(frozen=True, kw_only=True)
class Outside:
    """What settings choose: who takes payments (None: the database), who holds them, who mails."""

    payment: PaymentPort | None = None
    bank: Bank = field(default_factory=EmbeddedBank)
    mail: MailPort = field(default_factory=MailOff)


@asynccontextmanager
async def outside(config: settings.Settings) -> AsyncIterator[Outside]:
    """Yield the payment gateway and the mail server that the settings name.

    Raises SettingsError: a part of them is missing.
    """
    mail: MailPort = MailOff()
    if config.smtp_url is not None:
        server = mail_server(config.smtp_url.get_secret_value())
        mail = SmtpMail(server, config.mail_from)
    else:
        _log.info("mail_off", why="SMTP_URL is not set")
    named = config.payment_gateway()
    if named is None:
        yield Outside(mail=mail)
        return
    async with aiohttp.ClientSession() as session:
        gateway = PaymentGateway(session, *named)
        payment, bank = GatewayPaymentActivities(gateway), GatewayBank(gateway)
        yield Outside(payment=payment, bank=bank, mail=mail)


def activities(
    slack: AsyncWebClient, database: Database, outside: Outside | None = None
) -> list[Callable[..., Any]]:
    """Return every activity, bound to this Slack, this database and the world `outside`.

    Without `outside`, payments stand in the database, and mail is off.
    """
    outside = outside or Outside()
    poster = Poster(slack)
    audit = AuditActivities(database)
    cards, notices = CardActivities(poster), NoticeActivities(poster, Locales(slack))
    directory = DirectoryActivities(slack, database, poster, lambda: datetime.now(UTC))
    inventory = InventoryActivities(database)
    payment = outside.payment or PaymentActivities(database, _today)
    refunds = RefundActivities(database, outside.bank)
    received = ReceivedPaymentActivities(database)
    provisioning = ProvisionActivities(database)
    summaries = SummaryActivities(database, poster)
    shipping = ShippingActivities(database, lambda: datetime.now(UTC))
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
        received.sweep,
        shipping.ship,
        shipping.deliver,
        shipping.recall,
        provisioning.provision,
        provisioning.take_back,
        summaries.sum_up,
        summaries.tell_day,
        outside.mail.send,
    ]


def _today() -> date:
    return datetime.now(UTC).date()


@asynccontextmanager
async def slack_client(
    config: settings.Settings, patience: float = SLACK_TIMEOUT
) -> AsyncIterator[AsyncWebClient]:
    """Yield a client that never retries by itself: a repeated post would be a second card.

    `patience` is in seconds, for one call.

    It keeps its connections for a while, where slack_sdk alone makes one per call. Not for long:
    on one that Slack has closed meanwhile a post fails with an unknown outcome, and is searched
    for before the next try.
    """
    token = config.bot_token()
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(keepalive_timeout=KEEP_ALIVE),
        timeout=aiohttp.ClientTimeout(total=patience),
    ) as session:
        yield PatientClient(
            token=token, base_url=config.slack_api_url, session=session, retry_handlers=[]
        )


async def run(config: settings.Settings, stop: asyncio.Event) -> None:
    """Work until `stop` is set; tasks in hand are ended before it returns."""
    # The client first: without a token nothing else matters.
    async with (
        slack_client(config) as slack,
        outside(config) as world,
        Database(config.database_url) as database,
    ):
        await database.require_current_schema()
        worker = Worker(
            await connect(settings.temporal_environment()),
            task_queue=config.temporal_task_queue,
            workflows=WORKFLOWS,
            activities=activities(slack, database, world),
            workflow_runner=sandbox(),
            graceful_shutdown_timeout=timedelta(seconds=10),
            # A click after a worker's crash waits this long for the dead worker's own queue: less
            # than the 2.5 s that its sender waits (the SDK's default is 10 s).
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        )
        health = http_server.health_route({"database": database.is_current})
        async with http_server.serve(config.worker_health_port, health), worker:
            _log.info("worker_started", task_queue=worker.task_queue)
            await stop.wait()
            _log.info("worker_stopping")


if __name__ == "__main__":
    process.run(run)
