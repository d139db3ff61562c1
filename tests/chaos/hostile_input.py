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
from tests.chaos import forged_requests, ledgers
from tests.chaos.case import CaseContext
from tests.chaos.forged_requests import CapturedTraffic, ForgedRequest
from tests.chaos.requests import compare_requests, decide, stale_copies
from tests.chaos.signed_requests import BotEndpoint, form_of, press
from tests.chaos.trial import Size, Trial, TrialContext
from tests.journeys.installation import HTTP_BOT
from tests.journeys.programs import until
from tests.journeys.workspace import ANA, APPROVALS
from views import notices
from views.ids import InputId
from views.translator import ENGLISH
from workflows.rules.shared.audit import Fact

QUIET = frozenset({Fact.REQUEST_SUBMITTED, Fact.LEVEL_OPENED})
"""All that the audit may hold of a request to which nobody has done anything."""
OK = 200
TURNED_AWAY = range(400, 500)
END_TIMEOUT = 60.0
BROKEN = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long"}
)
POLICY = "words"


async def run(context: TrialContext) -> None:
    """Forge, edit and type, round after round; then decide as people do, and compare all ledgers."""
    mark = await context.workspace.slack.journal_mark()
    await context.installation.start(HTTP_BOT)
    try:
        async with aiohttp.ClientSession(trust_env=False) as session:
            endpoint = BotEndpoint(url=context.installation.signed_url, session=session)
            for _ in range(context.size.requests):
                await asyncio.gather(_forge(context, endpoint), _type(context))
    finally:
        await context.installation.end(HTTP_BOT)
    context.report.stale += await _harmful(context)
    context.report.lost += await _broken_blocks(context, mark)


async def _forge(context: TrialContext, endpoint: BotEndpoint) -> None:
    """Send everything that is not as Slack sent it; then have the requests decided."""
    first, second = [
        CaseContext(context=context, number=one, dice=context.dice) for one in (10, 11)
    ]
    requests = [await case.ask(quorum=2) for case in (first, second)]
    captured = await _capture(first, second, requests)
    mark = await context.workspace.slack.journal_mark()
    await _send_unsigned(context, endpoint, captured)
    forged = [
        forged_request
        for forge in (forged_requests.presses, forged_requests.people, forged_requests.submissions)
        for forged_request in forge(context.dice, captured)
    ]
    told = sum(await asyncio.gather(*(_send(context, endpoint, one) for one in forged)))
    for payload in forged_requests.too_much(captured, context.dice):
        _, answer = await endpoint.interact(payload)
        if not isinstance(answer, dict) or set(answer.get("errors", {})) != {InputId.REASON}:
            context.report.lost.append(f"a reason that fits nowhere was answered {answer}")
    await _check_refusals(context, mark, forged, told)
    for request in requests:
        kinds = {fact.kind for fact in await context.workspace.facts(request)}
        if kinds - QUIET:
            context.report.doubled.append(f"what was refused is in the audit: {request} {kinds}")
    await _decide(context, endpoint, first, captured)
    for case, request in zip((first, second), requests, strict=True):
        for person in case.people[1:] if case is first else case.people:
            await decide(context, request, person)
    await ledgers.ended(context, requests, END_TIMEOUT)
    await compare_requests(context, requests)
    context.report.stale += await stale_copies(context, dict.fromkeys(requests, ()))


async def _capture(first: CaseContext, second: CaseContext, requests: list[str]) -> CapturedTraffic:
    """Have an approver press *More* and send a form that says nothing: both do no harm."""
    slack, (insider, _) = first.slack, first.people
    cards = [
        await case.card(request, decidable=True)
        for case, request in zip((first, second), requests, strict=True)
    ]
    mark = await slack.journal_mark()
    await slack.click(insider, first.channel, cards[0], "more", tab="more")
    pressed = await _envelope(first, mark, "block_actions", insider)
    await slack.click(insider, first.channel, cards[0], "reject", tab="form")
    form = await slack.wait_for_modal(insider, tab="form")
    await slack.submit(insider, form, {InputId.REASON.value: "   "}, tab="form")
    submitted = await _envelope(first, mark, "view_submission", insider)
    return CapturedTraffic(
        request=requests[0],
        value=_value(cards[0]),
        other_request=requests[1],
        other_value=_value(cards[1]),
        pressed=pressed,
        submitted=submitted,
        insider=insider,
        outsider=second.people[0],
    )


async def _envelope(case: CaseContext, mark: int, what: str, person: str) -> Json:
    found = await case.slack.wait_for_journal(
        lambda one: one["payload"]["user"]["id"] == person, after=mark, kind="envelope", what=what
    )
    payload: Json = found["payload"]
    return payload


def _value(card: Json) -> str:
    """Return what the card's Approve button carries."""
    rows = (block["elements"] for block in card["blocks"] if block["type"] == "actions")
    return next(str(one["value"]) for row in rows for one in row if one["action_id"] == "approve")


async def _send_unsigned(
    context: TrialContext, endpoint: BotEndpoint, captured: CapturedTraffic
) -> None:
    """Send a press that would count, but not as Slack sends it: it gets no further than the door."""
    body = form_of(press(captured.pressed, captured.value))
    for what, request in forged_requests.unsigned(context.dice, body).items():
        context.report.presses += 1
        status, _ = await endpoint.send(request)
        if status not in TURNED_AWAY:
            context.report.lost.append(f"a request {what} was answered {status}")


