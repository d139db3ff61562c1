"""Who a click is from: Slack's signed `user.id`, judged by the directory; whatever else a payload says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from emulator.client import StandInClient
from records.refusals import Refusals
from tests.bot.order_driver import ANA, BORIS, CLARA, FAY, GUS, Card, Json, listeners_finished
from tests.bot.request_driver import RequestDriver, level
from tests.bot.signed_clicks import SignedHttp, click_payload
from views import notices
from views.translator import ENGLISH

HANA, IVAN, JUNE, KAI, BOT = "W0HANA", "U0IVAN", "U0JUNE", "U0KAI", "U0LOCALBOT"
"""A Grid member, deactivated, a guest, from another workspace, and the bot itself."""
NAMED = (BORIS, CLARA, HANA, IVAN, JUNE, KAI, BOT, ANA)
"""All of them stand in the policy. Ana is the one who asks."""

COUNTS = "counts"
UNREADABLE = "unreadable"


def by(person: object, **other: Any) -> Callable[[Json], Json]:
    """Return the press as this person's, with other parts of `user` too."""
    return lambda payload: {**payload, "user": {**payload["user"], "id": person, **other}}


def with_parts(**parts: Any) -> Callable[[Json], Json]:
    """Return the press of Boris with other parts of the payload."""
    return lambda payload: {**payload, **parts}


def without(*names: str) -> Callable[[Json], Json]:
    return lambda payload: {k: v for k, v in payload.items() if k not in names}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What Slack might send, and what must come of it: a count, a refusal's code, or no reading."""

    sentence: str
    change: Callable[[Json], Json]
    expected: str
    data: dict[str, str] = field(default_factory=dict)


def not_eligible(standing: str) -> dict[str, str]:
    return {"standing": standing}


SHAPES = (
    Shape(sentence="a member named by the policy counts", change=by(BORIS), expected=COUNTS),
    Shape(sentence="a member whose id begins with W counts", change=by(HANA), expected=COUNTS),
    Shape(
        sentence="a member counts where the payload names no team, as in an organisation",
        change=with_parts(team=None),
        expected=COUNTS,
    ),
    Shape(
        sentence="a member counts although the enterprise is named too",
        change=with_parts(enterprise={"id": "E0GRID", "name": "Grid"}, is_enterprise_install=True),
        expected=COUNTS,
    ),
    Shape(
        sentence="a member counts although the user's name is somebody else's",
        change=by(BORIS, username="fay", name="fay"),
        expected=COUNTS,
    ),
    Shape(
        sentence="the poster of the message does not count instead of the clicker",
        change=lambda p: {**by(GUS)(p), "message": {**p["message"], "user": BORIS}},
        expected="not_an_approver",
    ),
    Shape(
        sentence="who asks does not decide, although the policy names them",
        change=by(ANA),
        expected="own_request",
    ),
    Shape(
        sentence="a member whom nobody names does not decide",
        change=by(GUS),
        expected="not_an_approver",
    ),
    Shape(
        sentence="an admin does not decide as an admin",
        change=by(FAY),
        expected="not_an_approver",
    ),
    Shape(
        sentence="a guest does not decide",
        change=by(JUNE),
        expected="not_eligible",
        data=not_eligible("guest"),
    ),
    Shape(
        sentence="a deactivated person does not decide",
        change=by(IVAN),
        expected="not_eligible",
        data=not_eligible("deactivated"),
    ),
    Shape(
        sentence="a stranger from another workspace does not decide",
        change=by(KAI),
        expected="not_eligible",
        data=not_eligible("stranger"),
    ),
    Shape(
        sentence="a stranger does not decide by naming our team",
        change=by(KAI, team_id="T0LOCAL"),
        expected="not_eligible",
        data=not_eligible("stranger"),
    ),
    Shape(
        sentence="a bot does not decide",
        change=by(BOT),
        expected="not_eligible",
        data=not_eligible("bot"),
    ),
    Shape(sentence="nobody is no id", change=by(""), expected=UNREADABLE),
    Shape(sentence="null is no id", change=by(None), expected=UNREADABLE),
    Shape(sentence="a list is no id", change=by([BORIS]), expected=UNREADABLE),
    Shape(sentence="a bot's id is no person's", change=by("B0LOCAL"), expected=UNREADABLE),
    Shape(
        sentence="an id with more after it is none", change=by(f"{BORIS}\n"), expected=UNREADABLE
    ),
    Shape(sentence="a press without a user is none", change=without("user"), expected=UNREADABLE),
    Shape(
        sentence="a press that names its person elsewhere is none",
        change=lambda p: {**without("user")(p), "user_id": BORIS, "authed_users": [BORIS]},
        expected=UNREADABLE,
    ),
)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.sentence)
async def test_a_click_is_from_whom_slack_says_and_nobody_else(
    refusals: Refusals,
    slack: StandInClient,
    http: SignedHttp,
    request_driver: RequestDriver,
    shape: Shape,
) -> None:
    pending = await request_driver.create(level(*NAMED))
    card = Card(order_id=pending.request_id, message=pending.message)
    payload = shape.change(await click_payload(slack, BORIS, card, "approve"))

    await http.interact(payload)
    await listeners_finished()

    menu = await request_driver.workflows.menu(pending.request_id, ANA)
    assert menu is not None
    result = [decision.person for decision in menu.face.levels[0].decisions]
    refused = [
        (refusal.actor.person, refusal.code) for refusal in await refusals.of(pending.request_id)
    ]
    match shape.expected:
        case "counts":
            assert (result, refused) == ([payload["user"]["id"]], [])
        case "unreadable":
            assert (result, refused) == ([], [])
        case code:
            assert (result, refused) == ([], [(payload["user"]["id"], code)])
            sentence = notices.refusal(code, shape.data, ENGLISH)
            sent = await slack.journal(kind="response_url")
            assert sentence in [call["arguments"]["text"] for call in sent]
