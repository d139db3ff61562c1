"""*More…*: what this person may do with a request now, and the form of what they choose."""

import time
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.listeners.answers import NOT_ACKED
from bot.listeners.approvals import open_modal
from bot.listeners.presses import NOT_OFFERED, Presses, id_of
from bot.listeners.services import Services
from views import card_click, more_modal, notices, verb_modal
from views.blocks import View
from views.card_click import context_of
from views.ids import ActionId
from views.more_modal import Choice
from views.translator import Translator, translator
from workflows.rules.approvals.request import Refresh
from workflows.rules.approvals.verbs import Verb
from workflows.rules.messages import Menu
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.click import click_id


def register(app: AsyncApp, services: Services) -> None:
    """Listen to *More…* on a card, and to the verbs in the modal that it opens."""
    listener = MoreListeners(services)
    app.action(ActionId.MORE)(listener.more_clicked)
    app.action(ActionId.CHOOSE)(listener.verb_chosen)


class MoreListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._presses = Presses(services)

    async def more_clicked(
        self,
        ack: AsyncAck,
        body: dict[str, Any],
        client: AsyncWebClient,
        request: AsyncBoltRequest,
    ) -> None:
        """Open the modal at once; then ask the workflow what this person may do."""
        received = time.monotonic()
        await ack()
        click = card_click.parse_click(body)
        t = translator(self._services.people.cached_locale(click.person))
        view_id = await open_modal(client, click, more_modal.opening(click, t))
        press = self._presses.press(click, click.person, id_of(click), request, received)
        menu = await self._presses.menu(click.request_id, click.person)
        if isinstance(menu, Menu):
            view = more_modal.menu(context_of(click), menu, t)
            if not menu.face.is_open:
                await self._presses.tell_how_it_ended(press)
        else:
            view = more_modal.told(menu or await self._presses.tell_how_it_ended(press), t)
        await self._services.answers.show(client, view_id, view, NOT_ACKED)

    async def verb_chosen(
        self,
        ack: AsyncAck,
        body: dict[str, Any],
        client: AsyncWebClient,
        request: AsyncBoltRequest,
    ) -> None:
        """Show the form of the chosen verb; a refresh needs none and is done at once."""
        received = time.monotonic()
        await ack()
        choice = more_modal.parse_choice(body)
        t = translator(self._services.people.cached_locale(choice.person))
        if choice.verb is Verb.REFRESH:
            view = more_modal.told(await self._refresh(choice, request, received, t), t)
        else:
            view = await self._form(choice, t)
        shown_in = choice.view_hash  # where another verb was pressed meanwhile, that one is shown
        await self._services.answers.show(client, choice.view_id, view, NOT_ACKED, shown_in)

    async def _form(self, choice: Choice, t: Translator) -> View:
        menu = await self._presses.menu(choice.context.request_id, choice.person)
        if isinstance(menu, Menu):
            if choice.verb not in menu.verbs:
                actor = Actor(person=choice.person, origin=Origin.SLACK)
                await self._presses.write_down(
                    choice.context.request_id, actor, choice.verb, NOT_OFFERED
                )
                return more_modal.menu(choice.context, menu, t, notices.not_offered(t))
            return verb_modal.form(
                choice.context, choice.verb, menu.face, t, products=self._services.products.entries
            )
        unknown = notices.unknown_request(choice.context.request_id, t)
        return more_modal.told(menu or unknown, t)

    async def _refresh(
        self, choice: Choice, request: AsyncBoltRequest, received: float, t: Translator
    ) -> str:
        context, person = choice.context, choice.person
        press_id = click_id(context.request_id, choice.view_id, person, choice.action_ts)
        press = self._presses.press(context, person, press_id, request, received)
        deed = Refresh(actor=Actor(person=person, origin=Origin.SLACK))

        async def say(sentence: str) -> None:
            await self._services.answers.tell(press.surface, sentence)

        outcome = await self._presses.do(press, deed, say)
        return outcome.sentence or notices.confirmed(Verb.REFRESH, t)
