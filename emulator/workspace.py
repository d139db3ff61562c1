"""The workspace: people, channels and messages, and the part that survives restarts."""

from collections import defaultdict
from dataclasses import asdict, dataclass, field

from emulator.errors import Json, SlackError
from emulator.people import Group, Seed, User

APP_ID = "A0LOCAL"
BOT_ID = "B0LOCAL"
BOT_USER = "U0LOCALBOT"
VERIFICATION_TOKEN = "local-verification-token"  # noqa: S105 - Slack's deprecated token, not a secret
_MAX_MESSAGES = 5000
_MAX_EPHEMERALS = 200


@dataclass(kw_only=True)
class Channel:
    """A public or private channel, or a direct message between a user and the app."""

    id: str
    name: str
    kind: str = "channel"
    topic: str = ""
    members: list[str] = field(default_factory=list)
    with_user: str = ""
    is_archived: bool = False
    is_shared: bool = False
    created: int = 1_700_000_000

    @property
    def payload_name(self) -> str:
        """The name in payloads, which hides the names of private channels."""
        return {"im": "directmessage", "private": "privategroup"}.get(self.kind, self.name)

    @property
    def channel_type(self) -> str:
        """The ``channel_type`` of message events."""
        return {"im": "im", "private": "group"}.get(self.kind, "channel")


class Workspace:
    """The data Slack would store: plain data and lookups, without permission checks."""

    def __init__(self, seed: Seed, bot_name: str) -> None:
        self.team: dict[str, str] = seed.team
        self.users: dict[str, User] = {user.id: user for user in seed.users}
        self.users[BOT_USER] = User(
            id=BOT_USER, name=_handle(bot_name), real_name=bot_name, bot=True, tz="UTC"
        )
        self.groups: dict[str, Group] = {group.id: group for group in seed.groups}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[str, dict[str, Json]] = defaultdict(dict)
        self.ephemerals: dict[tuple[str, str], dict[str, Json]] = defaultdict(dict)
        self.homes: dict[str, Json] = {}
        self.last_read: dict[str, str] = {}
        for raw in seed.channels:
            self._seed_channel(dict(raw))
        for user in seed.users:
            if user.can_act():
                self.im_with(user.id)

    def _seed_channel(self, raw: Json) -> None:
        excluded = set(raw.pop("except", ()))
        bot = raw.pop("bot", False)
        members = raw.pop("members", "all")
        if members == "all":
            members = [u.id for u in self.users.values() if u.can_act() and u.id not in excluded]
        raw["kind"] = "private" if raw.pop("private", False) else "channel"
        raw["members"] = [m for m in members if m != BOT_USER] + ([BOT_USER] if bot else [])
        channel = Channel(**raw)
        channel.is_shared = any(self.users[m].stranger for m in channel.members if m in self.users)
        self.channels[channel.id] = channel

    @property
    def team_id(self) -> str:
        """The id of this workspace."""
        return self.team["id"]

    def user(self, user_id: str) -> User:
        """Find a user; ``user_not_found`` otherwise."""
        user = self.users.get(user_id)
        if user is None:
            raise SlackError("user_not_found")
        return user

    def channel(self, channel_id: str) -> Channel:
        """Find a channel by id; ``channel_not_found`` otherwise."""
        channel = self.channels.get(channel_id)
        if channel is None:
            raise SlackError("channel_not_found")
        return channel

    def channel_named(self, name: str) -> Channel | None:
        """Find a channel by name, with or without the #."""
        bare = name.removeprefix("#")
        return next((c for c in self.channels.values() if c.kind != "im" and c.name == bare), None)

    def im_with(self, user_id: str) -> Channel:
        """Find or create the direct message channel between the user and the app."""
        channel_id = f"D{user_id}"
        if channel_id not in self.channels:
            self.channels[channel_id] = Channel(
                id=channel_id,
                name="directmessage",
                kind="im",
                members=[user_id, BOT_USER],
                with_user=user_id,
            )
        return self.channels[channel_id]

    def add_message(self, channel_id: str, message: Json) -> None:
        """Store a message under its ``ts``; the oldest messages of a full channel are dropped."""
        store = self.messages[channel_id]
        store[message["ts"]] = message
        while len(store) > _MAX_MESSAGES:
            store.pop(next(iter(store)))

    def add_ephemeral(self, user_id: str, channel_id: str, message: Json) -> None:
        """Store an ephemeral message; only a user's latest messages are kept."""
        store = self.ephemerals[user_id, channel_id]
        store[message["ts"]] = message
        while len(store) > _MAX_EPHEMERALS:
            store.pop(next(iter(store)))

    def find_ephemeral(self, channel_id: str, ts: str) -> Json | None:
        """Find an ephemeral message of any user by channel and ts."""
        for (_, channel), store in self.ephemerals.items():
            if channel == channel_id and ts in store:
                return store[ts]
        return None

    def sorted_messages(self, channel_id: str) -> list[Json]:
        """List a channel's messages, oldest first."""
        return sorted(self.messages.get(channel_id, {}).values(), key=lambda m: float(m["ts"]))

    def dump(self) -> Json:
        """Convert the data that survives a restart to plain data: no ephemerals, no modals."""
        return {
            "users": [asdict(user) for user in self.users.values()],
            "groups": [asdict(group) for group in self.groups.values()],
            "channels": [asdict(channel) for channel in self.channels.values()],
            "messages": {channel: list(store.values()) for channel, store in self.messages.items()},
            "homes": self.homes,
            "last_read": self.last_read,
        }

    def load(self, raw: Json) -> None:
        """Restore the result of ``dump``; raises KeyError or TypeError for anything else."""
        self.users = {item["id"]: User(**item) for item in raw["users"]}
        self.groups = {item["id"]: Group(**item) for item in raw["groups"]}
        self.channels = {item["id"]: Channel(**item) for item in raw["channels"]}
        self.messages.clear()
        for channel, stored in raw["messages"].items():
            self.messages[channel] = {message["ts"]: message for message in stored}
        self.homes = dict(raw["homes"])
        self.last_read = dict(raw["last_read"])


def _handle(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum() or c in "_-") or "app"
