"""The actor of a click is Slack's signed `user.id`, checked in the directory, and nothing else."""

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
"""A Grid member, a deactivated user, a guest, a user of another workspace, and the bot itself."""
NAMED = (BORIS, CLARA, HANA, IVAN, JUNE, KAI, BOT, ANA)
"""The approvers in the policy. Ana is the requester."""

COUNTS = "counts"
UNREADABLE = "unreadable"


def by(person: object, **other: Any) -> Callable[[Json], Json]:
    """Return a change that makes the click this person's, with other fields of `user`."""
    return lambda payload: {**payload, "user": {**payload["user"], "id": person, **other}}


def with_parts(**parts: Any) -> Callable[[Json], Json]:
    """Return a change of other parts of the payload."""
    return lambda payload: {**payload, **parts}


def without(*names: str) -> Callable[[Json], Json]:
    return lambda payload: {k: v for k, v in payload.items() if k not in names}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A payload of Slack, and its expected result: COUNTS, UNREADABLE, or a refusal code."""

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
        sentence="a member counts if the payload names no team, as in an organisation",
        change=with_parts(team=None),
        expected=COUNTS,
    ),
    Shape(
        sentence="a member counts if the enterprise is named too",
        change=with_parts(enterprise={"id": "E0GRID", "name": "Grid"}, is_enterprise_install=True),
        expected=COUNTS,
    ),
    Shape(
        sentence="a member counts whose user name is another person's",
        change=by(BORIS, username="fay", name="fay"),
        expected=COUNTS,
    ),
    Shape(
        sentence="the poster of the message does not count instead of the clicker",
        change=lambda p: {**by(GUS)(p), "message": {**p["message"], "user": BORIS}},
        expected="not_an_approver",
    ),
    Shape(
        sentence="the requester does not decide, although the policy names them",
        change=by(ANA),
        expected="own_request",
    ),
    Shape(
        sentence="a member outside the policy does not decide",
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
    Shape(sentence="an empty id is invalid", change=by(""), expected=UNREADABLE),
    Shape(sentence="null is invalid", change=by(None), expected=UNREADABLE),
    Shape(sentence="a list is invalid", change=by([BORIS]), expected=UNREADABLE),
    Shape(sentence="a bot's id is invalid", change=by("B0LOCAL"), expected=UNREADABLE),
    Shape(
        sentence="an id with trailing text is invalid", change=by(f"{BORIS}\n"), expected=UNREADABLE
    ),
    Shape(
        sentence="a click without a user is invalid", change=without("user"), expected=UNREADABLE
    ),
    Shape(
        sentence="a click that names its user elsewhere is invalid",
        change=lambda p: {**without("user")(p), "user_id": BORIS, "authed_users": [BORIS]},
        expected=UNREADABLE,
    ),
)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.sentence)
async def test_the_actor_of_a_click_is_the_user_that_slack_signed(
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