async def _send(
    context: TrialContext, endpoint: BotEndpoint, forged_request: ForgedRequest
) -> bool:
    """Send it; return whether the answer says already that it could not be read."""
    context.report.presses += 1
    status, answer = await endpoint.interact(forged_request.payload)
    if status != OK:
        context.report.lost.append(f"{forged_request.what}: answered {status} {answer}")
    return isinstance(answer, dict) and notices.unreadable(ENGLISH) in text_of(
        answer.get("view", {})
    )


async def _check_refusals(
    context: TrialContext, mark: int, forged: list[ForgedRequest], told: int
) -> None:
    """Look whether each refusal stands there with its person, and whether each was answered.

    So many were `told` at once that theirs could not be read.
    """
    refusals = Refusals(context.workspace.database)
    owed = Counter((one.request, one.refused) for one in forged if one.refused)
    silent = sum(one.told for one in forged) - told

    async def look() -> bool | None:
        counted: Counter[tuple[str, str]] = Counter()
        for request in {request for request, _ in owed}:
            async for one in refusals.all(request):
                counted[request, one.refusal.actor.person] += one.times
        said = await _sentences(context, mark)
        unread = sum(sentence == notices.unreadable(ENGLISH) for sentence in said)
        return (counted == owed and unread >= silent) or None

    try:
        await until(look, END_TIMEOUT)
    except TimeoutError:
        said = Counter(await _sentences(context, mark))
        kept = [
            (one.refusal.actor.person, one.refusal.verb, one.refusal.code, one.times)
            for request in {request for request, _ in owed}
            async for one in refusals.all(request)
        ]
        context.report.lost.append(f"owed {owed} and {silent} unread; kept {kept}; said {said}")


async def _sentences(context: TrialContext, mark: int) -> list[str]:
    """Return what bots have said to one person alone since then."""
    found = await context.workspace.slack.journal(mark, kind="response_url")
    found += await context.workspace.slack.journal(mark, kind="api", method="chat.postEphemeral")
    done = (one for one in found if one.get("status", 200) == 200)
    return [str(one["arguments"].get("text", "")) for one in done]


async def _decide(
    context: TrialContext, endpoint: BotEndpoint, case: CaseContext, captured: CapturedTraffic
) -> None:
    """Send a press as Slack does, and the very same once more: it counts, once."""
    body = press(captured.pressed, captured.value)
    for _ in range(2):
        context.report.presses += 1
        await endpoint.interact(body)
    await context.workspace.fact(captured.request, Fact.DECISION_RECORDED)


async def _type(context: TrialContext) -> None:
    """Ask in words that harm, by the form, and have it rejected in others."""
    slack, tab = context.workspace.slack, f"type{context.dice.getrandbits(32):x}"
    await slack.act(ANA, "message", tab=tab, channel=APPROVALS, text=f"/approval {POLICY}")
    form = await slack.wait_for_modal(ANA, tab=tab, timeout=END_TIMEOUT)
    request = str(json.loads(form["private_metadata"])["request_id"])
    block = next(one for one in form["blocks"] if one["block_id"] == InputId.POLICY)
    chosen = next(one for one in block["element"]["options"] if one["value"] == POLICY)
    typed = {
        InputId.POLICY.value: {"selected_option": chosen},
        InputId.TITLE.value: forged_requests.hostile_text(context.dice, 100),
        InputId.TEXT.value: forged_requests.hostile_text(context.dice, 2900),
    }
    answer = await slack.submit(ANA, form, typed, tab=tab)
    if not answer["acked"] or "errors" in answer:
        context.report.lost.append(f"{typed} was answered {answer}")
        return
    context.report.requests += 1
    boris = context.crowd[0]
    card = await context.workspace.card(request, buttons=True, seconds=END_TIMEOUT)
    await slack.click(boris, APPROVALS, card, "reject", tab=tab)
    view = await slack.wait_for_modal(boris, tab=tab, timeout=END_TIMEOUT)
    reason = forged_requests.hostile_text(context.dice, 2900)
    await slack.submit(boris, view, {InputId.REASON.value: reason}, tab=tab)
    await ledgers.ended(context, [request], END_TIMEOUT)
    await compare_requests(context, [request])
    context.report.stale += await stale_copies(context, {request: ()})


async def _harmful(context: TrialContext) -> list[str]:
    """Return a sentence for each message that mentions, links or reorders what somebody typed."""
    state = await context.workspace.slack.state()
    shown = [one for messages in state["messages"].values() for one in messages]
    shown += [one for whose in state["ephemerals"] for one in whose["messages"]]
    shown += [one["view"] for one in state["modals"]]
    found = []
    for message in (one for one in shown if one.get("bot_id")):
        words = "\n".join([str(message.get("text", "")), *_mrkdwn(message.get("blocks", []))])
        found += [
            f"{mark} is live in {words[:200]!r}" for mark in forged_requests.MARKS if mark in words
        ]
        if forged_requests.REORDERING & set(text_of(message)):
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


async def _broken_blocks(context: TrialContext, mark: int) -> list[str]:
    """Return a sentence for each thing that we wanted to show and Slack could not read."""
    slack, made = context.workspace.slack, []
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
