"""The provisioning port on `records/`: days off, payouts, equipment and the personnel file."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio import activity
from temporalio.exceptions import ApplicationError

from records.database import Database
from records.payouts import Payouts
from records.personnel import Personnel
from records.reservations import Reservations
from records.steps import KeyReusedError, StepUndoneError
from records.stock import OutOfStockError
from records.time_off import NotEnoughDaysError, TimeOff
from workflows.ports.hr import Provisioned, ProvisionPort, ProvisionQuestion
from workflows.rules.hr.snapshot import DaysLeft, HrStepName


class ProvisionActivities(ProvisionPort):
    """Carries out approved HR requests, as rows in the database."""

    def __init__(self, database: Database) -> None:
        self._time_off = TimeOff(database)
        self._payouts = Payouts(database)
        self._reservations = Reservations(database)
        self._personnel = Personnel(database)

    @activity.defn
    async def provision(self, question: ProvisionQuestion) -> Provisioned:
        """Carry out the step. Safe to repeat: the same key does it once.

        Raises ApplicationErrors that are not retried. Their type is a code that the catalogue has
        a text for, and their first detail is the data: `not_enough_days` (year, wanted, left),
        `out_of_stock` (sku, wanted, left), `step_undone` after an undo, `key_reused`, and
        `nothing_to_do` if the request lacks the data that the step needs.
        """
        with _as_application_errors():
            return await self._carry_out(question)

    async def _carry_out(self, question: ProvisionQuestion) -> Provisioned:
        key, request, person = question.key, question.request, question.person
        match question.step:
            case HrStepName.BOOK_DAYS if request.days_by_year:
                booking = await self._time_off.book(
                    key, request.request_id, person, request.days_by_year
                )
                left = tuple(
                    DaysLeft(year=balance.year, days=balance.left) for balance in booking.balances
                )
                return Provisioned(reference=booking.reference, left=left)
            case HrStepName.QUEUE_PAYOUT if request.amount is not None:
                reference = await self._payouts.queue(
                    key, request.request_id, person, request.amount
                )
            case HrStepName.RESERVE_ITEM if request.item:
                reference = await self._reservations.set_aside(
                    key, request.request_id, {request.item: 1}
                )
            case HrStepName.REGISTER:
                reference = await self._personnel.register(key, person, request)
            case _:
                raise _refusal("nothing_to_do", f"the request has no data for {question.step}")
        return Provisioned(reference=reference)

    @activity.defn
    async def take_back(self, question: ProvisionQuestion) -> None:
        """Undo what the key has done, if anything. Safe to repeat. A later `provision` is refused.

        Raises ApplicationError `key_reused`, which is not retried.
        """
        key, request, person = question.key, question.request, question.person
        with _as_application_errors():
            match question.step:
                case HrStepName.BOOK_DAYS:
                    await self._time_off.give_back(key, request.request_id, person)
                case HrStepName.QUEUE_PAYOUT:
                    currency = request.amount.currency if request.amount else ""
                    await self._payouts.cancel(key, request.request_id, person, currency)
                case HrStepName.RESERVE_ITEM:
                    await self._reservations.put_back(key, request.request_id)
                case HrStepName.REGISTER:
                    await self._personnel.strike(key, person, request)


@contextmanager
def _as_application_errors() -> Iterator[None]:
    """Raise a step's refusal as an ApplicationError that is not retried, with its code and data.

    Other exceptions, such as an unreachable database, are retried.
    """
    try:
        yield
    except NotEnoughDaysError as error:
        left = error.left
        raise _refusal(
            "not_enough_days", str(error), year=error.year, wanted=error.wanted, left=left
        ) from error
    except OutOfStockError as error:
        left = error.left
        raise _refusal(
            "out_of_stock", str(error), sku=error.sku, wanted=error.wanted, left=left
        ) from error
    except StepUndoneError as error:
        raise _refusal("step_undone", str(error)) from error
    except KeyReusedError as error:
        raise _refusal("key_reused", str(error)) from error


def _refusal(code: str, message: str, **data: object) -> ApplicationError:
    details = {name: str(value) for name, value in data.items()}
    return ApplicationError(message, details, type=code, non_retryable=True)
