"""The fields that we know, in words: their labels and values come from the catalogue."""

from views.translator import Translator
from workflows.rules.shared.content import ContentField


def field_label(field: ContentField, t: Translator) -> str:
    """Return what stands before the value: the catalogue's word, or the label as written."""
    return key_label(field.key, t) or field.label.strip()


def field_value(field: ContentField, t: Translator) -> str:
    """Return the value: the catalogue's word for one of a list, else as written (ISO days)."""
    return key_value(field.key, field.value, t).strip()


def key_label(key: str, t: Translator) -> str:
    """Return the catalogue's word for a key; empty where there is none."""
    name = f"field.{key}"
    return t(name) if key and t.has(name) else ""


def key_value(key: str, value: str, t: Translator) -> str:
    """Return the catalogue's word for one value of a key, or the value itself."""
    name = f"hr.{key}.{value}"
    return t(name) if key and t.has(name) else value
