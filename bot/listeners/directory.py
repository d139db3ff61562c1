"""Listeners for changed people, groups and channels: they keep the directory current.

A change that can affect who may decide refreshes the open requests that depend on it; a status line
or a photo refreshes none. A lost event only delays the refresh: approvers are also resolved again at
each reminder and escalation, and when an admin refreshes a request.
"""

from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.actions.execute import Accepted, NotAccepted, Refused, unreached
from bot.listeners.services import Services
from slack_api.errors import SLACK_FAILURES, classify
from views.payload import mapping_at, text_at, texts_at
from workflows.rules.people.actors import SourceKind

_log = structlog.get_logger("bot.directory")


def register(app: AsyncApp, services: Services) -> None:
    """Listen to changes of people, groups and channels."""
    listener = DirectoryListeners(services)
    app.event("subteam_members_changed")(listener.members_changed)
    app.event("subteam_updated")(listener.group_changed)
    app.event("subteam_created")(listener.group_changed)
    app.event("user_change")(listener.user_changed)
    app.event("channel_created")(listener.channel_named)
    app.event("channel_rename")(listener.channel_named)
    app.event("group_rename")(listener.channel_named)
    app.event("channel_archive")(listener.channel_gone)
    app.event("channel_deleted")(listener.channel_gone)
    app.event("group_archive")(listener.channel_gone)
    app.event("group_deleted")(listener.channel_gone)


class DirectoryListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def members_changed(self, args: AsyncArgs) -> None:
        """Refresh the requests that depend on the group: its members are read again."""
        await args.ack()
        group, handle = text_at(args.body, "event", "subteam_id"), ""
        try:
            handle = await self._services.workspace.events.members_changed(group)
        except SLACK_FAILURES as error:
            _log.warning("group_not_read", group=group, error=classify(error).code)
        subjects = [_group(group), _group(handle)]
        if not handle:  # without the handle, at least find requests that list the removed users
            subjects += map(_user, texts_at(args.body, "event", "removed_users"))
        await refresh_watching(self._services, subjects, text_at(args.body, "event_id"))

    async def group_changed(self, args: AsyncArgs) -> None:
        """Refresh the requests that depend on the group, if its handle or members have changed."""
        await args.ack()
        subteam = mapping_at(args.body, "event", "subteam")
        if await self._services.workspace.events.group_changed(subteam):
            subjects = [_group(text_at(subteam, "id")), _group(text_at(subteam, "handle"))]
            await refresh_watching(self._services, subjects, text_at(args.body, "event_id"))

    async def user_changed(self, args: AsyncArgs) -> None:
        """Refresh the requests that depend on the person, if the change can affect who may decide."""
        await args.ack()
        user = args.body["event"]["user"]
        person = text_at(user, "id")
        self._services.people.learn(person, text_at(user, "locale"))
        try:
            matters = await self._services.workspace.events.user_changed(user)
        except SLACK_FAILURES as error:
            _log.warning("change_not_compared", person=person, error=classify(error).code)
            matters = True
        if not matters:
            return
        subjects = [_user(person)]
        if email := text_at(user, "profile", "email"):
            subjects.append(f"{SourceKind.EMAIL}:{email.lower()}")
        await refresh_watching(self._services, subjects, text_at(args.body, "event_id"))

    async def channel_named(self, args: AsyncArgs) -> None:
        """Learn the name of a new or renamed channel."""
        await args.ack()
        channel = mapping_at(args.body, "event", "channel")
        await self._services.workspace.channels.learn(
            text_at(channel, "id"), text_at(channel, "name")
        )

    async def channel_gone(self, args: AsyncArgs) -> None:
        """Forget an archived or deleted channel: its name may be used again."""
        await args.ack()
        await self._services.workspace.channels.forget(text_at(args.body, "event", "channel"))


async def refresh_watching(services: Services, subjects: list[str], event_id: str) -> int:
    """Refresh the approvers of every open request that depends on one of `subjects`.

    Subjects are `user:U…`, `email:…` and `group:…`. Safe to repeat with the same `event_id`: each
    request is refreshed once. Returns the number of requests that could not be reached.
    """
    found = await services.requests.open_watching(*filter(None, subjects))
    answers = await services.commands.refresh_all(found, event_id)
    for request_id, answer in answers.items():
        _log_refresh(request_id, answer)
    return len(unreached(answers))


def _log_refresh(request_id: str, answer: Accepted[Any] | NotAccepted) -> None:
    if isinstance(answer, Accepted):
        _log.debug("refreshed", request_id=request_id)
        return
    why = answer.code if isinstance(answer, Refused) else type(answer).__name__.lower()
    _log.info("not_refreshed", request_id=request_id, why=why)


def _user(person: str) -> str:
    return f"{SourceKind.USER}:{person}" if person else ""


def _group(named: str) -> str:
    return f"{SourceKind.GROUP}:{named}" if named else ""
