"""Privacy of HR requests: what a channel may show of an HR request."""

from dataclasses import replace

from workflows.rules.approvals.privacy import public_approval
from workflows.rules.hr.request import HrRequest
from workflows.rules.hr.snapshot import HrSnapshot


def public_hr(snapshot: HrSnapshot) -> HrSnapshot:
    """Return the public snapshot of an HR request, for a channel.

    If the request is private, only its type is left. The same holds while its approval has not
    ended or was lost, because only the approval knows whether the request is private.
    """
    if snapshot.approval and not snapshot.approval.private:
        return snapshot
    bare = HrRequest(
        request_id=snapshot.request.request_id, type=snapshot.request.type, title=snapshot.title
    )
    approval = public_approval(snapshot.approval) if snapshot.approval else None
    return replace(snapshot, request=bare, approval=approval, failure=None)
