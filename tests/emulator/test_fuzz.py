"""About 5,000 malformed requests: each gets a response below HTTP 500, and memory stays bounded."""

import asyncio
import json
import random
from typing import Any
from urllib.parse import urlencode

import aiohttp
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from emulator.methods.registry import METHODS
from emulator.server import RunningStandIn
from tests.emulator.block_kit import actions, button, home, modal, section, text_input

EXAMPLES = 20
PER_EXAMPLE = 260
AT_ONCE = 16

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
OPAQUE = [
    {
        "type": "video",
        "block_id": "v",
        "elements": [],
        "accessory": {"type": "x", "action_id": "y"},
    },
    {
        "type": "input",
        "label": {"type": "plain_text", "text": "f"},
        "element": {"type": "file_input", "action_id": "f"},
    },
]
GOOD: dict[str, list[Any]] = {
    "channel": ["C0GENERAL", "C0RANDOM", "G0HR", "DU0ANA", "U0ANA", "#general"],
    "user": ["U0ANA", "U0IVAN", "U0LOCALBOT", "W0HANA"],
    "user_id": ["U0ANA"],
    "blocks": [[section("x")], [actions(button("a"))], [text_input("t")], OPAQUE],
    "view": [modal(), home(), modal(actions(button("a"))), modal(*OPAQUE)],
    "metadata": [{"event_type": "t", "event_payload": {"a": 1}}],
    "text": ["hello", "/order tea", ""],
    "ts": ["1700000000.000001"],
    "kind": ["message", "block_action", "view_submit", "open_home", "global_shortcut"],
    "tab": ["main"],
    "callback_id": ["new_order", "approve_it"],
    "do": ["archive", "unarchive", "add_bot", "remove_bot"],
}
ROUTES = [
    "_page/act",
    "_control/act",
    "_control/people",
    "_control/channels",
    "_control/delete_message",
    "_control/clock",
    "_control/limits",
    "_control/event",
    "response/actions/T0LOCAL/x",
]
FORM = "application/x-www-form-urlencoded"
KINDS = ("application/json", FORM, "text/plain", "x/y", "")


class Requests:
    """Generates valid and malformed requests; the same seed gives the same requests."""

    def __init__(self, seed: int, pool: list[Any]) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._pool = pool

    def _value(self, name: str) -> Any:
        good = GOOD.get(name)
        if good and self._rng.random() < 0.6:
            return self._mutated(self._rng.choice(good))
        return self._rng.choice(self._pool)

    def _mutated(self, value: Any) -> Any:
        if not isinstance(value, dict | list) or self._rng.random() < 0.5:
            return value
        copy = json.loads(json.dumps(value))
        place = copy
        while isinstance(place, dict | list) and place:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            key = self._rng.choice(list(keys))
            if not isinstance(place[key], dict | list) or self._rng.random() < 0.3:
                place[key] = self._rng.choice(self._pool)
                break
            place = place[key]
        return copy

    def next_request(self) -> tuple[str, dict[str, Any]]:
        """Generate a path and the options of one request."""
        if self._rng.random() < 0.3:
            path, names = self._rng.choice(ROUTES), [*GOOD, "advance", "skew", "group", "state"]
        else:
            name = self._rng.choice(list(METHODS))
            path = f"api/{name}"
            names = [*METHODS[name].required, *METHODS[name].optional, "trigger_id", "extra"]
        chosen = self._rng.sample(names, self._rng.randint(0, len(names)))
        arguments = {name: self._value(name) for name in chosen}
        if path.startswith("api/") and self._rng.random() < 0.5:
            arguments |= {name: self._value(name) for name in METHODS[path[4:]].required}
        return path, self._body(arguments)

    def _body(self, arguments: dict[str, Any]) -> dict[str, Any]:
        form = self._rng.random()
        if form < 0.6:
            return {"json": arguments}
        if form < 0.8:
            text = {k: v if isinstance(v, str) else json.dumps(v) for k, v in arguments.items()}
            return {"data": urlencode(text, errors="replace"), "headers": {"Content-Type": FORM}}
        garbage = json.dumps(self._rng.choice(self._pool)).encode()[: self._rng.randint(0, 50)]
        return {"data": garbage, "headers": {"Content-Type": self._rng.choice(KINDS)}}


async def _send(http: aiohttp.ClientSession, path: str, options: dict[str, Any]) -> None:
    async with asyncio.timeout(20), http.post(f"/{path}", **options) as answer:
        body = await answer.json()
    assert answer.status < 500, (path, options, body)
    assert body.get("error") != "stand_in_bug", (path, options)
    assert isinstance(body.get("ok"), bool), (path, options, body)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    # No shrinking: a failure names its seed, and shrinking would take minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32), pool=st.lists(JSON_VALUES, min_size=10, max_size=30))
async def test_malformed_requests_never_get_a_500(
    running: RunningStandIn, seed: int, pool: list[Any]
) -> None:
    requests = Requests(seed, pool)
    headers = {"Authorization": "Bearer xoxb-local"}
    async with aiohttp.ClientSession(running.url, headers=headers) as http:
        requests_to_send = [requests.next_request() for _ in range(PER_EXAMPLE)]

        async def work() -> None:
            while requests_to_send:
                await _send(http, *requests_to_send.pop())

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))

    workspace = running.stand_in.workspace
    assert all(len(store) <= 5000 for store in workspace.messages.values())
    assert all(len(store) <= 200 for store in workspace.ephemerals.values())
    assert len(running.stand_in.modals.all_open()) <= 1500
