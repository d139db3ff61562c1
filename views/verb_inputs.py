"""The inputs of each verb's form, and how their values are read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import chain

from views import hr_fields
from views.blocks import Block, text_input
from views.ids import InputId
from views.inputs import people_input, person_input
from views.payload import input_value, text_at, texts_at
from views.translator import Translator
from workflows.rules.approvals.form import DraftContent
from workflows.rules.approvals.verbs import VERB_RULES, Verb
from workflows.rules.orders.catalogue import CatalogueEntry
from workflows.rules.shared.content import Content, ContentField
from workflows.rules.shared.money import POINT

_SEPARATORS = re.compile(r"[\s,;]+")
_INPUTS: Mapping[str, tuple[InputId, ...]] = {
    "delegate": (InputId.DELEGATE,),
    "content": (InputId.TITLE, InputId.TEXT, InputId.AMOUNT, InputId.LINKS),
    "approvers": (InputId.PEOPLE, InputId.SOURCES),
    "reason": (InputId.REASON,),
    "text": (InputId.REASON,),
}
"""The inputs for each field of a command."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """The values of a verb's form; those without an input are empty.

    `reason` is also the comment. `sources` are approvers in the notation of a policy. `fields` are
    those of an HR request, including its type. `decimal_mark` is that of the form's language.
    """

    reason: str = ""
    title: str = ""
    text: str = ""
    amount: str = ""
    links: str = ""
    delegate: str = ""
    people: tuple[str, ...] = ()
    sources: str = ""
    fields: tuple[ContentField, ...] = ()
    decimal_mark: str = POINT

    @property
    def content(self) -> DraftContent:
        """The amendment as typed, for `rules.approvals.form.read_content`."""
        return DraftContent(
            title=self.title,
            text=self.text,
            amount=self.amount,
            links=self.links,
            decimal_mark=self.decimal_mark,
        )

    @property
    def written_sources(self) -> tuple[str, ...]:
        """Each of the sources: `group:finance`, `manager`."""
        return tuple(dict.fromkeys(source for source in _SEPARATORS.split(self.sources) if source))


def typed_of(content: Content, t: Translator) -> Typed:
    """Return a content as its requester would type it."""
    return Typed(
        title=content.title,
        text=content.text,
        amount=t.money(content.amount) if content.amount else "",
        links="\n".join(content.links),
        fields=hr_fields.fields_of(content),
        decimal_mark=t.decimal_mark,
    )


def needs_reason(verb: Verb, *, required: bool) -> bool:
    """Say whether the verb's reason must be given; `required` is the policy's word on a verdict."""
    return VERB_RULES[verb].needs_reason or (required and verb in {Verb.APPROVE, Verb.REJECT})


def inputs_for(verb: Verb) -> tuple[InputId, ...]:
    """Return the inputs of the verb's form, from top to bottom; none if it needs no form."""
    command = fields(VERB_RULES[verb].command)
    return tuple(chain.from_iterable(_INPUTS.get(field.name, ()) for field in command))


def input_blocks(
    verb: Verb,
    typed: Typed,
    t: Translator,
    *,
    reason_required: bool,
    products: Sequence[CatalogueEntry] = (),
) -> list[Block]:
    """Return the inputs of the verb's form with their values; those of an HR request come first."""
    return [
        *hr_fields.inputs(typed.fields, products, t),
        *(
            _input(verb, input_id, typed, t, reason_required=reason_required)
            for input_id in inputs_for(verb)
            if input_id is not InputId.AMOUNT or hr_fields.has_amount(typed.fields)
        ),
    ]


def _input(
    verb: Verb, input_id: InputId, typed: Typed, t: Translator, *, reason_required: bool
) -> Block:
    match input_id:
        case InputId.DELEGATE:
            label = t("verb.input.delegate")
            hint = t("verb.hint.delegate")
            return person_input(input_id, label, typed.delegate, t, hint=hint)
        case InputId.PEOPLE:
            label = t("verb.input.people")
            return people_input(input_id, label, typed.people, t, optional=True)
        case InputId.REASON:
            kind = "comment" if verb is Verb.COMMENT else "reason"
            return text_input(
                input_id,
                t(f"verb.input.{kind}"),
                t,
                typed=typed.reason,
                hint=t(f"verb.hint.{kind}"),
                multiline=True,
                optional=not needs_reason(verb, required=reason_required),
            )
        case _:
            return content_input(input_id, str(getattr(typed, input_id.value)), t)


def content_input(input_id: InputId, typed: str, t: Translator) -> Block:
    """Return the input for one part of a request; new requests and amendments share it."""
    return text_input(
        input_id,
        t(f"verb.input.{input_id}"),
        t,
        typed=typed,
        hint=t(f"verb.hint.{input_id}"),
        multiline=input_id in {InputId.TEXT, InputId.LINKS, InputId.SOURCES},
        optional=input_id is not InputId.TITLE,
    )


def typed_in(view: Mapping[str, object]) -> Typed:
    """Return the values of a submitted form."""
    return Typed(
        reason=input_value(view, InputId.REASON),
        title=input_value(view, InputId.TITLE),
        text=input_value(view, InputId.TEXT),
        amount=input_value(view, InputId.AMOUNT),
        links=input_value(view, InputId.LINKS),
        delegate=text_at(view, *_at(InputId.DELEGATE), "selected_user"),
        people=texts_at(view, *_at(InputId.PEOPLE), "selected_users"),
        sources=input_value(view, InputId.SOURCES),
    )


def _at(input_id: InputId) -> tuple[str, ...]:
    return ("state", "values", input_id, input_id)
