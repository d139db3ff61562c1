"""Hostile input: what is not from Slack is turned away, what was edited is refused, what was typed is shown harmless.

A bot takes signed HTTP, the others Socket Mode. A forger who has seen a real press and a real form
sends them again: unsigned, badly signed, edited by dice. Nothing of it may reach the audit; each
refusal says who it was, and that person is told. Then people type what formats, mentions, reorders
and fits nowhere into real forms.

Single parts have tests of their own: tests/bot/test_signed_http.py (garbage at the door),
test_identity.py (who a press is from), tests/views/test_card_click.py (every edited button) and
test_any_text.py (any text in any view).
"""

import asyncio
import json
from collections import Counter

import aiohttp

from emulator.client import text_of
from emulator.errors import Json
from records.refusals import Refusals
from tests.chaos import forgeries, ledgers
from tests.chaos.forgeries import Forgery, Loot
from tests.chaos.ground import Ground, Size, Trial
from tests.chaos.requests import compare_requests, decide, stale_copies
from tests.chaos.scenes import Scene
from tests.chaos.signed import Door, form_of, press
from tests.journeys.house import HTTP_BOT
from tests.journeys.office import ANA, APPROVALS
from tests.journeys.programs import until
from views import notices
from views.ids import InputId
from views.translator import ENGLISH
from workflows.rules.shared.audit import Fact

QUIET = frozenset({Fact.REQUEST_SUBMITTED, Fact.LEVEL_OPENED})
"""All that the audit may hold of a request to which nobody has done anything."""
OK = 200
TURNED_AWAY = range(400, 500)
END = 60.0
BROKEN = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long"}
)
POLICY = "words"


async def run(ground: Ground) -> None:
    """Forge, edit and type, round after round; then decide as people do, and compare all ledgers."""
    mark = await ground.office.slack.journal_mark()
    await ground.house.start(HTTP_BOT)
    try:
        async with aiohttp.ClientSession(trust_env=False) as session:
            door = Door(url=ground.house.signed_url, session=session)
            for _ in range(ground.size.requests):
                await asyncio.gather(_forge(ground, door), _type(ground))
    finally:
        await ground.house.end(HTTP_BOT)
    ground.tally.stale += await _harmful(ground)
    ground.tally.lost += await _broken_blocks(ground, mark)


async def _forge(ground: Ground, door: Door) -> None:
    """Send everything that is not as Slack sent it; then have the requests decided."""
    first, second = [Scene(ground=ground, number=one, dice=ground.dice) for one in (10, 11)]
    requests = [await scene.ask(quorum=2) for scene in (first, second)]
    loot = await _loot(first, second, requests)
    mark = await ground.office.slack.journal_mark()
    await _knock(ground, door, loot)
    forged = [
        forgery
        for forge in (forgeries.presses, forgeries.people, forgeries.submissions)
        for forgery in forge(ground.dice, loot)
    ]
    told = sum(await asyncio.gather(*(_send(ground, door, one) for one in forged)))
    for payload in forgeries.too_much(loot, ground.dice):
        _, answer = await door.interact(payload)
        if not isinstance(answer, dict) or set(answer.get("errors", {})) != {InputId.REASON}:
            ground.tally.lost.append(f"a reason that fits nowhere was answered {answer}")
    await _everybody_is_told(ground, mark, forged, told)
    for request in requests:
        kinds = {fact.kind for fact in await ground.office.facts(request)}
        if kinds - QUIET:
            ground.tally.doubled.append(f"what was refused is in the audit: {request} {kinds}")
    await _decide(ground, door, first, loot)
    for scene, request in zip((first, second), requests, strict=True):
        for person in scene.people[1:] if scene is first else scene.people:
            await decide(ground, request, person)
    await ledgers.ended(ground, requests, END)
    await compare_requests(ground, requests)
    ground.tally.stale += await stale_copies(ground, dict.fromkeys(requests, ()))


