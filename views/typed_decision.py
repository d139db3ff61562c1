"""Typed decisions: an "ok" in a thread looks like an approval, but decides nothing."""

import re
import unicodedata

_WORD = re.compile(
    r":[\w+'-]+:|[+-]1(?!\d)|[^\W_]+|[\u2705\u274c\u2714\u2716\U0001f44c-\U0001f44e]"
)
_SKIN = re.compile(r":?:skin-tone-\d:|[\U0001f3fb-\U0001f3ff\ufe0f]")
_MENTION = re.compile(r"<[^<>]*>")

_YES = (
    "ok okay okey k yes yep yeah approve approved approving accept accepted agree agreed granted "
    "confirm confirmed lgtm +1 ja jo jawohl genehmigt genehmige freigegeben zugestimmt "
    "einverstanden bewilligt akzeptiert passt bestätigt "
    ":+1: :thumbsup: :white_check_mark: :heavy_check_mark: :ok_hand: :ok: \u2705 \u2714 \U0001f44c "
    "\U0001f44d"
)
_NO = (
    "no nope nah reject rejected rejecting decline declined deny denied refuse refused veto "
    "disapprove disapproved -1 nein nee abgelehnt ablehnen verweigert zurückgewiesen "
    ":-1: :thumbsdown: :x: :no_entry: :no_entry_sign: \u274c \u2716 \U0001f44e"
)
_FILLERS = (
    "thanks thank you please thx from me my side by it is this looks good to sounds fine go ahead "
    "for i all sir danke bitte von mir meinerseits aus in ordnung ist das wird hiermit sieht gut "
    "geht klar gerne ich bin alles"
)
"""Words that may come with a decision without adding anything to it."""
_PHRASES = ("in ordnung", "go ahead", "geht klar", "looks good", "sounds good", "sieht gut aus")

_DECIDING = frozenset((_YES + " " + _NO).split())
_ALLOWED = _DECIDING | frozenset(_FILLERS.split())


def is_typed_decision(mrkdwn: str) -> bool:
    """Return whether a message is no more than a yes or no, in English or German.

    Case, punctuation, mentions and skin tones do not matter. A message that contains a yes and
    anything else is a comment.
    """
    folded = _SKIN.sub("", _MENTION.sub(" ", unicodedata.normalize("NFKC", mrkdwn)).casefold())
    words = _WORD.findall(folded)
    if not words or any(word not in _ALLOWED for word in words):
        return False
    text = " ".join(words)
    return any(word in _DECIDING for word in words) or any(phrase in text for phrase in _PHRASES)
