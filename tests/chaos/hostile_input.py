"""Hostile input: requests not from Slack are rejected, edited ones refused, and typed text is escaped.

One bot receives signed HTTP requests, the others use Socket Mode. An attacker who has captured a real
click and a real form sends them again: unsigned, badly signed, and randomly edited. None of this may
reach the audit trail. Each refusal names the person, who is notified. Then people type formatting,
mentions, reordering marks and oversized text into real forms.

The parts also have their own tests: tests/bot/test_signed_http.py (invalid requests),
test_identity.py (the person behind a click), tests/views/test_card_click.py (every edited button) and
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

UNDECIDED = frozenset({Fact.REQUEST_SUBMITTED, Fact.LEVEL_OPENED})
"""The only facts that the audit trail may have of an undecided request."""
OK = 200
REJECTED = range(400, 500)
END_TIMEOUT = 60.0
BROKEN = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long"}
)
POLICY = "words"


async def run(context: TrialContext) -> None:
    """Send forged requests and type hostile text, round after round; decide as people do; compare the ledgers."""
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
    """Send every forged request; then have the requests decided."""
    first, second = [
        CaseContext(context=context, number=number, rng=context.rng) for number in (10, 11)
    ]
    requests = [await case.start_request(quorum=2) for case in (first, second)]
    captured = await _capture(first, second, requests)
    mark = await context.workspace.slack.journal_mark()
    await _send_unsigned(context, endpoint, captured)
    forged = [
        forged_request
        for forge in (forged_requests.presses, forged_requests.people, forged_requests.submissions)
        for forged_request in forge(context.rng, captured)
    ]
    answered = sum(
        await asyncio.gather(
            *(_send(context, endpoint, forged_request) for forged_request in forged)
        )
    )
    for payload in forged_requests.too_much(captured, context.rng):
        _, answer = await endpoint.interact(payload)
        if not isinstance(answer, dict) or set(answer.get("errors", {})) != {InputId.REASON}:
            context.report.lost.append(f"a reason that is too long was answered {answer}")
    await _check_refusals(context, mark, forged, answered)
    for request in requests:
        kinds = {fact.kind for fact in await context.workspace.facts(request)}
        if kinds - UNDECIDED:
            context.report.doubled.append(
                f"a refused request is in the audit trail: {request} {kinds}"
            )
    await _decide(context, endpoint, first, captured)
    for case, request in zip((first, second), requests, strict=True):
        for person in case.people[1:] if case is first else case.people:
            await decide(context, request, person)
    await ledgers.ended(context, requests, END_TIMEOUT)
    await compare_requests(context, requests)
    context.report.stale += await stale_copies(context, dict.fromkeys(requests, ()))


async def _capture(first: CaseContext, second: CaseContext, requests: list[str]) -> CapturedTraffic:
    """Have an approver click *More* and submit a form with a blank reason. Neither changes the request."""
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
        lambda entry: entry["payload"]["user"]["id"] == person,
        after=mark,
        kind="envelope",
        what=what,
    )
    payload: Json = found["payload"]
    return payload


def _value(card: Json) -> str:
    """Return the value of the card's Approve button."""
    rows = (block["elements"] for block in card["blocks"] if block["type"] == "actions")
    return next(
        str(element["value"])
        for row in rows
        for element in row
        if element["action_id"] == "approve"
    )


async def _send_unsigned(
    context: TrialContext, endpoint: BotEndpoint, captured: CapturedTraffic
) -> None:
    """Send a click that would count but is not signed as Slack signs it. The bot must reject it."""
    body = form_of(press(captured.pressed, captured.value))
    for what, request in forged_requests.unsigned(context.rng, body).items():
        context.report.presses += 1
        status, _ = await endpoint.send(request)
        if status not in REJECTED:
            context.report.lost.append(f"a request {what} was answered {status}")


async def _send(
    context: TrialContext, endpoint: BotEndpoint, forged_request: ForgedRequest
) -> bool:
    """Send a forged request; return whether the response itself reports that it is unreadable."""
    context.report.presses += 1
    status, answer = await endpoint.interact(forged_request.payload)
    if status != OK:
        context.report.lost.append(f"{forged_request.what}: answered {status} {answer}")
    return isinstance(answer, dict) and notices.unreadable(ENGLISH) in text_of(
        answer.get("view", {})
    )


async def _check_refusals(
    context: TrialContext, mark: int, forged: list[ForgedRequest], answered: int
) -> None:
    """Check that each refusal is recorded with its person, and that each forged request was answered.

    `answered` is the number of responses that reported an unreadable payload.
    """
    refusals = Refusals(context.workspace.database)
    expected = Counter(
        (forged_request.request, forged_request.refused)
        for forged_request in forged
        if forged_request.refused
    )
    unanswered = sum(forged_request.answered for forged_request in forged) - answered

    async def look() -> bool | None:
        counted: Counter[tuple[str, str]] = Counter()
        for request in {request for request, _ in expected}:
            async for refused_press in refusals.all(request):
                counted[request, refused_press.refusal.actor.person] += refused_press.times
        texts = await _answers(context, mark)
        unreadable = sum(text == notices.unreadable(ENGLISH) for text in texts)
        return (counted == expected and unreadable >= unanswered) or None

    try:
        await until(look, END_TIMEOUT)
    except TimeoutError:
        texts_found = Counter(await _answers(context, mark))
        recorded = [
            (
                refused_press.refusal.actor.person,
                refused_press.refusal.verb,
                refused_press.refusal.code,
                refused_press.times,
            )
            for request in {request for request, _ in expected}
            async for refused_press in refusals.all(request)
        ]
        context.report.lost.append(
            f"expected {expected} and {unanswered} unreadable; "
            f"recorded {recorded}; answers {texts_found}"
        )


