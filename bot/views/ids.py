"""The names by which Slack tells us what was pressed, submitted or typed."""

from enum import StrEnum


class ActionId(StrEnum):
    """Buttons: each one has exactly one listener."""

    APPROVE = "approve"
    REJECT = "reject"
    ADD_LINE = "add_line"


class CallbackId(StrEnum):
    """Modals that can be submitted: each one has exactly one listener."""

    ORDER = "order"
    REJECT_REASON = "reject_reason"


class InputId(StrEnum):
    """Inputs of a modal. They call no listener; their values come with the submission."""

    CUSTOMER = "customer"
    SKU = "sku"
    QUANTITY = "quantity"
    UNIT_PRICE = "unit_price"
    CARD_EXPIRY = "card_expiry"
    NOTE = "note"
    REASON = "reason"


class BlockId(StrEnum):
    """First parts of block ids. A card adds its version, an order line its number.

    Where a block holds an input, its id is the name of the field in `rules.order_form`, so that a
    refusal finds its place by itself.
    """

    HEADER = "header"
    SUBJECT = "subject"
    SUMMARY = "summary"
    CONTENT_TEXT = "content-text"
    CONTENT_FIELDS = "content-fields"
    LEVEL = "level"
    DECISION = "decision"
    EARLIER = "earlier"
    OUTCOME = "outcome"
    CLOSING_REASON = "closing-reason"
    ACTIONS = "actions"
    STEPS = "steps"
    FAILURE = "failure"
    FOOT = "foot"
    NOTICE = "notice"
    LINE = "line"
    PROBLEM = "problem"
