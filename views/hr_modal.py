"""The HR form: its fields follow the type, it is read back exactly as typed, and shown with its mistakes."""

from collections.abc import Mapping
from dataclasses import replace

from views import notices
from views.blocks import (
    View,
    message_modal,
    modal,
    note,
    problem_blocks,
)
from views.hr_inputs import (
    HrContext,
    HrOffer,
    common_inputs,
    field_input,
    kept_context,
    metadata,
    type_input,
    typed_hr,
    written_of,
)
from views.ids import BlockId, CallbackId
from views.payload import word
from views.plain_text import as_read
from views.text import link
from views.translator import Translator
from workflows.rules.hr.form import DraftHr, HrFormErrors
from workflows.rules.hr.request import HrRequest, HrType

__all__ = ["HrContext", "HrOffer", "kept_context"]

QUOTED = 1500
"""Characters of a message that a request quotes: half of what its description may have."""


def build(kept: HrContext, offer: HrOffer, typed: DraftHr, t: Translator) -> View:
    """Return the form with what was `typed` before; it shows the fields of `kept.type`."""
    return _form(kept, offer, typed, "", t)


def opened(
    request_id: str,
    offer: HrOffer,
    t: Translator,
    *,
    wanted: str = "",
) -> View:
    """Return the empty form; `wanted` is the type that was named with the command, if it is one."""
    type_ = wanted if wanted in offer.types else ""
    if not type_ and len(offer.types) == 1:
        type_ = offer.types[0].value
    typed = DraftHr(request_id=request_id, type=type_, title="")
    return build(HrContext(request_id=request_id, type=type_), offer, typed, t)


def quoting(request_id: str, offer: HrOffer, body: Mapping[str, object], t: Translator) -> View:
    """Return the form for a request made of a message (a `message_action` payload)."""
    kept = HrContext(
        request_id=request_id,
        channel=word(body, "channel", "id"),
        message_ts=word(body, "message", "ts") or word(body, "message_ts"),
    )
    quote = _quote(as_read(word(body, "message", "text")), t)
    typed = DraftHr(request_id=request_id, type="", title="", description=quote)
    if len(offer.types) == 1:
        only = offer.types[0].value
        kept, typed = replace(kept, type=only), replace(typed, type=only)
    return build(kept, offer, typed, t)


def copied(request: HrRequest, offer: HrOffer, t: Translator) -> View:
    """Return the form that begins with what another request said; `request` has the new id."""
    typed = written_of(request)
    type_ = request.type.value if request.type in offer.types else ""
    kept = HrContext(request_id=request.request_id, type=type_, link=request.link)
    return build(kept.keeping(typed), offer, typed, t)


def _form(kept: HrContext, offer: HrOffer, typed: DraftHr, problem: str, t: Translator) -> View:
    """Return the form with what was typed and, on top, a `problem` (escaped already)."""
    number = t("hr.form.number", request_id=t.inline(kept.request_id, 80))
    made_of = link(kept.link, t("hr.form.message"))
    blocks = problem_blocks(problem, t)
    blocks += [
        note(BlockId.NOTICE, number, t),
        type_input(offer, typed, t),
        *(field_input(name, typed, offer, t) for name in kept.fields),
    ]
    if not kept.type:
        blocks.append(note(BlockId.FOOTER, t("hr.form.choose"), t))
    blocks += common_inputs(typed, t)
    if made_of:
        text = t("hr.form.made_of", message=made_of)
        blocks.append(note(BlockId.LINKS, text, t, limit=1000))
    return modal(
        t("hr.form.title"),
        blocks,
        t,
        submit=t("hr.form.submit"),
        close=t("verb.cancel"),
        callback_id=CallbackId.HR,
        private_metadata=metadata(kept),
    )


# A change of the form: everything typed stays. Each returns the form for `views.update`, or None
# where there is nothing to change. Each raises UnreadablePayloadError where it is not this form's
# view.


def with_type(view: Mapping[str, object], type_: str, offer: HrOffer, t: Translator) -> View | None:
    """Return the form with the fields of another type."""
    kept = kept_context(view)
    if type_ not in offer.types or type_ == kept.type:
        return None
    typed = replace(typed_hr(view, kept), type=type_)
    return _form(replace(kept, type=type_).keeping(typed), offer, typed, "", t)


