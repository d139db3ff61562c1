"""The form of each verb."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from views import hr_fields, notices
from views.blocks import (
    View,
    message_modal,
    modal,
    plain,
    problem_blocks,
    section,
)
from views.card_click import (
    Click,
    ClickContext,
    context_fields,
    context_of,
    metadata,
    with_snapshot,
)
from views.ids import BlockId, CallbackId, InputId
from views.payload import UnreadablePayloadError, actor_id, from_json, text_at
from views.translator import Translator
from views.verb_inputs import Typed, input_blocks, inputs_for, needs_reason, typed_in, typed_of
from workflows.rules.approvals.form import RequestFormErrors, read_content
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.transitions import require_reason, require_short
from workflows.rules.approvals.verbs import Verb
from workflows.rules.orders.catalogue import CatalogueEntry
from workflows.rules.shared.content import Content
from workflows.rules.shared.errors import NoApproverNamedError, RuleError
from workflows.rules.shared.money import POINT


@dataclass(frozen=True, kw_only=True, slots=True)
class _Metadata(ClickContext):
    """The form's private metadata: the context, the verb, and whether a reason is required.

    `hr_type` is the type of the HR request to amend; empty for other requests. `decimal_mark` is
    that of the language in which the form is shown.
    """

    verb: str
    reason_required: bool
    hr_type: str
    decimal_mark: str = POINT


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """A submitted form of a verb. `view_hash` changes each time the form is shown again."""

    verb: Verb
    context: ClickContext
    typed: Typed
    reason_required: bool
    person: str
    view_id: str
    view_hash: str

    @property
    def reason(self) -> str:
        """The reason or the comment, exactly as typed."""
        return self.typed.reason


def approve(click: Click, t: Translator) -> View:
    """Return the form for a click on Approve that requires a reason; it opens before any lookup."""
    return _of_click(Verb.APPROVE, click, t)


def reject(click: Click, t: Translator) -> View:
    """Return the form for a click on Reject; it opens before any lookup."""
    return _of_click(Verb.REJECT, click, t)


def _of_click(verb: Verb, click: Click, t: Translator) -> View:
    context, required = context_of(click), click.reason_required
    return _form(verb, context, Typed(), "", t, reason_required=required)


def form(  # noqa: PLR0913 - a form shown again has this many parts
    context: ClickContext,
    verb: Verb,
    snapshot: ApprovalSnapshot,
    t: Translator,
    *,
    typed: Typed | None = None,
    problem: str = "",
    products: Sequence[CatalogueEntry] = (),
) -> View:
    """Return the form of any verb but REFRESH, with a `problem` (already escaped) at the top.

    An amendment starts with the content of `snapshot` and is based on that revision; every other
    verb is about the revision in `context`, which the person has read.
    """
    if verb is Verb.AMEND:
        context, typed = with_snapshot(context, snapshot, t), typed or typed_of(snapshot.content, t)
    required = _policy_requires_reason(verb, snapshot)
    return _form(
        verb, context, typed or Typed(), problem, t, reason_required=required, products=products
    )


def again(submission: Submission, sentence: str, t: Translator) -> View:
    """Return the form as it was submitted, with what went wrong at the top."""
    return _form(
        submission.verb,
        submission.context,
        submission.typed,
        sentence,
        t,
        reason_required=submission.reason_required,
    )


def _policy_requires_reason(verb: Verb, snapshot: ApprovalSnapshot) -> bool:
    level = snapshot.levels[-1] if snapshot.levels else None
    if level is None:
        return False
    required = {
        Verb.APPROVE: level.approve_reason_required,
        Verb.REJECT: level.reject_reason_required,
    }
    return required.get(verb, False)


def _form(  # noqa: PLR0913 - a form shown again has this many parts
    verb: Verb,
    context: ClickContext,
    typed: Typed,
    problem: str,
    t: Translator,
    *,
    reason_required: bool,
    products: Sequence[CatalogueEntry] = (),
) -> View:
    subject = t(f"verb.{verb}.what", subject=context.subject)
    return modal(
        t(f"verb.{verb}.title"),
        [
            *problem_blocks(problem, t),
            section(BlockId.SUBJECT, plain(subject, 600, t)),
            *input_blocks(verb, typed, t, reason_required=reason_required, products=products),
        ],
        t,
        submit=t(f"verb.{verb}.submit"),
        close=t("verb.cancel"),
        callback_id=CallbackId.VERB,
        private_metadata=metadata(
            _Metadata(
                **context_fields(context),
                verb=verb.value,
                reason_required=reason_required,
                hr_type=hr_fields.type_of(typed.fields),
                decimal_mark=typed.decimal_mark,
            )
        ),
    )


def parse_submission(body: Mapping[str, object]) -> Submission:
    """Read the `view_submission` payload of a verb's form.

    Raises:
        UnreadablePayloadError: the payload is not one, or a required part is missing or not ours.

    """
    view_id, view_hash = text_at(body, "view", "id"), text_at(body, "view", "hash")
    if not view_id:
        raise UnreadablePayloadError("view.id")
    saved = from_json(text_at(body, "view", "private_metadata"), _Metadata, "private_metadata")
    if saved.verb not in frozenset(Verb) or not inputs_for(Verb(saved.verb)):
        raise UnreadablePayloadError("private_metadata.verb")
    view = body["view"]
    typed = typed_in(view if isinstance(view, Mapping) else {})
    typed = replace(typed, decimal_mark=saved.decimal_mark)
    if saved.hr_type and isinstance(view, Mapping):
        typed = replace(typed, fields=hr_fields.read(view, saved.hr_type))
    return Submission(
        verb=Verb(saved.verb),
        context=context_of(saved),
        typed=typed,
        reason_required=saved.reason_required,
        person=actor_id(body),
        view_id=view_id,
        view_hash=view_hash,
    )


def check(submission: Submission, t: Translator) -> dict[str, str]:
    """Return the field errors that can be found without a workflow; empty if there are none."""
    errors: dict[str, RuleError] = {}
    inputs, typed = inputs_for(submission.verb), submission.typed
    if InputId.REASON in inputs:
        required = needs_reason(submission.verb, required=submission.reason_required)
        try:
            (require_reason if required else require_short)(typed.reason)
        except RuleError as error:
            errors[InputId.REASON.value] = error
    if InputId.DELEGATE in inputs and not typed.delegate:
        errors[InputId.DELEGATE.value] = NoApproverNamedError()
    if InputId.PEOPLE in inputs and not typed.people and not typed.written_sources:
        errors[InputId.PEOPLE.value] = NoApproverNamedError()
    if submission.verb is Verb.AMEND:
        errors |= _amendment_errors(submission)
    return notices.field_refusals(errors, t)


def _amendment_errors(submission: Submission) -> dict[str, RuleError]:
    """Return the errors of all fields, including those of an HR request."""
    typed = submission.typed
    content, invalid = Content(title="-", fields=typed.fields), dict[str, RuleError]()
    try:
        content = amended(submission)
    except RequestFormErrors as mistakes:
        invalid = dict(mistakes.by_field)
    of_hr = hr_fields.mistakes(content) if typed.fields else {}
    if invalid and typed.amount.strip():  # it was read, but without the rest there is no content
        of_hr.pop("amount", None)
    return of_hr | invalid


def amended(submission: Submission) -> Content:
    """Return the amended content from the form.

    Raises:
        RequestFormErrors: with the error of each invalid field.

    """
    typed = submission.typed
    content = read_content(typed.content, submission.context.currency)
    return replace(content, fields=typed.fields)


def working(t: Translator) -> View:
    """Return the modal shown between the submission and its result."""
    return message(t("verb.working"), t)


def message(sentence: str, t: Translator) -> View:
    """Return a modal with one text, already escaped, and a Close button."""
    return message_modal(t("verb.told.title"), sentence, t)
