"""The *More…* modal: the whole request, and the verbs that this person may use now."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from views.approval_card import details
from views.blocks import (
    Block,
    View,
    button,
    confirm,
    message_modal,
    modal,
    problem_blocks,
    text_block,
)
from views.card_click import Click, ClickContext, context_of, metadata, pressed, with_snapshot
from views.content import subject
from views.ids import ActionId, BlockId
from views.levels import is_decidable
from views.outcome import short_outcome
from views.payload import UnreadablePayloadError, actor_id, from_json, text_at
from views.translator import Translator
from workflows.rules.approvals.request import Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.verbs import Verb
from workflows.rules.messages import Menu

_STYLES = {Verb.APPROVE: "primary", Verb.REJECT: "danger"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A verb chosen in the modal. The view's hash keeps a late answer from replacing a newer view."""

    verb: Verb
    context: ClickContext
    person: str
    view_id: str
    view_hash: str
    action_ts: str


def opening(click: Click, t: Translator) -> View:
    """Return the modal shown while the request is looked up; it opens before any lookup."""
    text = t("more.opening", subject=t.inline(click.subject, 200))
    return _modal([text_block(BlockId.NOTICE, text, t)], context_of(click), t)


def menu(
    context: ClickContext,
    menu: Menu,
    t: Translator,
    sentence: str = "",
) -> View:
    """Return the request and the person's verbs, with a `sentence` (already escaped) at the top."""
    snapshot = replace(menu.face, mention_approvers=True)
    blocks = problem_blocks(sentence, t)
    blocks += details(snapshot, t)
    if menu.verbs:
        blocks.append(text_block(BlockId.VERB, t("more.verbs"), t))
        blocks += [_verb_block(verb, snapshot, t) for verb in menu.verbs]
    else:
        blocks.append(text_block(BlockId.VERB, _nothing_text(snapshot, t), t))
    return _modal(blocks, with_snapshot(context, menu.face, t), t)


def message(sentence: str, t: Translator) -> View:
    """Return a modal with one text, already escaped, and a Close button."""
    return message_modal(t("more.title"), sentence, t)


def _modal(blocks: list[Block], context: ClickContext, t: Translator) -> View:
    return modal(
        t("more.title"), blocks, t, close=t("verb.close"), private_metadata=metadata(context)
    )


def _verb_block(verb: Verb, snapshot: ApprovalSnapshot, t: Translator) -> Block:
    block = text_block(f"{BlockId.VERB}-{verb}", t(f"verb.{verb}.menu"), t)
    block["accessory"] = button(
        ActionId.CHOOSE,
        t(f"verb.{verb}.button"),
        verb.value,
        style=_STYLES.get(verb, ""),
        confirm=_confirm(snapshot, t) if verb is Verb.REFRESH else None,
    )
    return block


def _confirm(snapshot: ApprovalSnapshot, t: Translator) -> Block:
    """Return the dialog of REFRESH, the one verb without a form."""
    text = t("confirm.refresh.text", subject=subject(snapshot.content, 120, t))
    title, agree = t("confirm.refresh.title"), t("verb.refresh.button")
    return confirm(title, text, agree, t)


def _nothing_text(snapshot: ApprovalSnapshot, t: Translator) -> str:
    """Return why this person can do nothing now, and what comes next."""
    if not snapshot.is_open:
        return t("more.nothing.closed", outcome=short_outcome(snapshot, t))
    if snapshot.status is Status.CHANGES_REQUESTED:
        return t("more.nothing.changes")
    if not is_decidable(snapshot):
        return t("more.nothing.blocked")
    ends = snapshot.levels[-1].expires_at
    key = "more.nothing.open" if ends is None else "more.nothing.open.until"
    return t(key, when=t.date(ends) if ends else "")


def parse_choice(body: Mapping[str, object]) -> Choice:
    """Read the `block_actions` payload of a button in this modal.

    Raises:
        UnreadablePayloadError: the payload is not one, or a required part is missing or not ours.

    """
    action = pressed(body)
    if text_at(action, "action_id") != ActionId.CHOOSE:
        raise UnreadablePayloadError("action_id")
    verb, action_ts = text_at(action, "value"), text_at(action, "action_ts")
    if verb not in frozenset(Verb):
        raise UnreadablePayloadError("value")
    view_id = text_at(body, "view", "id")
    if not view_id or not action_ts:
        raise UnreadablePayloadError("action_ts" if view_id else "view.id")
    return Choice(
        verb=Verb(verb),
        context=from_json(
            text_at(body, "view", "private_metadata"), ClickContext, "private_metadata"
        ),
        person=actor_id(body),
        view_id=view_id,
        view_hash=text_at(body, "view", "hash"),
        action_ts=action_ts,
    )
