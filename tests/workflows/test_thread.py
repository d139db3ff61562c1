"""One thread: a root and a reply for each level that opens, each mentioned once, all of them kept."""

from dataclasses import replace
from datetime import timedelta

from tests.workflows import acts
from tests.workflows.afresh import start_afresh
from tests.workflows.fakes import World
from tests.workflows.office import (
    ANA,
    FINANCE,
    SALES,
    Office,
    an_order,
    level,
    policy,
)
from tests.workflows.weather import Weather
from workflows.approval import ApprovalWorkflow
from workflows.order import OrderWorkflow
from workflows.rules.approvals.policy import Escalation, Layout, Notify, Visibility
from workflows.rules.approvals.request import RequestKind, Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.messages import OrderInput
from workflows.rules.people.actors import Standing

THREAD = Layout.THREAD
MINUTE = timedelta(minutes=1)


def shown(world: World) -> list[tuple[int, int, str]]:
    """Return level, revision and person of every copy that was written last."""
    return [(one.level, one.revision, one.person) for one in world.cards.published[-1].copies]


async def test_each_level_that_opens_has_one_reply_and_needs_no_other_words(
    office: Office, world: World
) -> None:
    handle = await office.open_request(SALES, FINANCE, layout=THREAD)
    first = world.cards.published[0]
    await office.decide(handle, "UBORIS")
    await office.until_idle(handle)
    second = world.cards.published[-1]

    await office.decide(handle, "UDORA", level=2)
    outcome = await handle.result()

    assert [(one.level, one.revision) for one in first.copies] == [(0, 0), (1, 1)]
    assert [(one.level, one.revision) for one in second.copies] == [(0, 0), (1, 1), (2, 1)]
    assert world.cards.published[-1].face == outcome.face
    assert [one.key for one in outcome.card.copies] == [one.key for one in second.copies]
    assert len({one.key for one in second.copies}) == 3
    assert world.notices.summary() == [("outcome", "UANA")]


async def test_who_joins_a_level_whose_reply_stands_is_told_in_the_thread(
    office: Office, world: World
) -> None:
    joined = replace(
        SALES, escalate=(Escalation(after=2 * MINUTE, to=acts.sources("UDORA"), replace=False),)
    )
    handle = await office.open_request(joined, layout=THREAD)

    await office.pass_time(handle, 3 * MINUTE)
    await office.until_idle(handle)

    assert shown(world) == [(0, 0, ""), (1, 1, "")]
    assert world.notices.summary() == [("asked", "UDORA")]


async def test_more_people_than_a_reply_may_mention_are_told_in_the_thread(
    office: Office, world: World
) -> None:
    crowd = tuple(f"U{number:02}" for number in range(9))
    await office.open_request(level("crowd", *crowd), layout=THREAD)

    assert world.notices.summary() == [("asked", ",".join(crowd))]


async def test_people_outside_the_channel_have_a_copy_besides(office: Office, world: World) -> None:
    world.directory.outside = ("UDORA",)
    handle = await office.open_request(SALES, FINANCE, layout=THREAD)
    await office.decide(handle, "UBORIS")
    await office.until_idle(handle)

    assert shown(world) == [(0, 0, ""), (1, 1, ""), (2, 1, ""), (0, 0, "UDORA")]
    assert world.notices.asked == []


async def test_a_level_has_its_reply_also_where_the_policy_tells_nobody(
    office: Office, world: World
) -> None:
    await office.open_request(SALES, layout=THREAD, notify=Notify.NONE)

    assert shown(world) == [(0, 0, ""), (1, 1, "")]


async def test_a_change_gets_replies_of_its_own_and_voids_the_others(
    office: Office, world: World
) -> None:
    handle = await office.open_request(SALES, FINANCE, layout=THREAD)
    await office.decide(handle, "UBORIS")
    await office.until_idle(handle)

    await office.do(handle, acts.amend())
    await office.until_idle(handle)

    assert shown(world) == [(0, 0, ""), (1, 1, ""), (2, 1, ""), (1, 2, "")]
    assert world.cards.shown(handle.id).content_revision == 2
    assert world.notices.asked == []


