"""Notifications: each approver once, by the way that reaches them, and the other people involved."""

from datetime import timedelta

from tests.time_skipping import ANY
from tests.workflows import updates
from tests.workflows.fake_ports import FakePorts
from tests.workflows.fake_slack import SlackMode
from tests.workflows.harness import BOTH, CLOSE, FINANCE, SALES, Harness, level
from workflows.notifications import MAX_COPIES
from workflows.ports.approvals import NoticeResult
from workflows.rules.approvals.policy import Escalation, Notify
from workflows.rules.approvals.request import Status
from workflows.rules.people.actors import Standing
from workflows.rules.shared.card import LONG_RETRY

CROWD = tuple(f"U{number:02}" for number in range(MAX_COPIES + 5))
ADMINS = ("blocked", "#approvals-admin")
MINUTE = timedelta(minutes=1)
URGED = level("urged", "UBORIS", "UCLARA", quorum=2, remind_after=(2 * MINUTE,))


async def test_a_few_approvers_of_the_first_level_are_only_mentioned_on_the_card(
    harness: Harness, ports: FakePorts
) -> None:
    await harness.open_request(BOTH)

    assert ports.notices.attempts == []
    assert len(ports.cards.published[0].copies) == 1


async def test_many_approvers_are_notified_in_the_thread_of_the_posted_card(
    harness: Harness, ports: FakePorts
) -> None:
    await harness.open_request(level("crowd", *CROWD[:9]))

    assert ports.notices.summary() == [("asked", ",".join(CROWD[:9]))]
    card = ports.notices.sent[0].card
    assert card is not None
    assert card.ts == "1.0"


