"""Validation of blocks, messages and views, with Slack's errors."""

import json
from collections.abc import Iterator
from typing import Any

from emulator import limits
from emulator.errors import Json, SlackError
from emulator.shapes import Items, Problem, Str, TypedObject, problem

_BLOCK = TypedObject(limits.BLOCKS)
_MAX_LINES = 50


def block_problems(blocks: Any, surface: str, pointer: str = "/blocks") -> list[Problem]:
    """List the problems of blocks on a surface: ``message``, ``modal`` or ``home``."""
    maximum = limits.MESSAGE_BLOCKS if surface == "message" else limits.VIEW_BLOCKS
    found = list(Items(_BLOCK, maximum, 0).check(blocks, pointer))
    if isinstance(blocks, list):
        found += _duplicate_block_ids(blocks, pointer)
        for index, block in enumerate(blocks[:maximum]):
            if isinstance(block, dict):
                found += _placement(block, surface, f"{pointer}/{index}")
    return found


def elements_of(block: Json) -> list[tuple[str, Json]]:
    """List the elements of a block with their pointers relative to the block."""
    kind = block.get("type")
    if kind == "actions" and isinstance(block.get("elements"), list):
        found = [(f"elements/{index}", item) for index, item in enumerate(block["elements"])]
    else:
        place = {"section": "accessory", "input": "element"}.get(str(kind), "")
        found = [(place, block.get(place))]
    return [(place, element) for place, element in found if isinstance(element, dict)]


def _placement(block: Json, surface: str, pointer: str) -> Iterator[Problem]:
    kind = block.get("type")
    allowed = limits.SURFACES.get(kind) if isinstance(kind, str) else None
    if allowed and surface not in allowed:
        yield problem(f"{pointer}/type", f"unsupported type: {kind}", "surface", surface)
    seen: set[str] = set()
    for place, element in elements_of(block):
        if surface != "modal" and str(element.get("type")) in limits.MODAL_ONLY_ELEMENTS:
            message = f"unsupported type: {element['type']}"
            yield problem(f"{pointer}/{place}/type", message, "surface", surface)
        action_id = element.get("action_id")
        if isinstance(action_id, str) and action_id in seen:
            message = f"`action_id` already exists for this block: {action_id}"
            yield problem(f"{pointer}/{place}/action_id", message, "unique", action_id)
        elif isinstance(action_id, str):
            seen.add(action_id)
        yield from _length_order(element, f"{pointer}/{place}")


def _length_order(element: Json, pointer: str) -> Iterator[Problem]:
    minimum, maximum = element.get("min_length"), element.get("max_length")
    if isinstance(minimum, int) and isinstance(maximum, int) and minimum > maximum:
        yield problem(f"{pointer}/min_length", "must be at most max_length", "range", maximum)


def _duplicate_block_ids(blocks: list[Any], pointer: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id") if isinstance(block, dict) else None
        if isinstance(block_id, str) and block_id in seen:
            message = f"`block_id` already exists: {block_id}"
            yield problem(f"{pointer}/{index}/block_id", message, "unique", block_id)
        elif isinstance(block_id, str):
            seen.add(block_id)


def view_problems(view: Any, pointer: str = "/view") -> tuple[list[Problem], list[Problem]]:
    """List the problems of a view: those of the view itself, and those of its blocks."""
    if not isinstance(view, dict):
        return [problem(pointer, "must provide an object", "type", "object")], []
    kind = view.get("type")
    if kind not in ("modal", "home"):
        return [problem(f"{pointer}/type", "must be one of: modal, home", "enum")], []
    found = list(limits.VIEW.check(view, pointer))
    if kind == "modal":
        if view.get("title") is None:
            found.append(problem(pointer, "missing required field: title", "required", "title"))
        if view.get("submit") is None and _has_input(view.get("blocks")):
            message = "missing required field: submit"
            found.append(problem(pointer, message, "required", "submit"))
    blocks = view.get("blocks")
    return found, block_problems(blocks, kind, f"{pointer}/blocks") if blocks is not None else []


def _has_input(blocks: Any) -> bool:
    return isinstance(blocks, list) and any(
        isinstance(block, dict) and block.get("type") == "input" for block in blocks
    )


def check_blocks(blocks: Any, surface: str) -> None:
    """Reject invalid blocks: ``invalid_blocks`` with JSON pointers, or ``msg_blocks_too_long``."""
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    raise_problems("invalid_blocks", block_problems(blocks, surface))
    if surface == "message" and compact_size(blocks) > limits.MESSAGE_BLOCKS_SIZE:
        raise SlackError("msg_blocks_too_long")


def check_view(view: Any, surface: str) -> None:
    """Reject an invalid view: ``invalid_arguments``, ``invalid_blocks`` or ``view_too_large``."""
    view_errors, block_errors = view_problems(view)
    raise_problems("invalid_arguments", view_errors)
    raise_problems("invalid_blocks", block_errors)
    if view["type"] != surface:
        mismatch = problem("/view/type", f"must be one of: {surface}", "enum", [surface])
        raise_problems("invalid_arguments", [mismatch])
    if compact_size(view) > limits.VIEW_SIZE:
        raise SlackError("view_too_large")


def check_metadata(metadata: Any) -> None:
    """Reject invalid metadata: ``invalid_metadata_format`` or ``metadata_too_large``."""
    if not isinstance(metadata, dict):
        raise SlackError("invalid_metadata_format")
    problems = list(Str(255, 1).check(metadata.get("event_type"), "/metadata/event_type"))
    if not isinstance(metadata.get("event_payload"), dict):
        problems.append(problem("/metadata/event_payload", "must provide an object", "type"))
    raise_problems("invalid_metadata_format", problems)
    if compact_size(metadata) > limits.METADATA_SIZE:
        raise SlackError("metadata_too_large")


def raise_problems(code: str, problems: list[Problem]) -> None:
    """Raise ``code`` if there are problems."""
    if problems:
        lines = tuple(p.line() for p in problems[:_MAX_LINES])
        raise SlackError(code, messages=lines, errors=[p.line()[8:] for p in problems[:_MAX_LINES]])


def compact_size(value: Any) -> int:
    """Return the number of characters of ``value`` as compact JSON."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False))
