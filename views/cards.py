"""The renderer of each journey, and the card of any snapshot."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from views import (
    approval_card,
    approval_notices,
    hr_card,
    hr_notices,
    level_reply,
    order_card,
    order_notices,
    thread_root,
)
from views.approvers import progress_lines
from views.blocks import Block, Message, button, text_message
from views.card_click import button_value
from views.content import subject_mrkdwn
from views.hr_copy import copy_button, is_copyable
from views.ids import ActionId
from views.levels import state_name
from views.translator import Translator, translator
from workflows.rules.approvals.policy import Layout
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.request import content_from_request
from workflows.rules.hr.snapshot import HrSnapshot, Provisioning
from workflows.rules.journeys import public
from workflows.rules.notice import Notice
from workflows.rules.orders.order import OrderSnapshot, OrderStatus, content
from workflows.rules.shared.card import CardCopy
from workflows.rules.shared.content import Content
from workflows.rules.snapshots import Snapshot

S = TypeVar("S", bound=Snapshot)


class Renderer(ABC, Generic[S]):
    """Shows one snapshot in one language; each journey has a subclass in `RENDERERS`."""

    def __init__(self, snapshot: S, t: Translator) -> None:
        self.snapshot: S = snapshot
        self.t = t

    @property
    @abstractmethod
    def approval(self) -> ApprovalSnapshot | None:
        """The approval, if the snapshot has it."""

    @property
    def is_undecided(self) -> bool:
        """Whether approvers need the card to decide."""
        return False

    @abstractmethod
    def card(self) -> Message:
        """Return the whole card."""

    def thread_root(self) -> Message:
        """Return the card for a channel: the root of the thread, if the policy has that layout."""
        return self.card()

    @abstractmethod
    def notice(self, notice: Notice, link: str) -> Message:
        """Return the message of a notice other than `CARD_NOT_POSTED`."""

    @abstractmethod
    def content(self) -> Content:
        """Return the content of the request."""

    def subject(self) -> str:
        """Return the subject on one line, escaped."""
        return subject_mrkdwn(self.content(), self.t)

    def public_subject(self) -> str:
        """Return the subject as the admins' channel may read it, escaped."""
        return self.subject()

    @abstractmethod
    def status(self) -> str:
        """Return the name of the status."""

    @abstractmethod
    def requested_at(self) -> datetime:
        """Return when the request was made."""

    @abstractmethod
    def next_steps(self, approval: ApprovalSnapshot | None) -> list[str]:
        """Return the next steps; nothing if the status says it all.

        `approval` is that of an order which waits for it.
        """

    @abstractmethod
    def row_button(self) -> Block | None:
        """Return the button next to the request in its requester's list, if there is one."""


class _ApprovalRenderer(Renderer[ApprovalSnapshot]):
    @property
    def approval(self) -> ApprovalSnapshot:
        return self.snapshot

    @property
    def is_undecided(self) -> bool:
        return self.snapshot.is_open

    def card(self) -> Message:
        return approval_card.build(self.snapshot, self.t)

    def thread_root(self) -> Message:
        if self.snapshot.layout is not Layout.THREAD:
            return self.card()
        return thread_root.build(self.snapshot, self.t)

    def notice(self, notice: Notice, link: str) -> Message:
        return approval_notices.build(notice, self.snapshot, link, self.t)

    def content(self) -> Content:
        return self.snapshot.content

    def status(self) -> str:
        return self.t(f"approval.{state_name(self.snapshot)}")

    def requested_at(self) -> datetime:
        return self.snapshot.submitted_at

    def next_steps(self, approval: ApprovalSnapshot | None) -> list[str]:
        return progress_lines(approval or self.snapshot, self.t)

    def row_button(self) -> Block | None:
        if not self.snapshot.is_open:
            return None
        value = button_value(self.snapshot, self.t)
        return button(ActionId.MORE, self.t("button.more"), value)


