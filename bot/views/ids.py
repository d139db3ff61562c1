"""The names by which Slack tells us what was pressed, submitted or typed."""

from enum import StrEnum


class ActionId(StrEnum):
    """Buttons: each one has exactly one listener. `CHOOSE` chooses a verb in the *More…* modal."""

    APPROVE = "approve"
    REJECT = "reject"
    MORE = "more"
    CHOOSE = "choose"
    ADD_LINE = "add_line"
    CANCEL = "cancel"


class CallbackId(StrEnum):
    """Modals that can be submitted: each one has exactly one listener. `VERB` is every verb's form."""

    ORDER = "order"
    VERB = "verb"
    APPROVAL = "approval"
    AWAY = "away"


class InputId(StrEnum):
    """Inputs of a modal. They call no listener; their values come with the submission."""

    CUSTOMER = "customer"
    SKU = "sku"
    QUANTITY = "quantity"
    UNIT_PRICE = "unit_price"
    CARD_EXPIRY = "card_expiry"
    NOTE = "note"
    REASON = "reason"
    POLICY = "policy"
    TITLE = "title"
    TEXT = "text"
    AMOUNT = "amount"
    LINKS = "links"
    ANSWER_WITHIN = "answer_within"
    DELEGATE = "delegate"
    PEOPLE = "people"
    SOURCES = "sources"
    STARTS = "starts"
    ENDS = "ends"
    BACK = "back"


class BlockId(StrEnum):
    """First parts of block ids. A card adds its version, an order line its number.

    Where a block holds an input, its id is the name of the field in `rules.order_form` or
    `rules.request_form`, so that a refusal finds its place by itself.
    """

    HEADER = "header"
    SUBJECT = "subject"
    SUMMARY = "summary"
    CHANGES = "changes"
    CONTENT_TEXT = "content-text"
    CONTENT_FIELDS = "content-fields"
    LINKS = "content-links"
    SHORTENED = "shortened"
    LEVEL = "level"
    DECISION = "decision"
    EARLIER = "earlier"
    CHANGE_REQUEST = "change-request"
    OUTCOME = "outcome"
    CLOSING_REASON = "closing-reason"
    COMMENTS = "comments"
    ACTIONS = "actions"
    STEPS = "steps"
    PAYMENT = "payment"
    DELIVERY = "delivery"
    ATTENTION = "attention"
    CANCELLED = "cancelled"
    MAIL = "mail"
    FAILURE = "failure"
    FOOT = "foot"
    NOTICE = "notice"
    LINE = "line"
    VERB = "verb"
    ABSENCE = "absence"
    PROBLEM = "problem"
    MENTIONS = "mentions"
