"""The fields that we know, in words: their labels and values come from the catalogue."""

from views.text import has_text, text
from workflows.rules.shared.content import ContentField


def field_label(field: ContentField, locale: str) -> str:
    """Return what stands before the value: the catalogue's word, or the label as written."""
    return key_label(field.key, locale) or field.label.strip()


def field_value(field: ContentField, locale: str) -> str:
    """Return the value: the catalogue's word for one of a list, else as written (ISO days)."""
    return key_value(field.key, field.value, locale).strip()


def key_label(key: str, locale: str) -> str:
    """Return the catalogue's word for a key; empty where there is none."""
    name = f"field.{key}"
    return text(name, locale) if key and has_text(name) else ""


def key_value(key: str, value: str, locale: str) -> str:
    """Return the catalogue's word for one value of a key, or the value itself."""
    name = f"hr.{key}.{value}"
    return text(name, locale) if key and has_text(name) else value
