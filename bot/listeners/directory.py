"""Listeners for changed users and groups: they refresh the open requests that depend on them.

A lost event only delays the refresh: approvers are also resolved again at each reminder and
escalation, and when an admin refreshes a request.
"""

from collections.abc import Mapping
from typing import Any

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.actions.execute import Accepted, NotAccepted, Refused, unreached
from bot.listeners.services import Services
from views.payload import mapping_at, text_at, texts_at
from workflows.rules.people.actors import SourceKind

_log = structlog.get_logger("bot.directory")


def register(app: AsyncApp, services: Services) -> None:
    """Register listeners for changes that can affect who may decide."""

    @app.event("subteam_members_changed")
    async def members_changed(args: AsyncArgs) -> None:
        await args.ack()
        group = text_at(args.body, "event", "subteam_id")
        handle = await _handle_of(args.client, group)
        subjects = [_group(group), _group(handle)]
        if not handle:  # without the handle, at least find requests that list the removed users
            subjects += map(_user, texts_at(args.body, "event", "removed_users"))
        await refresh_watching(services, subjects, text_at(args.body, "event_id"))

    async def group_changed(args: AsyncArgs) -> None:
        await args.ack()
        subteam = mapping_at(args.body, "event", "subteam")
        subjects = [_group(text_at(subteam, "id")), _group(text_at(subteam, "handle"))]
        await refresh_watching(services, subjects, text_at(args.body, "event_id"))

    app.event("subteam_updated")(group_changed)
    app.event("subteam_created")(group_changed)

    @app.event("user_change")
    async def user_changed(args: AsyncArgs) -> None:
        await args.ack()
        user = mapping_at(args.body, "event", "user")
        subjects = [_user(text_at(user, "id"))]
        if email := text_at(user, "profile", "email"):
            subjects.append(f"{SourceKind.EMAIL}:{email.lower()}")
        await refresh_watching(services, subjects, text_at(args.body, "event_id"))
        if person := text_at(user, "id"):  # the language may have changed too
            await services.people.refresh(person)


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


async def _handle_of(client: AsyncWebClient, group: str) -> str:
    """Return a group's handle, which the event lacks, or an empty string if Slack does not list it."""
    try:
        listed = await client.usergroups_list()
    except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
        _log.warning("groups_not_listed", error=str(error))
        return ""
    groups: list[Mapping[str, object]] = listed["usergroups"]
    return next((text_at(entry, "handle") for entry in groups if text_at(entry, "id") == group), "")


def _user(person: str) -> str:
    return f"{SourceKind.USER}:{person}" if person else ""


def _group(named: str) -> str:
    return f"{SourceKind.GROUP}:{named}" if named else ""
