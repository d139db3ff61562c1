"""People are told: each approver once when asked, by the way that reaches them, and who else must know."""

from datetime import timedelta

from tests.workflows import acts
from tests.workflows.fakes import World
from tests.workflows.office import BOTH, CLOSE, FINANCE, SALES, Office, level
from tests.workflows.weather import Weather
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


async def test_a_few_people_of_the_first_level_are_mentioned_by_the_card_alone(
    office: Office, world: World
) -> None:
    await office.open_request(BOTH)

    assert world.notices.asked == []
    assert len(world.cards.published[0].copies) == 1


async def test_many_people_are_told_in_the_thread_once_the_card_stands(
    office: Office, world: World
) -> None:
    await office.open_request(level("crowd", *CROWD[:9]))

    assert world.notices.summary() == [("asked", ",".join(CROWD[:9]))]
    card = world.notices.told[0].card
    assert card is not None
    assert card.ts == "1.0"


async def test_the_second_level_is_told_in_the_thread_once(office: Office, world: World) -> None:
    handle = await office.open_request(SALES, FINANCE)
    await office.decide(handle, "UBORIS")
    await office.until_idle(handle)

    await office.do(handle, acts.refresh())
    await office.until_idle(handle)

    assert world.notices.summary() == [("asked", "UDORA")]


async def test_people_outside_the_channel_get_the_card_itself(office: Office, world: World) -> None:
    world.directory.outside = ("UCLARA",)
    handle = await office.open_request(BOTH)
    await office.decide(handle, "UBORIS")

    await office.decide(handle, "UCLARA")
    outcome = await handle.result()

    first, *_, last = world.cards.published
    assert [copy.person for copy in first.copies] == ["", "UCLARA"]
    assert [copy.channel for copy in first.copies] == ["#approvals", "UCLARA"]
    assert [copy.ts for copy in last.copies] == ["1.0", "1.0"]
    assert [copy.key for copy in last.copies] == [copy.key for copy in first.copies]
    assert last.face == outcome.face
    assert not outcome.face.is_open
    assert world.notices.summary() == [("outcome", "UANA")]


async def test_who_is_asked_anew_about_a_card_they_have_is_told(
    office: Office, world: World
) -> None:
    """Their copy is edited, which notifies nobody."""
    world.directory.outside = ("UCLARA",)
    handle = await office.open_request(BOTH)

    await office.do(handle, acts.amend())
    await office.until_idle(handle)

    assert sorted(world.notices.summary()) == [("asked", "UBORIS"), ("asked", "UCLARA")]
    assert len(world.cards.published[-1].copies) == 2


async def test_everybody_gets_a_copy_where_the_policy_says_dm(office: Office, world: World) -> None:
    handle = await office.open_request(SALES, FINANCE, notify=Notify.DM)

    await office.decide(handle, "UBORIS")
    await office.until_idle(handle)

    people = [copy.person for copy in world.cards.published[-1].copies]
    assert people == ["", "UBORIS", "UCLARA", "UDORA"]
    assert world.notices.asked == []
    assert not world.cards.shown(handle.id).mention_approvers


async def test_a_copy_that_is_owed_during_a_publish_is_posted_by_the_next(
    office: Office, world: World
) -> None:
    world.directory.outside = ("UDORA",)
    handle = await office.open_request(SALES, FINANCE)
    world.slack.weather = Weather.HANGING
    await office.decide(handle, "UBORIS")
    await world.until(lambda: world.audit.kinds(handle.id).count("LevelOpened") == 2)

    world.slack.answer()
    await office.until_idle(handle)

    assert [copy.person for copy in world.cards.published[-2].copies] == [""]
    assert [copy.person for copy in world.cards.published[-1].copies] == ["", "UDORA"]
    assert world.notices.asked == []


async def test_nobody_is_told_where_the_policy_says_none(office: Office, world: World) -> None:
    handle = await office.open_request(URGED, FINANCE, notify=Notify.NONE)

    await office.pass_time(handle, 3 * MINUTE)
    await office.decide(handle, "UBORIS")
    await office.decide(handle, "UCLARA")
    await office.until_idle(handle)

    assert world.audit.kinds(handle.id).count("LevelReminded") == 1
    assert world.notices.asked == []
    assert len(world.cards.published[-1].copies) == 1


