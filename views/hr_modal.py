"""The HR form, whose fields depend on the chosen type."""

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
    form_context,
    metadata,
    type_input,
    typed_hr,
    written_of,
)
from views.ids import BlockId, CallbackId
from views.payload import text_at
from views.plain_text import plain_text
from views.text import link
from views.translator import Translator
from workflows.rules.hr.form import DraftHr, HrFormErrors
from workflows.rules.hr.request import HrRequest, HrType

QUOTED = 1500
"""Characters quoted from a message: half of the limit of a description."""


def build(saved: HrContext, offer: HrOffer, typed: DraftHr, t: Translator) -> View:
    """Return the form, filled with `typed`; it shows the fields of `saved.type`."""
    return _form(saved, offer, typed, "", t)


def new_form(
    request_id: str,
    offer: HrOffer,
    t: Translator,
    *,
    wanted: str = "",
) -> View:
    """Return the empty form; `wanted` is the type named in the command, if it is a valid one."""
    type_ = wanted if wanted in offer.types else ""
    if not type_ and len(offer.types) == 1:
        type_ = offer.types[0].value
    typed = DraftHr(request_id=request_id, type=type_, title="")
    return build(
        HrContext(request_id=request_id, type=type_, decimal_mark=t.decimal_mark), offer, typed, t
    )


def quote_form(request_id: str, offer: HrOffer, body: Mapping[str, object], t: Translator) -> View:
    """Return the form for a request made from a message (a `message_action` payload)."""
    saved = HrContext(
        request_id=request_id,
        channel=text_at(body, "channel", "id"),
        message_ts=text_at(body, "message", "ts") or text_at(body, "message_ts"),
        decimal_mark=t.decimal_mark,
    )
    quote = _quote(plain_text(text_at(body, "message", "text")), t)
    typed = DraftHr(request_id=request_id, type="", title="", description=quote)
    if len(offer.types) == 1:
        only = offer.types[0].value
        saved, typed = replace(saved, type=only), replace(typed, type=only)
    return build(saved, offer, typed, t)


def copy_form(request: HrRequest, offer: HrOffer, t: Translator) -> View:
    """Return the form filled with another request; `request` already has the new id."""
    typed = written_of(request, t)
    type_ = request.type.value if request.type in offer.types else ""
    saved = HrContext(
        request_id=request.request_id, type=type_, link=request.link, decimal_mark=t.decimal_mark
    )
    return build(saved.with_hidden_values(typed), offer, typed, t)


def _form(saved: HrContext, offer: HrOffer, typed: DraftHr, problem: str, t: Translator) -> View:
    """Return the form with its values, and a `problem` (already escaped) at the top."""
    number = t("hr.form.number", request_id=t.inline(saved.request_id, 80))
    message_link = link(saved.link, t("hr.form.message"))
    blocks = problem_blocks(problem, t)
    blocks += [
        note(BlockId.NOTICE, number, t),
        type_input(offer, typed, t),
        *(field_input(name, typed, offer, t) for name in saved.fields),
    ]
    if not saved.type:
        blocks.append(note(BlockId.FOOTER, t("hr.form.choose"), t))
    blocks += common_inputs(typed, t)
    if message_link:
        text = t("hr.form.made_of", message=message_link)
        blocks.append(note(BlockId.LINKS, text, t, limit=1000))
    return modal(
        t("hr.form.title"),
        blocks,
        t,
        submit=t("hr.form.submit"),
        close=t("verb.cancel"),
        callback_id=CallbackId.HR,
        private_metadata=metadata(saved),
    )


# Changes of an open form, which keep all values. Each returns the form for `views.update`, or None
# if nothing changes. Each raises UnreadablePayloadError if the view is not this form.


def with_type(view: Mapping[str, object], type_: str, offer: HrOffer, t: Translator) -> View | None:
    """Return the form with the fields of another type."""
    saved = form_context(view)
    if type_ not in offer.types or type_ == saved.type:
        return None
    typed = replace(typed_hr(view, saved), type=type_)
    return _form(replace(saved, type=type_).with_hidden_values(typed), offer, typed, "", t)


