"""Forgeries: how a request, a button, a person and a form are edited, by dice, and what must come of it."""

import json
import random
from dataclasses import dataclass
from typing import Any

from emulator.errors import Json
from tests.chaos.signed_requests import SignedRequest, press, submission
from tests.journeys.workspace import ANA

EVE = "U0EVE"
FIVE_MINUTES = 300
HUGE = 3_000_000
LONG = 100_000
"""Characters: many times what fits anywhere."""
MARKS = (
    "<@U0EVE",
    "<#C0EVE",
    "<!subteam^S0EVE",
    "<!channel",
    "<!here",
    "<!everyone",
    "<https://evil",
)
"""What would mention somebody or lead somewhere: nobody may bring it in by typing it."""
TRAPS = (
    *(f"{mark}>" for mark in MARKS),
    *("<@U0EVE|boss>", "<https://evil.example|the card>", "*bold*", "_it_", "~no~", "```", "`rm`"),
    *("\n> quote", ":tada:", "@here", "&lt;!channel&gt;", "&amp;", "{title}", "%s", "\\", '"', "'"),
    *("\u202e", "\u2066", "\u200f", "\u2069", "\u0007", "\u001b[2J", "x" * 30, "😀" * 12),
)
REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
UNKEEPABLE = ("\x00", "\ud800")
"""Characters that no database keeps."""


def hostile_text(dice: random.Random, most: int) -> str:
    """Return something nobody should be able to harm anybody with, of so many characters at most."""
    return "x" + "".join(dice.choices(TRAPS, k=dice.randint(6, 14)))[: most - 2] + "x"


def unsigned(dice: random.Random, body: bytes) -> dict[str, SignedRequest]:
    """Return requests that Slack has not sent, although the body is as if it had."""
    old = FIVE_MINUTES + dice.randint(30, 3600)
    once = SignedRequest(body=body, age=old)
    stamp = once.all_headers()["X-Slack-Signature"]
    other = body.replace(b"approve", b"Approve", 1) + b"&x=1"
    return {
        "forged": SignedRequest(body=body, secret=f"{dice.getrandbits(64):x}"),
        "old": once,
        "from the future": SignedRequest(body=body, age=-old),
        "replayed under a new time": SignedRequest(body=body, headers={"X-Slack-Signature": stamp}),
        "unsigned": SignedRequest(body=body, secret=""),
        "signed with nothing": SignedRequest(body=body, headers={"X-Slack-Signature": "v0="}),
        "without a time": SignedRequest(body=body, headers={"X-Slack-Request-Timestamp": "soon"}),
        "changed on the way": SignedRequest(
            body=other,
            headers={
                "X-Slack-Signature": SignedRequest(body=body).all_headers()["X-Slack-Signature"]
            },
        ),
        "huge": SignedRequest(body=body + b"&x=" + b"x" * HUGE),
        "huge and unsigned": SignedRequest(body=body + b"x" * HUGE, secret=""),
        "of another kind": SignedRequest(body=body, kind="text/plain", secret=""),
    }


@dataclass(frozen=True, kw_only=True)
class ForgedRequest:
    """One edited press or submission, signed as Slack would.

    `refused` is who must stand among the refusals of `request`; where it is empty, nothing could be
    read, and whoever is `told` hears so.
    """

    what: str
    payload: Json
    request: str = ""
    refused: str = ""
    told: bool = False


@dataclass(frozen=True, kw_only=True)
class CapturedTraffic:
    """What the forger has seen: a real press and a real form of one request, and another's button."""

    request: str
    value: str
    other_request: str
    other_value: str
    pressed: Json
    submitted: Json
    insider: str
    outsider: str