def with_link(
    view: Mapping[str, object], address: str, offer: HrOffer, t: Translator
) -> View | None:
    """Return the form with the address of the message that it is made of."""
    kept = kept_context(view)
    if not address or address == kept.link:
        return None
    typed = typed_hr(view, kept)
    if not typed.type:  # chosen since: Slack keeps the choice, the context tells which it is
        typed = replace(typed, type=kept.type)
    return _form(replace(kept, link=address), offer, typed, "", t)


def failed(view: Mapping[str, object], offer: HrOffer, sentence: str, t: Translator) -> View:
    """Return the form as it was submitted and, on top, why it did not go through."""
    kept = kept_context(view)
    typed = typed_hr(view, kept)
    if typed.type in offer.types:
        kept = replace(kept, type=typed.type)
    return _form(kept.keeping(typed), offer, typed, sentence, t)


def parse(view: Mapping[str, object]) -> DraftHr:
    """Read what was typed.

    Raises:
        UnreadablePayloadError: it is not this form's view.

    """
    return typed_hr(view, kept_context(view))


def lacks_fields(view: Mapping[str, object]) -> bool:
    """Say whether the form was sent before the fields of its type had appeared."""
    kept = kept_context(view)
    return typed_hr(view, kept).type != kept.type


def errors(mistakes: HrFormErrors, view: Mapping[str, object], t: Translator) -> dict[str, str]:
    """Return each mistake at its field, for `ack(response_action="errors")`.

    One of a field that the form does not show stands at the title: Slack takes no other.
    """
    shown = {BlockId.TYPE.value, "title", "description", "priority", *kept_context(view).fields}
    found: dict[str, str] = {}
    for name, sentence in notices.field_refusals(mistakes.by_field, t).items():
        found.setdefault(name if name in shown else "title", sentence)
    return found


def unknown_type(t: Translator) -> dict[str, str]:
    """Return, at its field, that there is no policy for this type."""
    return {BlockId.TYPE.value: t("hr.form.type.unknown")}


def fields_appeared(t: Translator) -> str:
    """Ask for the fields that have appeared only now."""
    return t("hr.form.appeared")


def working(request_id: str, t: Translator) -> View:
    """Return what stands there between the submission and its result."""
    return told(t("hr.form.working", request_id=t.inline(request_id, 80)), t)


def received(
    request_id: str,
    channel: str,
    t: Translator,
    *,
    asks: bool = True,
) -> View:
    """Say that the request is in: where its card is, or that nobody has to be asked."""
    key = "hr.form.received" if asks else "hr.form.received.approved"
    blanks = {
        "request_id": t.inline(request_id, 80),
        "channel": notices.channel(channel, t),
    }
    return told(t(key, **blanks), t)


def sent_before(request_id: str, t: Translator) -> str:
    """Say that the request was sent before with other words, and that those count."""
    return t("hr.form.before", request_id=t.inline(request_id, 80))


def no_policy(t: Translator) -> str:
    """Say that this house has no policy for any kind of HR request."""
    return t("hr.form.no_policy")


def opening_copy(t: Translator) -> View:
    """Return what stands there while the request to copy is looked up."""
    return told(t("hr.copy.opening"), t)


def not_yours(t: Translator) -> str:
    """Say that only a request's own requester may start a copy of it."""
    return t("hr.copy.not_yours")


def not_copied(t: Translator) -> str:
    """Say that what was asked cannot be found, or cannot be asked any more."""
    return t("hr.copy.not_found")


def told(sentence: str, t: Translator) -> View:
    """Return a sentence, already escaped, with nothing left to do but close."""
    return message_modal(t("hr.form.title"), sentence, t)


def chosen_type(action: Mapping[str, object]) -> str:
    """Return the type that was just chosen; empty where it is none."""
    chosen = word(action, "selected_option", "value") or word(action, "value")
    return chosen if chosen in set(HrType) else ""


def _quote(text: str, t: Translator) -> str:
    """Return what was said as a quotation, shortened so that there is limits for more."""
    if not text:
        return ""
    quote = "\n".join(f"> {line}" for line in text[:QUOTED].splitlines())
    if len(text) > QUOTED or len(quote) > QUOTED:
        quote = quote[:QUOTED].rstrip() + t("shortened")
    return quote + "\n\n"
