"""Order of truth: everything is killed the instant that an answer appears, at every verb.

Whatever any message had said by then stands in the audit after the restart, and the workflow, the
records and the card agree on it.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.service import RPCError

from emulator.client import StandInClientError, text_of
from emulator.errors import Json
from tests.chaos import ledgers
from tests.chaos.claims import claims_of, words_of
from tests.chaos.ground import Ground, Size, Trial
from tests.chaos.requests import ask, decide, policy_of
from tests.journeys.house import SECOND_BOT
from tests.journeys.office import ANA, APPROVALS, BORIS, CLARA, GUS
from tests.journeys.programs import until
from views import notices
from views.translator import ENGLISH
from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.verbs import Verb
from workflows.rules.messages import ApprovalOutcome
from workflows.rules.shared.audit import AuditEvent, Fact

DINA, EMIL, FAY = "U0DINA", "U0EMIL", "U0FAY"
EVERYTHING = ("temporal", "worker", "bot", SECOND_BOT)
INLINE, PUBLISH, NOTICE = "inline", "publish", "notice"
FIRST = 9
"""How many answers appear before the kill, at most."""
TRIES = 5
"""How often somebody opens a form of which they are told that it cannot be had just now."""
APPEARS = 8.0
"""Seconds within which such an answer appears; a publish comes up to six after its click."""
SETTLED = 40.0
"""Seconds after the restart within which workflow, records and card agree."""


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What one person does to one request, with what they type, and the fact that it leads to."""

    verb: Verb
    person: str
    fact: Fact
    typed: Mapping[str, Any]
    level: int = 1


def _why(words: str) -> dict[str, str]:
    return {"reason": words}


DEEDS = (
    Deed(verb=Verb.APPROVE, person=BORIS, fact=Fact.DECISION_RECORDED, typed={}),
    Deed(verb=Verb.APPROVE, person=GUS, fact=Fact.DECISION_RECORDED, typed={}, level=2),
    Deed(verb=Verb.REJECT, person=CLARA, fact=Fact.DECISION_RECORDED, typed=_why("Too dear")),
    Deed(
        verb=Verb.REQUEST_CHANGES, person=BORIS, fact=Fact.DECISION_RECORDED, typed=_why("Smaller")
    ),
    Deed(verb=Verb.COMMENT, person=CLARA, fact=Fact.COMMENT_ADDED, typed=_why("Oak?")),
    Deed(verb=Verb.AMEND, person=ANA, fact=Fact.REQUEST_AMENDED, typed={"text": "Of oak"}),
    Deed(
        verb=Verb.DELEGATE,
        person=BORIS,
        fact=Fact.SEAT_DELEGATED,
        typed={"delegate": {"selected_user": EMIL}},
    ),
    Deed(verb=Verb.WITHDRAW, person=ANA, fact=Fact.REQUEST_WITHDRAWN, typed=_why("No more")),
    Deed(
        verb=Verb.REASSIGN,
        person=FAY,
        fact=Fact.LEVEL_REASSIGNED,
        typed={"people": {"selected_users": [DINA]}, **_why("They are ill")},
    ),
    Deed(verb=Verb.REFRESH, person=FAY, fact=Fact.REFRESH_ASKED, typed={}),
    Deed(verb=Verb.CLOSE, person=FAY, fact=Fact.REQUEST_CLOSED, typed=_why("We move out")),
)


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A request before which somebody's finger is on the button. `view_id` is their open modal."""

    request_id: str
    deed: Deed
    press: Callable[[], Awaitable[object]]
    view_id: str = ""


async def run(ground: Ground) -> None:
    """Ask, press everything at once, kill everything at an answer, start again; several times."""
    for number in range(ground.size.kills):
        instant = INLINE if number == 0 else ground.dice.choice((INLINE, INLINE, PUBLISH, NOTICE))
        before = await ground.office.slack.journal_mark()
        deeds = ground.dice.sample(DEEDS, len(DEEDS))
        ready = await asyncio.gather(*(_prepare(ground, deed) for deed in deeds))
        ground.tally.presses += len(ready)
        after = await ground.office.slack.journal_mark()
        pressing = [asyncio.create_task(_press(one)) for one in ready]
        await _answers(ground, instant, ground.dice.randint(1, FIRST), after)
        await ground.kill(*EVERYTHING)
        await asyncio.gather(*pressing)
        said = await ground.office.slack.journal(before)
        await ground.house.start(*EVERYTHING)
        await asyncio.gather(*(_settle(ground, one.request_id) for one in ready))
        await _compare(ground, ready, said)


async def _prepare(ground: Ground, deed: Deed) -> Ready:
    """Ask for a desk, bring it to the deed's level, and open the form of the deed."""
    request_id = await ask(ground, policy_of("desk"))
    card = await _card(ground, request_id, 1)
    if deed.level > 1:
        await decide(ground, request_id, CLARA)
        card = await _card(ground, request_id, deed.level)
    if deed.verb is Verb.APPROVE:
        press = partial(ground.office.slack.click, deed.person, APPROVALS, card, "approve")
        return Ready(request_id=request_id, deed=deed, press=press)
    for _ in range(TRIES - 1):
        with suppress(TimeoutError):  # the form said that Temporal does not answer in time
            return await _open_form(ground, request_id, deed, card)
    return await _open_form(ground, request_id, deed, card)


