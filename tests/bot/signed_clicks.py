"""Clicks as Slack sends them: signed, repeated, or with the button value of an older card."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier

from emulator.client import StandInClient
from tests.bot.order_driver import APPROVALS, Card
from workflows.rules.approvals.request import Decision, Verdict
from workflows.rules.people.actors import Actor, Origin

Json = dict[str, Any]

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


def approval_by(person: str) -> Decision:
    """Return the person's approval as a click sends it."""
    return Decision(
        actor=Actor(person=person, origin=Origin.SLACK),
        verdict=Verdict.APPROVE,
        content_revision=1,
        level=1,
    )


async def click_payload(slack: StandInClient, person: str, card: Card, action_id: str) -> Json:
    """Return the payload of a click. No bot may be connected, so that the click has no effect."""
    mark = await slack.journal_mark()
    answer = await slack.click(person, APPROVALS, card.message, action_id)
    assert not answer["acked"], "a bot is connected"
    (envelope,) = await slack.journal(mark, kind="envelope", what="block_actions")
    payload: Json = envelope["payload"]
    return payload


def with_button_value(payload: Json, **changes: Any) -> Json:
    """Return the click with changes to its button value, such as those of an older card."""
    (action,) = payload["actions"]
    value = json.dumps(json.loads(action["value"]) | changes)
    return {**payload, "actions": [{**action, "value": value}]}


def second_click(payload: Json) -> Json:
    """Return a second click on the same button by the same person."""
    (action,) = payload["actions"]
    return {**payload, "actions": [{**action, "action_ts": f"{time.time():.6f}"}]}


@dataclass
class SignedHttp:
    """Sends signed requests to the app as Slack does over HTTP."""

    app: AsyncApp

    async def interact(self, payload: Mapping[str, Any], **headers: Any) -> BoltResponse:
        """Send a click, a submission or a shortcut."""
        return await self.send(urlencode({"payload": json.dumps(payload)}), **headers)

    async def send(
        self,
        body: str,
        *,
        kind: str = "application/x-www-form-urlencoded",
        age: float = 0,
        secret: str = SECRET,
        **headers: str,
    ) -> BoltResponse:
        """Send a body, signed `age` seconds ago with `secret`."""
        stamp = str(int(time.time() - age))
        signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
        assert signature is not None
        return await self.app.async_dispatch(
            AsyncBoltRequest(
                body=body,
                headers={
                    "content-type": kind,
                    "x-slack-request-timestamp": stamp,
                    "x-slack-signature": signature,
                    **{name.replace("_", "-"): value for name, value in headers.items()},
                },
            )
        )