class _OrderRenderer(Renderer[OrderSnapshot]):
    @property
    def approval(self) -> ApprovalSnapshot | None:
        return self.snapshot.approval

    def card(self) -> Message:
        return order_card.build(self.snapshot, self.t)

    def notice(self, notice: Notice, link: str) -> Message:
        return order_notices.build(notice, self.snapshot, link, self.t)

    def content(self) -> Content:
        return content(self.snapshot.order)

    def subject(self) -> str:
        order = self.snapshot.order
        order_id, customer = self.t.inline(order.order_id, 80), self.t.inline(order.customer, 160)
        return self.t("order.subject", order_id=order_id, customer=customer)

    def public_subject(self) -> str:
        return subject_mrkdwn(self.content(), self.t)

    def status(self) -> str:
        return self.t(f"order.{self.snapshot.status}")

    def requested_at(self) -> datetime:
        return self.snapshot.received_at

    def next_steps(self, approval: ApprovalSnapshot | None) -> list[str]:
        if self.snapshot.status is OrderStatus.AWAITING_APPROVAL and approval is not None:
            return progress_lines(approval, self.t)
        return [self.t(f"order.text.{order_card.state_name(self.snapshot)}")]

    def row_button(self) -> Block:
        return button(ActionId.SHOW, self.t("button.show"), self.snapshot.order.order_id)


class _HrRenderer(Renderer[HrSnapshot]):
    @property
    def approval(self) -> ApprovalSnapshot | None:
        return self.snapshot.approval

    def card(self) -> Message:
        return hr_card.build(self.snapshot, self.t)

    def thread_root(self) -> Message:
        approval = self.snapshot.approval
        if approval is None or approval.layout is not Layout.THREAD:
            return self.card()
        root = replace(approval, card_version=self.snapshot.card_version)
        return thread_root.build(root, self.t, hr_card.provisioning_blocks(self.snapshot, self.t))

    def notice(self, notice: Notice, link: str) -> Message:
        return hr_notices.build(notice, self.snapshot, link, self.t)

    def content(self) -> Content:
        """Return the approved content, which may have been amended."""
        approval = self.snapshot.approval
        return approval.content if approval else content_from_request(self.snapshot.request)

    def public_subject(self) -> str:
        return subject_mrkdwn(Content(title=self.snapshot.title), self.t)

    def status(self) -> str:
        return self.t(f"approval.{self.snapshot.status}")

    def requested_at(self) -> datetime:
        return self.snapshot.received_at

    def next_steps(self, approval: ApprovalSnapshot | None) -> list[str]:  # noqa: ARG002 - decided
        if self.snapshot.provisioning is Provisioning.NOT_NEEDED:
            return []
        state = self.t(f"hr.provisioning.{self.snapshot.provisioning}")
        return [self.t("home.provisioning", state=state)]

    def row_button(self) -> Block | None:
        if not is_copyable(self.snapshot):
            return None
        return copy_button(self.snapshot.request.request_id, self.t)


RENDERERS: Mapping[type[Snapshot], type[Renderer[Any]]] = {
    ApprovalSnapshot: _ApprovalRenderer,
    OrderSnapshot: _OrderRenderer,
    HrSnapshot: _HrRenderer,
}


def renderer(snapshot: Snapshot, t: Translator) -> Renderer[Any]:
    """Return the renderer of the snapshot's journey."""
    return RENDERERS[type(snapshot)](snapshot, t)


def build(snapshot: Snapshot, copy: CardCopy) -> Message:
    """Return the message for one copy of the card, in the policy's language.

    A person's copy is the whole card, or one sentence once the person was taken off. A copy in a channel shows only what is public of a private
    request; in the thread layout it is the root of the thread, with a reply for each level.
    """
    t = translator(snapshot.language)
    if copy.retired:
        subject = renderer(public(snapshot), t).public_subject()
        return text_message(t("card.retired", subject=subject), t)
    if copy.person:
        return renderer(snapshot, t).card()
    channel_renderer = renderer(public(snapshot), t)
    if copy.level and channel_renderer.approval is not None:
        return level_reply.build(channel_renderer.approval, copy.level, copy.revision, t)
    return channel_renderer.thread_root()