def with_link(
    view: Mapping[str, object], address: str, offer: HrOffer, t: Translator
) -> View | None:
    """Return the form with the link to the message that it was made from."""
    saved = form_context(view)
    if not address or address == saved.link:
        return None
    typed = typed_hr(view, saved)
    if (
        not typed.type
    ):  # chosen in the meantime: Slack keeps the choice, and the context has the type
        typed = replace(typed, type=saved.type)
    return _form(replace(saved, link=address), offer, typed, "", t)


def failed(view: Mapping[str, object], offer: HrOffer, sentence: str, t: Translator) -> View:
    """Return the form as it was submitted, with what went wrong at the top."""
    saved = form_context(view)
    typed = typed_hr(view, saved)
    if typed.type in offer.types:
        saved = replace(saved, type=typed.type)
    return _form(saved.with_hidden_values(typed), offer, typed, sentence, t)


def parse(view: Mapping[str, object]) -> DraftHr:
    """Return the values of the form.

    Raises:
        UnreadablePayloadError: the view is not this form.

    """
    return typed_hr(view, form_context(view))


def lacks_fields(view: Mapping[str, object]) -> bool:
    """Return whether the form was submitted before the fields of its type appeared."""
    saved = form_context(view)
    return typed_hr(view, saved).type != saved.type


def errors(mistakes: HrFormErrors, view: Mapping[str, object], t: Translator) -> dict[str, str]:
    """Return the error of each field, for `ack(response_action="errors")`.

    Slack refuses errors of fields that the form does not show, so those are at the title.
    """
    visible = {BlockId.TYPE.value, "title", "description", "priority", *form_context(view).fields}
    by_block: dict[str, str] = {}
    for name, sentence in notices.field_refusals(mistakes.by_field, t).items():
        by_block.setdefault(name if name in visible else "title", sentence)
    return by_block


def fields_appeared(t: Translator) -> str:
    """Return the request to fill in the fields that have just appeared."""
    return t("hr.form.appeared")


def working(request_id: str, t: Translator) -> View:
    """Return the modal shown between the submission and its result."""
    return message(t("hr.form.working", request_id=t.inline(request_id, 80)), t)


def received(
    request_id: str,
    channel: str,
    t: Translator,
    *,
    asks: bool = True,
) -> View:
    """Return the confirmation: the card's channel, or that the request needs no approval."""
    key = "hr.form.received" if asks else "hr.form.received.approved"
    blanks = {
        "request_id": t.inline(request_id, 80),
        "channel": notices.channel(channel, t),
    }
    return message(t(key, **blanks), t)


def sent_before(request_id: str, t: Translator) -> str:
    """Return that a request with this id already exists with other content, which stays valid."""
    return t("hr.form.before", request_id=t.inline(request_id, 80))


def no_policy(t: Translator) -> str:
    """Return that there is no policy for any HR type."""
    return t("hr.form.no_policy")


def opening_copy(t: Translator) -> View:
    """Return the modal shown while the request to copy is looked up."""
    return message(t("hr.copy.opening"), t)


def not_yours(t: Translator) -> str:
    """Return that only its requester may copy a request."""
    return t("hr.copy.not_yours")


def not_copied(t: Translator) -> str:
    """Return that the request was not found, or that its type is no longer available."""
    return t("hr.copy.not_found")


def message(sentence: str, t: Translator) -> View:
    """Return a modal with one text, already escaped, and a Close button."""
    return message_modal(t("hr.form.title"), sentence, t)


def chosen_type(action: Mapping[str, object]) -> str:
    """Return the type that was just chosen; empty if it is not a valid one."""
    chosen = text_at(action, "selected_option", "value") or text_at(action, "value")
    return chosen if chosen in set(HrType) else ""


def _quote(text: str, t: Translator) -> str:
    """Return text as a quotation, short enough to leave space for more."""
    if not text:
        return ""
    quote = "\n".join(f"> {line}" for line in text[:QUOTED].splitlines())
    if len(text) > QUOTED or len(quote) > QUOTED:
        quote = quote[:QUOTED].rstrip() + t("shortened")
    return quote + "\n\n"
