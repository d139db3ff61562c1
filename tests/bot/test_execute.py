"""Answers and records of a command if a part that it needs fails."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from slack_bolt.async_app import AsyncBoltContext

from bot.actions.execute import Commands, Context, Ended, NotAccepted
from bot.actions.order_lookup import OrderLookup
from bot.cli import execution
from bot.cli.terminal import CommandError, Exit
from bot.listeners.answers import Surface
from bot.listeners.interactions import Interaction, Interactions
from bot.listeners.thread_comments import ThreadListeners
from bot.temporal.calls import NamespaceMissingError, Refused, Unconfirmed
from records.requests import RequestRecord
from views.translator import ENGLISH, Translator
from workflows.rules.approvals.request import ApprovalRequest, Withdrawal
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.card import CardCopy
from workflows.rules.shared.errors import NotAnApproverError, RequestClosedError

if TYPE_CHECKING:
    from bot.cli.context import CliContext
    from bot.listeners.services import Services

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
REQUEST = "REQ-00000001"
ANA = Actor(person="U0ANA", origin=Origin.SLACK)
WITHDRAWAL = Withdrawal(actor=ANA, reason="")
CLOSED = Refused(
    code=RequestClosedError.code, data={"status": "approved", "person": "U0BORIS"}, card_version=4
)


class Broken:
    """Records that cannot be read or written."""

    def __getattr__(self, name: str) -> Any:
        async def fail(*_: object) -> None:
            raise OSError

        return fail


class Workflows:
    """Answers every update with the next of `answers`, and records which cards must be written again."""

    def __init__(self, *answers: NotAccepted, wait: asyncio.Event | None = None) -> None:
        self.answers = list(answers)
        self.wait = wait
        self.republished: list[str] = []

    async def update(self, *_: object) -> NotAccepted:
        if self.wait is not None:
            await self.wait.wait()
        return self.answers.pop(0)

    async def republish(self, owner_id: str, _: str) -> bool:
        self.republished.append(owner_id)
        return True


class Refusals:
    """Refusals in memory."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    async def append(self, refusal: Any) -> None:
        self.codes.append(refusal.code)


class Records:
    """Records that know the given request, or none."""

    def __init__(self, record: RequestRecord | None = None) -> None:
        self.record = record

    async def get(self, _: str) -> RequestRecord | None:
        return self.record


def commands(workflows: Workflows, records: Any, refusals: Any) -> Commands:
    return Commands(
        workflows=cast("Any", workflows),
        requests=records,
        trail=records,
        refusals=refusals,
        now=lambda: NOW,
        retry_for=0,
    )


@pytest.mark.parametrize("redelivered", [False, True])
async def test_a_closed_request_says_so_while_the_records_are_down(redelivered: bool) -> None:  # noqa: FBT001
    executor = commands(Workflows(CLOSED), Broken(), Broken())
    context = Context(request_id=REQUEST, click_id="1", redelivered=redelivered)

    result = await executor.execute(WITHDRAWAL, context)

    assert isinstance(result, Ended)
    assert (result.code, result.data, result.card_version) == (CLOSED.code, CLOSED.data, 4)
    assert not result.already_done


async def test_a_closed_request_that_is_not_recorded_yet_has_its_card_written_again() -> None:
    workflows = Workflows(CLOSED)
    services = SimpleNamespace(
        commands=commands(workflows, Records(), Refusals()),
        requests=Records(),
        translator=_english,
        now=lambda: NOW,
    )
    clicked = Interaction(
        request_id=REQUEST,
        click_id="1",
        card_version=2,
        surface=Surface(person="U0ANA", channel="C1", message_ts="1.0"),
        copy=CardCopy(channel="C1", key="k"),
        received=0,
        at=NOW,
        redelivered=False,
        may_paint=True,
    )

    outcome = await Interactions(cast("Services", services)).execute(clicked, WITHDRAWAL)

    assert outcome.accepted is False
    assert workflows.republished == [REQUEST]


async def _english(_: str) -> Translator:
    return ENGLISH


async def test_a_missing_namespace_is_not_taken_for_an_order_that_does_not_answer() -> None:
    async def missing(_: str) -> None:
        raise NamespaceMissingError("no namespace")

    orders = OrderLookup(cast("Any", Records()), cast("Any", SimpleNamespace(order_status=missing)))

    with pytest.raises(NamespaceMissingError):
        await orders.exists("ORD-00000001")


RECORD = RequestRecord(
    request_id=REQUEST,
    owner_id=REQUEST,
    kind="approval",
    requester="U0ANA",
    status="expired",
    face='{"kind": "other"}',
    sequence=2,
    opened_at=NOW,
    changed_at=NOW,
)


async def _wait(*, is_recorded: bool) -> CommandError:
    """Return the error of a wait whose request has ended in the records."""

    async def current() -> None:
        pass

    async def recorded(_: object) -> bool:
        return is_recorded

    async def starts() -> object:
        return SimpleNamespace(is_recorded=recorded)

    context = SimpleNamespace(
        requests=Records(RECORD), require_records=current, starts=starts, retry_for=0
    )
    asked = cast("ApprovalRequest", SimpleNamespace(request_id=REQUEST))
    with pytest.raises(CommandError) as error:
        await execution.outcome(cast("CliContext", context), asked)
    return error.value


async def test_waiting_for_a_request_that_another_version_recorded_ends_with_its_status() -> None:
    error = await _wait(is_recorded=True)

    assert "has ended: expired" in str(error)
    assert error.code is Exit.ENDED


async def test_a_wait_is_for_the_request_that_was_started_and_no_other() -> None:
    """The records were down at the start, so the worker refused it; now they have an older one."""
    error = await _wait(is_recorded=False)

    assert "already exists with different content" in str(error)
    assert error.code is Exit.CANNOT


BOT = "U0BOT"
REPLY = {
    "event_id": "Ev1",
    "event": {
        "user": "U0GUS",
        "parent_user_id": BOT,
        "channel": "C1",
        "ts": "2.0",
        "thread_ts": "1.0",
        "text": "Hm",
    },
}


class Thread:
    """The thread of a card, and a bot that records the replies in it."""

    def __init__(self, workflows: Workflows) -> None:
        self.refusals = Refusals()
        executor = commands(workflows, Records(), self.refusals)
        services = SimpleNamespace(commands=executor, cards=self)
        self._listeners = ThreadListeners(cast("Services", services))

    async def request_of(self, channel: str, ts: str) -> str:
        assert (channel, ts) == ("C1", "1.0")
        return REQUEST

    async def deliver(self) -> None:
        async def next_() -> None:
            pass

        await self._listeners.record_comment(REPLY, AsyncBoltContext(), next_)


async def test_a_reply_delivered_again_while_it_is_refused_is_recorded_once() -> None:
    refused = Refused(code=NotAnApproverError.code, data={}, card_version=1)
    go_on = asyncio.Event()
    thread = Thread(Workflows(refused, refused, wait=go_on))

    first, second = (asyncio.create_task(thread.deliver()) for _ in range(2))
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(first, second)

    assert thread.refusals.codes == [NotAnApproverError.code]


async def test_a_reply_that_was_not_confirmed_is_recorded_when_it_is_refused_later() -> None:
    refused = Refused(code=NotAnApproverError.code, data={}, card_version=1)
    thread = Thread(Workflows(Unconfirmed(), refused))

    await thread.deliver()
    await thread.deliver()

    assert thread.refusals.codes == [NotAnApproverError.code]
