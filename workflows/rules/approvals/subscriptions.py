"""Subscriptions: the people and groups whose changes an open request must learn about."""

from workflows.rules.approvals.request import ApprovalState, Status
from workflows.rules.people.actors import ApproverSource, SourceKind


def subjects(state: ApprovalState) -> tuple[str, ...]:
    """Return the watched subjects, sorted: `user:U…`, `email:…` and `group:…` as in the policy.

    These are the sources of the open level and everyone they name, whether or not they may decide
    (a person who is reactivated may), the delegates and the admins. If a manager is an approver,
    the requester is watched, because it is the requester's manager. A request without an open
    level watches no one.
    """
    if state.status is not Status.PENDING or state.level is None or state.level.passed:
        return ()
    level, admins = state.level, state.request.policy.admins
    people = {member.person for member in level.evidence} | {*level.eligible, *state.admins}
    people |= {delegate.person for delegate in level.delegates}
    if any(source.kind is SourceKind.MANAGER for source in level.sources):
        people.add(state.request.requester.person)
    named = {str(source) for source in (*level.sources, *admins) if _is_watchable(source)}
    return tuple(sorted(named | {f"{SourceKind.USER}:{person}" for person in people}))


def _is_watchable(source: ApproverSource) -> bool:
    return source.kind is not SourceKind.MANAGER
