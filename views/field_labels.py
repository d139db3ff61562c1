"""Labels and values of known fields, from the catalogue."""

from views.translator import Translator
from workflows.rules.shared.content import ContentField


def field_label(field: ContentField, t: Translator) -> str:
    """Return the field's label from the catalogue, or its own label."""
    return key_label(field.key, t) or field.label.strip()


def field_value(field: ContentField, t: Translator) -> str:
    """Return the field's value from the catalogue, or as it was typed (days in ISO format)."""
    return key_value(field.key, field.value, t).strip()


def key_label(key: str, t: Translator) -> str:
    """Return the label of a key; an empty string if the catalogue has none."""
    name = f"field.{key}"
    return t(name) if key and t.has(name) else ""


def key_value(key: str, value: str, t: Translator) -> str:
    """Return the catalogue's text for a value of a key, or the value itself."""
    name = f"hr.{key}.{value}"
    return t(name) if key and t.has(name) else value
