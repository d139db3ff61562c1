"""The contract of the command layer: every verb gives the same result through every door."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from bot.actions.registry import REGISTRY, is_fact_of
from tests.bot.commands import send
from tests.bot.contract.doors import (
    DOORS,
    Door,
    Environment,
    Row,
    Subject,
    as_it_is,
    command_of,
    doors_of,
)
from tests.bot.order_driver import ANA, BORIS, FAY, GUS
from tests.bot.request_driver import EMIL
from tests.bot.signed_clicks import approval_by
from views.verb_inputs import Typed
from workflows.rules.approvals.request import OPEN, Withdrawal
from workflows.rules.approvals.verbs import Verb
from workflows.rules.orders.order import ENDED
from workflows.rules.orders.verbs import OrderVerb
from workflows.rules.people.actors import Actor, Origin

REASON = Typed(reason="For a reason")


async def boris_approved(env: Environment, subject: Subject) -> None:
    await send(env.order_driver.workflows, subject.request_id, "before", approval_by(BORIS))


ACCEPTED = [
    Row(verb=Verb.APPROVE, person=BORIS),
    Row(verb=Verb.REJECT, person=BORIS, typed=REASON),
    Row(verb=Verb.REQUEST_CHANGES, person=BORIS, typed=REASON),
    Row(verb=Verb.COMMENT, person=BORIS, typed=REASON),
    Row(verb=Verb.AMEND, person=ANA, typed=Typed(title="A table")),
    Row(verb=Verb.DELEGATE, person=BORIS, typed=Typed(delegate=EMIL)),
    Row(verb=Verb.WITHDRAW, person=ANA, typed=REASON),
    Row(
        verb=Verb.REASSIGN,
        person=FAY,
        typed=Typed(people=(EMIL,), sources="group:hr-team", reason="Both are away"),
    ),
    Row(verb=Verb.REFRESH, person=FAY),
    Row(verb=Verb.CLOSE, person=FAY, typed=REASON),
    Row(verb=OrderVerb.CANCEL, person=ANA),
]
REFUSED = [
    Row(verb=Verb.APPROVE, person=GUS, code="not_an_approver"),
    Row(verb=Verb.APPROVE, person=ANA, code="own_request"),
    Row(
        verb=Verb.APPROVE,
        person=BORIS,
        code="already_decided",
        data={"verdict": "approve"},
        before=boris_approved,
    ),
    Row(verb=Verb.APPROVE, person=BORIS, code="stale_content", read={"content_revision": 7}),
    Row(verb=Verb.APPROVE, person=BORIS, code="level_not_open", read={"level": 2}),
    Row(verb=Verb.REJECT, person=GUS, typed=REASON, code="not_an_approver"),
    Row(verb=Verb.REJECT, person=BORIS, code="reason_required", doors=("cli",)),
    Row(verb=Verb.REJECT, person=BORIS, typed=REASON, code="level_not_open", read={"level": 2}),
    Row(verb=Verb.REQUEST_CHANGES, person=GUS, typed=REASON, code="not_an_approver"),
    Row(verb=Verb.COMMENT, person=GUS, typed=REASON, code="not_involved"),
    Row(verb=Verb.AMEND, person=BORIS, typed=Typed(title="Mine"), code="not_the_requester"),
    Row(verb=Verb.AMEND, person=ANA, typed=Typed(title="A desk for {}"), code="nothing_changed"),
    Row(verb=Verb.DELEGATE, person=GUS, typed=Typed(delegate=EMIL), code="not_an_approver"),
    Row(verb=Verb.DELEGATE, person=BORIS, typed=Typed(delegate=BORIS), code="delegate_yourself"),
    Row(verb=Verb.DELEGATE, person=BORIS, typed=Typed(delegate=ANA), code="delegate_is_requester"),
    Row(verb=Verb.WITHDRAW, person=BORIS, code="not_the_requester"),
    Row(
        verb=Verb.REASSIGN,
        person=BORIS,
        typed=Typed(people=(EMIL,), reason="Mine"),
        code="not_an_admin",
    ),
    Row(
        verb=Verb.REASSIGN,
        person=FAY,
        typed=Typed(people=(EMIL,)),
        code="reason_required",
        doors=("cli",),
    ),
    Row(verb=Verb.REFRESH, person=BORIS, code="not_an_admin"),
    Row(verb=Verb.CLOSE, person=BORIS, typed=REASON, code="not_an_admin"),
    Row(verb=Verb.CLOSE, person=FAY, code="reason_required", doors=("cli",)),
    Row(verb=OrderVerb.CANCEL, person=GUS, code="not_your_order", doors=("slack",)),
    Row(
        verb=OrderVerb.CANCEL,
        person=ANA,
        typed=Typed(reason="x" * 3001),
        code="reason_too_long",
        data={"length": "3001"},
        doors=("cli", "http"),
    ),
    Row(
        verb=OrderVerb.RESUME,
        person=FAY,
        code="nothing_to_resume",
        data={"status": "awaiting_payment"},
    ),
]


async def ana_withdrew(env: Environment, subject: Subject) -> None:
    command = Withdrawal(actor=Actor(person=ANA, origin=Origin.CLI))
    await send(env.order_driver.workflows, subject.request_id, "before", command)
    await until_ended(env, subject)


async def paid(env: Environment, subject: Subject) -> None:
    await env.order_driver.pay(subject.request_id, "1500.00")
    await env.order_driver.skip_to_end(subject.request_id)


def late(row: Row) -> Row:
    """Return an accepted row once its request or order has ended."""
    if isinstance(row.verb, OrderVerb):
        data, before = {"status": "completed"}, paid
        return Row(verb=row.verb, person=row.person, code="order_closed", data=data, before=before)
    return Row(
        verb=row.verb,
        person=row.person,
        typed=row.typed,
        code="request_closed",
        data={"status": "withdrawn", "person": ANA},
        before=ana_withdrew,
    )


LATE = [late(row) for row in ACCEPTED]


def test_every_verb_is_covered() -> None:
    resumed_by_a_test_of_its_own = {OrderVerb.RESUME}
    assert {row.verb for row in ACCEPTED} | resumed_by_a_test_of_its_own == set(REGISTRY)
    assert {row.verb for row in REFUSED} == set(REGISTRY)


@pytest.mark.parametrize("row", ACCEPTED, ids=str)
async def test_an_accepted_command_is_recorded_once_through_every_door(
    env: Environment, row: Row
) -> None:
    async def through(name: str) -> None:
        subject = await subject_of(env, row)
        door = await prepared(env, row, subject, name)

        sent = await door.send()
        if await has_ended(env, subject):
            await until_ended(env, subject)
        assert await door.send() == sent, name

        assert (sent.accepted, sent.sentence) == (True, sent.expected), name
        await env.cli.fact(subject.request_id, row.spec.fact)
        facts = await env.cli.trail.facts(subject.request_id)
        command = command_of(row, subject.request_id, door.actor)
        assert [is_fact_of(fact, command) for fact in facts].count(True) == 1, (name, facts)
        assert await env.order_driver.refusals.of(subject.request_id) == (), name

    await asyncio.gather(*map(through, doors_of(row)))


@pytest.mark.parametrize("row", REFUSED, ids=str)
async def test_a_refused_command_gets_the_same_sentence_and_row_through_every_door(
    env: Environment, row: Row
) -> None:
    async def through(name: str) -> None:
        subject = await unchanged_subject_of(env, row, name)
        door = await prepared(env, row, subject, name)
        await row.before(env, subject)
        await refused(env, row, subject, door)

    await asyncio.gather(*map(through, doors_of(row)))


@pytest.fixture(scope="module")
async def late_doors(env: Environment) -> Mapping[tuple[str, str], tuple[Subject, Door]]:
    """For each late row and door, a subject that ended after the door's command was prepared."""
    doors: dict[tuple[str, str], tuple[Subject, Door]] = {}

    async def end(name: str, rows: Sequence[Row]) -> None:
        subject = await subject_of(env, rows[0])
        for row in rows:
            doors[str(row), name] = subject, await prepared(env, row, subject, name)
        await rows[0].before(env, subject)

    of_order = [row for row in LATE if isinstance(row.verb, OrderVerb)]
    of_request = [row for row in LATE if row not in of_order]
    ends = [
        end(name, [row for row in rows if name in doors_of(row)])
        for rows in (of_order, of_request)
        for name in doors_of(rows[0])
    ]
    await asyncio.gather(*ends)
    return doors


