"""The `/approval` form: a request of any policy, read back exactly as typed, shown again with its mistakes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from views import notices
from views.blocks import Block, View, context, message_modal, modal, mrkdwn, said, text_input
from views.ids import BlockId, CallbackId, InputId
from views.inputs import choice_input
from views.languages import in_language
from views.outcome import short_outcome
from views.payload import UnreadablePayloadError, from_json, to_json, word
from views.text import in_line, text
from views.verb_inputs import content_input, value_of
from workflows.rules.approvals.form import DraftContent, DraftRequest, RequestFormErrors
from workflows.rules.approvals.request import Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot

_CONTENT = (InputId.TITLE, InputId.TEXT, InputId.AMOUNT, InputId.LINKS)


_NOTHING = DraftContent(title="")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    """What the form keeps: a double submit is one request."""

    request_id: str


def build(
    request_id: str,
    choices: Sequence[tuple[str, str]],
    *,
    written: DraftRequest | None = None,
    problem: str = "",
    locale: str = "en",
) -> View:
    """Return the form; `choices` are the policies as (name, title).

    It begins with what was `written` before and, on top, a `problem` (escaped already).
    """
    typed = written or DraftRequest(request_id=request_id)
    if not typed.policy and len(choices) == 1:
        typed = replace(typed, policy=choices[0][0])
    number = text("approval_form.number", locale, request_id=in_line(request_id, 80, locale))
    return modal(
        text("approval_form.title", locale),
        [
            *([said(BlockId.PROBLEM, problem, locale)] if problem else []),
            context(BlockId.NOTICE, mrkdwn(number, 300, locale)),
            *_inputs(typed, choices, locale),
        ],
        locale,
        submit=text("approval_form.submit", locale),
        close=text("verb.cancel", locale),
        callback_id=CallbackId.APPROVAL,
        private_metadata=to_json(_Kept(request_id=request_id)),
    )


def _inputs(typed: DraftRequest, choices: Sequence[tuple[str, str]], locale: str) -> list[Block]:
    policy = text("approval_form.policy", locale)
    return [
        choice_input(InputId.POLICY, policy, choices, typed.policy, locale),
        *(content_input(one, str(getattr(typed.content, one.value)), locale) for one in _CONTENT),
        text_input(
            InputId.ANSWER_WITHIN,
            InputId.ANSWER_WITHIN,
            text("approval_form.answer_within", locale),
            locale,
            typed=typed.answer_within,
            placeholder="4h",
            hint=text("approval_form.answer_within.hint", locale),
            optional=True,
        ),
    ]


def parse(view: Mapping[str, object]) -> DraftRequest:
    """Read what was typed.

    Raises:
        UnreadablePayloadError: it is not this modal's view.

    """
    kept = from_json(word(view, "private_metadata"), _Kept, "private_metadata")
    if not kept.request_id:
        raise UnreadablePayloadError("private_metadata")
    policy = ("state", "values", InputId.POLICY, InputId.POLICY)
    return DraftRequest(
        request_id=kept.request_id,
        policy=word(view, *policy, "selected_option", "value") or word(view, *policy, "value"),
        content=DraftContent(
            title=value_of(view, InputId.TITLE),
            text=value_of(view, InputId.TEXT),
            amount=value_of(view, InputId.AMOUNT),
            links=value_of(view, InputId.LINKS),
        ),
        answer_within=value_of(view, InputId.ANSWER_WITHIN),
    )


def errors(mistakes: RequestFormErrors, locale: str = "en") -> dict[str, str]:
    """Return each mistake at its field, for `ack(response_action="errors")`."""
    return notices.field_refusals(mistakes.by_field, locale)


def unknown_policy(locale: str = "en") -> dict[str, str]:
    """Return, at its field, that there is no such policy any more."""
    return {InputId.POLICY.value: text("approval_form.policy.unknown", locale)}


def failed(
    view: Mapping[str, object],
    choices: Sequence[tuple[str, str]],
    sentence: str,
    locale: str = "en",
) -> View:
    """Return the form as it was submitted and, on top, why it did not go through.

    Raises:
        UnreadablePayloadError: it is not this modal's view.

    """
    typed = parse(view)
    return build(typed.request_id, choices, written=typed, problem=sentence, locale=locale)


def working(request_id: str, locale: str = "en") -> View:
    """Return what stands there between the submission and its result."""
    number = in_line(request_id, 80, locale)
    return told(text("approval_form.working", locale, request_id=number), locale)


def received(
    request_id: str, channel: str | None, status: Status = Status.PENDING, locale: str = "en"
) -> View:
    """Say that the request is in, where its card is, or that nobody had to be asked."""
    key = "asked" if channel else "asked.nowhere"
    if status is Status.APPROVED:
        key = "approved"
    sentence = text(
        f"approval_form.received.{key}",
        locale,
        request_id=in_line(request_id, 80, locale),
        channel=notices.channel(channel or "", locale),
    )
    return told(sentence, locale)


def sent_before(snapshot: ApprovalSnapshot, policy: str, locale: str = "en") -> str:
    """Say that the request was sent before, that what it said then counts, and what to do now.

    `policy` is the name of the one that it was sent by now.
    """
    key = "open" if snapshot.policy == policy else "policy"
    outcome = ""
    if not snapshot.is_open:
        key, outcome = "closed", short_outcome(in_language(snapshot, locale))
    where = text(
        "approval_form.before.where", locale, channel=notices.channel(snapshot.channel, locale)
    )
    return text(
        f"approval_form.before.{key}",
        locale,
        request_id=in_line(snapshot.request_id, 80, locale),
        where=where if snapshot.channel else "",
        outcome=outcome,
    )


def told(sentence: str, locale: str = "en") -> View:
    """Return a sentence, already escaped, with nothing left to do but close."""
    return message_modal(text("approval_form.title", locale), sentence, locale)
