"""The reference's refusal code for every verb, or an empty string if it is accepted."""

from datetime import datetime

from tests.rules.reference_model import Click, ReachedLevel, ReferenceModel


def decide(reference: ReferenceModel, click: Click, now: datetime) -> str:
    if reference.ended:
        return "request_closed"
    if click.revision != reference.revision:
        return "stale_content"
    if click.person == reference.requester:
        return "own_request"
    return (
        _level_refusal(reference, click)
        or _person_refusal(reference, click.number, click.person, now)
        or _verdict_refusal(reference, click)
    )


def _level_refusal(reference: ReferenceModel, click: Click) -> str:
    if not 1 <= click.number <= len(reference.reached_levels):
        return "level_not_open"
    if click.person in {decision.person for decision in reference.at(click.number)}:
        return "already_decided"
    if reference.changes_requested_by:
        return "changes_requested"
    reached = reference.reached_levels[click.number - 1]
    if reached.passed:
        return "level_closed"
    return "level_not_open" if reached.blocked else ""


def _person_refusal(reference: ReferenceModel, number: int, person: str, now: datetime) -> str:
    reached = reference.reached_levels[number - 1]
    if reference.seat(number, person, now):
        return ""
    filled = {decision.seat for decision in reference.at(number)}
    if filled & {person, *reached.delegated_seats(person, now)}:
        return "seat_taken"
    if person in reached.reassigned_by:
        return "chose_the_approvers"
    return _membership_refusal(reference, number, person)


def _membership_refusal(reference: ReferenceModel, number: int, person: str) -> str:
    result = reference.reached_levels[number - 1].result
    if result is None or person not in {*result.active, *result.others}:
        return "not_an_approver"
    if person in reference.counted_at_other_levels(number):
        return "counted_elsewhere"
    return "not_an_approver" if person in result.active else "not_eligible"


def _verdict_refusal(reference: ReferenceModel, click: Click) -> str:
    level = reference.levels[click.number - 1]
    rules = {"approve": level.approve_reason, "reject": level.reject_reason}
    if click.verdict == "request_changes" and (refused := _amendment_refusal(reference)):
        return refused
    needed = rules.get(click.verdict, "required") == "required"
    return _text_refusal(click.reason, needed=needed)


def _amendment_refusal(reference: ReferenceModel) -> str:
    if not reference.amendable:
        return "not_amendable"
    return "amendments_used_up" if reference.revision - 1 >= reference.max_amendments else ""


def _text_refusal(text: str, *, needed: bool = True) -> str:
    if needed and (text == "" or text.isspace()):
        return "reason_required"
    return "reason_too_long" if len(text) >= 3001 else ""


def comment(reference: ReferenceModel, person: str, text: str) -> str:
    if reference.ended:
        return "request_closed"
    if person not in reference.involved_people():
        return "not_involved"
    return _text_refusal(text)


def amend(
    reference: ReferenceModel, person: str, content_parts: tuple[str, str], revision: int
) -> str:
    if reference.ended:
        return "request_closed"
    if person != reference.requester:
        return "not_the_requester"
    if revision != reference.revision:
        return "stale_content"
    if refused := _amendment_refusal(reference):
        return refused
    if not content_parts[0]:
        return "text_missing"
    return "nothing_changed" if content_parts == reference.content_parts else ""


def withdraw(reference: ReferenceModel, person: str, reason: str) -> str:
    if reference.ended:
        return "request_closed"
    if person != reference.requester:
        return "not_the_requester"
    return _text_refusal(reason, needed=False)


def delegate(reference: ReferenceModel, person: str, to: str, now: datetime) -> str:
    if reference.ended:
        return "request_closed"
    if reference.changes_requested_by:
        return "changes_requested"
    if (
        not reference.reached_levels
        or reference.reached_levels[-1].passed
        or reference.reached_levels[-1].blocked
    ):
        return "level_not_open"
    if not reference.delegation:
        return "delegation_forbidden"
    return _seat_refusal(reference, person, now) or _delegate_refusal(reference, person, to)


def _seat_refusal(reference: ReferenceModel, person: str, now: datetime) -> str:
    number = len(reference.reached_levels)
    if person in {decision.person for decision in reference.at(number)}:
        return "already_decided"
    refused = _person_refusal(reference, number, person, now)
    if refused:
        return refused
    return "" if reference.seat(number, person, now) == person else "not_an_approver"


def _delegate_refusal(reference: ReferenceModel, person: str, to: str) -> str:
    if to == person:
        return "delegate_yourself"
    if to == reference.requester:
        return "delegate_is_requester"
    line = [to]
    while (onward := reference.delegations.get(line[-1])) is not None and onward not in line:
        line.append(onward)
    return "delegation_cycle" if person in line else ""


def reassign(reference: ReferenceModel, person: str, people_found: int, reason: str) -> str:
    if refused := _admin_refusal(reference, person):
        return refused
    if person == reference.requester:
        return "own_request"
    if refused := _open_level_refusal(reference):
        return refused
    if any(
        person in decision.counted_people
        for decision in reference.at(len(reference.reached_levels))
    ):
        return "already_decided"
    return _text_refusal(reason) if people_found else "nobody_named"


def refresh(reference: ReferenceModel, person: str) -> str:
    """Return the refusal code. An empty person is Slack, which need not be an admin."""
    if person:
        return _admin_refusal(reference, person) or _open_level_refusal(reference)
    return "request_closed" if reference.ended else _open_level_refusal(reference)


def close(reference: ReferenceModel, person: str, reason: str) -> str:
    return _admin_refusal(reference, person) or _text_refusal(reason)


def _admin_refusal(reference: ReferenceModel, person: str) -> str:
    if reference.ended:
        return "request_closed"
    if not reference.admins:
        return "admins_unknown"
    return "" if person in reference.admins else "not_an_admin"


def _open_level_refusal(reference: ReferenceModel) -> str:
    if reference.changes_requested_by:
        return "changes_requested"
    waiting: ReachedLevel | None = (
        reference.reached_levels[-1] if reference.reached_levels else None
    )
    return "level_not_open" if waiting is None or waiting.passed else ""
