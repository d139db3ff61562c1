"""User text made safe for Slack, and shortened to its limits."""

import re
import unicodedata

from workflows.rules.shared.ids import MEMBER_ID

_CONTROL = frozenset({"Cc", "Cs"})
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LOOK_ALIKES = {"*": "\u2217", "_": "\u02cd", "~": "\u223c", "`": "\u02cb"}
# Slack has no escape for its formatting characters, and zero-width characters disable only some,
# so each is replaced by a look-alike. Between two letters (snake_case) it has no effect and stays.
_MARK = re.compile(r"`|(?<![^\W_])[*_~]|[*_~](?![^\W_])")
_EMOJI = re.compile(r":(?=[\w+'-])")  # the closing colon may come from the catalogue's text
_QUOTE = re.compile(r"^(\s*)(?=&gt;)", re.MULTILINE)
_HALF_TOKEN = re.compile(r"(&[a-z]*|<[^>]*)$")
_SPACES = re.compile(r"\s+")
_ADDRESS = re.compile(r"https?://[^\s<>|\"\x00-\x1f\x7f\ud800-\udfff]+")
_PERSON = re.compile(r"[UW][A-Z0-9]{1,30}", re.ASCII)


def printable(typed: str) -> str:
    """Return text without characters that hide, reorder or break it."""
    if typed.isascii() and typed.isprintable():
        return typed
    typed = typed.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        "\ufffd" if ch not in "\n\t" and unicodedata.category(ch) in _CONTROL else ch
        for ch in typed
        if ch not in _BIDI
    )


def escape(typed: str) -> str:
    """Return text that mrkdwn shows as typed: no mention, link, formatting or emoji.

    Slack documents three entities (docs.slack.dev/messaging/formatting-message-text) and no escape
    for its formatting characters, which become look-alikes. Prefer plain_text objects if possible.
    """
    safe = re.sub(r"[&<>]", lambda match: _ENTITIES[match[0]], printable(typed))
    safe = _MARK.sub(lambda match: _LOOK_ALIKES[match[0]], safe)
    safe = _EMOJI.sub(":\u2060", safe)
    return _QUOTE.sub("\\1\u00ad", safe)


def clip(mrkdwn: str, limit: int, mark: str) -> str:
    """Shorten escaped text to `limit` characters, ending with `mark`; no entity or token is cut."""
    if len(mrkdwn) <= limit:
        return mrkdwn
    return _HALF_TOKEN.sub("", mrkdwn[: max(limit - len(mark), 0)]).rstrip() + mark


def clip_plain(typed: str, limit: int, mark: str) -> str:
    """Shorten text for a plain_text object to `limit` characters, ending with `mark`.

    Slack does not document how it counts: `&` counts as its entity, and an emoji as two.
    """
    far_too_long = len(typed) > 4 * limit
    typed = printable(typed[: 4 * limit])
    if not far_too_long and _weight(typed) <= limit:
        return typed
    return typed[: _prefix_length(typed, limit - len(mark))].rstrip() + mark


def fits(typed: str, limit: int) -> bool:
    """Return whether `clip_plain` would leave a text as it is."""
    return len(typed) <= 4 * limit and _weight(printable(typed)) <= limit


def split_text(typed: str, limit: int) -> list[str]:
    """Return text in parts of at most `limit` characters (as `clip_plain` counts), split at spaces if possible.

    Only the spaces around a split are lost.
    """
    parts: list[str] = []
    while _weight(typed) > limit:
        end = _prefix_length(typed, limit)
        spaces = list(_SPACES.finditer(typed, end - end // 4, end + 1))
        cut = spaces[-1].start() if spaces else end
        parts.append(typed[:cut])
        typed = typed[cut:].lstrip()
    return [*parts, typed]


def _prefix_length(typed: str, limit: int) -> int:
    """Return the length of the longest beginning of a text that counts as at most `limit` characters."""
    low, high = 0, max(min(len(typed), limit), 0)
    while low < high:
        middle = (low + high + 1) // 2
        if _weight(typed[:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


def _weight(typed: str) -> int:
    units = len(typed)
    if not typed.isascii():  # in UTF-16, an emoji is two units
        units = len(typed.encode("utf-16-le", "surrogatepass")) // 2
    return units + 4 * typed.count("&") + 3 * (typed.count("<") + typed.count(">"))


def is_person(user_id: str) -> bool:
    """Say whether this is a Slack user id."""
    return bool(re.fullmatch(MEMBER_ID, user_id))


def link(address: str, label: str = "") -> str:
    """Return a link with an escaped `label`; an empty string if this is not a web address."""
    if not _ADDRESS.fullmatch(address):
        return ""
    safe = address.replace("&", "&amp;")
    return f"<{safe}|{label}>" if label else f"<{safe}>"
