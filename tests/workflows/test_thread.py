"""The thread layout: a root and copy reply for each opened level, which mentions its approvers."""

from dataclasses import replace
from datetime import timedelta

from tests.time_skipping import ANY
from tests.workflows import updates
from tests.workflows.continued_runs import continue_as_new
from tests.workflows.fake_ports import FakePorts
from tests.workflows.fake_slack import SlackMode
from tests.workflows.harness import (
    ANA,
    FINANCE,
    SALES,
    Harness,
    an_order,
    level,
    policy,
)
from workflows.approval import ApprovalWorkflow
from workflows.order import OrderWorkflow
from workflows.rules.approvals.policy import Escalation, Layout, Notify, Visibility
from workflows.rules.approvals.request import RequestKind, Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.messages import OrderInput
from workflows.rules.people.actors import Standing

THREAD = Layout.THREAD
MINUTE = timedelta(minutes=1)


def shown(ports: FakePorts) -> list[tuple[int, int, str]]:
    """Return level, revision and person of each copy in the last publish."""
    return [(copy.level, copy.revision, copy.person) for copy in ports.cards.published[-1].copies]


async def test_each_opened_level_gets_one_reply_and_no_other_notice(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(SALES, FINANCE, layout=THREAD)
    first = ports.cards.published[0]
    await harness.decide(handle, "UBORIS")
    await harness.until_idle(handle)
    second = ports.cards.published[-1]

    await harness.decide(handle, "UDORA", level=2)
    outcome = await handle.result()

    assert [(copy.level, copy.revision) for copy in first.copies] == [(0, 0), (1, 1)]
    assert [(copy.level, copy.revision) for copy in second.copies] == [(0, 0), (1, 1), (2, 1)]
    assert ports.cards.published[-1].face == outcome.face
    assert [copy.key for copy in outcome.card.copies] == [copy.key for copy in second.copies]
    assert len({copy.key for copy in second.copies}) == 3
    assert ports.notices.summary() == [("outcome", "UANA")]


async def test_an_approver_added_after_the_reply_is_notified_in_the_thread(
    harness: Harness, ports: FakePorts
) -> None:
    joined = replace(
        SALES, escalate=(Escalation(after=2 * MINUTE, to=updates.sources("UDORA"), replace=False),)
    )
    handle = await harness.open_request(joined, layout=THREAD)

    await harness.fast_forward(handle, 3 * MINUTE)
    await harness.until_idle(handle)

    assert shown(ports) == [(0, 0, ""), (1, 1, "")]
    assert ports.notices.summary() == [("asked", "UDORA")]


async def test_more_approvers_than_a_reply_may_mention_are_notified_in_the_thread(
    harness: Harness, ports: FakePorts
) -> None:
    crowd = tuple(f"U{number:02}" for number in range(9))
    await harness.open_request(level("crowd", *crowd), layout=THREAD)

    assert ports.notices.summary() == [("asked", ",".join(crowd))]


async def test_approvers_outside_the_channel_also_get_a_copy(
    harness: Harness, ports: FakePorts
) -> None:
    ports.directory.outside = ("UDORA",)
    handle = await harness.open_request(SALES, FINANCE, layout=THREAD)
    await harness.decide(handle, "UBORIS")
    await harness.until_idle(handle)

    assert shown(ports) == [(0, 0, ""), (1, 1, ""), (2, 1, ""), (0, 0, "UDORA")]
    assert ports.notices.attempts == []


async def test_a_level_gets_its_reply_even_if_the_policy_notifies_no_one(
    harness: Harness, ports: FakePorts
) -> None:
    await harness.open_request(SALES, layout=THREAD, notify=Notify.NONE)

    assert shown(ports) == [(0, 0, ""), (1, 1, "")]


async def test_an_amendment_gets_its_own_replies_and_voids_the_others(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(SALES, FINANCE, layout=THREAD)
    await harness.decide(handle, "UBORIS")
    await harness.until_idle(handle)

    await harness.send(handle, updates.amend())
    await harness.until_idle(handle)

    assert shown(ports) == [(0, 0, ""), (1, 1, ""), (2, 1, ""), (1, 2, "")]
    assert ports.cards.shown(handle.id).content_revision == 2
    assert ports.notices.attempts == []


async def test_a_blocked_level_gets_its_reply_when_it_opens(
    harness: Harness, ports: FakePorts
) -> None:
    ports.directory.standings = {"UDORA": Standing.DEACTIVATED}
    handle = await harness.open_request(FINANCE, layout=THREAD)
    before = shown(ports)

    ports.directory.standings = {}
    await harness.send(handle, updates.refresh())
    await harness.until_idle(handle)

    assert (before, shown(ports)) == ([(0, 0, "")], [(0, 0, ""), (1, 1, "")])
    assert ports.notices.summary() == [("blocked", "#approvals-admin")]


async def test_a_thread_that_is_posted_late_mentions_all_approvers(
    harness: Harness, ports: FakePorts
) -> None:
    ports.slack.mode = SlackMode.REFUSING
    handle = await harness.open_request(SALES, FINANCE, layout=THREAD)
    await harness.decide(handle, "UBORIS")
    await harness.until_idle(handle)

    ports.slack.recover()
    await harness.fast_forward(handle, timedelta(seconds=15), timers=ANY)
    await harness.until_idle(handle)

    assert shown(ports) == [(0, 0, ""), (1, 1, ""), (2, 1, "")]
    assert not [copy for copy in ports.cards.published[-1].copies if copy.doubtful]
    assert ports.notices.attempts == []


async def test_a_new_run_keeps_every_reply(low_limit_harness: Harness, ports: FakePorts) -> None:
    handle = await low_limit_harness.open_request(SALES, FINANCE, layout=THREAD)
    before = ports.cards.published[-1].copies
    await continue_as_new(low_limit_harness, handle)

    await low_limit_harness.decide(handle, "UBORIS")
    await low_limit_harness.until_idle(handle)

    after = ports.cards.published[-1].copies
    assert [(copy.key, copy.level) for copy in after[:2]] == [
        (copy.key, copy.level) for copy in before
    ]
    assert [copy.level for copy in after] == [0, 1, 2]


async def test_a_parent_takes_over_the_whole_thread(harness: Harness, ports: FakePorts) -> None:
    order = an_order("1500.00")
    rules = replace(policy(SALES, FINANCE), layout=THREAD)
    handle = await harness.client.start_workflow(
        OrderWorkflow.run,
        OrderInput(order=order, requester=ANA, policy=rules),
        id=order.order_id,
        task_queue=harness.queue,
    )
    await ports.until(lambda: "OrderReceived" in ports.audit.kinds(order.order_id))
    approval = harness.approval_of(handle)
    await harness.until_idle(approval)
    await harness.decide(approval, "UBORIS")
    await harness.until_idle(approval)
    (*_, before) = ports.cards.published
    await harness.decide(approval, "UDORA", level=2)

    await harness.run_to_end(handle)

    last = ports.cards.published[-1]
    assert isinstance(before.face, ApprovalSnapshot)
    assert (before.face.about, last.face.kind) == (RequestKind.ORDER, "order")
    assert [(copy.key, copy.level, copy.revision) for copy in last.copies] == [
        (copy.key, copy.level, copy.revision) for copy in before.copies
    ]
    assert [copy.level for copy in last.copies] == [0, 1, 2]


async def test_only_the_people_involved_may_read_a_private_request(
    harness: Harness, ports: FakePorts
) -> None:
    ports.directory.outside = ("UDORA",)
    handle = await harness.open_request(
        SALES, FINANCE, layout=THREAD, visibility=Visibility.PRIVATE
    )
    early = await handle.query(ApprovalWorkflow.menu, "UDORA")
    await harness.send(handle, updates.delegate("UBORIS", "UEMIL"))
    await harness.until_idle(handle)
    await harness.decide(handle, "UCLARA")
    await harness.until_idle(handle)
    await harness.send(handle, updates.amend())
    await harness.until_idle(handle)

    readers = ("UANA", "UBORIS", "UCLARA", "UEMIL", "UDORA", "UGUS")
    menus = {
        person: await handle.query(ApprovalWorkflow.menu, person)
        for person in (*readers, "UEVE", "")
    }
    assert not early.may_read
    assert {person for person, menu in menus.items() if menu.may_read} == set(readers)
    assert menus["UEVE"].face.content.title == "Customer order"
    assert (menus["UEVE"].face.hidden, menus["UEVE"].face.changes) == (True, ())
    assert not menus["UDORA"].face.hidden


async def test_everyone_may_read_a_public_request(harness: Harness) -> None:
    handle = await harness.open_request(SALES)

    menu = await handle.query(ApprovalWorkflow.menu, "UEVE")
    assert (menu.may_read, menu.face.hidden) == (True, False)
    assert menu.face.status is Status.PENDING
