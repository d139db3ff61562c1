"""Snapshots of any shape, with any text that a user may type.

Hypothesis draws the texts, which it can shrink, and a seed that distributes them: drawing every part
of a snapshot separately would take minutes.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from hypothesis import strategies as st

from tests.views import examples
from tests.views.contents import usd
from workflows.rules.approvals.policy import Layout, RouteReason
from workflows.rules.approvals.request import (
    ChangeRequest,
    Delegate,
    Reassigned,
    RecordedDecision,
    Remark,
    RequestKind,
    Status,
    Verdict,
)
from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot, NamedApprover
from workflows.rules.orders.order import (
    Cancelled,
    OrderLine,
    OrderSnapshot,
    OrderStatus,
    Step,
    StepName,
    Stuck,
)
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.content import Content, ContentChange, ContentField
from workflows.rules.shared.failure import Failure
from workflows.rules.shared.saga import StepStatus

TRAPS = (
    *("<!channel>", "<!here|x>", "<@U0EVE>", "<#C0SECRET>", "<https://evil.example|x>", "*bold*"),
    *("_it_", "~no~", "`rm`", "```", "&", "&amp;", "&lt;!channel&gt;", "<", ">", "\n> quote"),
    *(":tada:", "@here", "\u202e", "\x00", "\ud800", "{title}", "{0}", "%s", "😀", "\n", '"'),
    *("\\", " ", "a", "x_y"),
)
pieces = st.lists(st.sampled_from(TRAPS) | st.text(max_size=8), max_size=8).map("".join)
texts = st.builds(
    lambda piece, times: (piece * times)[:6000],
    piece=pieces,
    times=st.sampled_from((1, 1, 1, 40, 3000)),
)
pools = st.lists(texts, min_size=1, max_size=4)
LINKS = ("https://shop.example/orders?id=7&page=2", "http://a.example/" + "x" * 470, "ftp://no")
SOURCES = ("group:sales-leads", "manager", "manager:2", "email:dora@example.com", "user:U0BORIS")
PEOPLE = ("U0BORIS", "W0HANA", "", "<!channel>")


class AnySnapshot:
    """Fills snapshots with texts from a pool, the same way for the same seed."""

    def __init__(self, pool: Sequence[str], seed: int) -> None:
        self._pool = pool
        self._random = Random(seed)  # noqa: S311 - a layout, no secret

    def text(self) -> str:
        return self._random.choice(self._pool)

    def person(self) -> str:
        return self._random.choice((*PEOPLE, self.text()))

    def actor(self) -> Actor:
        operator = self._random.choice(("", self.text()))
        return Actor(person=self.person(), origin=Origin.CLI, operator=operator)

    def instant(self) -> datetime:
        return examples.NOW + timedelta(seconds=self._random.randrange(10**6))

    def maybe_instant(self) -> datetime | None:
        return self._random.choice((None, self.instant()))

    def content(self) -> Content:
        count = self._random.choice((0, 1, 10, 25))
        return Content(
            title=self.text(),
            text=self.text(),
            fields=tuple(ContentField(label=self.text(), value=self.text()) for _ in range(count)),
            amount=self._random.choice((None, usd("1500.00"))),
            links=tuple(self.link() for _ in range(self._random.choice((0, 1, 5)))),
        )

    def link(self) -> str:
        return self._random.choice((*LINKS, self.text()))

    def source(self) -> str:
        return self._random.choice((*SOURCES, self.text()))

    def stand_in(self) -> Delegate:
        starts, ends = self.maybe_instant(), self.maybe_instant()
        return Delegate(person=self.person(), seat=self.person(), starts=starts, ends=ends)

    def content_change(self) -> ContentChange:
        parts = ("title", "text", "amount", "links", f"field:{self.text()}", self.text())
        part = self._random.choice(parts)
        return ContentChange(part=part, before=self.text(), after=self.text())

    def change_request(self) -> ChangeRequest:
        return ChangeRequest(person=self.person(), reason=self.text(), at=self.instant())

    def remark(self) -> Remark:
        return Remark(person=self.person(), text=self.text(), at=self.instant())

    def level(self, number: int) -> LevelSnapshot:
        codes = ("", "", "approvers_unread", "approvers_unreadable", self.text())
        eligible = tuple(self.person() for _ in range(self._random.choice((0, 1, 2, 30))))
        return LevelSnapshot(
            number=number,
            name=self.text(),
            sources=tuple(self.source() for _ in range(self._random.randrange(12))),
            unreadable=tuple(self.source() for _ in range(self._random.choice((0, 1, 12)))),
            eligible=eligible,
            asked=tuple(NamedApprover(person=person, source=self.source()) for person in eligible),
            delegates=tuple(self.stand_in() for _ in range(self._random.choice((0, 1, 12)))),
            needed=self._random.randrange(1, 30),
            blocked=self._random.choice(codes),
            expires_at=self.maybe_instant(),
            decisions=tuple(self.decision() for _ in range(self._random.choice((0, 1, 20)))),
            passed=self._random.random() < 0.3,
            reminders=self._random.choice((0, 1, 9)),
            escalations=self._random.choice((0, 1, 9)),
            reassigned=self._random.choice((None, self.reassigned())),
            approve_reason_required=self._random.random() < 0.5,
            reject_reason_required=self._random.random() < 0.5,
        )

    def reassigned(self) -> Reassigned:
        return Reassigned(person=self.person(), reason=self.text(), at=self.instant())

    def decision(self) -> RecordedDecision:
        return RecordedDecision(
            person=self.person(),
            verdict=self._random.choice(list(Verdict)),
            reason=self.text(),
            at=self.instant(),
            seat=self.person(),
        )

    def approval(self, status: Status | None = None) -> ApprovalSnapshot:
        count = self._random.choice((0, 1, 2, 9))
        rules = ("quorum", "reject_quorum", "expire_after", "", self.text())
        return ApprovalSnapshot(
            request_id="ORD-7K2M4QXA",
            policy=self.text(),
            currency=self._random.choice(("", "USD")),
            title=self.text(),
            channel=self.text(),
            admin_channel=self.text(),
            language=self._random.choice(("en", "de")),
            mention_approvers=self._random.random() < 0.7,
            requester=self.actor(),
            content=self.content(),
            status=status or self._random.choice(list(Status)),
            rule=self.rule(),
            levels=tuple(self.level(number) for number in range(1, count + 1)),
            levels_in_all=self._random.choice((9, 9, 30)),
            content_revision=self._random.randrange(1, 99),
            changes=tuple(self.content_change() for _ in range(self._random.choice((0, 1, 20)))),
            change_request=self._random.choice((None, self.change_request())),
            amendable=self._random.random() < 0.5,
            voided=self._random.choice((0, 1, 7)),
            comments=self._random.choice((0, 1, 3, 4000)),
            remarks=tuple(self.remark() for _ in range(self._random.choice((0, 1, 3)))),
            card_version=self._random.randrange(999),
            submitted_at=self.instant(),
            changed_at=self.instant(),
            closed_at=self.maybe_instant(),
            closed_by=self._random.choice((None, self.actor())),
            closing_rule=self._random.choice(rules),
            closing_reason=self.text(),
            about=self._random.choice(list(RequestKind)),
            layout=self._random.choice(list(Layout)),
            level_names=tuple(self.text() for _ in range(self._random.choice((0, 1, 9, 30)))),
            private=self._random.random() < 0.5,
        )

    def rule(self) -> RouteReason:
        limit = self._random.choice((None, usd("1000.00")))
        over = self._random.choice((None, usd("1000.00")))
        return RouteReason(policy=self.text(), over=over, up_to=limit)

    def decidable(self) -> ApprovalSnapshot:
        snapshot = self.approval(Status.PENDING)
        level = replace(self.level(len(snapshot.levels) + 1), blocked="", passed=False)
        return replace(snapshot, levels=(*snapshot.levels, level))

    def failure(self) -> str:
        codes = ("out_of_stock", "card_expired", "not_in_time", self.text())
        names = ("sku", "wanted", "left", "expiry", "status")
        failure = Failure(
            code=self._random.choice(codes), data={name: self.text() for name in names}
        )
        return self._random.choice((str(failure), self.text()))

    def step(self, name: StepName) -> Step:
        status = self._random.choice(list(StepStatus))
        return Step(name=name, status=status, reference=self.text(), error=self.failure())

    def cancelled(self) -> Cancelled:
        return Cancelled(actor=self.actor(), reason=self.text(), at=self.instant())

    def stuck(self) -> Stuck:
        step = self._random.choice(list(StepName))
        return Stuck(step=step, error=self.failure(), since=self.instant())

    def order(self) -> OrderSnapshot:
        price = usd("9999999999999.99")
        return OrderSnapshot(
            order=replace(
                examples.THE_ORDER,
                customer=self.text(),
                note=self.text(),
                lines=tuple(
                    OrderLine(sku=self.text(), quantity=9999, unit_price=price, name=self.text())
                    for _ in range(self._random.choice((1, 10, 25)))
                ),
            ),
            requester=self.actor(),
            title=self.text(),
            channel=self.text(),
            language=self._random.choice(("en", "de")),
            status=self._random.choice(list(OrderStatus)),
            approval=self._random.choice((None, self.approval())),
            steps=tuple(self.step(name) for name in StepName),
            failure=self.failure(),
            ending=self._random.choice((OrderStatus.FAILED, OrderStatus.CANCELLED)),
            cancelled=self._random.choice((None, self.cancelled())),
            is_cancellable=self._random.random() < 0.5,
            stuck=self._random.choice((None, self.stuck())),
            payment_due=self.maybe_instant(),
            estimated_delivery=self.maybe_instant(),
            mail_problem=self._random.choice(("", "mail.off", self.text())),
            card_version=self._random.randrange(999),
            received_at=self.instant(),
            changed_at=self.instant(),
            ended_at=self.maybe_instant(),
        )


any_snapshots = st.builds(AnySnapshot, pool=pools, seed=st.integers(0, 10**6))
