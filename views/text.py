"""Words: the catalogue's sentences, and what a person typed made harmless and short enough."""

import re
import unicodedata

_CONTROL = frozenset({"Cc", "Cs"})
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LOOK_ALIKES = {"*": "\u2217", "_": "\u02cd", "~": "\u223c", "`": "\u02cb"}
# Slack has no escape for its marks, and zero-width characters stop only some of them, so a mark
# that could format becomes its twin. One between two letters (snake_case) formats nothing: it stays.
_MARK = re.compile(r"`|(?<![^\W_])[*_~]|[*_~](?![^\W_])")
_EMOJI = re.compile(r":(?=[\w+'-])")  # its closing colon may be one of ours
_QUOTE = re.compile(r"^(\s*)(?=&gt;)", re.MULTILINE)
_HALF_TOKEN = re.compile(r"(&[a-z]*|<[^>]*)$")
_SPACES = re.compile(r"\s+")
_ADDRESS = re.compile(r"https?://[^\s<>|\"\x00-\x1f\x7f\ud800-\udfff]+")
_PERSON = re.compile(r"[UW][A-Z0-9]{1,30}", re.ASCII)


def printable(typed: str) -> str:
    """Return what was typed without characters that hide, reorder or break text."""
    if typed.isascii() and typed.isprintable():
        return typed
    typed = typed.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        "\ufffd" if ch not in "\n\t" and unicodedata.category(ch) in _CONTROL else ch
        for ch in typed
        if ch not in _BIDI
    )


def escape(typed: str) -> str:
    """Make what a person typed show as typed inside mrkdwn: no mention, link, format or emoji.

    Slack documents three entities (docs.slack.dev/messaging/formatting-message-text) and no escape
    for its marks; those become characters that look alike. Prefer plain_text where it is possible.
    """
    safe = re.sub(r"[&<>]", lambda match: _ENTITIES[match[0]], printable(typed))
    safe = _MARK.sub(lambda match: _LOOK_ALIKES[match[0]], safe)
    safe = _EMOJI.sub(":\u2060", safe)
    return _QUOTE.sub("\\1\u00ad", safe)


def clip(mrkdwn: str, limit: int, mark: str) -> str:
    """Shorten escaped text to `limit` characters and say so, never cutting an entity or a token."""
    if len(mrkdwn) <= limit:
        return mrkdwn
    return _HALF_TOKEN.sub("", mrkdwn[: max(limit - len(mark), 0)]).rstrip() + mark


def clip_plain(typed: str, limit: int, mark: str) -> str:
    """Shorten text for a plain_text element and say so.

    Slack does not say how it counts, so `&` counts as its entity and an emoji as two.
    """
    far_too_long = len(typed) > 4 * limit
    typed = printable(typed[: 4 * limit])
    if not far_too_long and _weight(typed) <= limit:
        return typed
    return typed[: _prefix_length(typed, limit - len(mark))].rstrip() + mark


def fits(typed: str, limit: int) -> bool:
    """Say whether `clip_plain` would leave a text as it is."""
    return len(typed) <= 4 * limit and _weight(printable(typed)) <= limit


def split_text(typed: str, limit: int) -> list[str]:
    """Return text in parts of at most `limit` characters, counted as above, between words if possible.

    Only the spaces around a cut are lost.
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
    """Return how many characters of a text, from its beginning, weigh no more than `limit`."""
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
    if not typed.isascii():  # in UTF-16, where an emoji takes two
        units = len(typed.encode("utf-16-le", "surrogatepass")) // 2
    return units + 4 * typed.count("&") + 3 * (typed.count("<") + typed.count(">"))


def is_person(user_id: str) -> bool:
    """Say whether this is a Slack user id."""
    return bool(_PERSON.fullmatch(user_id))


def link(address: str, label: str = "") -> str:
    """Return a link, its `label` escaped already; nothing where this is no web address."""
    if not _ADDRESS.fullmatch(address):
        return ""
    safe = address.replace("&", "&amp;")
    return f"<{safe}|{label}>" if label else f"<{safe}>"
