"""Two-level requests in the thread layout, made by the rules, with the replies of each state."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from tests.views import examples
from tests.views.contents import usd
from tests.views.examples import (
    ANA,
    BORIS,
    CLARA,
    NOW,
    decided,
    opened,
    request,
    with_open_level,
    with_reading,
)
from views import cards
from views.blocks import Message
from workflows.rules.approvals import amendment, approval
from workflows.rules.approvals.policy import Layout, Policy, Visibility
from workflows.rules.approvals.request import Amendment, ApprovalState, Verdict, Withdrawal
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.people.actors import Actor, Origin, Standing
from workflows.rules.shared.card import CardCopy
from workflows.rules.shared.content import Content

DINA = Actor(person="U0DINA", origin=Origin.SLACK)
WISH = Content(
    title="Three weeks in June",
    text="My sister gets married in Lima, and my father is ill.",
    amount=usd("1200.00"),
    links=("https://family.example/wedding?id=7",),
)
REPLIES = ((1, 1), (2, 1))

Written = tuple[ApprovalState, tuple[tuple[int, int], ...]]


def policy(visibility: Visibility = Visibility.CHANNEL) -> Policy:
    rules = examples.policy(
        examples.level_rule("manager", 1, "U0BORIS", "U0CLARA"),
        examples.level_rule("hr", 1, "U0DINA"),
    )
    return replace(
        rules,
        name="time_off",
        title="Time off",
        channel="#hr-requests",
        layout=Layout.THREAD,
        visibility=visibility,
    )


def _opened(rules: Policy) -> ApprovalState:
    return approval.submit(request(WISH, rules), NOW).state


def opening(rules: Policy) -> Written:
    return with_open_level(_opened(rules)), ()


def first(rules: Policy) -> Written:
    return opened(request(WISH, rules)), REPLIES[:1]


def second(rules: Policy) -> Written:
    state = decided(opened(request(WISH, rules)), BORIS, reason="You have earned it.")
    return with_reading(with_open_level(state, 9), examples.people("U0DINA")), REPLIES


def between(rules: Policy) -> Written:
    return decided(opened(request(WISH, rules)), BORIS), REPLIES[:1]


def approved(rules: Policy) -> Written:
    return decided(second(rules)[0], DINA), REPLIES


def rejected(rules: Policy) -> Written:
    reason = "Your father's illness is family leave, not time off."
    return decided(second(rules)[0], DINA, Verdict.REJECT, reason), REPLIES


def withdrawn(rules: Policy) -> Written:
    taken_back = Withdrawal(actor=ANA, reason="The wedding is called off.")
    return approval.withdraw(first(rules)[0], taken_back, NOW).state, REPLIES[:1]


def waits_for_changes(rules: Policy) -> Written:
    state = decided(first(rules)[0], CLARA, Verdict.REQUEST_CHANGES, "Only in May, please.")
    return state, REPLIES[:1]


def amended(rules: Policy) -> Written:
    """Return a request amended at its second level: both replies are voided, and there is a third."""
    content = replace(WISH, title="Two weeks in May", amount=usd("1100.00"))
    change = Amendment(actor=ANA, content=content, content_revision=1)
    state = amendment.amend(second(rules)[0], change, NOW + timedelta(minutes=2)).state
    state = with_reading(with_open_level(state), examples.people("U0BORIS", "U0CLARA"))
    return state, (*REPLIES, (1, 2))


def blocked(rules: Policy) -> Written:
    """Return a request without approvers at its first level, which has no reply."""
    state, _ = opening(rules)
    return with_reading(state, examples.people("U0IVAN", standing=Standing.DEACTIVATED)), ()


def blocked_again(rules: Policy) -> Written:
    """Return a request whose only approver has left: its reply has only *View Details*."""
    state, replies = second(rules)
    level = replace(state.levels[-1], blocked="no_eligible_approver", eligible=())
    return replace(state, levels=(*state.levels[:-1], level)), replies


STATES: dict[str, Callable[[Policy], Written]] = {
    make.__name__: make
    for make in (
        *(opening, first, between, second, approved, rejected, withdrawn, waits_for_changes),
        *(amended, blocked, blocked_again),
    )
}


def face_of(make: Callable[[Policy], Written], visibility: Visibility) -> ApprovalSnapshot:
    return examples.snapshot(make(policy(visibility))[0])


def thread(make: Callable[[Policy], Written], visibility: Visibility) -> dict[str, Message]:
    """Return every message of the thread, and the copy in an approver's direct messages."""
    state, replies = make(policy(visibility))
    snapshot = examples.snapshot(state)
    return {
        name: cards.build(snapshot, copy)
        for name, copy in copies(snapshot.channel, *replies).items()
    }


def copies(channel: str, *replies: tuple[int, int]) -> dict[str, CardCopy]:
    root = CardCopy(channel=channel, key="k")
    return {
        "root": root,
        **{
            f"level {level} of revision {revision}": replace(root, level=level, revision=revision)
            for level, revision in replies
        },
        "direct": replace(root, channel="U0HANA", person="U0HANA"),
    }
