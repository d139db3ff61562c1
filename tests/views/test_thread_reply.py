"""The request that a thread is about: from the footer of our own card only."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.views import examples
from tests.views.test_hr import done
from views import approval_card, cards
from views.thread_reply import request_of
from views.translator import ENGLISH
from workflows.rules.shared.card import CardCopy
from workflows.rules.snapshots import Snapshot

BOT = "U0LOCALBOT"


def message(ts: str = "1.1", *, user: str = BOT, **changes: Any) -> Mapping[str, Any]:
    """Return the pending card as Slack returns it."""
    blocks = approval_card.build(examples.pending(), ENGLISH).blocks
    return {"type": "message", "user": user, "bot_id": "B0", "ts": ts, "blocks": blocks, **changes}


REQUEST = examples.pending().request_id
CLOSED: tuple[Snapshot, ...] = (examples.rejected(), examples.order_completed(), done())


def test_our_own_card_names_its_request() -> None:
    assert request_of(message(), BOT) == REQUEST


@pytest.mark.parametrize("snapshot", CLOSED, ids=lambda snapshot: snapshot.kind)
def test_a_closed_card_names_its_request_too(snapshot: Snapshot) -> None:
    card = cards.build(snapshot, CardCopy(channel="#c", key="k"))

    assert request_of(message(blocks=card.blocks), BOT) == snapshot.request_id


def test_the_same_card_posted_by_another_app_names_no_request() -> None:
    assert request_of(message(user="U0OTHERBOT"), BOT) == ""
    assert request_of(message(bot_id=""), BOT) == ""


def test_a_message_without_our_footer_names_no_request() -> None:
    assert request_of(message(blocks=[]), BOT) == ""
    for block_id in ("foot", "foot:1", "foot:", "notice:REQ-1:2"):
        assert request_of(message(blocks=[{"type": "context", "block_id": block_id}]), BOT) == ""
