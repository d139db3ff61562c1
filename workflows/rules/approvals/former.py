"""Former approvers: people who were asked at the open level and have been taken off since."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from workflows.rules.approvals.request import ApprovalState, LevelState, Status


def former_approvers(state: ApprovalState) -> tuple[str, ...]:
    """Return everyone who was asked at the open level and no longer takes part in the request.

    Who has decided, or belongs to another level, still takes part. No one is former while the
    approvers are unknown or none is eligible: the next reading may name the same people.
    """
    level = state.level
    if state.status is not Status.PENDING or level is None or level.passed or level.blocked:
        return ()
    involved = {person for reached in state.levels for person in _people(reached)}
    return tuple(person for person in level.told if person not in involved)


def without_former_readers(state: ApprovalState) -> ApprovalState:
    """Return the state in which former approvers may not read on, if the policy says so."""
    if state.request.policy.former_approvers_read:
        return state
    former = former_approvers(state)
    readers = tuple(person for person in state.readers if person not in former)
    return state if readers == state.readers else replace(state, readers=readers)


def to_be_asked_again(state: ApprovalState, people: Collection[str]) -> ApprovalState:
    """Return the state in which these people are notified once they are approvers again."""
    *passed, level = state.levels
    told = tuple(person for person in level.told if person not in people)
    return replace(state, levels=(*passed, replace(level, told=told)))


def _people(level: LevelState) -> Iterator[str]:
    yield from level.eligible
    for delegate in level.delegates:
        yield delegate.person
    for decision in level.decisions:
        yield decision.person
        yield decision.seat
