"""An approver who was taken off no longer gets the card: their copy is closed once, and stays so."""

import asyncio

import pytest

from tests.workflows import updates
from tests.workflows.fake_ports import FakePorts
from tests.workflows.fake_slack import SlackMode
from tests.workflows.harness import SALES, ApprovalHandle, Harness, level
from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.policy import Notify, Visibility

GROUP = level("group", "group:sales")


async def _comment(harness: Harness, handle: ApprovalHandle) -> None:
    await harness.send(handle, updates.comment("UCLARA"))
    await harness.until_idle(handle)


def _copies(ports: FakePorts, number: int = -1) -> list[tuple[str, bool]]:
    """Return the people with a private copy in a publish, and whether theirs was closed by it."""
    copies = ports.cards.published[number].copies
    return [(copy.person, copy.retired) for copy in copies if copy.person]


async def test_an_approver_who_left_the_group_gets_one_last_message(
    harness: Harness, ports: FakePorts
) -> None:
    ports.directory.groups = {"sales": ("UBORIS", "UCLARA")}
    handle = await harness.open_request(GROUP, notify=Notify.DM)
    ports.directory.groups = {"sales": ("UCLARA",)}

    await harness.send(handle, updates.REFRESH_BY_SLACK)
    await harness.until_idle(handle)
    last = _copies(ports)
    await _comment(harness, handle)

    assert last == [("UBORIS", True), ("UCLARA", False)]
    assert _copies(ports) == [("UCLARA", False)]


async def test_an_approver_whom_an_admin_replaced_gets_one_last_message(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(SALES, notify=Notify.DM)

    await harness.send(handle, updates.reassign("UCLARA", "UDORA"))
    await harness.until_idle(handle)
    await _comment(harness, handle)

    assert ("UBORIS", True) in [
        copy for number in range(len(ports.cards.published)) for copy in _copies(ports, number)
    ]
    assert _copies(ports) == [("UCLARA", False), ("UDORA", False)]


async def test_a_copy_is_closed_although_slack_was_down(harness: Harness, ports: FakePorts) -> None:
    ports.directory.groups = {"sales": ("UBORIS", "UCLARA")}
    handle = await harness.open_request(GROUP, notify=Notify.DM)
    ports.directory.groups = {"sales": ("UCLARA",)}
    ports.slack.mode = SlackMode.REFUSING
    await harness.send(handle, updates.REFRESH_BY_SLACK)
    await ports.until(lambda: "ApproversChanged" in ports.audit.kinds(handle.id))

    ports.slack.recover()
    await harness.decide(handle, "UCLARA")
    await harness.run_to_end(handle)

    closed = [
        copy for number in range(len(ports.cards.published)) for copy in _copies(ports, number)
    ]
    assert ("UBORIS", True) in closed
    assert all(
        retired
        for person, retired in closed[closed.index(("UBORIS", True)) :]
        if person == "UBORIS"
    )


async def test_who_is_asked_again_gets_a_new_copy(harness: Harness, ports: FakePorts) -> None:
    ports.directory.groups = {"sales": ("UBORIS", "UCLARA")}
    handle = await harness.open_request(GROUP, notify=Notify.DM)
    for members in (("UCLARA",), ("UBORIS", "UCLARA")):
        ports.directory.groups = {"sales": members}
        await harness.send(handle, updates.REFRESH_BY_SLACK)
        await harness.until_idle(handle)

    assert sorted(_copies(ports)) == [("UBORIS", False), ("UCLARA", False)]


async def test_who_has_decided_keeps_the_card(harness: Harness, ports: FakePorts) -> None:
    ports.directory.groups = {"sales": ("UBORIS", "UCLARA", "UDORA")}
    both = level("both", "group:sales", quorum=2)
    handle = await harness.open_request(both, notify=Notify.DM)
    await harness.decide(handle, "UBORIS")
    ports.directory.groups = {"sales": ("UCLARA", "UDORA")}

    await harness.send(handle, updates.REFRESH_BY_SLACK)
    await harness.until_idle(handle)

    assert ("UBORIS", False) in _copies(ports)


@pytest.mark.parametrize("reads", [True, False])
async def test_the_policy_says_whether_a_former_approver_reads_on(
    harness: Harness, ports: FakePorts, *, reads: bool
) -> None:
    ports.directory.groups = {"sales": ("UBORIS", "UCLARA")}
    handle = await harness.open_request(
        GROUP, visibility=Visibility.PRIVATE, former_approvers_read=reads
    )
    ports.directory.groups = {"sales": ("UCLARA",)}

    await harness.send(handle, updates.REFRESH_BY_SLACK)
    await harness.until_idle(handle)

    former, current = await asyncio.gather(
        *(handle.query(ApprovalWorkflow.menu, person) for person in ("UBORIS", "UCLARA"))
    )
    assert (former.may_read, current.may_read) == (reads, True)
