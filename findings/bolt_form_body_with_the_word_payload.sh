#!/usr/bin/env bash
# slack-bolt 1.30.0: a form-encoded request is read as empty if the word "payload" occurs anywhere in its body.
#
# Guess written down before the run: only a form field *named* payload (interactivity) is treated specially; the
# text of a slash command is data, so a command whose text contains the word reaches its listener like any other.
# Behaviour: the body parser looks for the substring, finds no field of that name and returns an empty dict. The
# slash command is then an unhandled request (404) and the user sees an error. The word can also come from the
# channel's name or the workspace's domain, and then every command from there is lost. Socket Mode is not affected.
# Output seen:
#   'three desks' -> 200
#   'three desks, see payload 7' -> 404
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check slack-bolt==1.30.0 slack-sdk==3.47.0 aiohttp==3.14.5
"$work/venv/bin/python" - <<'PY'
import asyncio
import logging
from urllib.parse import urlencode

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult

logging.disable(logging.CRITICAL)


async def authorize(**_):
    return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-1", bot_id="B1", bot_user_id="U1")


async def status(app, text):
    body = urlencode({"team_id": "T1", "user_id": "U2", "command": "/order", "text": text})
    headers = {"content-type": ["application/x-www-form-urlencoded"]}
    response = await app.async_dispatch(AsyncBoltRequest(body=body, headers=headers, mode="http"))
    print(f"{text!r} -> {response.status}")
    return response.status


async def main():
    app = AsyncApp(signing_secret="s", authorize=authorize, request_verification_enabled=False)

    @app.command("/order")
    async def order(ack):
        await ack()

    assert await status(app, "three desks") == 200
    assert await status(app, "three desks, see payload 7") == 404


asyncio.run(main())
PY