async def test_a_level_on_which_nobody_may_decide_has_no_reply_before_somebody_may(
    office: Office, world: World
) -> None:
    world.directory.standings = {"UDORA": Standing.DEACTIVATED}
    handle = await office.open_request(FINANCE, layout=THREAD)
    before = shown(world)

    world.directory.standings = {}
    await office.do(handle, acts.refresh())
    await office.until_idle(handle)

    assert (before, shown(world)) == ([(0, 0, "")], [(0, 0, ""), (1, 1, "")])
    assert world.notices.summary() == [("blocked", "#approvals-admin")]


async def test_a_thread_that_is_posted_late_mentions_everybody_by_itself(
    office: Office, world: World
) -> None:
    world.slack.weather = Weather.REFUSING
    handle = await office.open_request(SALES, FINANCE, layout=THREAD)
    await office.decide(handle, "UBORIS")
    await office.until_idle(handle)

    world.slack.answer()
    await office.pass_time(handle, timedelta(seconds=15))
    await office.until_idle(handle)

    assert shown(world) == [(0, 0, ""), (1, 1, ""), (2, 1, "")]
    assert not [one for one in world.cards.published[-1].copies if one.doubtful]
    assert world.notices.asked == []


async def test_a_new_run_keeps_every_reply(narrow_office: Office, world: World) -> None:
    handle = await narrow_office.open_request(SALES, FINANCE, layout=THREAD)
    before = world.cards.published[-1].copies
    await start_afresh(narrow_office, handle)

    await narrow_office.decide(handle, "UBORIS")
    await narrow_office.until_idle(handle)

    after = world.cards.published[-1].copies
    assert [(one.key, one.level) for one in after[:2]] == [(one.key, one.level) for one in before]
    assert [one.level for one in after] == [0, 1, 2]


async def test_a_parent_takes_the_whole_thread_over(office: Office, world: World) -> None:
    order = an_order("1500.00")
    rules = replace(policy(SALES, FINANCE), layout=THREAD)
    handle = await office.client.start_workflow(
        OrderWorkflow.run,
        OrderInput(order=order, requester=ANA, policy=rules),
        id=order.order_id,
        task_queue=office.queue,
    )
    await world.until(lambda: "OrderReceived" in world.audit.kinds(order.order_id))
    approval = office.approval_of(handle)
    await office.until_idle(approval)
    await office.decide(approval, "UBORIS")
    await office.until_idle(approval)
    (*_, before) = world.cards.published
    await office.decide(approval, "UDORA", level=2)

    await office.end(handle)

    last = world.cards.published[-1]
    assert isinstance(before.face, ApprovalSnapshot)
    assert (before.face.about, last.face.kind) == (RequestKind.ORDER, "order")
    assert [(one.key, one.level, one.revision) for one in last.copies] == [
        (one.key, one.level, one.revision) for one in before.copies
    ]
    assert [one.level for one in last.copies] == [0, 1, 2]


async def test_only_those_whom_it_concerns_may_read_what_is_private(
    office: Office, world: World
) -> None:
    world.directory.outside = ("UDORA",)
    handle = await office.open_request(SALES, FINANCE, layout=THREAD, visibility=Visibility.PRIVATE)
    early = await handle.query(ApprovalWorkflow.menu, "UDORA")
    await office.do(handle, acts.delegate("UBORIS", "UEMIL"))
    await office.until_idle(handle)
    await office.decide(handle, "UCLARA")
    await office.until_idle(handle)
    await office.do(handle, acts.amend())
    await office.until_idle(handle)

    readers = ("UANA", "UBORIS", "UCLARA", "UEMIL", "UDORA", "UGUS")
    menus = {one: await handle.query(ApprovalWorkflow.menu, one) for one in (*readers, "UEVE", "")}
    assert not early.may_read
    assert {one for one, menu in menus.items() if menu.may_read} == set(readers)
    assert menus["UEVE"].face.content.title == "Customer order"
    assert (menus["UEVE"].face.hidden, menus["UEVE"].face.changes) == (True, ())
    assert not menus["UDORA"].face.hidden


async def test_everybody_may_read_what_is_not_private(office: Office) -> None:
    handle = await office.open_request(SALES)

    menu = await handle.query(ApprovalWorkflow.menu, "UEVE")
    assert (menu.may_read, menu.face.hidden) == (True, False)
    assert menu.face.status is Status.PENDING
