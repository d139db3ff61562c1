"""More snapshots: the actions of users and timers while a request is open."""

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
    found,
    opened,
    request,
    snapshot,
    with_reading,
)
from workflows.rules.approvals import administration, amendment, approval, delegation
from workflows.rules.approvals.policy import LevelRule, Policy, Quorum, ReasonRule
from workflows.rules.approvals.request import (
    Amendment,
    ApprovalState,
    Closing,
    Comment,
    Delegation,
    Reassigned,
    Verdict,
)
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.people.actors import (
    Absence,
    Actor,
    ApproverSource,
    DirectoryResult,
    Member,
    Origin,
    SourceKind,
    Standing,
)
from workflows.rules.shared.content import Content

DORA = Actor(person="U0DORA", origin=Origin.SLACK)
GUS = Actor(person="U0GUS", origin=Origin.SLACK)
LAPTOPS = Content(
    title="Three laptops",
    text="For the new colleagues in Basel.",
    amount=usd("4500.00"),
    links=("https://shop.example/cart?id=7&page=2", "https://wiki.example/laptops"),
)


def changes_requested() -> ApprovalState:
    state = decided(opened(request(LAPTOPS)), CLARA, Verdict.REQUEST_CHANGES, "Two are enough.")
    assert state.change_request is not None
    return state


def waits_for_changes() -> ApprovalSnapshot:
    return snapshot(changes_requested(), 2)


def _amendment() -> Amendment:
    content = replace(
        LAPTOPS, title="Two laptops", text="", amount=usd("3000.00"), links=LAPTOPS.links[:1]
    )
    return Amendment(actor=ANA, content=content, content_revision=1)


def amended() -> ApprovalSnapshot:
    """Return a request that was amended after one approval and a request for changes."""
    rules = examples.policy(examples.level_rule("sales", 2))
    state = decided(opened(request(LAPTOPS, rules)), BORIS)
    state = decided(state, CLARA, Verdict.REQUEST_CHANGES, "Two are enough.")
    state = amendment.amend(state, _amendment(), NOW).state
    return snapshot(
        with_reading(examples.with_open_level(state), examples.people("U0BORIS", "U0CLARA")), 5
    )


def between_levels() -> ApprovalSnapshot:
    return snapshot(amendment.amend(changes_requested(), _amendment(), NOW).state, 4)


def _away(*absences: Absence) -> DirectoryResult:
    dora = Member(person="U0DORA", source="", standing=Standing.ACTIVE)
    return replace(examples.people("U0BORIS", "U0CLARA"), absences=absences, people=(dora,))


def _with_delegate(quorum: int) -> ApprovalState:
    """Return a request in which Dora is the delegate of Boris, away now, and of Clara, away later."""
    rules = examples.policy(examples.level_rule("sales", quorum))
    state = examples.with_open_level(approval.submit(request(LAPTOPS, rules), NOW).state, 60 * 24)
    hour = timedelta(hours=1)
    now = Absence(person="U0BORIS", delegate="U0DORA", starts=NOW - hour, ends=NOW + 5 * hour)
    later = Absence(person="U0CLARA", delegate="U0DORA", starts=NOW + hour, ends=NOW + 9 * hour)
    return with_reading(state, _away(now, later))


def delegates() -> ApprovalSnapshot:
    return snapshot(_with_delegate(2), 2)


def reassigned() -> ApprovalSnapshot:
    """Return a request whose approvers an admin reassigned with a reason."""
    before = delegated()
    level = replace(
        before.levels[-1],
        reassigned=Reassigned(person="U0FAY", reason="Both <are> away", at=NOW),
    )
    return replace(before, levels=(level,))


def delegated() -> ApprovalSnapshot:
    state = opened(request(LAPTOPS))
    handed = Delegation(actor=BORIS, delegate="U0DORA")
    state = delegation.delegate(state, handed, NOW).state
    return snapshot(with_reading(state, _away()), 2)


def on_behalf() -> ApprovalSnapshot:
    return snapshot(decided(_with_delegate(2), DORA, reason="As Boris wanted."), 3)


def approved_on_behalf() -> ApprovalSnapshot:
    return snapshot(decided(_with_delegate(1), DORA, reason="As Boris wanted."), 3)


def _several_sources() -> Policy:
    written = (
        ApproverSource(kind=SourceKind.GROUP, value="sales-leads"),
        ApproverSource(kind=SourceKind.MANAGER, value="1"),
        ApproverSource(kind=SourceKind.USER, value="U0BORIS"),
    )
    return examples.policy(LevelRule(name="sales", approvers=written, quorum=Quorum(count=2)))


def several_sources() -> ApprovalSnapshot:
    """Return a request with three sources, two reminders and an escalation."""
    state = approval.submit(request(LAPTOPS, _several_sources()), NOW).state
    state = examples.with_open_level(state)
    members = [
        Member(person=person, source=source, standing=Standing.ACTIVE)
        for person, source in (
            ("U0CLARA", "group:sales-leads"),
            ("U0EMIL", "group:sales-leads"),
            ("U0FAY", "manager"),
            ("U0BORIS", "user:U0BORIS"),
        )
    ]
    open_ = snapshot(with_reading(state, found(*members)), 6)
    return replace(open_, levels=(replace(open_.levels[0], reminders=2, escalations=1),))


def unreadable() -> ApprovalSnapshot:
    state = approval.submit(request(LAPTOPS, _several_sources()), NOW).state
    reading = found(unreadable=("group:sales-leads", "manager"))
    return snapshot(with_reading(examples.with_open_level(state), reading), 2)


def commented() -> ApprovalSnapshot:
    return _commented_by(ANA, BORIS, CLARA, BORIS)


def discussed() -> ApprovalSnapshot:
    """An approver and the requester comment."""
    return _commented_by(BORIS, ANA)


def _commented_by(*people: Actor) -> ApprovalSnapshot:
    state = opened(request(LAPTOPS))
    for number, who in enumerate(people):
        remark = Comment(actor=who, text=f"Remark {number}: *see* <https://evil.example|here>")
        state = approval.comment(state, remark, NOW + timedelta(minutes=number)).state
    return snapshot(state, 5)


def admin_closed() -> ApprovalSnapshot:
    closing = Closing(actor=GUS, reason="Ordered twice by mistake.")
    return snapshot(administration.close_request(opened(request(LAPTOPS)), closing, NOW).state, 2)


def reason_required() -> ApprovalSnapshot:
    rule = replace(examples.level_rule(), approve_reason=ReasonRule.REQUIRED)
    return snapshot(opened(request(LAPTOPS, examples.policy(rule))), 1)


def two_approved() -> ApprovalSnapshot:
    """Return a closed request with one level that took two approvals; the outcome shows one of them."""
    rules = examples.policy(examples.level_rule("sales", 2))
    state = decided(opened(request(LAPTOPS, rules)), BORIS, reason="Go ahead.")
    return snapshot(decided(state, CLARA, reason="Fine."), 3)


STATES = {
    make.__name__: make
    for make in (
        *(waits_for_changes, amended, between_levels, delegates, delegated, reassigned, on_behalf),
        *(approved_on_behalf, several_sources, unreadable, commented, admin_closed),
        *(reason_required, two_approved),
    )
}
