"""The form that decides several requests at once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from views import notices
from views.blocks import (
    SECTION,
    VIEW,
    Block,
    Limits,
    View,
    divider,
    field,
    json_size,
    message_modal,
    modal,
    note,
    plain,
    text_block,
    text_input,
)
from views.card_click import ClickContext, level_number
from views.content import amount_text, is_shortened, subject, subject_mrkdwn
from views.home_rows import ToDecide, request_blocks
from views.ids import BlockId, CallbackId, InputId
from views.inputs import radio_input
from views.payload import (
    UnreadablePayloadError,
    actor_id,
    from_json,
    input_value,
    mapping_at,
    mappings_at,
    text_at,
)
from views.people import actor_text
from views.translator import Translator
from workflows.rules.approvals.request import Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.transitions import require_short
from workflows.rules.shared.content import content_digest
from workflows.rules.shared.errors import RuleError

MOST = 10
"""The most checkboxes that Slack accepts in one input."""
_DIGEST = 8
_SUBJECT = 40
_VERDICTS = (Verdict.APPROVE, Verdict.REJECT)
_GENEROUS = Limits(
    text=SECTION,
    fields=2900,
    field=300,
    links=2600,
)
_LIMITS_TO_TRY = (_GENEROUS, replace(_GENEROUS, text=600, fields=600, links=600))


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkItem:
    """A request as the form showed it; a decision counts for this revision only."""

    number: int
    request_id: str
    content_revision: int
    level: int
    card_version: int
    approve_reason: bool
    reject_reason: bool
    subject: str

    def needs_reason(self, verdict: Verdict) -> bool:
        """Return whether the policy requires a reason for this verdict."""
        return self.approve_reason if verdict is Verdict.APPROVE else self.reject_reason

    @property
    def context(self) -> ClickContext:
        """The context of a decision on this request; it has no message, as the form opens on the App Home."""
        return ClickContext(
            request_id=self.request_id,
            content_revision=self.content_revision,
            level=self.level,
            card_version=self.card_version,
            currency="",
            subject=self.subject,
            channel="",
            message_ts="",
            thread_ts="",
            response_url="",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkSubmission:
    """A submitted form: one verdict and one reason for all ticked requests."""

    items: tuple[BulkItem, ...]
    verdict: Verdict
    reason: str
    person: str
    view_id: str
    view_hash: str


def opening(t: Translator) -> View:
    """Return the modal shown while the requests are looked up; it opens before any lookup."""
    return _message(t("bulk.opening"), t)


def form(rows: Sequence[ToDecide], t: Translator) -> View:
    """Return the form for at most ten requests that this person may decide."""
    visible = rows[:MOST]
    if not visible:
        return _message(t("bulk.none"), t)
    view: View = {}
    for limits in _LIMITS_TO_TRY:
        view = _form(visible, limits, t)
        if json_size(view) <= VIEW:
            break
    return view


def _form(rows: Sequence[ToDecide], limits: Limits, t: Translator) -> View:
    items = [_item(row.snapshot, number, t) for number, row in enumerate(rows, start=1)]
    blocks: list[Block] = [text_block(BlockId.NOTICE, t("bulk.what"), t)]
    for row, item in zip(rows, items, strict=True):
        blocks += [
            divider(f"{BlockId.DIVIDER}-{item.number}"),
            *_item_blocks(row.snapshot, item, limits, t),
        ]
    verdicts = [(verdict.value, t(f"bulk.verdict.{verdict}")) for verdict in _VERDICTS]
    return modal(
        t("bulk.title"),
        [
            *blocks,
            divider(BlockId.DIVIDER),
            _chosen_input([row.snapshot for row in rows], items, t),
            radio_input(InputId.VERDICT, t("bulk.verdict"), verdicts, Verdict.APPROVE.value, t),
            text_input(
                InputId.REASON,
                t("bulk.reason"),
                t,
                hint=t("bulk.reason.hint"),
                multiline=True,
                optional=True,
            ),
        ],
        t,
        submit=t("bulk.submit"),
        close=t("verb.cancel"),
        callback_id=CallbackId.BULK,
        private_metadata=_written(items),
    )


def _item(snapshot: ApprovalSnapshot, number: int, t: Translator) -> BulkItem:
    level = snapshot.levels[-1]
    return BulkItem(
        number=number,
        request_id=snapshot.request_id,
        content_revision=snapshot.content_revision,
        level=level_number(snapshot),
        card_version=snapshot.card_version,
        approve_reason=level.approve_reason_required,
        reject_reason=level.reject_reason_required,
        subject=subject(snapshot.content, _SUBJECT, t),
    )


def _item_blocks(
    snapshot: ApprovalSnapshot, item: BulkItem, limits: Limits, t: Translator
) -> list[Block]:
    level = snapshot.levels[-1]
    title = t(
        "bulk.item",
        number=item.number,
        title=t.inline(snapshot.title, 80),
        subject=subject_mrkdwn(snapshot.content, t),
        amount=amount_text(snapshot.content.amount, t),
        requester=actor_text(snapshot.requester, t),
        level=level.number,
        in_all=snapshot.levels_in_all,
        name=t.inline(level.name, 80),
        digest=_digest(snapshot),
    )
    notes = []
    if verdicts := [verdict for verdict in _VERDICTS if item.needs_reason(verdict)]:
        labels = t.list([t(f"bulk.verdict.{verdict}") for verdict in verdicts])
        notes.append(t("bulk.item.reason", verdicts=labels))
    if is_shortened(snapshot.content, limits, t):
        notes.append(t("bulk.item.shortened"))
    return [
        text_block(f"{BlockId.ITEM}-{item.number}", title, t),
        *request_blocks(snapshot, limits, item.number, t),
        *(note(f"{BlockId.FOOTER}-{item.number}-{at}", text, t) for at, text in enumerate(notes)),
    ]


def _digest(snapshot: ApprovalSnapshot) -> str:
    """Return the beginning of the content digest to which a decision is bound."""
    return content_digest(snapshot.content)[:_DIGEST]


def _chosen_input(
    snapshots: Sequence[ApprovalSnapshot], items: Sequence[BulkItem], t: Translator
) -> Block:
    options = []
    for snapshot, item in zip(snapshots, items, strict=True):
        label = t("bulk.option", number=item.number, subject=item.subject)
        about = t("bulk.option.about", level=item.level, digest=_digest(snapshot))
        options.append(
            {
                "text": plain(label, 75, t),
                "description": plain(about, 75, t),
                "value": str(item.number),
            }
        )
    element: Block = {"type": "checkboxes", "action_id": InputId.CHOSEN, "options": options}
    return field(InputId.CHOSEN, element, t("bulk.chosen"), t, optional=False)


def _written(items: Sequence[BulkItem]) -> str:
    return json.dumps([asdict(item) for item in items], ensure_ascii=False, separators=(",", ":"))


def parse(body: Mapping[str, object]) -> BulkSubmission:
    """Read the `view_submission` payload of this form.

    Raises:
        UnreadablePayloadError: the payload is not one, or a required part is missing or not ours.

    """
    view = body.get("view")
    if not text_at(view, "id"):
        raise UnreadablePayloadError("view.id")
    values = ("state", "values")
    verdict = text_at(view, *values, InputId.VERDICT, InputId.VERDICT, "selected_option", "value")
    if verdict not in _VERDICTS:
        raise UnreadablePayloadError("verdict")
    boxes = mappings_at(view, *values, InputId.CHOSEN, InputId.CHOSEN, "selected_options")
    ticked = {text_at(box, "value") for box in boxes}
    chosen = [
        item for item in _read(text_at(view, "private_metadata")) if str(item.number) in ticked
    ]
    if len(chosen) != len(ticked):
        raise UnreadablePayloadError("chosen")
    return BulkSubmission(
        items=tuple(chosen),
        verdict=Verdict(verdict),
        reason=input_value(view, InputId.REASON),
        person=actor_id(body),
        view_id=text_at(view, "id"),
        view_hash=text_at(view, "hash"),
    )


def _read(written: str) -> list[BulkItem]:
    try:
        items = json.loads(written)
    except (ValueError, RecursionError):
        raise UnreadablePayloadError("private_metadata") from None
    if not isinstance(items, list):
        raise UnreadablePayloadError("private_metadata")
    return [from_json(json.dumps(mapping_at(item)), BulkItem, "private_metadata") for item in items]


def check(submission: BulkSubmission, t: Translator) -> dict[str, str]:
    """Return the field errors that can be found without a workflow; empty if there are none."""
    reason, errors = submission.reason, dict[str, str]()
    if not submission.items:
        errors[InputId.CHOSEN.value] = t("refusal.text_missing")
    asking = [item for item in submission.items if item.needs_reason(submission.verdict)]
    if asking and not reason.strip():
        numbers = t.list([str(item.number) for item in asking])
        errors[InputId.REASON.value] = t("bulk.reason.required", numbers=numbers)
    try:
        require_short(reason)
    except RuleError as error:
        errors |= notices.field_refusals({InputId.REASON.value: error}, t)
    return errors


def working(t: Translator) -> View:
    """Return the modal shown between the submission and the first result."""
    return _message(t("bulk.working"), t)


def _message(sentence: str, t: Translator) -> View:
    """Return a modal with one text, already escaped, and a Close button."""
    return message_modal(t("bulk.title"), sentence, t)
