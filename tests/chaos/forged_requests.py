"""Forged requests: randomly edited signatures, buttons, people and forms, and the expected result."""

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
"""A number of characters far above every limit."""
MARKS = (
    "<@U0EVE",
    "<#C0EVE",
    "<!subteam^S0EVE",
    "<!channel",
    "<!here",
    "<!everyone",
    "<https://evil",
)
"""Markup for mentions and links. Typed text must never turn into it."""
TRAPS = (
    *(f"{mark}>" for mark in MARKS),
    *("<@U0EVE|boss>", "<https://evil.example|the card>", "*bold*", "_it_", "~no~", "```", "`rm`"),
    *("\n> quote", ":tada:", "@here", "&lt;!channel&gt;", "&amp;", "{title}", "%s", "\\", '"', "'"),
    *("\u202e", "\u2066", "\u200f", "\u2069", "\u0007", "\u001b[2J", "x" * 30, "😀" * 12),
)
REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
UNKEEPABLE = ("\x00", "\ud800")
"""Characters that the database cannot store."""


def hostile_text(rng: random.Random, most: int) -> str:
    """Return random text that is hostile if it is not escaped, of at most `most` characters."""
    return "x" + "".join(rng.choices(TRAPS, k=rng.randint(6, 14)))[: most - 2] + "x"


def unsigned(rng: random.Random, body: bytes) -> dict[str, SignedRequest]:
    """Return requests with a valid body that Slack has not sent, by description."""
    old = FIVE_MINUTES + rng.randint(30, 3600)
    expired = SignedRequest(body=body, age=old)
    old_signature = expired.all_headers()["X-Slack-Signature"]
    other = body.replace(b"approve", b"Approve", 1) + b"&x=1"
    return {
        "forged": SignedRequest(body=body, secret=f"{rng.getrandbits(64):x}"),
        "old": expired,
        "from the future": SignedRequest(body=body, age=-old),
        "replayed under a new time": SignedRequest(
            body=body, headers={"X-Slack-Signature": old_signature}
        ),
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
    """One edited click or submission with a valid signature.

    `refused` is the person whose refusal must be recorded for `request`. If it is empty, the payload is
    unreadable; `answered` is whether the person must then get an answer.
    """

    what: str
    payload: Json
    request: str = ""
    refused: str = ""
    answered: bool = False


@dataclass(frozen=True, kw_only=True)
class CapturedTraffic:
    """The traffic that the attacker has captured: a real click and form of one request, and the button of another."""

    request: str
    value: str
    other_request: str
    other_value: str
    pressed: Json
    submitted: Json
    insider: str
    outsider: str


def presses(rng: random.Random, captured: CapturedTraffic) -> list[ForgedRequest]:
    """Return clicks on edited buttons."""
    value = json.loads(captured.value)
    refused: dict[str, Json] = {
        "another level": value | {"level": rng.randint(2, 10**12)},
        "another content": value | {"content_revision": rng.randint(2, 10**12)},
        "no level": value | {"level": 0},
        "with missing fields": {"request_id": captured.request},
    }
    unread: dict[str, str] = {
        "of another request": captured.other_value,
        "of no request": json.dumps(value | {"request_id": "REQ-00000000"}),
        "of a request with a long id": json.dumps(value | {"request_id": "R" * 10_000}),
        "a negative level": json.dumps(value | {"level": -rng.randint(1, 99)}),
        "a level as text": json.dumps(value | {"level": "1"}),
        "no JSON": rng.choice(("", "approve", "{", "[]", "null", "7", '"x"', "\ud800")),
        "cut off": captured.value[: rng.randint(1, len(captured.value) - 1)],
        "brackets": "[" * rng.randint(2_000, LONG),
        "long": rng.choice("x[{") * 10_000,
    }
    return [
        *(
            ForgedRequest(
                what=what,
                payload=press(captured.pressed, json.dumps(edited)),
                request=captured.request,
                refused=captured.insider,
            )
            for what, edited in refused.items()
        ),
        *(
            ForgedRequest(what=what, payload=press(captured.pressed, edited), answered=True)
            for what, edited in unread.items()
        ),
    ]


def people(rng: random.Random, captured: CapturedTraffic) -> list[ForgedRequest]:
    """Return clicks by people without permission and by invalid users. Each claims elsewhere to be the insider."""
    claims: Json = {"user_id": captured.insider, "authed_users": [captured.insider]}
    invalid: dict[str, object] = {
        "no user id": rng.choice(("", None, [captured.insider], {"id": captured.insider}, 7)),
        "an invalid user id": rng.choice(
            ("B0BOT", f"{captured.insider}\n", f"{captured.insider} ", "<!channel>")
        ),
    }
    return [
        *(
            ForgedRequest(
                what=f"by {person}, who claims to be {captured.insider}",
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
            for what, person in invalid.items()
        ),
    ]


def submissions(rng: random.Random, captured: CapturedTraffic) -> list[ForgedRequest]:
    """Return submissions with an edited `private_metadata`."""
    metadata = json.loads(captured.submitted["view"]["private_metadata"])
    typed = {"reason": {"type": "plain_text_input", "value": hostile_text(rng, 2000)}}
    refused: dict[str, Json] = {
        "of another request": {"request_id": captured.other_request},
        "of no request": {"request_id": f"REQ-{rng.getrandbits(40):010X}"},
        "as its requester": {"verb": "withdraw"},
        "as an admin": {"verb": "close"},
        "another level": {"level": rng.randint(2, 99)},
        "another content": {"content_revision": rng.randint(2, 99), "verb": "approve"},
    }
    unread = {
        "no verb": json.dumps(
            metadata | {"verb": rng.choice(("", "delete", "approve ", "x" * 9_000))}
        ),
        "no JSON": rng.choice(("", "{", "[" * LONG, "null", "x" * 10_000)),
        "missing fields": json.dumps({"request_id": captured.request}),
        "a negative revision": json.dumps(metadata | {"content_revision": -1}),
    }

    def submit(edited: str) -> Json:
        return submission(captured.submitted, metadata=edited, typed=typed)

    return [
        *(
            ForgedRequest(
                what=f"a form {what}",
                payload=submit(json.dumps(metadata | edit)),
                request=str(edit.get("request_id", captured.request)),
                refused=captured.insider,
            )
            for what, edit in refused.items()
        ),
        *(
            ForgedRequest(what=f"a form with {what}", payload=submit(edited), answered=True)
            for what, edited in unread.items()
        ),
    ]


def too_much(captured: CapturedTraffic, rng: random.Random) -> list[Json]:
    """Return submissions whose reason is too long or cannot be stored."""
    metadata = captured.submitted["view"]["private_metadata"]
    reasons: tuple[Any, ...] = (
        "x" * LONG,
        "<!channel>" * (LONG // 10),
        f"No{rng.choice(UNKEEPABLE)}",
    )
    return [
        submission(captured.submitted, metadata=metadata, typed={"reason": {"value": reason}})
        for reason in reasons
    ]