async def test_more_people_than_copies_get_a_message_with_a_link(
    office: Office, world: World
) -> None:
    await office.open_request(level("crowd", *CROWD), notify=Notify.DM)

    people = [copy.person for copy in world.cards.published[-1].copies]
    assert people == ["", *CROWD[:MAX_COPIES]]
    assert world.notices.summary() == [("asked", person) for person in CROWD[MAX_COPIES:]]


async def test_who_has_not_decided_is_reminded_where_they_are(office: Office, world: World) -> None:
    world.directory.outside = ("UCLARA",)
    handle = await office.open_request(
        level("urged", "UBORIS", "UCLARA", "UDORA", quorum=3, remind_after=(2 * MINUTE,))
    )
    await office.decide(handle, "UDORA")
    await office.until_idle(handle)

    await office.pass_time(handle, 3 * MINUTE)
    await office.until_idle(handle)

    assert world.notices.summary() == [("reminded", "UBORIS"), ("reminded", "UCLARA")]
    assert [bool(notice.person) for notice in world.notices.told] == [False, True]


async def test_the_admins_are_told_once_that_a_level_is_blocked(
    office: Office, world: World
) -> None:
    world.directory.empty = True
    handle = await office.open_request()

    await office.pass_time(handle, 3 * MINUTE + CLOSE)

    assert world.notices.summary() == [ADMINS]
    assert world.notices.told[0].people == ("UGUS",)  # told directly, where the channel is gone


async def test_without_an_admin_channel_the_card_alone_says_that_a_level_is_blocked(
    office: Office, world: World
) -> None:
    world.directory.empty = True
    handle = await office.open_request(admin_channel="")

    assert world.notices.asked == []
    assert world.cards.shown(handle.id).levels[0].blocked == "no_eligible_approver"


async def test_a_level_that_has_opened_is_not_told_as_blocked_any_more(
    office: Office, world: World
) -> None:
    """Slack was down all the while: what it would have been told is not true any more."""
    world.directory.empty = True
    world.slack.weather = Weather.REFUSING
    handle = await office.open_request(URGED, notify=Notify.NONE)
    await office.pass_time(handle, 2 * MINUTE - CLOSE)
    await office.pass_time(handle, 2 * CLOSE)
    world.directory.empty = False
    await office.do(handle, acts.REFRESH_BY_SLACK)
    await world.until(lambda: "LevelOpened" in world.audit.kinds(handle.id))

    world.slack.answer()
    await office.pass_time(handle, 15 * CLOSE)
    await office.until_idle(handle)

    kinds = world.audit.kinds(handle.id)
    assert kinds == ["RequestSubmitted", "LevelBlocked", "LevelReminded", "LevelOpened"]
    assert world.notices.summary() == []


async def test_the_requester_hears_that_changes_are_wanted(office: Office, world: World) -> None:
    handle = await office.open_request(BOTH)

    await office.do(handle, acts.request_changes("UBORIS"))
    await office.until_idle(handle)

    assert world.notices.summary() == [("changes_wanted", "UANA")]
    assert world.notices.told[0].person == "UANA"


async def test_a_stand_in_is_told_that_they_are_asked(office: Office, world: World) -> None:
    handle = await office.open_request(BOTH)

    await office.do(handle, acts.delegate("UBORIS", "UDORA"))
    await office.until_idle(handle)

    assert world.notices.summary() == [("asked", "UDORA")]


async def test_who_hands_over_to_a_guest_hears_that_it_is_void(
    office: Office, world: World
) -> None:
    world.directory.standings = {"UDORA": Standing.GUEST}
    handle = await office.open_request(BOTH)

    await office.do(handle, acts.delegate("UBORIS", "UDORA"))
    await office.until_idle(handle)

    assert world.notices.summary() == [("delegate_refused", "UBORIS")]
    assert world.notices.told[0].person == "UBORIS"
    assert world.audit.fact(handle.id, "DelegationVoided").rule == "standing_guest"


async def test_a_request_that_passes_by_itself_tells_nobody(office: Office, world: World) -> None:
    handle = await office.request(amount="1000.00")

    await handle.result()

    assert world.notices.asked == []


