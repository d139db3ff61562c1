"""Inputs other than text: people, dates and choices."""

from collections.abc import Sequence
from datetime import date, datetime

from views.blocks import OPTION_TEXT, OPTION_VALUE, OPTIONS, Block, field, plain, text_input
from views.ids import InputId
from views.text import is_person
from views.translator import Translator


def person_input(  # noqa: PLR0913 - an input has this many parts
    input_id: InputId,
    label: str,
    typed: str,
    t: Translator,
    *,
    hint: str = "",
    optional: bool = False,
) -> Block:
    """Return the choice of one person."""
    element: Block = {
        "type": "users_select",
        "action_id": input_id,
        "placeholder": plain(t("input.person"), 150, t),
    }
    if is_person(typed):
        element["initial_user"] = typed
    return field(input_id, element, label, t, hint=hint, optional=optional)


def people_input(
    input_id: InputId, label: str, typed: Sequence[str], t: Translator, *, optional: bool = False
) -> Block:
    """Return the choice of several people."""
    element: Block = {
        "type": "multi_users_select",
        "action_id": input_id,
        "placeholder": plain(t("input.people"), 150, t),
    }
    if known := [user_id for user_id in typed if is_person(user_id)]:
        element["initial_users"] = known
    return field(input_id, element, label, t, optional=optional)


def instant_input(
    input_id: InputId, label: str, typed: datetime | None, t: Translator, *, optional: bool = False
) -> Block:
    """Return the choice of a date and a time; Slack shows it in the person's own time zone."""
    element: Block = {"type": "datetimepicker", "action_id": input_id}
    if typed is not None:
        element["initial_date_time"] = int(typed.timestamp())
    return field(input_id, element, label, t, optional=optional)


def day_input(input_id: InputId, label: str, typed: str, t: Translator) -> Block:
    """Return the choice of a day; it starts empty unless `typed` is a day such as 2026-01-31."""
    element: Block = {"type": "datepicker", "action_id": input_id}
    if is_day(typed):
        element["initial_date"] = typed
    return field(input_id, element, label, t, optional=False)


def is_day(typed: str) -> bool:
    """Return whether this is a day in Slack's format, 2026-01-31."""
    try:
        return date.fromisoformat(typed).isoformat() == typed
    except ValueError:
        return False


def tick_input(  # noqa: PLR0913 - an input has this many parts
    input_id: InputId, label: str, tick: str, hint: str, t: Translator, *, ticked: bool
) -> Block:
    """Return a single checkbox."""
    option = {"text": plain(tick, OPTION_TEXT, t), "value": input_id.value}
    element: Block = {"type": "checkboxes", "action_id": input_id, "options": [option]}
    if ticked:
        element["initial_options"] = [option]
    return field(input_id, element, label, t, hint=hint, optional=True)


def choice_input(
    input_id: InputId, label: str, choices: Sequence[tuple[str, str]], typed: str, t: Translator
) -> Block:
    """Return a choice of (value, label); a text input if Slack could not show that many choices."""
    options = {
        value: {"text": plain(text.strip() or value, OPTION_TEXT, t), "value": value}
        for value, text in choices
        if value.strip() and len(value) <= OPTION_VALUE
    }
    if not 0 < len(options) <= OPTIONS:
        return text_input(input_id, label, t, typed=typed)
    element: Block = {
        "type": "static_select",
        "action_id": input_id,
        "placeholder": plain(t("input.choose"), 150, t),
        "options": list(options.values()),
    }
    if typed in options:
        element["initial_option"] = options[typed]
    return field(input_id, element, label, t, optional=False)


def radio_input(
    input_id: InputId, label: str, choices: Sequence[tuple[str, str]], chosen: str, t: Translator
) -> Block:
    """Return radio buttons of (value, label), one of which is always selected."""
    options = {
        value: {"text": plain(text, OPTION_TEXT, t), "value": value} for value, text in choices
    }
    element: Block = {
        "type": "radio_buttons",
        "action_id": input_id,
        "options": list(options.values()),
        "initial_option": options[chosen],
    }
    return field(input_id, element, label, t, optional=False)
