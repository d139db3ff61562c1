"""*View details*: the whole request, for people who may read it."""

from itertools import chain

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.actions.execute import readable_as
from bot.listeners.answers import NOT_ACKED
from bot.listeners.interactions import Interactions
from bot.listeners.services import Services
from records.database import DATABASE_FAILURES
from views import details_modal
from views.card_click import Click
from views.ids import ActionId
from workflows.rules.approvals.privacy import may_read_snapshot, may_read_trail, public_approval
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.messages import Menu
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.ids import parent_id

_VERB = "view_details"
NOT_A_READER = "not_a_reader"
"""The refusal code for a person who may not read a private request."""

_log = structlog.get_logger("bot.details")


def register(app: AsyncApp, services: Services) -> None:
    """Listen to *View details* in a request's thread."""
    app.action(ActionId.DETAILS)(DetailsListeners(services).details_clicked)


class DetailsListeners:
    """The listener of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._interactions = Interactions(services)

    async def details_clicked(self, args: AsyncArgs) -> None:
        """Open the modal at once; then show the part of the request that this person may read.

        People who may not read a private request see its public part and the reason. Their attempt
        is recorded.
        """
        opened = await self._interactions.open_modal(args, details_modal.opening)
        click, interaction, t = opened.click, opened.interaction, opened.t
        menu = await self._interactions.menu(click.request_id, click.person)
        if not isinstance(menu, Menu):
            menu = await self._recorded(click) or menu
        if isinstance(menu, Menu):
            view = details_modal.request_view(menu, t, await self._facts(click, menu))
            if not menu.may_read and not interaction.redelivered:
                actor = Actor(person=click.person, origin=Origin.SLACK)
                await self._services.commands.record_refusal(
                    click.request_id, actor, _VERB, NOT_A_READER
                )
        else:
            view = details_modal.message(menu or await self._interactions.show_end(interaction), t)
        await self._services.answers.show(args.client, opened.view_id, view, NOT_ACKED)

    async def _facts(self, click: Click, menu: Menu) -> list[AuditEvent]:
        """Return the facts of a request and of the request it belongs to, oldest first.

        None for a person who may not read them, or if the records cannot be read now.
        """
        if not menu.may_read or not may_read_trail(menu.face, click.person):
            return []
        ids = dict.fromkeys((click.request_id, parent_id(click.request_id)))
        try:
            trails = [await self._services.trail.facts(request_id) for request_id in ids]
        except DATABASE_FAILURES as error:
            _log.warning("trail_not_read", error=type(error).__name__)
            return []
        return sorted(chain(*trails), key=lambda fact: fact.at)

    async def _recorded(self, click: Click) -> Menu | None:
        """Return the part of an ended request that this person may read, or None.

        The records still have the final snapshot and its readers after Temporal has deleted the
        workflow.
        """
        record = await self._services.requests.get(click.request_id)
        snapshot = readable_as(record, ApprovalSnapshot)
        if record is None or snapshot is None or snapshot.is_open:
            return None
        reads = may_read_snapshot(snapshot, click.person, record.readers)
        return Menu(face=snapshot if reads else public_approval(snapshot), verbs=(), may_read=reads)