@pytest.mark.parametrize("row", LATE, ids=str)
async def test_a_late_command_gets_the_same_sentence_and_row_through_every_door(
    env: Environment, row: Row, late_doors: Mapping[tuple[str, str], tuple[Subject, Door]]
) -> None:
    for name in doors_of(row):
        await refused(env, row, *late_doors[str(row), name])


async def refused(env: Environment, row: Row, subject: Subject, door: Door) -> None:
    """Send the command. It is refused as the row says, and changes nothing but the refusals."""
    history = await env.order_driver.until_idle(subject.request_id)
    facts = await env.cli.trail.facts(subject.request_id)
    refusals = await env.cli.refusals_of(subject.request_id)

    sent = await door.send()

    name = type(door).__name__
    assert not sent.accepted, name
    assert sent.sentence == sent.expected, name
    added = (door.actor, row.verb, row.code)
    assert Counter(await env.cli.refusals_of(subject.request_id)) == Counter([*refusals, added]), (
        name
    )
    assert await env.cli.trail.facts(subject.request_id) == facts, name
    if row.before is not boris_approved:  # that approval makes the card outdated
        assert await env.order_driver.until_idle(subject.request_id) == history, name


async def unchanged_subject_of(env: Environment, row: Row, name: str) -> Subject:
    """Return a subject for a refusal. Rows that leave it as it is share one per door."""
    if row.before is not as_it_is:
        return await subject_of(env, row)
    key = f"{type(row.verb).__name__} {name}"
    if key not in env.unchanged:
        env.unchanged[key] = await subject_of(env, row)
    return env.unchanged[key]


async def subject_of(env: Environment, row: Row) -> Subject:
    """Start the request or order for the row's verb, and wait until it is idle."""
    if isinstance(row.verb, OrderVerb):
        card = await env.order_driver.approved_unpaid_order()
        return Subject(request_id=card.order_id, message=card.message)
    pending = await env.request_driver.create()
    await env.order_driver.until_idle(pending.request_id)
    return Subject(request_id=pending.request_id, message=pending.message)


async def prepared(env: Environment, row: Row, subject: Subject, name: str) -> Door:
    title = row.typed.title.format(subject.request_id)
    door = DOORS[name](env, replace(row, typed=replace(row.typed, title=title)), subject)
    await door.prepare()
    return door


async def has_ended(env: Environment, subject: Subject) -> bool:
    if subject.request_id.startswith("ORD-"):
        return await env.order_driver.workflows.order_status(subject.request_id) in ENDED
    menu = await env.order_driver.workflows.menu(subject.request_id, ANA)
    return menu is None or menu.face.status not in OPEN


async def until_ended(env: Environment, subject: Subject) -> None:
    """Wait until the workflow has ended: until then it would answer itself."""
    await env.order_driver.skip_to_end(subject.request_id)