async def _loot(first: Scene, second: Scene, requests: list[str]) -> Loot:
    """Have an approver press *More…* and send a form that says nothing: both do no harm."""
    slack, (insider, _) = first.slack, first.people
    cards = [
        await scene.card(request, decidable=True)
        for scene, request in zip((first, second), requests, strict=True)
    ]
    mark = await slack.journal_mark()
    await slack.click(insider, first.channel, cards[0], "more", tab="more")
    pressed = await _envelope(first, mark, "block_actions", insider)
    await slack.click(insider, first.channel, cards[0], "reject", tab="form")
    form = await slack.wait_for_modal(insider, tab="form")
    await slack.submit(insider, form, {InputId.REASON.value: "   "}, tab="form")
    submitted = await _envelope(first, mark, "view_submission", insider)
    return Loot(
        request=requests[0],
        value=_value(cards[0]),
        other_request=requests[1],
        other_value=_value(cards[1]),
        pressed=pressed,
        submitted=submitted,
        insider=insider,
        outsider=second.people[0],
    )


async def _envelope(scene: Scene, mark: int, what: str, person: str) -> Json:
    found = await scene.slack.wait_for_journal(
        lambda one: one["payload"]["user"]["id"] == person, after=mark, kind="envelope", what=what
    )
    payload: Json = found["payload"]
    return payload


def _value(card: Json) -> str:
    """Return what the card's Approve button carries."""
    rows = (block["elements"] for block in card["blocks"] if block["type"] == "actions")
    return next(str(one["value"]) for row in rows for one in row if one["action_id"] == "approve")


async def _knock(ground: Ground, door: Door, loot: Loot) -> None:
    """Send a press that would count, but not as Slack sends it: it gets no further than the door."""
    body = form_of(press(loot.pressed, loot.value))
    for what, sent in forgeries.unsigned(ground.dice, body).items():
        ground.tally.presses += 1
        status, _ = await door.send(sent)
        if status not in TURNED_AWAY:
            ground.tally.lost.append(f"a request {what} was answered {status}")


async def _send(ground: Ground, door: Door, forgery: Forgery) -> bool:
    """Send it; return whether the answer says already that it could not be read."""
    ground.tally.presses += 1
    status, answer = await door.interact(forgery.payload)
    if status != OK:
        ground.tally.lost.append(f"{forgery.what}: answered {status} {answer}")
    return isinstance(answer, dict) and notices.unreadable(ENGLISH) in text_of(
        answer.get("view", {})
    )


async def _everybody_is_told(ground: Ground, mark: int, forged: list[Forgery], told: int) -> None:
    """Look whether each refusal stands there with its person, and whether each was answered.

    So many were `told` at once that theirs could not be read.
    """
    refusals = Refusals(ground.office.database)
    owed = Counter((one.request, one.refused) for one in forged if one.refused)
    silent = sum(one.told for one in forged) - told

    async def look() -> bool | None:
        counted: Counter[tuple[str, str]] = Counter()
        for request in {request for request, _ in owed}:
            async for one in refusals.all(request):
                counted[request, one.refusal.actor.person] += one.times
        said = await _sentences(ground, mark)
        unread = sum(sentence == notices.unreadable(ENGLISH) for sentence in said)
        return (counted == owed and unread >= silent) or None

    try:
        await until(look, END)
    except TimeoutError:
        said = Counter(await _sentences(ground, mark))
        kept = [
            (one.refusal.actor.person, one.refusal.verb, one.refusal.code, one.times)
            for request in {request for request, _ in owed}
            async for one in refusals.all(request)
        ]
        ground.tally.lost.append(f"owed {owed} and {silent} unread; kept {kept}; said {said}")


async def _sentences(ground: Ground, mark: int) -> list[str]:
    """Return what bots have said to one person alone since then."""
    found = await ground.office.slack.journal(mark, kind="response_url")
    found += await ground.office.slack.journal(mark, kind="api", method="chat.postEphemeral")
    done = (one for one in found if one.get("status", 200) == 200)
    return [str(one["arguments"].get("text", "")) for one in done]