def presses(dice: random.Random, captured: CapturedTraffic) -> list[ForgedRequest]:
    """Return presses of an edited button."""
    value = json.loads(captured.value)
    refused = {
        "another level": {"level": dice.randint(2, 10**12)},
        "another content": {"content_revision": dice.randint(2, 10**12)},
        "no level": {"level": 0},
    }
    unread: dict[str, str] = {
        "of another request": captured.other_value,
        "of no request": json.dumps(value | {"request_id": "REQ-00000000"}),
        "of a long request": json.dumps(value | {"request_id": "R" * 10_000}),
        "a level below all": json.dumps(value | {"level": -dice.randint(1, 99)}),
        "a level in words": json.dumps(value | {"level": "1"}),
        "more than ours": json.dumps(value | {dice.choice(("admin", "person", "x")): True}),
        "less than ours": json.dumps({"request_id": captured.request}),
        "no JSON": dice.choice(("", "approve", "{", "[]", "null", "7", '"x"', "\ud800")),
        "cut off": captured.value[: dice.randint(1, len(captured.value) - 1)],
        "brackets": "[" * dice.randint(2_000, LONG),
        "long": dice.choice("x[{") * 10_000,
    }
    return [
        *(
            ForgedRequest(
                what=what,
                payload=press(captured.pressed, json.dumps(value | edit)),
                request=captured.request,
                refused=captured.insider,
            )
            for what, edit in refused.items()
        ),
        *(
            ForgedRequest(what=what, payload=press(captured.pressed, edited), told=True)
            for what, edited in unread.items()
        ),
    ]


def people(dice: random.Random, captured: CapturedTraffic) -> list[ForgedRequest]:
    """Return presses of people who may not, and of nobody; each claims elsewhere to be the insider."""
    claims: Json = {"user_id": captured.insider, "authed_users": [captured.insider]}
    nobody: dict[str, object] = {
        "nobody": dice.choice(("", None, [captured.insider], {"id": captured.insider}, 7)),
        "no person": dice.choice(
            ("B0BOT", f"{captured.insider}\n", f"{captured.insider} ", "<!channel>")
        ),
    }
    return [
        *(
            ForgedRequest(
                what=f"by {person}, who says to be {captured.insider}",
                payload=press(captured.pressed, captured.value, person=person, **claims),
                request=captured.request,
                refused=person,
            )
            for person in (captured.outsider, ANA)
        ),
        *(
            ForgedRequest(
                what=what, payload=press(captured.pressed, captured.value, person=person, **claims)
            )
            for what, person in nobody.items()
        ),
    ]


def submissions(dice: random.Random, captured: CapturedTraffic) -> list[ForgedRequest]:
    """Return edited submissions: what a form keeps about itself says something else."""
    kept = json.loads(captured.submitted["view"]["private_metadata"])
    typed = {"reason": {"type": "plain_text_input", "value": hostile_text(dice, 2000)}}
    refused: dict[str, Json] = {
        "of another request": {"request_id": captured.other_request},
        "of no request": {"request_id": f"REQ-{dice.getrandbits(40):010X}"},
        "as its requester": {"verb": "withdraw"},
        "as an admin": {"verb": "close"},
        "another level": {"level": dice.randint(2, 99)},
        "another content": {"content_revision": dice.randint(2, 99), "verb": "approve"},
    }
    unread = {
        "no verb": json.dumps(
            kept | {"verb": dice.choice(("", "delete", "approve ", "x" * 9_000))}
        ),
        "no JSON": dice.choice(("", "{", "[" * LONG, "null", "x" * 10_000)),
        "less than ours": json.dumps({"request_id": captured.request}),
        "a revision below all": json.dumps(kept | {"content_revision": -1}),
    }

    def send(metadata: str) -> Json:
        return submission(captured.submitted, metadata=metadata, typed=typed)

    return [
        *(
            ForgedRequest(
                what=f"a form {what}",
                payload=send(json.dumps(kept | edit)),
                request=str(edit.get("request_id", captured.request)),
                refused=captured.insider,
            )
            for what, edit in refused.items()
        ),
        *(
            ForgedRequest(what=f"a form with {what}", payload=send(metadata), told=True)
            for what, metadata in unread.items()
        ),
    ]


def too_much(captured: CapturedTraffic, dice: random.Random) -> list[Json]:
    """Return submissions whose reason fits nowhere, or cannot be kept."""
    metadata = captured.submitted["view"]["private_metadata"]
    words: tuple[Any, ...] = (
        "x" * LONG,
        "<!channel>" * (LONG // 10),
        f"No{dice.choice(UNKEEPABLE)}",
    )
    return [
        submission(captured.submitted, metadata=metadata, typed={"reason": {"value": one}})
        for one in words
    ]
