"""Every verb's form: asks for what the verb needs, says what it will do, and brings its context back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from views import hr_fields, notices
from views.blocks import INPUT, View, message_modal, modal, plain, said, section
from views.card_click import Click, ClickContext, context_of, having_read, metadata
from views.ids import BlockId, CallbackId, InputId
from views.order_lines import CatalogueEntry
from views.payload import UnreadablePayloadError, clicker, from_json, word
from views.translator import Translator
from views.verb_inputs import Typed, asked_for, input_blocks, needs_reason, typed_in, typed_of
from workflows.rules.approvals.form import RequestFormErrors, read_content
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.verbs import Verb
from workflows.rules.shared.content import Content, is_storable
from workflows.rules.shared.errors import (
    NoApproverNamedError,
    ReasonRequiredError,
    ReasonTooLongError,
    RuleError,
    TextUnreadableError,
)

__all__ = [
    "Click",
    "ClickContext",
    "Submission",
    "Typed",
    "again",
    "approve",
    "check",
    "form",
    "parse_submission",
    "reject",
    "told",
    "working",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept(ClickContext):
    """What the form keeps: the context, which verb it is, and whether a reason must be given.

    `hr_type` is the type of the HR request that is changed; empty where it is none.
    """

    verb: str
    reason_required: bool
    hr_type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """A submitted form of a verb. `view_hash` differs each time the form is shown again."""

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
    """Return the form for a press on Approve where a reason is required. Pure: it opens at once."""
    return _of_click(Verb.APPROVE, click, t)


def reject(click: Click, t: Translator) -> View:
    """Return the form for a press on Reject. Pure, so it opens before anything is looked up."""
    return _of_click(Verb.REJECT, click, t)


def _of_click(verb: Verb, click: Click, t: Translator) -> View:
    asks = click.reason_required
    return _form(verb, context_of(click), Typed(), "", t, reason_required=asks)


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
    """Return the form of any verb but REFRESH, with a `problem` (escaped already) on top.

    An amendment begins with the content of `face` and is made from it; every other verb is about
    what `context` says that the person has read.
    """
    if verb is Verb.AMEND:
        context, typed = having_read(context, snapshot, t), typed or typed_of(snapshot.content)
    asks = _policy_asks(verb, snapshot)
    return _form(
        verb, context, typed or Typed(), problem, t, reason_required=asks, products=products
    )


def again(submission: Submission, sentence: str, t: Translator) -> View:
    """Return the form with everything that was typed and, on top, why it did not go through."""
    one = submission
    asks = one.reason_required
    return _form(one.verb, one.context, one.typed, sentence, t, reason_required=asks)


def _policy_asks(verb: Verb, snapshot: ApprovalSnapshot) -> bool:
    level = snapshot.levels[-1] if snapshot.levels else None
    if level is None:
        return False
    asks = {Verb.APPROVE: level.approve_reason_required, Verb.REJECT: level.reject_reason_required}
    return asks.get(verb, False)


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
    what = t(f"verb.{verb}.what", subject=context.subject)
    own = {one.name: getattr(context, one.name) for one in fields(ClickContext)}
    return modal(
        t(f"verb.{verb}.title"),
        [
            *([said(BlockId.PROBLEM, problem, t)] if problem else []),
            section(BlockId.SUBJECT, plain(what, 600, t)),
            *input_blocks(verb, typed, t, reason_required=reason_required, products=products),
        ],
        t,
        submit=t(f"verb.{verb}.submit"),
        close=t("verb.cancel"),
        callback_id=CallbackId.VERB,
        private_metadata=metadata(
            _Kept(
                **own,
                verb=verb.value,
                reason_required=reason_required,
                hr_type=hr_fields.type_of(typed.fields),
            )
        ),
    )


def parse_submission(body: Mapping[str, object]) -> Submission:
    """Read the `view_submission` payload of a verb's form.

    Raises:
        UnreadablePayloadError: it is not one, or a part that matters is missing or not ours.

    """
    view_id, view_hash = word(body, "view", "id"), word(body, "view", "hash")
    if not view_id:
        raise UnreadablePayloadError("view.id")
    kept = from_json(word(body, "view", "private_metadata"), _Kept, "private_metadata")
    if kept.verb not in frozenset(Verb) or not asked_for(Verb(kept.verb)):
        raise UnreadablePayloadError("private_metadata.verb")
    view = body["view"]
    typed = typed_in(view if isinstance(view, Mapping) else {})
    if kept.hr_type and isinstance(view, Mapping):
        typed = replace(typed, fields=hr_fields.read(view, kept.hr_type))
    return Submission(
        verb=Verb(kept.verb),
        context=ClickContext(**{one.name: getattr(kept, one.name) for one in fields(ClickContext)}),
        typed=typed,
        reason_required=kept.reason_required,
        person=clicker(body),
        view_id=view_id,
        view_hash=view_hash,
    )


def check(submission: Submission, t: Translator) -> dict[str, str]:
    """Return the field errors that need no workflow to know; empty when all is well."""
    found: dict[str, RuleError] = {}
    asked, typed = asked_for(submission.verb), submission.typed
    if InputId.REASON in asked:
        required = needs_reason(submission.verb, required=submission.reason_required)
        if required and not typed.reason.strip():
            found[InputId.REASON.value] = ReasonRequiredError()
        elif len(typed.reason) > INPUT:
            found[InputId.REASON.value] = ReasonTooLongError(length=str(len(typed.reason)))
        elif not is_storable(typed.reason):  # half a character cannot even be sent
            found[InputId.REASON.value] = TextUnreadableError()
    if InputId.DELEGATE in asked and not typed.delegate:
        found[InputId.DELEGATE.value] = NoApproverNamedError()
    if InputId.PEOPLE in asked and not typed.people and not typed.source_words:
        found[InputId.PEOPLE.value] = NoApproverNamedError()
    if submission.verb is Verb.AMEND:
        try:
            content = amended(submission)
        except RequestFormErrors as mistakes:
            found |= mistakes.by_field
        else:
            found |= hr_fields.mistakes(content) if typed.fields else {}
    return notices.field_refusals(found, t)


def amended(submission: Submission) -> Content:
    """Return what is asked from now on, by the form of an amendment.

    Raises:
        RequestMistakes: with the refusal of every field that is wrong.

    """
    typed = submission.typed
    content = read_content(typed.content, submission.context.currency)
    return replace(content, fields=typed.fields)


def working(t: Translator) -> View:
    """Return what stands there between the submission and its result."""
    return told(t("verb.working"), t)


def told(sentence: str, t: Translator) -> View:
    """Return a sentence, already escaped, with nothing left to do but close."""
    return message_modal(t("verb.told.title"), sentence, t)
