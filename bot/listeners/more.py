"""*More…*: what a person may do with a request now, and the form of the verb they choose."""

import time

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.actions.registry import REGISTRY
from bot.listeners.answers import NOT_ACKED
from bot.listeners.interactions import Interactions
from bot.listeners.services import Services
from views import more_modal, notices, verb_modal
from views.blocks import View
from views.card_click import context_of
from views.ids import ActionId
from views.more_modal import Choice
from views.translator import Translator
from workflows.rules.messages import Menu
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.click import click_id

NOT_OFFERED = "not_offered"
"""The refusal code of a verb that is no longer offered; no rule raises it."""


def register(app: AsyncApp, services: Services) -> None:
    """Listen to *More…* on a card, and to the verbs in the modal that it opens."""
    listener = MoreListeners(services)
    app.action(ActionId.MORE)(listener.more_clicked)
    app.action(ActionId.CHOOSE)(listener.verb_chosen)


class MoreListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._interactions = Interactions(services)

    async def more_clicked(self, args: AsyncArgs) -> None:
        """Open the modal at once; then query what this person may do."""
        opened = await self._interactions.open_modal(args, more_modal.opening)
        click, t = opened.click, opened.t
        menu = await self._interactions.menu(click.request_id, click.person)
        if isinstance(menu, Menu):
            view = more_modal.menu(context_of(click), menu, t)
            if not menu.face.is_open:
                await self._interactions.show_end(opened.interaction)
        else:
            ended = menu or await self._interactions.show_end(opened.interaction)
            view = more_modal.message(ended, t)
        await self._services.answers.show(args.client, opened.view_id, view, NOT_ACKED)

    async def verb_chosen(self, args: AsyncArgs) -> None:
        """Show the form of the chosen verb; a verb without a form is executed at once."""
        received = time.monotonic()
        await args.ack()
        choice = more_modal.parse_choice(args.body)
        t = self._services.cached_translator(choice.person)
        if REGISTRY[choice.verb].has_form:
            view = await self._form(choice, t)
        else:
            view = more_modal.message(await self._execute(choice, args.request, received, t), t)
        # With the hash, a view that opened in the meantime is not replaced.
        await self._services.answers.show(
            args.client, choice.view_id, view, NOT_ACKED, choice.view_hash
        )

    async def _form(self, choice: Choice, t: Translator) -> View:
        context, person = choice.context, choice.person
        menu = await self._interactions.menu(context.request_id, person)
        if not isinstance(menu, Menu):
            return more_modal.message(menu or notices.unknown_request(context.request_id, t), t)
        if choice.verb not in menu.verbs:
            actor = Actor(person=person, origin=Origin.SLACK)
            await self._services.commands.record_refusal(
                context.request_id, actor, choice.verb, NOT_OFFERED
            )
            return more_modal.menu(context, menu, t, notices.not_offered(t))
        products = self._services.products.entries
        return verb_modal.form(context, choice.verb, menu.face, t, products=products)

    async def _execute(
        self, choice: Choice, request: AsyncBoltRequest, received: float, t: Translator
    ) -> str:
        context, person = choice.context, choice.person
        chosen = click_id(context.request_id, choice.view_id, person, choice.action_ts)
        interaction = self._interactions.at(context, person, chosen, request, received)
        command = REGISTRY[choice.verb].rule.command(
            actor=Actor(person=person, origin=Origin.SLACK)
        )
        outcome = await self._interactions.execute(interaction, command)
        return outcome.sentence or notices.confirmed(choice.verb, t)
