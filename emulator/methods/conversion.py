"""Conversion of query, form and JSON arguments to the types a method declares."""

from typing import Any

from emulator import strict_json

_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0", ""})


def convert(value: Any, kind: str) -> Any:
    """Convert to ``str``, ``bool``, ``int``, ``json`` or ``list``.

    Raises TypeError or ValueError if the value does not fit.
    """
    return _CONVERTERS[kind](value)


def _string(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    return str(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    if text not in _TRUE | _FALSE:
        raise ValueError
    return text in _TRUE


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError
    return int(value)


def _json(value: Any) -> Any:
    decoded = strict_json.loads(value) if isinstance(value, str) else value
    if not isinstance(decoded, dict | list):
        raise TypeError
    return decoded


def _list(value: Any) -> list[str]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise TypeError
    return [item.strip() for item in items if item.strip()]


_CONVERTERS = {"str": _string, "bool": _boolean, "int": _integer, "json": _json, "list": _list}