async def _decide(ground: Ground, door: Door, scene: Scene, loot: Loot) -> None:
    """Send a press as Slack does, and the very same once more: it counts, once."""
    body = press(loot.pressed, loot.value)
    for _ in range(2):
        ground.tally.presses += 1
        await door.interact(body)
    await ground.office.fact(loot.request, Fact.DECISION_RECORDED)


async def _type(ground: Ground) -> None:
    """Ask in words that harm, by the form, and have it rejected in others."""
    slack, tab = ground.office.slack, f"type{ground.dice.getrandbits(32):x}"
    await slack.act(ANA, "message", tab=tab, channel=APPROVALS, text=f"/approval {POLICY}")
    form = await slack.wait_for_modal(ANA, tab=tab, timeout=END)
    request = str(json.loads(form["private_metadata"])["request_id"])
    block = next(one for one in form["blocks"] if one["block_id"] == InputId.POLICY)
    chosen = next(one for one in block["element"]["options"] if one["value"] == POLICY)
    typed = {
        InputId.POLICY.value: {"selected_option": chosen},
        InputId.TITLE.value: forgeries.hostile_text(ground.dice, 100),
        InputId.TEXT.value: forgeries.hostile_text(ground.dice, 2900),
    }
    answer = await slack.submit(ANA, form, typed, tab=tab)
    if not answer["acked"] or "errors" in answer:
        ground.tally.lost.append(f"{typed} was answered {answer}")
        return
    ground.tally.requests += 1
    boris = ground.crowd[0]
    card = await ground.office.card(request, buttons=True, seconds=END)
    await slack.click(boris, APPROVALS, card, "reject", tab=tab)
    view = await slack.wait_for_modal(boris, tab=tab, timeout=END)
    reason = forgeries.hostile_text(ground.dice, 2900)
    await slack.submit(boris, view, {InputId.REASON.value: reason}, tab=tab)
    await ledgers.ended(ground, [request], END)
    await compare_requests(ground, [request])
    ground.tally.stale += await stale_copies(ground, {request: ()})


async def _harmful(ground: Ground) -> list[str]:
    """Return a sentence for each message that mentions, links or reorders what somebody typed."""
    state = await ground.office.slack.state()
    shown = [one for messages in state["messages"].values() for one in messages]
    shown += [one for whose in state["ephemerals"] for one in whose["messages"]]
    shown += [one["view"] for one in state["modals"]]
    found = []
    for message in (one for one in shown if one.get("bot_id")):
        words = "\n".join([str(message.get("text", "")), *_mrkdwn(message.get("blocks", []))])
        found += [f"{mark} is live in {words[:200]!r}" for mark in forgeries.MARKS if mark in words]
        if forgeries.REORDERING & set(text_of(message)):
            found.append(f"something reorders {text_of(message)[:200]!r}")
    return found


def _mrkdwn(value: object) -> list[str]:
    """Return every text in which Slack would read marks and mentions."""
    if isinstance(value, list):
        return [one for item in value for one in _mrkdwn(item)]
    if not isinstance(value, dict):
        return []
    if value.get("type") == "mrkdwn":
        return [str(value.get("text", ""))]
    return [one for item in value.values() for one in _mrkdwn(item)]


async def _broken_blocks(ground: Ground, mark: int) -> list[str]:
    """Return a sentence for each thing that we wanted to show and Slack could not read."""
    slack, made = ground.office.slack, []
    for method in ("chat.postMessage", "chat.update", "views.open", "views.update"):
        made += await slack.journal(mark, kind="api", method=method)
    return [
        f"{entry['method']}: {str(entry['response'])[:300]}"
        for entry in made
        if (entry["response"] or {}).get("error") in BROKEN
    ]


TRIAL = Trial(
    name="hostile-input",
    run=run,
    short=Size(requests=1),
    long=Size(requests=10),
)