async def _answers(context: TrialContext, mark: int) -> list[str]:
    """Return the texts that bots have sent to a single person since `mark`."""
    found = await context.workspace.slack.journal(mark, kind="response_url")
    found += await context.workspace.slack.journal(mark, kind="api", method="chat.postEphemeral")
    done = (response for response in found if response.get("status", 200) == 200)
    return [str(result["arguments"].get("text", "")) for result in done]


async def _decide(
    context: TrialContext, endpoint: BotEndpoint, case: CaseContext, captured: CapturedTraffic
) -> None:
    """Send a click as Slack does, and the same click again. It must count once."""
    body = press(captured.pressed, captured.value)
    for _ in range(2):
        context.report.presses += 1
        await endpoint.interact(body)
    await context.workspace.fact(captured.request, Fact.DECISION_RECORDED)


async def _type(context: TrialContext) -> None:
    """Start a request with hostile text through the form, and have it rejected with a hostile reason."""
    slack, tab = context.workspace.slack, f"type{context.rng.getrandbits(32):x}"
    await slack.act(ANA, "message", tab=tab, channel=APPROVALS, text=f"/countersign new {POLICY}")
    form = await slack.wait_for_modal(ANA, tab=tab, timeout=END_TIMEOUT)
    request = str(json.loads(form["private_metadata"])["request_id"])
    block = next(block for block in form["blocks"] if block["block_id"] == InputId.POLICY)
    chosen = next(option for option in block["element"]["options"] if option["value"] == POLICY)
    typed = {
        InputId.POLICY.value: {"selected_option": chosen},
        InputId.TITLE.value: forged_requests.hostile_text(context.rng, 100),
        InputId.TEXT.value: forged_requests.hostile_text(context.rng, 2900),
    }
    answer = await slack.submit(ANA, form, typed, tab=tab)
    if not answer["acked"] or "errors" in answer:
        context.report.lost.append(f"{typed} got {answer}")
        return
    context.report.requests += 1
    boris = context.crowd[0]
    card = await context.workspace.card(request, buttons=True, seconds=END_TIMEOUT)
    await slack.click(boris, APPROVALS, card, "reject", tab=tab)
    view = await slack.wait_for_modal(boris, tab=tab, timeout=END_TIMEOUT)
    reason = forged_requests.hostile_text(context.rng, 2900)
    await slack.submit(boris, view, {InputId.REASON.value: reason}, tab=tab)
    await ledgers.ended(context, [request], END_TIMEOUT)
    await compare_requests(context, [request])
    context.report.stale += await stale_copies(context, {request: ()})


async def _harmful(context: TrialContext) -> list[str]:
    """Return a sentence for each message in which typed text became a mention or a link, or is reordered."""
    state = await context.workspace.slack.state()
    shown = [message for messages in state["messages"].values() for message in messages]
    shown += [message for ephemeral in state["ephemerals"] for message in ephemeral["messages"]]
    shown += [modal["view"] for modal in state["modals"]]
    found = []
    for message in (message for message in shown if message.get("bot_id")):
        text = "\n".join([str(message.get("text", "")), *_mrkdwn(message.get("blocks", []))])
        found += [
            f"{mark} is live in {text[:200]!r}" for mark in forged_requests.MARKS if mark in text
        ]
        if forged_requests.REORDERING & set(text_of(message)):
            found.append(f"a mark reorders {text_of(message)[:200]!r}")
    return found


def _mrkdwn(value: object) -> list[str]:
    """Return every mrkdwn text, in which Slack interprets formatting and mentions."""
    if isinstance(value, list):
        return [text for item in value for text in _mrkdwn(item)]
    if not isinstance(value, dict):
        return []
    if value.get("type") == "mrkdwn":
        return [str(value.get("text", ""))]
    return [text for item in value.values() for text in _mrkdwn(item)]


async def _broken_blocks(context: TrialContext, mark: int) -> list[str]:
    """Return a sentence for each message or view that Slack rejected as invalid."""
    slack, calls = context.workspace.slack, []
    for method in ("chat.postMessage", "chat.update", "views.open", "views.update"):
        calls += await slack.journal(mark, kind="api", method=method)
    return [
        f"{entry['method']}: {str(entry['response'])[:300]}"
        for entry in calls
        if (entry["response"] or {}).get("error") in BROKEN
    ]


TRIAL = Trial(
    name="hostile-input",
    run=run,
    short=Size(requests=1),
    long=Size(requests=10),
)