async def test_a_closed_request_drops_what_it_had_not_begun_to_tell(
    office: Office, world: World
) -> None:
    world.slack.weather = Weather.REFUSING
    handle = await office.open_request(level("crowd", *CROWD[:9]))
    await office.decide(handle, CROWD[0])

    world.slack.answer()
    outcome = await office.end(handle)

    assert outcome.face.status is Status.APPROVED
    assert world.notices.summary() == [("outcome", "UANA")]


async def test_what_falls_due_while_slack_is_down_is_told_once_when_it_is_back(
    office: Office, world: World
) -> None:
    more = Escalation(after=40 * CLOSE, to=acts.sources("UDORA"))
    handle = await office.open_request(
        level("urged", "UBORIS", remind_after=(20 * CLOSE,), escalate=(more,))
    )
    world.slack.weather = Weather.REFUSING
    await office.do(handle, acts.comment("UBORIS"))
    await office.pass_time(handle, MINUTE)
    down = world.notices.summary()

    world.slack.answer()
    await office.pass_time(handle, 30 * CLOSE)
    await office.until_idle(handle)

    reminded = world.audit.fact(handle.id, "LevelReminded").at
    assert world.audit.fact(handle.id, "LevelEscalated").at - reminded == 20 * CLOSE
    assert down == []
    assert sorted(world.notices.summary()) == [("asked", "UDORA"), ("reminded", "UBORIS")]


async def test_reminders_that_slack_missed_are_told_once_and_to_the_silent_only(
    office: Office, world: World
) -> None:
    thrice = (20 * CLOSE, 30 * CLOSE, 40 * CLOSE)
    handle = await office.open_request(
        level("urged", "UBORIS", "UCLARA", quorum=2, remind_after=thrice)
    )
    world.slack.weather = Weather.REFUSING
    await office.do(handle, acts.comment("UBORIS"))
    await office.pass_time(handle, MINUTE)
    await office.decide(handle, "UBORIS")

    world.slack.answer()
    await office.pass_time(handle, 30 * CLOSE)
    await office.until_idle(handle)

    assert world.audit.kinds(handle.id).count("LevelReminded") == 3
    assert world.notices.summary() == [("reminded", "UCLARA")]


async def test_nobody_is_asked_about_what_has_closed_although_a_try_was_made(
    office: Office, world: World
) -> None:
    handle = await office.open_request(SALES, FINANCE)
    world.slack.weather = Weather.REFUSING
    await office.decide(handle, "UBORIS")
    await world.until(lambda: world.notices.asked)
    await office.withdraw(handle)

    world.slack.answer()
    await office.end(handle)

    assert world.notices.summary() == [("outcome", "UANA")]


async def test_a_notice_that_cannot_be_sent_is_in_nobodys_way(office: Office, world: World) -> None:
    """The bot is not in the admins' channel: they hear of it once it is, the requester anyway."""
    world.notices.refused["#approvals-admin"] = NoticeResult(
        problem="slack.not_in_channel", lasting=True
    )
    world.directory.empty = True
    handle = await office.open_request(URGED)
    await office.withdraw(handle)
    await world.until(lambda: ("outcome", "UANA") in world.notices.summary())

    tries = len(world.notices.asked)

    assert tries >= 2


async def test_admins_are_told_when_the_bot_is_invited_at_last(
    office: Office, world: World
) -> None:
    world.notices.refused["#approvals-admin"] = NoticeResult(
        problem="slack.not_in_channel", lasting=True
    )
    world.directory.empty = True
    handle = await office.open_request(level("lost", "UBORIS", expire=None))
    await office.pass_time(handle, MINUTE)
    world.notices.refused.clear()

    await office.pass_time(handle, LONG_RETRY + CLOSE)

    assert world.notices.summary() == [ADMINS]


async def test_who_has_left_slack_is_not_told_for_ever(office: Office, world: World) -> None:
    world.notices.refused["UANA"] = NoticeResult(problem="slack.user_disabled", addressee_gone=True)
    handle = await office.open_request()
    await office.decide(handle, "UBORIS")

    outcome = await office.end(handle)

    assert outcome.face.status is Status.APPROVED
    assert len(world.notices.asked) == 1
