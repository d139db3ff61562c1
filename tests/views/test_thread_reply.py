"""Which request a thread is about: what our own message's buttons say, and nobody else's."""

from collections.abc import Mapping
from typing import Any

from bot.views import approval_card
from bot.views.thread_reply import deciding_message, request_of
from tests.views import faces

BOT = "U0LOCALBOT"


def message(ts: str = "1.1", *, user: str = BOT, **changes: Any) -> Mapping[str, Any]:
    """Return the pending card as Slack gives it back."""
    blocks = approval_card.build(faces.pending()).blocks
    return {"type": "message", "user": user, "bot_id": "B0", "ts": ts, "blocks": blocks, **changes}


REQUEST = faces.pending().request_id


def test_our_own_card_names_its_request() -> None:
    assert request_of(message(), BOT) == REQUEST


def test_the_same_buttons_on_anybody_elses_message_name_none() -> None:
    assert request_of(message(user="U0OTHERBOT"), BOT) == ""
    assert request_of(message(bot_id=""), BOT) == ""


def test_a_message_without_our_buttons_names_none() -> None:
    assert request_of(message(blocks=[]), BOT) == ""
    button = {"type": "button", "action_id": "x", "value": "{}"}
    assert request_of(message(blocks=[{"type": "actions", "elements": [button]}]), BOT) == ""


def test_the_newest_message_with_approve_is_where_to_decide() -> None:
    closed = {**message("1.3"), "blocks": []}

    assert deciding_message([message("1.1"), message("1.2"), closed], REQUEST) == "1.2"
    assert deciding_message([message("1.1")], "REQ-OTHER") == ""
    assert deciding_message([closed], REQUEST) == ""
