"""The card of an HR request after its approval: the outcome, and the steps to carry it out.

All private content comes from `snapshot.approval`. If that is the public snapshot of the approval,
the card shows nothing private.
"""

from views.approval_card import details_row
from views.blocks import Block, Limits, Message, fields, fit_card, header, text_block
from views.content import content_blocks
from views.footer import footer
from views.ids import BlockId
from views.levels import level_blocks
from views.outcome import outcome_blocks
from views.people import actor_text
from views.translator import Translator
from workflows.rules.approvals.request import Status
from workflows.rules.ended_outside import ENDED_OUTSIDE, is_ended_outside
from workflows.rules.hr.snapshot import HrSnapshot, HrStep, Provisioning


def build(snapshot: HrSnapshot, t: Translator) -> Message:
    """Return the card. It has no decision buttons; *View details* shows its private content."""
    return Message(
        text=summary(snapshot, t),
        blocks=fit_card(lambda limits: _blocks(snapshot, limits, t), snapshot.card_version),
    )


def summary(snapshot: HrSnapshot, t: Translator) -> str:
    """Return the card in one sentence, for notifications."""
    return t(
        "hr.text",
        type=_type_text(snapshot, t),
        requester=actor_text(snapshot.requester, t),
        state=_state_text(snapshot, t),
    )


def _state_text(snapshot: HrSnapshot, t: Translator) -> str:
    undecided = snapshot.status is Status.ADMIN_CLOSED
    return t(
        f"approval.{ENDED_OUTSIDE if undecided and is_ended_outside(snapshot) else snapshot.status}"
    )


def provisioning_blocks(snapshot: HrSnapshot, t: Translator) -> list[Block]:
    """Return the steps with their states, and whether one failed; nothing in them is private."""
    if not snapshot.steps and snapshot.provisioning is not Provisioning.FAILED:
        return []
    lines = [t("hr.steps"), *(_step_line(step, t) for step in snapshot.steps)]
    blocks = [text_block(BlockId.STEPS, "\n".join(lines), t)] if snapshot.steps else []
    if snapshot.provisioning is Provisioning.FAILED:
        key = "hr.ended_outside.card" if is_ended_outside(snapshot) else "hr.failed.card"
        text = t(key, requester=actor_text(snapshot.requester, t))
        blocks.append(text_block(BlockId.FAILURE, text, t))
    return blocks


def _blocks(snapshot: HrSnapshot, limits: Limits, t: Translator) -> list[Block]:
    approval = snapshot.approval
    approval_blocks: list[Block] = []
    if approval is not None:
        approval_blocks = [
            *content_blocks(approval.content, limits, t),
            *level_blocks(approval, limits, t),
            *outcome_blocks(approval, limits, t),
        ]
    details = details_row(approval, t) if approval is not None else []
    title = t.clip_plain(" ".join(snapshot.title.split()), 100) or _type_text(snapshot, t)
    return [
        header(BlockId.HEADER, title, t),
        _summary_fields(snapshot, t),
        *approval_blocks,
        *provisioning_blocks(snapshot, t),
        *details,
        _footer(snapshot, t),
    ]


def _summary_fields(snapshot: HrSnapshot, t: Translator) -> Block:
    pairs = [
        (t("field.type"), _type_text(snapshot, t)),
        *_amount_field(snapshot, t),
        (t("hr.requester"), actor_text(snapshot.requester, t)),
        (t("hr.state"), _state_text(snapshot, t)),
        (t("hr.provisioning"), t(f"hr.provisioning.{snapshot.provisioning}")),
    ]
    return fields(BlockId.SUMMARY, pairs, t)


def _amount_field(snapshot: HrSnapshot, t: Translator) -> list[tuple[str, str]]:
    """Return the amount; the public snapshot of a private request has none."""
    amount = snapshot.request.amount
    return [] if amount is None else [(t("approval.field.amount"), t.money(amount))]


def _type_text(snapshot: HrSnapshot, t: Translator) -> str:
    return t(f"hr.type.{snapshot.request.type}")


def _step_line(step: HrStep, t: Translator) -> str:
    return t(
        "hr.step.line",
        mark=t(f"order.step.mark.{step.status}"),
        name=t(f"hr.step.{step.name}"),
        state=t(f"order.step.state.{step.status}"),
    )


def _footer(snapshot: HrSnapshot, t: Translator) -> Block:
    request_id = t.inline(snapshot.request.request_id, 80)
    text = t("hr.foot", request_id=request_id, when=t.date(snapshot.received_at))
    return footer(snapshot.request.request_id, text, t)
