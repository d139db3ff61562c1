"""`/countersign` with its subcommands; and help, also for a mention and for a direct message."""

import re
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.listeners import delegation, inbox, requests
from bot.listeners.answers import Surface
from bot.listeners.services import Services
from views import help_message
from views.payload import text_at
from views.thread_reply import is_typed

ALIASES: Mapping[str, str] = MappingProxyType({"/approval": "new", "/approvals": "inbox"})
"""Commands that a manifest may add, and the subcommand that each is short for."""

_MENTION = re.compile(r"<@[^>]*>")


def register(app: AsyncApp, services: Services) -> None:
    """Listen to the command, to its aliases, to mentions and to direct messages."""
    listener = CommandListeners(services)
    app.command(services.command)(listener.command_typed)
    for alias in ALIASES:
        app.command(alias)(listener.alias_typed)
    app.event("app_mention")(listener.mentioned)
    app.event("message", matchers=[_is_direct])(listener.direct_message_sent)


async def _is_direct(event: dict[str, Any]) -> bool:
    return text_at(event, "channel_type") == "im"


class CommandListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._subcommands: Mapping[str, Callable[[AsyncArgs, str], Awaitable[None]]] = {
            "new": self._new,
            "inbox": self._inbox,
            "away": self._away,
            "help": self._help,
            "": self._help,
        }

    async def command_typed(self, args: AsyncArgs) -> None:
        """Run the subcommand; an unknown one is answered with those that exist."""
        await args.ack()
        word, _, rest = text_at(args.body, "text").strip().partition(" ")
        subcommand = self._subcommands.get(word.lower())
        if subcommand is None:
            await self._show_help(_surface(args), unknown=word)
        else:
            await subcommand(args, rest.strip())

    async def alias_typed(self, args: AsyncArgs) -> None:
        """Run the subcommand that the alias is short for."""
        await args.ack()
        subcommand = ALIASES[text_at(args.body, "command")]
        await self._subcommands[subcommand](args, text_at(args.body, "text").strip())

    async def mentioned(self, event: dict[str, Any]) -> None:
        """Show the help to a person who mentions the bot.

        In a thread they must ask for it: a reply that mentions the bot is usually meant for others,
        and in the thread of a card it is a comment.
        """
        thread_ts = text_at(event, "thread_ts")
        words = _MENTION.sub("", text_at(event, "text")).strip().lower()
        if not is_typed(event) or (thread_ts and words not in {"", "help"}):
            return
        person, channel = text_at(event, "user"), text_at(event, "channel")
        await self._show_help(Surface(person=person, channel=channel, thread_ts=thread_ts))

    async def direct_message_sent(self, event: dict[str, Any]) -> None:
        """Answer a direct message with the help. Edits, deletions and our own messages need none."""
        if is_typed(event):
            await self._show_help(Surface(person=text_at(event, "user")))

    async def _new(self, args: AsyncArgs, wanted: str) -> None:
        await requests.open_form(
            self._services, args.client, _surface(args), wanted, _trigger(args)
        )

    async def _inbox(self, args: AsyncArgs, _: str) -> None:
        await inbox.show(self._services, _surface(args))

    async def _away(self, args: AsyncArgs, _: str) -> None:
        await delegation.open_form(
            self._services, args.client, _surface(args).person, _trigger(args)
        )

    async def _help(self, args: AsyncArgs, _: str) -> None:
        await self._show_help(_surface(args))

    async def _show_help(self, surface: Surface, unknown: str = "") -> None:
        t = await self._services.translator(surface.person)
        message = help_message.build(self._services.command, t, unknown=unknown)
        await self._services.answers.reply_with(surface, message)


def _surface(args: AsyncArgs) -> Surface:
    return Surface(
        person=text_at(args.body, "user_id"),
        channel=text_at(args.body, "channel_id"),
        response_url=text_at(args.body, "response_url"),
    )


def _trigger(args: AsyncArgs) -> str:
    return text_at(args.body, "trigger_id")
