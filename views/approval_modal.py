"""The form for a request under any policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from views import notices
from views.blocks import (
    Block,
    View,
    message_modal,
    modal,
    note,
    problem_blocks,
    text_input,
)
from views.ids import BlockId, CallbackId, InputId
from views.inputs import choice_input
from views.outcome import short_outcome
from views.payload import UnreadablePayloadError, from_json, input_value, text_at, to_json
from views.translator import Translator
from views.verb_inputs import content_input
from workflows.rules.approvals.form import DraftContent, DraftRequest, RequestFormErrors
from workflows.rules.approvals.request import Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.shared.money import POINT

_CONTENT = (InputId.TITLE, InputId.TEXT, InputId.AMOUNT, InputId.LINKS)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Metadata:
    """The form's private metadata; its id makes a double submit one request.

    `decimal_mark` is that of the language in which the form is shown.
    """

    request_id: str
    decimal_mark: str = POINT


def build(
    request_id: str,
    choices: Sequence[tuple[str, str]],
    t: Translator,
    *,
    written: DraftRequest | None = None,
    problem: str = "",
) -> View:
    """Return the form; `choices` are the policies as (name, title).

    It is filled with what was `written` before and has a `problem` (already escaped) at the top.
    """
    typed = written or DraftRequest(request_id=request_id)
    if not typed.policy and len(choices) == 1:
        typed = replace(typed, policy=choices[0][0])
    # The typed amount is read again in the notation of its author.
    mark = typed.content.decimal_mark if written and written.content.amount else t.decimal_mark
    number = t("approval_form.number", request_id=t.inline(request_id, 80))
    return modal(
        t("approval_form.title"),
        [
            *problem_blocks(problem, t),
            note(BlockId.NOTICE, number, t),
            *_inputs(typed, choices, t),
        ],
        t,
        submit=t("approval_form.submit"),
        close=t("verb.cancel"),
        callback_id=CallbackId.APPROVAL,
        private_metadata=to_json(_Metadata(request_id=request_id, decimal_mark=mark)),
    )


def _inputs(typed: DraftRequest, choices: Sequence[tuple[str, str]], t: Translator) -> list[Block]:
    policy = t("approval_form.policy")
    return [
        choice_input(InputId.POLICY, policy, choices, typed.policy, t),
        *(
            content_input(input_id, str(getattr(typed.content, input_id.value)), t)
            for input_id in _CONTENT
        ),
        text_input(
            InputId.ANSWER_WITHIN,
            t("approval_form.answer_within"),
            t,
            typed=typed.answer_within,
            placeholder="4h",
            hint=t("approval_form.answer_within.hint"),
            optional=True,
        ),
    ]


def parse(view: Mapping[str, object]) -> DraftRequest:
    """Return the values of the form.

    Raises:
        UnreadablePayloadError: the view is not this form.

    """
    saved = from_json(text_at(view, "private_metadata"), _Metadata, "private_metadata")
    if not saved.request_id:
        raise UnreadablePayloadError("private_metadata")
    policy = ("state", "values", InputId.POLICY, InputId.POLICY)
    return DraftRequest(
        request_id=saved.request_id,
        policy=text_at(view, *policy, "selected_option", "value")
        or text_at(view, *policy, "value"),
        content=DraftContent(
            title=input_value(view, InputId.TITLE),
            text=input_value(view, InputId.TEXT),
            amount=input_value(view, InputId.AMOUNT),
            links=input_value(view, InputId.LINKS),
            decimal_mark=saved.decimal_mark,
        ),
        answer_within=input_value(view, InputId.ANSWER_WITHIN),
    )


def errors(mistakes: RequestFormErrors, t: Translator) -> dict[str, str]:
    """Return the error of each field, for `ack(response_action="errors")`."""
    return notices.field_refusals(mistakes.by_field, t)


def unknown_policy(t: Translator) -> dict[str, str]:
    """Return the error that the chosen policy no longer exists, at its field."""
    return {InputId.POLICY.value: t("approval_form.policy.unknown")}


def failed(
    view: Mapping[str, object], choices: Sequence[tuple[str, str]], sentence: str, t: Translator
) -> View:
    """Return the form as it was submitted, with what went wrong at the top.

    Raises:
        UnreadablePayloadError: the view is not this form.

    """
    typed = parse(view)
    return build(typed.request_id, choices, t, written=typed, problem=sentence)


def working(request_id: str, t: Translator) -> View:
    """Return the modal shown between the submission and its result."""
    number = t.inline(request_id, 80)
    return message(t("approval_form.working", request_id=number), t)


def received(
    request_id: str,
    channel: str | None,
    t: Translator,
    status: Status = Status.PENDING,
) -> View:
    """Return the confirmation: the card's channel, or that the request needed no approval."""
    key = "asked" if channel else "asked.nowhere"
    if status is Status.APPROVED:
        key = "approved"
    sentence = t(
        f"approval_form.received.{key}",
        request_id=t.inline(request_id, 80),
        channel=notices.channel(channel or "", t),
    )
    return message(sentence, t)


def sent_before(snapshot: ApprovalSnapshot, policy: str, t: Translator) -> str:
    """Return that a request with this id already exists and stays as it is, and what to do next.

    `policy` is the name of the policy in the second submission.
    """
    key = "open" if snapshot.policy == policy else "policy"
    outcome = ""
    if not snapshot.is_open:
        key, outcome = "closed", short_outcome(snapshot, t)
    where = t("approval_form.before.where", channel=notices.channel(snapshot.channel, t))
    return t(
        f"approval_form.before.{key}",
        request_id=t.inline(snapshot.request_id, 80),
        where=where if snapshot.channel else "",
        outcome=outcome,
    )


def message(sentence: str, t: Translator) -> View:
    """Return a modal with one text, already escaped, and a Close button."""
    return message_modal(t("approval_form.title"), sentence, t)
