"""Forgeries: how a request, a button, a person and a form are edited, by dice, and what must come of it."""

import json
import random
from dataclasses import dataclass
from typing import Any

from emulator.errors import Json
from tests.chaos.signed import Sent, press, submission
from tests.journeys.office import ANA

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


def unsigned(dice: random.Random, body: bytes) -> dict[str, Sent]:
    """Return requests that Slack has not sent, although the body is as if it had."""
    old = FIVE_MINUTES + dice.randint(30, 3600)
    once = Sent(body=body, age=old)
    stamp = once.all_headers()["X-Slack-Signature"]
    other = body.replace(b"approve", b"Approve", 1) + b"&x=1"
    return {
        "forged": Sent(body=body, secret=f"{dice.getrandbits(64):x}"),
        "old": once,
        "from the future": Sent(body=body, age=-old),
        "replayed under a new time": Sent(body=body, headers={"X-Slack-Signature": stamp}),
        "unsigned": Sent(body=body, secret=""),
        "signed with nothing": Sent(body=body, headers={"X-Slack-Signature": "v0="}),
        "without a time": Sent(body=body, headers={"X-Slack-Request-Timestamp": "soon"}),
        "changed on the way": Sent(
            body=other,
            headers={"X-Slack-Signature": Sent(body=body).all_headers()["X-Slack-Signature"]},
        ),
        "huge": Sent(body=body + b"&x=" + b"x" * HUGE),
        "huge and unsigned": Sent(body=body + b"x" * HUGE, secret=""),
        "of another kind": Sent(body=body, kind="text/plain", secret=""),
    }


@dataclass(frozen=True, kw_only=True)
class Forgery:
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
class Loot:
    """What the forger has seen: a real press and a real form of one request, and another's button."""

    request: str
    value: str
    other_request: str
    other_value: str
    pressed: Json
    submitted: Json
    insider: str
    outsider: str


def presses(dice: random.Random, loot: Loot) -> list[Forgery]:
    """Return presses of an edited button."""
    value = json.loads(loot.value)
    refused = {
        "another level": {"level": dice.randint(2, 10**12)},
        "another content": {"content_revision": dice.randint(2, 10**12)},
        "no level": {"level": 0},
    }
    unread: dict[str, str] = {
        "of another request": loot.other_value,
        "of no request": json.dumps(value | {"request_id": "REQ-00000000"}),
        "of a long request": json.dumps(value | {"request_id": "R" * 10_000}),
        "a level below all": json.dumps(value | {"level": -dice.randint(1, 99)}),
        "a level in words": json.dumps(value | {"level": "1"}),
        "more than ours": json.dumps(value | {dice.choice(("admin", "person", "x")): True}),
        "less than ours": json.dumps({"request_id": loot.request}),
        "no JSON": dice.choice(("", "approve", "{", "[]", "null", "7", '"x"', "\ud800")),
        "cut off": loot.value[: dice.randint(1, len(loot.value) - 1)],
        "brackets": "[" * dice.randint(2_000, LONG),
        "long": dice.choice("x[{") * 10_000,
    }
    return [
        *(
            Forgery(
                what=what,
                payload=press(loot.pressed, json.dumps(value | edit)),
                request=loot.request,
                refused=loot.insider,
            )
            for what, edit in refused.items()
        ),
        *(
            Forgery(what=what, payload=press(loot.pressed, edited), told=True)
            for what, edited in unread.items()
        ),
    ]


def people(dice: random.Random, loot: Loot) -> list[Forgery]:
    """Return presses of people who may not, and of nobody; each claims elsewhere to be the insider."""
    claims: Json = {"user_id": loot.insider, "authed_users": [loot.insider]}
    nobody: dict[str, object] = {
        "nobody": dice.choice(("", None, [loot.insider], {"id": loot.insider}, 7)),
        "no person": dice.choice(("B0BOT", f"{loot.insider}\n", f"{loot.insider} ", "<!channel>")),
    }
    return [
        *(
            Forgery(
                what=f"by {person}, who says to be {loot.insider}",
                payload=press(loot.pressed, loot.value, person=person, **claims),
                request=loot.request,
                refused=person,
            )
            for person in (loot.outsider, ANA)
        ),
        *(
            Forgery(what=what, payload=press(loot.pressed, loot.value, person=person, **claims))
            for what, person in nobody.items()
        ),
    ]


def submissions(dice: random.Random, loot: Loot) -> list[Forgery]:
    """Return edited submissions: what a form keeps about itself says something else."""
    kept = json.loads(loot.submitted["view"]["private_metadata"])
    typed = {"reason": {"type": "plain_text_input", "value": hostile_text(dice, 2000)}}
    refused: dict[str, Json] = {
        "of another request": {"request_id": loot.other_request},
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
        "less than ours": json.dumps({"request_id": loot.request}),
        "a revision below all": json.dumps(kept | {"content_revision": -1}),
    }

    def send(metadata: str) -> Json:
        return submission(loot.submitted, metadata=metadata, typed=typed)

    return [
        *(
            Forgery(
                what=f"a form {what}",
                payload=send(json.dumps(kept | edit)),
                request=str(edit.get("request_id", loot.request)),
                refused=loot.insider,
            )
            for what, edit in refused.items()
        ),
        *(
            Forgery(what=f"a form with {what}", payload=send(metadata), told=True)
            for what, metadata in unread.items()
        ),
    ]


def too_much(loot: Loot, dice: random.Random) -> list[Json]:
    """Return submissions whose reason fits nowhere, or cannot be kept."""
    metadata = loot.submitted["view"]["private_metadata"]
    words: tuple[Any, ...] = (
        "x" * LONG,
        "<!channel>" * (LONG // 10),
        f"No{dice.choice(UNKEEPABLE)}",
    )
    return [
        submission(loot.submitted, metadata=metadata, typed={"reason": {"value": one}})
        for one in words
    ]