async def test_the_second_level_is_notified_in_the_thread_once(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(SALES, FINANCE)
    await harness.decide(handle, "UBORIS")
    await harness.until_idle(handle)

    await harness.send(handle, updates.refresh())
    await harness.until_idle(handle)

    assert ports.notices.summary() == [("asked", "UDORA")]


async def test_people_outside_the_channel_get_the_card_itself(
    harness: Harness, ports: FakePorts
) -> None:
    ports.directory.outside = ("UCLARA",)
    handle = await harness.open_request(BOTH)
    await harness.decide(handle, "UBORIS")

    await harness.decide(handle, "UCLARA")
    outcome = await handle.result()

    first, *_, last = ports.cards.published
    assert [copy.person for copy in first.copies] == ["", "UCLARA"]
    assert [copy.channel for copy in first.copies] == ["#approvals", "UCLARA"]
    assert [copy.ts for copy in last.copies] == ["1.0", "1.0"]
    assert [copy.key for copy in last.copies] == [copy.key for copy in first.copies]
    assert last.face == outcome.face
    assert not outcome.face.is_open
    assert ports.notices.summary() == [("outcome", "UANA")]


async def test_an_approver_with_a_copy_is_notified_of_an_amendment(
    harness: Harness, ports: FakePorts
) -> None:
    """Slack sends no notification for the edit of their copy."""
    ports.directory.outside = ("UCLARA",)
    handle = await harness.open_request(BOTH)

    await harness.send(handle, updates.amend())
    await harness.until_idle(handle)

    assert sorted(ports.notices.summary()) == [("asked", "UBORIS"), ("asked", "UCLARA")]
    assert len(ports.cards.published[-1].copies) == 2


async def test_every_approver_gets_a_copy_if_the_policy_says_dm(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(SALES, FINANCE, notify=Notify.DM)

    await harness.decide(handle, "UBORIS")
    await harness.until_idle(handle)

    people = [copy.person for copy in ports.cards.published[-1].copies]
    assert people == ["", "UBORIS", "UCLARA", "UDORA"]
    assert ports.notices.attempts == []
    assert not ports.cards.shown(handle.id).mention_approvers


async def test_a_copy_added_during_a_publish_is_posted_by_the_next(
    harness: Harness, ports: FakePorts
) -> None:
    ports.directory.outside = ("UDORA",)
    handle = await harness.open_request(SALES, FINANCE)
    ports.slack.mode = SlackMode.HANGING
    await harness.decide(handle, "UBORIS")
    await ports.until(lambda: ports.audit.kinds(handle.id).count("LevelOpened") == 2)

    ports.slack.recover()
    await harness.until_idle(handle)

    assert [copy.person for copy in ports.cards.published[-2].copies] == [""]
    assert [copy.person for copy in ports.cards.published[-1].copies] == ["", "UDORA"]
    assert ports.notices.attempts == []


async def test_no_one_is_notified_if_the_policy_says_none(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(URGED, FINANCE, notify=Notify.NONE)

    await harness.fast_forward(handle, 3 * MINUTE)
    await harness.decide(handle, "UBORIS")
    await harness.decide(handle, "UCLARA")
    await harness.until_idle(handle)

    assert ports.audit.kinds(handle.id).count("LevelReminded") == 1
    assert ports.notices.attempts == []
    assert len(ports.cards.published[-1].copies) == 1


async def test_more_people_than_copies_get_a_message_with_a_link(
    harness: Harness, ports: FakePorts
) -> None:
    await harness.open_request(level("crowd", *CROWD), notify=Notify.DM)

    people = [copy.person for copy in ports.cards.published[-1].copies]
    assert people == ["", *CROWD[:MAX_COPIES]]
    assert ports.notices.summary() == [("asked", person) for person in CROWD[MAX_COPIES:]]


async def test_approvers_without_a_decision_are_reminded_where_they_are(
    harness: Harness, ports: FakePorts
) -> None:
    ports.directory.outside = ("UCLARA",)
    handle = await harness.open_request(
        level("urged", "UBORIS", "UCLARA", "UDORA", quorum=3, remind_after=(2 * MINUTE,))
    )
    await harness.decide(handle, "UDORA")
    await harness.until_idle(handle)

    await harness.fast_forward(handle, 3 * MINUTE)
    await harness.until_idle(handle)

    assert ports.notices.summary() == [("reminded", "UBORIS"), ("reminded", "UCLARA")]
    assert [bool(notice.person) for notice in ports.notices.sent] == [False, True]


async def test_the_admins_are_notified_once_of_a_blocked_level(
    harness: Harness, ports: FakePorts
) -> None:
    ports.directory.empty = True
    handle = await harness.open_request()

    await harness.fast_forward(handle, 3 * MINUTE + CLOSE)

    assert ports.notices.summary() == [ADMINS]
    assert ports.notices.sent[0].people == (
        "UGUS",
    )  # notified directly if the channel does not work


async def test_without_an_admin_channel_only_the_card_shows_a_blocked_level(
    harness: Harness, ports: FakePorts
) -> None:
    ports.directory.empty = True
    handle = await harness.open_request(admin_channel="")

    assert ports.notices.attempts == []
    assert ports.cards.shown(handle.id).levels[0].blocked == "no_eligible_approver"


async def test_a_level_that_has_opened_is_no_longer_reported_as_blocked(
    harness: Harness, ports: FakePorts
) -> None:
    """Slack was down until the level opened, so the pending notice is obsolete."""
    ports.directory.empty = True
    ports.slack.mode = SlackMode.REFUSING
    handle = await harness.open_request(URGED, notify=Notify.NONE)
    await harness.fast_forward(handle, 2 * MINUTE - CLOSE, timers=ANY)
    await harness.fast_forward(handle, 2 * CLOSE, timers=ANY)
    ports.directory.empty = False
    await harness.send(handle, updates.REFRESH_BY_SLACK)
    await ports.until(lambda: "LevelOpened" in ports.audit.kinds(handle.id))

    ports.slack.recover()
    await harness.fast_forward(handle, 15 * CLOSE, timers=ANY)
    await harness.until_idle(handle)

    kinds = ports.audit.kinds(handle.id)
    assert kinds == ["RequestSubmitted", "LevelBlocked", "LevelReminded", "LevelOpened"]
    assert ports.notices.summary() == []


async def test_the_requester_is_notified_of_requested_changes(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(BOTH)

    await harness.send(handle, updates.request_changes("UBORIS"))
    await harness.until_idle(handle)

    assert ports.notices.summary() == [("changes_wanted", "UANA")]
    assert ports.notices.sent[0].person == "UANA"


async def test_an_approvers_comment_reaches_the_requester(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(BOTH)

    await harness.send(handle, updates.comment("UBORIS", notify=True))
    await harness.until_idle(handle)

    assert ports.notices.summary() == [("commented", "UANA")]
    assert ports.notices.sent[0].person == "UANA"


async def test_the_requesters_comment_reaches_the_approvers_still_asked(
    harness: Harness, ports: FakePorts
) -> None:
    ports.directory.outside = ("UDORA",)
    handle = await harness.open_request(level("three", "UBORIS", "UCLARA", "UDORA", quorum=3))
    await harness.decide(handle, "UBORIS")

    await harness.send(handle, updates.comment("UANA", notify=True))
    await harness.until_idle(handle)

    assert sorted(ports.notices.summary()) == [("commented", "UCLARA"), ("commented", "UDORA")]
    assert [notice.person for notice in ports.notices.sent] == ["", "UDORA"]


async def test_a_delegate_is_notified(harness: Harness, ports: FakePorts) -> None:
    handle = await harness.open_request(BOTH)

    await harness.send(handle, updates.delegate("UBORIS", "UDORA"))
    await harness.until_idle(handle)

    assert ports.notices.summary() == [("asked", "UDORA")]


async def test_a_delegation_to_a_guest_is_reported_as_void(
    harness: Harness, ports: FakePorts
) -> None:
    ports.directory.standings = {"UDORA": Standing.GUEST}
    handle = await harness.open_request(BOTH)

    await harness.send(handle, updates.delegate("UBORIS", "UDORA"))
    await harness.until_idle(handle)

    assert ports.notices.summary() == [("delegate_refused", "UBORIS")]
    assert ports.notices.sent[0].person == "UBORIS"
    assert ports.audit.fact(handle.id, "DelegationVoided").rule == "standing_guest"


async def test_an_automatically_approved_request_notifies_no_one(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.start_request(amount="1000.00")

    await handle.result()

    assert ports.notices.attempts == []


async def test_a_closed_request_drops_its_pending_notices(
    harness: Harness, ports: FakePorts
) -> None:
    ports.slack.mode = SlackMode.REFUSING
    handle = await harness.open_request(level("crowd", *CROWD[:9]))
    await harness.decide(handle, CROWD[0])

    ports.slack.recover()
    outcome = await harness.run_to_end(handle)

    assert outcome.face.status is Status.APPROVED
    assert ports.notices.summary() == [("outcome", "UANA")]


async def test_notices_due_during_an_outage_are_sent_once_after_it(
    harness: Harness, ports: FakePorts
) -> None:
    more = Escalation(after=40 * CLOSE, to=updates.sources("UDORA"))
    handle = await harness.open_request(
        level("urged", "UBORIS", remind_after=(20 * CLOSE,), escalate=(more,))
    )
    ports.slack.mode = SlackMode.REFUSING
    await harness.send(handle, updates.comment("UBORIS"))
    await harness.fast_forward(handle, MINUTE, timers=ANY)
    down = ports.notices.summary()

    ports.slack.recover()
    await harness.fast_forward(handle, 30 * CLOSE, timers=ANY)
    await harness.until_idle(handle)

    reminded = ports.audit.fact(handle.id, "LevelReminded").at
    assert ports.audit.fact(handle.id, "LevelEscalated").at - reminded == 20 * CLOSE
    assert down == []
    assert sorted(ports.notices.summary()) == [("asked", "UDORA"), ("reminded", "UBORIS")]


async def test_missed_reminders_are_sent_once_and_only_to_undecided_approvers(
    harness: Harness, ports: FakePorts
) -> None:
    thrice = (20 * CLOSE, 30 * CLOSE, 40 * CLOSE)
    handle = await harness.open_request(
        level("urged", "UBORIS", "UCLARA", quorum=2, remind_after=thrice)
    )
    ports.slack.mode = SlackMode.REFUSING
    await harness.send(handle, updates.comment("UBORIS"))
    await harness.fast_forward(handle, MINUTE, timers=ANY)
    await harness.decide(handle, "UBORIS")

    ports.slack.recover()
    await harness.fast_forward(handle, 30 * CLOSE, timers=ANY)
    await harness.until_idle(handle)

    assert ports.audit.kinds(handle.id).count("LevelReminded") == 3
    assert ports.notices.summary() == [("reminded", "UCLARA")]


async def test_a_failed_notice_is_not_sent_after_the_request_has_closed(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(SALES, FINANCE)
    ports.slack.mode = SlackMode.REFUSING
    await harness.decide(handle, "UBORIS")
    await ports.until(lambda: ports.notices.attempts)
    await harness.withdraw(handle)

    ports.slack.recover()
    await harness.run_to_end(handle)

    assert ports.notices.summary() == [("outcome", "UANA")]


async def test_a_notice_that_cannot_be_sent_does_not_block_others(
    harness: Harness, ports: FakePorts
) -> None:
    """The bot is not in the admin channel; the requester is notified anyway."""
    ports.notices.refused["#approvals-admin"] = NoticeResult(
        problem="slack.not_in_channel", lasting=True
    )
    ports.directory.empty = True
    handle = await harness.open_request(URGED)
    await harness.withdraw(handle)
    await ports.until(lambda: ("outcome", "UANA") in ports.notices.summary())

    tries = len(ports.notices.attempts)

    assert tries >= 2


async def test_the_admins_are_notified_once_the_bot_is_in_their_channel(
    harness: Harness, ports: FakePorts
) -> None:
    ports.notices.refused["#approvals-admin"] = NoticeResult(
        problem="slack.not_in_channel", lasting=True
    )
    ports.directory.empty = True
    handle = await harness.open_request(level("lost", "UBORIS", expire=None))
    await harness.fast_forward(handle, MINUTE, timers=ANY)
    ports.notices.refused.clear()

    await harness.fast_forward(handle, LONG_RETRY + CLOSE, timers=ANY)

    assert ports.notices.summary() == [ADMINS]


async def test_a_deactivated_requester_is_not_notified_forever(
    harness: Harness, ports: FakePorts
) -> None:
    ports.notices.refused["UANA"] = NoticeResult(problem="slack.user_disabled", addressee_gone=True)
    handle = await harness.open_request()
    await harness.decide(handle, "UBORIS")

    outcome = await harness.run_to_end(handle)

    assert outcome.face.status is Status.APPROVED
    assert len(ports.notices.attempts) == 1
