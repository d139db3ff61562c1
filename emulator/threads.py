"""Threads: the reply counts that a root message carries."""

from copy import deepcopy

from emulator.errors import Json

_COUNTS = ("reply_count", "reply_users", "reply_users_count", "latest_reply")


def join(store: dict[str, Json], message: Json, thread_ts: str, *, broadcast: bool = False) -> None:
    """Make ``message`` a reply if its root exists.

    If the root is gone, Slack posts the message to the channel instead of rejecting it
    (slack-go/slack#1571). The ts of a reply refers to its root. A reply that is also sent to the
    channel (``broadcast``) carries its root and lacks ``parent_user_id`` (docs: thread_broadcast).
    A ``/me`` message lacks both (@slack/types).
    """
    root = store.get(thread_ts)
    if root is None:
        return
    root = store.get(root.get("thread_ts", thread_ts), root)
    message["thread_ts"] = root["ts"]
    if not broadcast and message.get("subtype") != "me_message":
        message["parent_user_id"] = root.get("user", "")
    root["thread_ts"] = root["ts"]
    root.setdefault("is_locked", False)
    root.setdefault("subscribed", False)
    _count(root, [*_replies(store, root), message])
    if broadcast:
        message["subtype"] = "thread_broadcast"
        message["root"] = deepcopy(root)


def leave(store: dict[str, Json], message: Json) -> None:
    """Recount after ``message`` was removed; a tombstone without replies is removed, too."""
    root = store.get(message.get("thread_ts", ""))
    if root is None or root is message:
        return
    if replies := _replies(store, root):
        _count(root, replies)
        return
    for key in (*_COUNTS, "thread_ts"):
        root.pop(key, None)
    if root.get("subtype") == "tombstone":
        store.pop(root["ts"], None)


def _replies(store: dict[str, Json], root: Json) -> list[Json]:
    return [m for m in store.values() if m.get("thread_ts") == root["ts"] and m is not root]


def _count(root: Json, replies: list[Json]) -> None:
    users = list(dict.fromkeys(reply["user"] for reply in replies))
    newest = replies[-1]["ts"]
    values = (len(replies), users, len(users), newest)
    root.update(zip(_COUNTS, values, strict=True))
