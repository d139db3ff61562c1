"""Every refusal of the rules, by name. `views/notices.py` has their messages."""

from typing import ClassVar


class RuleError(Exception):
    """A refusal. `code` identifies it outside the rules; `data` fills in its message.

    The code is sent as `rejected.<code>` in a Temporal update rejection, so it never changes
    once released.
    """

    code: ClassVar[str]

    def __init__(self, **data: str) -> None:
        super().__init__(self.code)
        self.data = data


class NotAnApproverError(RuleError):
    """The person is not among the open level's approvers."""

    code = "not_an_approver"


class OwnRequestError(RuleError):
    """The requester tried to decide on their own request."""

    code = "own_request"


class AlreadyDecidedError(RuleError):
    """The person has already decided at this level. Data: `verdict`."""

    code = "already_decided"


class SeatTakenError(RuleError):
    """Another person has filled the seat. Data: `person`, the other person, and `seat`."""

    code = "seat_taken"


class CountedElsewhereError(RuleError):
    """The person already counted at another level. Data: `level`."""

    code = "counted_elsewhere"


class NotEligibleError(RuleError):
    """The person is an approver but may not decide. Data: `standing`, such as guest or bot."""

    code = "not_eligible"


class ChoseTheApproversError(RuleError):
    """The person chose this level's approvers as an admin, so they do not decide here."""

    code = "chose_the_approvers"


class ChangesRequestedError(RuleError):
    """The request waits for its requester to change it. Data: `person` who asked for changes."""

    code = "changes_requested"


class NotAmendableError(RuleError):
    """The content of this request cannot be changed, because its parent has a copy of it."""

    code = "not_amendable"


class AmendmentsUsedUpError(RuleError):
    """The request has been amended as often as its policy allows. Data: `limit`."""

    code = "amendments_used_up"


class NothingChangedError(RuleError):
    """The amendment equals the current content."""

    code = "nothing_changed"


class NotInvolvedError(RuleError):
    """Only the requester, approvers, delegates and admins may comment."""

    code = "not_involved"


class DelegationForbiddenError(RuleError):
    """The policy does not allow delegation."""

    code = "delegation_forbidden"


class DelegateYourselfError(RuleError):
    """A person cannot be their own delegate."""

    code = "delegate_yourself"


class DelegateIsRequesterError(RuleError):
    """The requester cannot be a delegate on their own request."""

    code = "delegate_is_requester"


class DelegationCycleError(RuleError):
    """The delegate has delegated to the same approver. Data: `person`, the delegate."""

    code = "delegation_cycle"


class NotAnAdminError(RuleError):
    """Only admins may do this."""

    code = "not_an_admin"


class AdminsUnknownError(RuleError):
    """The admins could not be read yet."""

    code = "admins_unknown"


class NoApproverNamedError(RuleError):
    """No approver is named."""

    code = "nobody_named"


class RequestClosedError(RuleError):
    """The request has ended. Data: `status`, and `person` if a person ended it."""

    code = "request_closed"


class LevelClosedError(RuleError):
    """The click was meant for a level that is no longer open."""

    code = "level_closed"


class LevelNotOpenError(RuleError):
    """The level has no approvers yet (unreadable or empty), so no one may decide."""

    code = "level_not_open"


class StaleContentError(RuleError):
    """The click was meant for an earlier revision of the content."""

    code = "stale_content"


class ReasonRequiredError(RuleError):
    """The policy requires a reason for this verdict."""

    code = "reason_required"


class ReasonTooLongError(RuleError):
    """The reason or comment is longer than 3,000 characters. Data: `length`."""

    code = "reason_too_long"


class NotTheRequesterError(RuleError):
    """Only the requester may do this."""

    code = "not_the_requester"


class NotANumberError(RuleError):
    """The amount is not a number such as 1500.00."""

    code = "amount_not_a_number"


class NotPositiveError(RuleError):
    """The amount or quantity is zero or less."""

    code = "amount_not_positive"


class TooManyDecimalsError(RuleError):
    """The amount has more decimals than its currency. Data: `currency`, and its `limit`."""

    code = "amount_too_many_decimals"


class TooManyDigitsError(RuleError):
    """The amount has more than fifteen digits."""

    code = "amount_too_many_digits"


class OtherCurrencyError(RuleError):
    """The amount names another currency than the policy's. Data: `currency`."""

    code = "amount_other_currency"


