"""Submissions of the forms that start something: acknowledge, start, and show the result."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.actions.requesters import RequesterUncheckedError
from bot.actions.start import TemporalUnavailableError
from bot.listeners.answers import Surface
from bot.listeners.services import Services
from views import notices
from views.blocks import View
from workflows.rules.people.actors import Actor
from workflows.rules.shared.errors import RuleError

_log = structlog.get_logger("bot.submissions")


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """The view of a modal after a start.

    `sentence` is sent instead if the requester has closed the modal; it is empty if they are
    notified anyway.
    """

    view: View
    sentence: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """A valid form of `requester`. `failed` renders the form again, with a sentence on top."""

    request_id: str
    requester: Actor
    working: View
    start: Callable[[], Awaitable[Result]]
    failed: Callable[[str], View]


def _failed(submission: Submission, sentence: str) -> Result:
    """Return the form again, with what went wrong."""
    return Result(view=submission.failed(sentence), sentence=sentence)


async def submit(services: Services, args: AsyncArgs, submission: Submission) -> None:
    """Acknowledge a valid form, start its request, and show the result or the form again."""
    await args.ack(response_action="update", view=submission.working)
    acked = time.monotonic()
    person = submission.requester.person
    try:
        result = await submission.start()
    except TemporalUnavailableError as error:
        _log.warning("not_started", request_id=submission.request_id, why=str(error))
        result = _failed(submission, notices.unavailable(services.cached_translator(person)))
    except RequesterUncheckedError as error:
        _log.warning("not_started", request_id=submission.request_id, why=str(error))
        result = _failed(submission, notices.unchecked(services.cached_translator(person)))
    except RuleError as error:
        t = services.cached_translator(person)
        _log.info("start_refused", request_id=submission.request_id, code=error.code)
        result = _failed(submission, notices.refusal(error.code, error.data, t))
    await services.answers.show_or_reply(
        args.client,
        args.body["view"]["id"],
        result.view,
        acked,
        surface=Surface(person=person),
        sentence=result.sentence,
    )
