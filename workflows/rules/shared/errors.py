"""Every refusal the rules can give, by name. The sentences for them stand in `views/notices.py`."""

from typing import ClassVar


class RuleError(Exception):
    """A refusal. `code` names it on every border, `data` fills the blanks of its sentence.

    The code travels as `rejected.<code>` in a Temporal update rejection, so it never changes
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
    """The seat was filled by somebody else. Data: `person` who did, `seat` for whom."""

    code = "seat_taken"


class CountedElsewhereError(RuleError):
    """The person already counted at another level. Data: `level`."""

    code = "counted_elsewhere"


class NotEligibleError(RuleError):
    """The person is named but may not decide. Data: `standing`: guest, bot, ..."""

    code = "not_eligible"


class ChoseTheApproversError(RuleError):
    """The person has named this level's approvers as an admin, so they do not decide here."""

    code = "chose_the_approvers"


class ChangesRequestedError(RuleError):
    """The request waits for its requester to change it. Data: `person` who wants that."""

    code = "changes_requested"


class NotAmendableError(RuleError):
    """The content of this request cannot be changed: something else was built upon it."""

    code = "not_amendable"


class AmendmentsUsedUpError(RuleError):
    """The request was changed as often as its policy allows. Data: `limit`."""

    code = "amendments_used_up"


class NothingChangedError(RuleError):
    """The amendment says what the request says already."""

    code = "nothing_changed"


class NotInvolvedError(RuleError):
    """Only the requester, approvers, stand-ins and admins may comment."""

    code = "not_involved"


class DelegationForbiddenError(RuleError):
    """The policy does not allow stand-ins."""

    code = "delegation_forbidden"


class DelegateYourselfError(RuleError):
    """Somebody named themselves as their stand-in."""

    code = "delegate_yourself"


class DelegateIsRequesterError(RuleError):
    """The requester cannot stand in on their own request."""

    code = "delegate_is_requester"


class DelegationCycleError(RuleError):
    """The stand-in has handed over to this very person. Data: `person`."""

    code = "delegation_cycle"


class NotAnAdminError(RuleError):
    """Only admins may do this."""

    code = "not_an_admin"


class AdminsUnknownError(RuleError):
    """Who the admins are could not be read yet."""

    code = "admins_unknown"


class NoApproverNamedError(RuleError):
    """No approver is named."""

    code = "nobody_named"


class RequestClosedError(RuleError):
    """The request has ended. Data: `status`, and `person` where somebody ended it."""

    code = "request_closed"


class LevelClosedError(RuleError):
    """The click was meant for a level that is not the open one any more."""

    code = "level_closed"


class LevelNotOpenError(RuleError):
    """The level has no approvers yet (unreadable or empty), so nobody may decide."""

    code = "level_not_open"


class StaleContentError(RuleError):
    """The click was meant for an earlier content of the request."""

    code = "stale_content"


class ReasonRequiredError(RuleError):
    """The policy asks for a reason with this verdict."""

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
    """The amount has more than two decimals."""

    code = "amount_too_many_decimals"


class TooManyDigitsError(RuleError):
    """The amount has more than fifteen digits."""

    code = "amount_too_many_digits"


class OtherCurrencyError(RuleError):
    """The amount names another currency than the policy's. Data: `currency`."""

    code = "amount_other_currency"


class TextMissingError(RuleError):
    """A text that must be given is empty."""

    code = "text_missing"


class TextTooLongError(RuleError):
    """A text is too long. Data: `limit`."""

    code = "text_too_long"


class TextUnreadableError(RuleError):
    """A text holds what no database keeps: a NUL, or half of a surrogate pair."""

    code = "text_unreadable"


class NotALinkError(RuleError):
    """A link is no https or http address. Data: `link`."""

    code = "not_a_link"


class TooManyLinksError(RuleError):
    """There are too many links. Data: `limit`."""

    code = "too_many_links"


class NotADurationError(RuleError):
    """A window is not written as 30m, 4h or 2d."""

    code = "not_a_duration"


class WindowTooLongError(RuleError):
    """A request wants to wait for longer than its policy allows. Data: `limit`, such as 3d."""

    code = "window_too_long"


class NoCurrencyError(RuleError):
    """The amount names no currency, and the policy has none of its own."""

    code = "amount_without_currency"


class NotACountError(RuleError):
    """The quantity is not a whole number from 1 to 9,999."""

    code = "quantity_not_a_count"


class UnknownProductError(RuleError):
    """No such product is in stock keeping. Data: `sku`."""

    code = "unknown_product"


class NotACardExpiryError(RuleError):
    """The payment card's expiry is not MM/YY."""

    code = "card_expiry_malformed"


class NotAnEmailError(RuleError):
    """The customer's e-mail is no address, or one that mail cannot carry."""

    code = "email_malformed"


class NoLinesError(RuleError):
    """An order needs at least one line."""

    code = "order_without_lines"


class NoTierError(RuleError):
    """No tier of the policy takes this amount. Data: `policy`."""

    code = "no_tier"


class NotYourOrderError(RuleError):
    """Only the requester of an order, or an operator, may cancel it."""

    code = "not_your_order"


class AlreadyShippedError(RuleError):
    """The order's shipment has begun, so it cannot be cancelled."""

    code = "already_shipped"


class AlreadyCancelledError(RuleError):
    """The order was cancelled before. Data: `person` who did."""

    code = "already_cancelled"


class BeingUndoneError(RuleError):
    """The order cannot be fulfilled and is being undone already."""

    code = "being_undone"


class OrderClosedError(RuleError):
    """The order has ended. Data: `status`."""

    code = "order_closed"


class NothingToResumeError(RuleError):
    """Nothing is in the way of the order. Data: `status`."""

    code = "nothing_to_resume"


class HrFieldMissingError(RuleError):
    """A field is empty that this type of HR request needs. Data: `field`."""

    code = "hr_field_missing"


class NotADateError(RuleError):
    """A day is not written as 2026-01-31."""

    code = "not_a_date"


class EndsBeforeStartError(RuleError):
    """The last day is before the first."""

    code = "ends_before_start"


class PeriodTooLongError(RuleError):
    """The days asked for are too many at once. Data: `limit`."""

    code = "period_too_long"


class UnknownHrTypeError(RuleError):
    """No HR request has this type. Data: `type`."""

    code = "unknown_hr_type"


class UnknownPriorityError(RuleError):
    """No such priority. Data: `priority`."""

    code = "unknown_priority"


class OtherHrTypeError(RuleError):
    """An amendment would make it a request of another type. Data: `type`, the one it has."""

    code = "other_hr_type"


class NotAnHrContentError(RuleError):
    """A content holds what no HR request of its type holds."""

    code = "not_an_hr_content"


class DayPastError(RuleError):
    """The first day is over already. Data: `day`, today's."""

    code = "day_past"