async def _open_form(ground: Ground, request_id: str, deed: Deed, card: Json) -> Ready:
    """Open what the deed is done in. Raises TimeoutError where that says something else."""
    slack, tab = ground.office.slack, uuid.uuid4().hex
    if deed.verb is Verb.REJECT:
        await slack.click(deed.person, APPROVALS, card, "reject", tab=tab)
    else:
        await slack.click(deed.person, APPROVALS, card, "more", tab=tab)
        menu = await slack.wait_for_modal(
            deed.person, lambda view: "verb-" in str(view["blocks"]), tab=tab
        )
        place = {"action_id": "choose", "block_id": f"verb-{deed.verb}", "view_id": menu["id"]}
        choose = partial(slack.act, deed.person, "block_action", tab=tab, element_state={}, **place)
        if deed.verb is Verb.REFRESH:
            return Ready(request_id=request_id, deed=deed, press=choose, view_id=menu["id"])
        await choose()
    form = await slack.wait_for_modal(
        deed.person, lambda view: view["callback_id"] == "verb", tab=tab
    )
    press = partial(slack.submit, deed.person, form, dict(deed.typed), tab=tab)
    return Ready(request_id=request_id, deed=deed, press=press, view_id=form["id"])


async def _card(ground: Ground, request_id: str, level: int) -> Json:
    """Wait until whoever decides at this level can press on the card."""
    return await ground.office.slack.wait_for_message(
        APPROVALS,
        BORIS,
        lambda card: (
            request_id in text_of(card)
            and card.get("thread_ts", card["ts"]) == card["ts"]
            and any(
                f'"level":{level},' in part.get("value", "") and part["action_id"] == "approve"
                for block in card.get("blocks", [])
                for part in block.get("elements", [])
            )
        ),
        timeout=SETTLED,
    )


async def _press(ready: Ready) -> None:
    """Press, whether or not there is still anybody to hear it."""
    with suppress(StandInClientError):
        await ready.press()


async def _answers(ground: Ground, instant: str, count: int, mark: int) -> None:
    """Wait until so many answers of this kind have appeared."""
    for _ in range(count):
        with suppress(TimeoutError):  # fewer do: now is as good
            entry = await ground.office.slack.wait_for_journal(
                lambda entry: _is(instant, entry), after=mark, timeout=APPEARS
            )
            mark = entry["n"]


def _is(instant: str, entry: Json) -> bool:
    said = entry.get("arguments") or {}
    match instant:
        case "inline":
            return entry["kind"] == "response_url" and bool(said.get("replace_original"))
        case "publish":
            return entry.get("method") == "chat.update"
        case _:
            return entry.get("method") == "chat.postMessage"


async def _settle(ground: Ground, request_id: str) -> None:
    """Wait until workflow, records and card say the same; where they never do, something is stale."""
    handle: WorkflowHandle[ApprovalWorkflow, ApprovalOutcome] = (
        ground.temporal.get_workflow_handle_for(ApprovalWorkflow.run, request_id)
    )
    seen: list[str] = []

    async def agree() -> bool | None:
        with suppress(RPCError):  # the worker, or Temporal itself, is still on its way up
            snapshot = await handle.query(ApprovalWorkflow.state)
            shown = ledgers.cards_of(await ground.office.slack.state(), request_id)
            words = text_of(ledgers.as_shown(snapshot))
            recorded = await ledgers.face_of(ground, request_id)
            seen[:] = [f"workflow {snapshot}", f"records {recorded}", *map(text_of, shown)]
            return (recorded == snapshot and [text_of(card) for card in shown] == [words]) or None
        return None

    try:
        await until(agree, SETTLED)
    except TimeoutError:
        ground.tally.stale.append(f"{request_id}: {' | '.join(seen)}")
    await ledgers.compare_trail(ground, request_id)


async def _compare(ground: Ground, ready: list[Ready], said: list[Json]) -> None:
    """Find every claim in everything that was said, and the fact behind it."""
    claims = 0
    for one in ready:
        facts = await ground.office.facts(one.request_id)
        for entry in said:
            words = words_of(entry)
            for claim in claims_of(words) if one.request_id in words else ():
                claims += 1
                if not claim.is_true(facts):
                    ground.tally.lost.append(f"{one.request_id}: {claim} was said and is no fact")
            if _confirms(entry, one):
                claims += 1
                if not _is_done(one.deed, facts):
                    ground.tally.lost.append(f"{one.request_id}: {one.deed} was said to count")
    if not claims:
        ground.tally.lost.append("nothing was said before the kill: it has proved nothing")


def _confirms(entry: Json, ready: Ready) -> bool:
    """Whether this is the modal's word that the deed is done."""
    said = entry.get("arguments") or {}
    return (
        entry.get("method") == "views.update"
        and said.get("view_id") == ready.view_id
        and notices.confirmed(ready.deed.verb, ENGLISH) in str(said.get("view"))
    )


def _is_done(deed: Deed, facts: tuple[AuditEvent, ...]) -> bool:
    return any(one.kind is deed.fact and one.actor.person == deed.person for one in facts)


TRIAL = Trial(
    name="truth",
    run=run,
    short=Size(requests=len(DEEDS), kills=1),
    long=Size(requests=len(DEEDS), kills=12),
)
"""`kills` are so many times that everything is killed, each time after `requests` presses."""
