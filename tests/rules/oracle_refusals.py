"""Why somebody may not: the oracle's own answer to every verb, an empty string where it counts."""

from datetime import datetime

from tests.rules.oracle import Press, Rung, Story


def decide(story: Story, press: Press, now: datetime) -> str:
    if story.ended:
        return "request_closed"
    if press.revision != story.revision:
        return "stale_content"
    if press.person == story.requester:
        return "own_request"
    return (
        _not_here(story, press)
        or _not_they(story, press.number, press.person, now)
        or _not_so(story, press)
    )


def _not_here(story: Story, press: Press) -> str:
    if not 1 <= press.number <= len(story.rungs):
        return "level_not_open"
    if press.person in {one.person for one in story.at(press.number)}:
        return "already_decided"
    if story.wanted_by:
        return "changes_requested"
    rung = story.rungs[press.number - 1]
    if rung.passed:
        return "level_closed"
    return "level_not_open" if rung.trouble else ""


def _not_they(story: Story, number: int, person: str, now: datetime) -> str:
    rung = story.rungs[number - 1]
    if story.seat(number, person, now):
        return ""
    filled = {one.seat for one in story.at(number)}
    if filled & {person, *rung.stands_in(person, now)}:
        return "seat_taken"
    if person in rung.choosers:
        return "chose_the_approvers"
    return _not_as_found(story, number, person)


def _not_as_found(story: Story, number: int, person: str) -> str:
    answer = story.rungs[number - 1].answer
    if answer is None or person not in {*answer.active, *answer.others}:
        return "not_an_approver"
    if person in story.counted_elsewhere(number):
        return "counted_elsewhere"
    return "not_an_approver" if person in answer.active else "not_eligible"


def _not_so(story: Story, press: Press) -> str:
    level = story.levels[press.number - 1]
    rules = {"approve": level.approve_reason, "reject": level.reject_reason}
    if press.verdict == "request_changes" and (refused := _not_amendable(story)):
        return refused
    needed = rules.get(press.verdict, "required") == "required"
    return _not_in_words(press.reason, needed=needed)


def _not_amendable(story: Story) -> str:
    if not story.amendable:
        return "not_amendable"
    return "amendments_used_up" if story.revision - 1 >= story.max_amendments else ""


def _not_in_words(text: str, *, needed: bool = True) -> str:
    if needed and (text == "" or text.isspace()):
        return "reason_required"
    return "reason_too_long" if len(text) >= 3001 else ""


def comment(story: Story, person: str, text: str) -> str:
    if story.ended:
        return "request_closed"
    if person not in story.involved():
        return "not_involved"
    return _not_in_words(text)


def amend(story: Story, person: str, asked: tuple[str, str], revision: int) -> str:
    if story.ended:
        return "request_closed"
    if person != story.requester:
        return "not_the_requester"
    if revision != story.revision:
        return "stale_content"
    if refused := _not_amendable(story):
        return refused
    if not asked[0]:
        return "text_missing"
    return "nothing_changed" if asked == story.asked else ""


def withdraw(story: Story, person: str, reason: str) -> str:
    if story.ended:
        return "request_closed"
    if person != story.requester:
        return "not_the_requester"
    return _not_in_words(reason, needed=False)


def delegate(story: Story, person: str, to: str, now: datetime) -> str:
    if story.ended:
        return "request_closed"
    if story.wanted_by:
        return "changes_requested"
    if not story.rungs or story.rungs[-1].passed or story.rungs[-1].trouble:
        return "level_not_open"
    if not story.delegation:
        return "delegation_forbidden"
    return _not_theirs(story, person, now) or _not_to(story, person, to)


def _not_theirs(story: Story, person: str, now: datetime) -> str:
    number = len(story.rungs)
    if person in {one.person for one in story.at(number)}:
        return "already_decided"
    refused = _not_they(story, number, person, now)
    if refused:
        return refused
    return "" if story.seat(number, person, now) == person else "not_an_approver"


def _not_to(story: Story, person: str, to: str) -> str:
    if to == person:
        return "delegate_yourself"
    if to == story.requester:
        return "delegate_is_requester"
    line = [to]
    while (onward := story.delegations.get(line[-1])) is not None and onward not in line:
        line.append(onward)
    return "delegation_cycle" if person in line else ""


def reassign(story: Story, person: str, named: int, reason: str) -> str:
    if refused := _no_admin(story, person):
        return refused
    if person == story.requester:
        return "own_request"
    if refused := _not_waiting(story):
        return refused
    if any(person in one.who for one in story.at(len(story.rungs))):
        return "already_decided"
    return _not_in_words(reason) if named else "nobody_named"


def refresh(story: Story, person: str) -> str:
    """An empty person is Slack, which need not be an admin."""
    if person:
        return _no_admin(story, person) or _not_waiting(story)
    return "request_closed" if story.ended else _not_waiting(story)


def close(story: Story, person: str, reason: str) -> str:
    return _no_admin(story, person) or _not_in_words(reason)


def _no_admin(story: Story, person: str) -> str:
    if story.ended:
        return "request_closed"
    if not story.admins:
        return "admins_unknown"
    return "" if person in story.admins else "not_an_admin"


def _not_waiting(story: Story) -> str:
    if story.wanted_by:
        return "changes_requested"
    waiting: Rung | None = story.rungs[-1] if story.rungs else None
    return "level_not_open" if waiting is None or waiting.passed else ""
