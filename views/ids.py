"""The ids by which Slack names buttons, modals, shortcuts, inputs and blocks."""

from enum import StrEnum


class ActionId(StrEnum):
    """Ids of buttons; each has exactly one listener. `CHOOSE` selects a verb in the *More…* modal.

    `SHOW` shows an order from a list. `COPY` opens the HR form with another request's content.
    Those beginning with HOME navigate the App Home. The last three are inputs that report each
    change.
    """

    APPROVE = "approve"
    REJECT = "reject"
    MORE = "more"
    DETAILS = "details"
    CHOOSE = "choose"
    ADD_LINE = "add_line"
    REMOVE_LINE = "remove_line"
    CANCEL = "cancel"
    SHOW = "show"
    COPY = "copy"
    HOME_DECIDE = "home_decide"
    HOME_MINE = "home_mine"
    HOME_AWAY = "home_away"
    HOME_HISTORY = "home_history"
    HOME_BACK = "home_back"
    HOME_ON = "home_on"
    HOME_KIND = "home_kind"
    HOME_STATE = "home_state"
    SET_AWAY = "set_away"
    BULK = "bulk"
    QUANTITY = "quantity"
    UNIT_PRICE = "unit_price"
    HR_TYPE = "hr_type"


class CallbackId(StrEnum):
    """Ids of modals with a submit button; each has exactly one listener. `VERB` is the form of any verb."""

    ORDER = "order"
    VERB = "verb"
    APPROVAL = "approval"
    AWAY = "away"
    HR = "hr"
    BULK = "bulk"


class ShortcutId(StrEnum):
    """Ids of the manifest's shortcuts; each has exactly one listener. The second is for a message."""

    REQUEST = "request"
    REQUEST_FROM_MESSAGE = "request_from_message"


class InputId(StrEnum):
    """Ids of inputs. Their values come with the submission; only three have a listener."""

    CUSTOMER = "customer"
    SKU = "sku"
    QUANTITY = ActionId.QUANTITY.value
    UNIT_PRICE = ActionId.UNIT_PRICE.value
    PAYMENT = "payment"
    CARD_EXPIRY = "card_expiry"
    EMAIL = "email"
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
    HR_TYPE = ActionId.HR_TYPE.value
    PRIORITY = "priority"
    DESCRIPTION = "description"
    ITEM = "item"
    NEW_ROLE = "new_role"
    NEW_TEAM = "new_team"
    CHOSEN = "chosen"
    VERDICT = "verdict"


class BlockId(StrEnum):
    """First parts of block ids. A card appends its version, an order line its number.

    The block of an input is named after its field in `rules.orders.form`, `rules.approvals.form` or
    `rules.hr.form`, so that an error appears at the right input.
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
    PARCELS = "parcels"
    PAYMENT = "payment"
    DELIVERY = "delivery"
    ATTENTION = "attention"
    CANCELLED = "cancelled"
    MAIL = "mail"
    FAILURE = "failure"
    FOOTER = "foot"
    NOTICE = "notice"
    LINE = "line"
    LINE_SUM = "line-sum"
    TOTAL = "total"
    VERB = "verb"
    ABSENCE = "absence"
    PROBLEM = "problem"
    MENTIONS = "mentions"
    PRIVATE = "private"
    TYPE = "type"
    TABS = "tabs"
    FILTERS = "filters"
    PAGES = "pages"
    ROW = "row"
    ITEM = "item"
    DIVIDER = "divider"
    TRAIL = "trail"
