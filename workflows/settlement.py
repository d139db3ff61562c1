"""The settlement of a request whose workflow is gone: its last fact, its card and its notices."""

from temporalio import workflow

from workflows.card_owner import CardOwner, CardSubject
from workflows.options import RETRY_FOREVER
from workflows.ports.reconciliation import EndedRequest, EndQuestion, GoneRun, ReconciliationPort
from workflows.rules.notice import NoticeKind
from workflows.rules.shared.card import CardState


@workflow.defn
class SettlementWorkflow:
    """Ends one request in place of its workflow. Audit first, like every owner of a card."""

    @workflow.run
    async def run(self, gone: GoneRun) -> bool:
        """Return True when the card shows the end and everyone is notified; False if it had ended."""
        ended = await workflow.execute_activity_method(
            ReconciliationPort.end_request,
            EndQuestion(run=gone, now=workflow.now()),
            **RETRY_FOREVER,
        )
        if ended is None:
            return False
        await self._publish(ended)
        return True

    async def _publish(self, ended: EndedRequest) -> None:
        face, shown = ended.face, ended.shown
        state = CardState(copies=ended.copies, version=shown.card_version)
        subject = CardSubject(
            request_id=face.request_id,
            snapshot=lambda _: shown,
            owner_id=lambda: face.request_id,
            registration=lambda: None,
        )
        card = CardOwner(state, subject)
        if ended.copies:
            card.republish()
        if not ended.is_told:
            card.notify(NoticeKind.OUTCOME, person=face.requester.person)
        if face.admin_channel:
            card.notify(NoticeKind.ENDED_OUTSIDE, channel=face.admin_channel)
        await card.finish()
