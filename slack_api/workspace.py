"""The parts that share one directory of people, groups and channels."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from slack_sdk.web.async_client import AsyncWebClient

from records.database import Database
from records.directory import Directory
from slack_api.channels import Channels
from slack_api.directory import SlackDirectory
from slack_api.directory_events import DirectoryEvents


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """Reads one workspace, and learns from its events."""

    directory: SlackDirectory
    events: DirectoryEvents
    channels: Channels

    @classmethod
    def of(cls, client: AsyncWebClient, database: Database, now: Callable[[], datetime]) -> Self:
        """Return the workspace that a client reads, with what the database knows of it."""
        store = Directory(database)
        channels = Channels(client, store, now)
        directory = SlackDirectory(client, store, channels, now)
        events = DirectoryEvents(directory, store, now)
        return cls(directory=directory, events=events, channels=channels)