class AmbiguousAmountError(RuleError):
    """The amount has two readings. Data: as `typed`, `currency`, and the numbers `first`, `second`."""

    code = "amount_ambiguous"


class AmbiguousCurrencyError(RuleError):
    """Several currencies share this symbol. Data: `symbol`, and the codes `first`, `second`."""

    code = "amount_currency_ambiguous"


class UnknownCurrencyError(RuleError):
    """The amount names a currency that ISO 4217 does not have. Data: `currency`."""

    code = "amount_unknown_currency"


class TextMissingError(RuleError):
    """A required text is empty."""

    code = "text_missing"


class TextTooLongError(RuleError):
    """A text is too long. Data: `limit`."""

    code = "text_too_long"


class TextUnreadableError(RuleError):
    """A text holds a character that no database stores: a NUL, or half of a surrogate pair."""

    code = "text_unreadable"


class NotALinkError(RuleError):
    """A link is not an https or http address. Data: `link`."""

    code = "not_a_link"


class TooManyLinksError(RuleError):
    """There are too many links. Data: `limit`."""

    code = "too_many_links"


class NotADurationError(RuleError):
    """A duration is not in the form 30m, 4h or 2d."""

    code = "not_a_duration"


class WindowTooLongError(RuleError):
    """The requested expiry is later than the policy allows. Data: `limit`, such as 3d."""

    code = "window_too_long"


class NoCurrencyError(RuleError):
    """The amount names no currency, and the policy has no currency."""

    code = "amount_without_currency"


class NotACountError(RuleError):
    """The quantity is not a whole number from 1 to 9,999."""

    code = "quantity_not_a_count"


class UnknownProductError(RuleError):
    """There is no such product. Data: `sku`."""

    code = "unknown_product"


class NotACardExpiryError(RuleError):
    """The payment card's expiry is not MM/YY."""

    code = "card_expiry_malformed"


class NotAnEmailError(RuleError):
    """The customer's e-mail address is invalid, or mail servers do not accept it."""

    code = "email_malformed"


class NoLinesError(RuleError):
    """An order needs at least one line."""

    code = "order_without_lines"


class NoTierError(RuleError):
    """No tier of the policy covers this amount. Data: `policy`."""

    code = "no_tier"


class NotYourOrderError(RuleError):
    """Only the requester of an order, or an operator, may cancel it."""

    code = "not_your_order"


class AlreadyShippedError(RuleError):
    """Shipping has started, so the order cannot be cancelled."""

    code = "already_shipped"


class AlreadyCancelledError(RuleError):
    """The order has already been cancelled. Data: `person` who cancelled it."""

    code = "already_cancelled"


class BeingUndoneError(RuleError):
    """The order cannot be fulfilled and is already being compensated."""

    code = "being_undone"


class OrderClosedError(RuleError):
    """The order has ended. Data: `status`."""

    code = "order_closed"


class NothingToResumeError(RuleError):
    """The order has no failed compensation to resume. Data: `status`."""

    code = "nothing_to_resume"


class HrFieldMissingError(RuleError):
    """A field that this type of HR request needs is empty. Data: `field`."""

    code = "hr_field_missing"


class NotADateError(RuleError):
    """A date is not in the form 2026-01-31."""

    code = "not_a_date"


class EndsBeforeStartError(RuleError):
    """The last day is before the first."""

    code = "ends_before_start"


class PeriodTooLongError(RuleError):
    """The request is for too many days. Data: `limit`."""

    code = "period_too_long"


class UnknownHrTypeError(RuleError):
    """There is no such type of HR request. Data: `type`."""

    code = "unknown_hr_type"


class RequesterNotAllowedError(RuleError):
    """The policy does not allow this person to send a request. Data: `standing`."""

    code = "requester_not_allowed"


class NotEnoughDaysLeftError(RuleError):
    """More days off of a year are requested than are left. Data: `year`, `wanted`, `left`."""

    code = "not_enough_days_left"


class UnknownPriorityError(RuleError):
    """There is no such priority. Data: `priority`."""

    code = "unknown_priority"


class OtherHrTypeError(RuleError):
    """An amendment would change the type of the request. Data: `type`, the current type."""

    code = "other_hr_type"


class NotAnHrContentError(RuleError):
    """The content has parts that no HR request of its type has."""

    code = "not_an_hr_content"


class DayPastError(RuleError):
    """The first day is in the past. Data: `day`, which is today."""

    code = "day_past"
