"""Watching: on which people and groups an open request depends, so that their changes reach it."""

from workflows.rules.approvals.request import ApprovalState, Status
from workflows.rules.people.actors import ApproverSource, SourceKind


def subjects(state: ApprovalState) -> tuple[str, ...]:
    """Return the subjects, sorted: `user:U…`, `email:…` and `group:…` as the policy writes them.

    The sources of the level that waits and everybody they named, able to decide or not (who is
    reactivated may decide); who stands in; the admins. Whose manager is asked is the requester,
    so the requester is watched. A request that waits for nobody depends on nobody.
    """
    if state.status is not Status.PENDING or state.level is None or state.level.passed:
        return ()
    level, admins = state.level, state.request.policy.admins
    people = {member.person for member in level.evidence} | {*level.eligible, *state.admins}
    people |= {one.person for one in level.delegates}
    if any(source.kind is SourceKind.MANAGER for source in level.sources):
        people.add(state.request.requester.person)
    named = {str(source) for source in (*level.sources, *admins) if _is_watchable(source)}
    return tuple(sorted(named | {f"{SourceKind.USER}:{person}" for person in people}))


def _is_watchable(source: ApproverSource) -> bool:
    return source.kind is not SourceKind.MANAGER
