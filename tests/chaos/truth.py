"""Order of truth: everything is killed the instant an answer appears, while every verb is in progress.

Whatever a message reported before the kill is in the audit trail after the restart, and the workflow,
the records and the card agree.
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
from tests.chaos.reported_facts import reported_facts, text_of_entry
from tests.chaos.requests import decide, policy_of, start_request
from tests.chaos.trial import Size, Trial, TrialContext
from tests.journeys.installation import SECOND_BOT
from tests.journeys.programs import until
from tests.journeys.workspace import ANA, APPROVALS, BORIS, CLARA, GUS
from views import notices
from views.translator import ENGLISH
from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.verbs import Verb
from workflows.rules.messages import ApprovalOutcome
from workflows.rules.shared.audit import AuditEvent, Fact

DINA, EMIL, FAY = "U0DINA", "U0EMIL", "U0FAY"
EVERYTHING = ("temporal", "worker", "bot", SECOND_BOT)
INLINE, PUBLISH, NOTICE = "inline", "publish", "notice"
MAX_ANSWERS = 9
"""The maximum number of answers before the kill."""
FORM_ATTEMPTS = 5
"""How often a person tries to open a form that is reported as unavailable at the moment."""
APPEAR_TIMEOUT = 8.0
"""Seconds within which such an answer appears; a publish comes up to six after its click."""
SETTLE_TIMEOUT = 40.0
"""Seconds after the restart within which workflow, records and card agree."""


@dataclass(frozen=True, kw_only=True)
class Action:
    """One person's action on one request, with the typed values and the resulting fact."""

    verb: Verb
    person: str
    fact: Fact
    typed: Mapping[str, Any]
    level: int = 1


def _reason(text: str) -> dict[str, str]:
    return {"reason": text}


ACTIONS = (
    Action(verb=Verb.APPROVE, person=BORIS, fact=Fact.DECISION_RECORDED, typed={}),
    Action(verb=Verb.APPROVE, person=GUS, fact=Fact.DECISION_RECORDED, typed={}, level=2),
    Action(verb=Verb.REJECT, person=CLARA, fact=Fact.DECISION_RECORDED, typed=_reason("Too dear")),
    Action(
        verb=Verb.REQUEST_CHANGES,
        person=BORIS,
        fact=Fact.DECISION_RECORDED,
        typed=_reason("Smaller"),
    ),
    Action(verb=Verb.COMMENT, person=CLARA, fact=Fact.COMMENT_ADDED, typed=_reason("Oak?")),
    Action(verb=Verb.AMEND, person=ANA, fact=Fact.REQUEST_AMENDED, typed={"text": "Of oak"}),
    Action(
        verb=Verb.DELEGATE,
        person=BORIS,
        fact=Fact.SEAT_DELEGATED,
        typed={"delegate": {"selected_user": EMIL}},
    ),
    Action(verb=Verb.WITHDRAW, person=ANA, fact=Fact.REQUEST_WITHDRAWN, typed=_reason("No more")),
    Action(
        verb=Verb.REASSIGN,
        person=FAY,
        fact=Fact.LEVEL_REASSIGNED,
        typed={"people": {"selected_users": [DINA]}, **_reason("They are ill")},
    ),
    Action(verb=Verb.REFRESH, person=FAY, fact=Fact.REFRESH_ASKED, typed={}),
    Action(verb=Verb.CLOSE, person=FAY, fact=Fact.REQUEST_CLOSED, typed=_reason("We move out")),
)


@dataclass(frozen=True, kw_only=True)
class PreparedAction:
    """An action that needs only its last click, `press`. `view_id` is the open modal, if any."""

    request_id: str
    action: Action
    press: Callable[[], Awaitable[object]]
    view_id: str = ""


async def run(context: TrialContext) -> None:
    """Prepare all actions, click at once, kill everything at an answer, restart and compare; several times."""
    for number in range(context.size.kills):
        kind = INLINE if number == 0 else context.rng.choice((INLINE, INLINE, PUBLISH, NOTICE))
        before = await context.workspace.slack.journal_mark()
        actions = context.rng.sample(ACTIONS, len(ACTIONS))
        prepared = await asyncio.gather(*(_prepare(context, action) for action in actions))
        context.report.presses += len(prepared)
        after = await context.workspace.slack.journal_mark()
        pressing = [asyncio.create_task(_press(action)) for action in prepared]
        await _wait_for_answers(context, kind, context.rng.randint(1, MAX_ANSWERS), after)
        await context.kill(*EVERYTHING)
        await asyncio.gather(*pressing)
        journal = await context.workspace.slack.journal(before)
        await context.installation.start(*EVERYTHING)
        await asyncio.gather(*(_settle(context, action.request_id) for action in prepared))
        await _compare(context, prepared, journal)


async def _prepare(context: TrialContext, action: Action) -> PreparedAction:
    """Start a request, bring it to the action's level, and open the action's form."""
    request_id = await start_request(context, policy_of("desk"))
    card = await _card(context, request_id, 1)
    if action.level > 1:
        await decide(context, request_id, CLARA)
        card = await _card(context, request_id, action.level)
    if action.verb is Verb.APPROVE:
        press = partial(context.workspace.slack.click, action.person, APPROVALS, card, "approve")
        return PreparedAction(request_id=request_id, action=action, press=press)
    for _ in range(FORM_ATTEMPTS - 1):
        with suppress(TimeoutError):  # the form reported that Temporal does not respond in time
            return await _open_form(context, request_id, action, card)
    return await _open_form(context, request_id, action, card)


async def _open_form(
    context: TrialContext, request_id: str, action: Action, card: Json
) -> PreparedAction:
    """Open the action's form. Raises TimeoutError if the modal shows something else."""
    slack, tab = context.workspace.slack, uuid.uuid4().hex
    if action.verb is Verb.REJECT:
        await slack.click(action.person, APPROVALS, card, "reject", tab=tab)
    else:
        await slack.click(action.person, APPROVALS, card, "more", tab=tab)
        menu = await slack.wait_for_modal(
            action.person, lambda view: "verb-" in str(view["blocks"]), tab=tab
        )
        place = {"action_id": "choose", "block_id": f"verb-{action.verb}", "view_id": menu["id"]}
        choose = partial(
            slack.act, action.person, "block_action", tab=tab, element_state={}, **place
        )
        if action.verb is Verb.REFRESH:
            return PreparedAction(
                request_id=request_id, action=action, press=choose, view_id=menu["id"]
            )
        await choose()
    form = await slack.wait_for_modal(
        action.person, lambda view: view["callback_id"] == "verb", tab=tab
    )
    press = partial(slack.submit, action.person, form, dict(action.typed), tab=tab)
    return PreparedAction(request_id=request_id, action=action, press=press, view_id=form["id"])


async def _card(context: TrialContext, request_id: str, level: int) -> Json:
    """Wait until the card has the buttons of this level."""
    return await context.workspace.slack.wait_for_message(
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
        timeout=SETTLE_TIMEOUT,
    )


async def _press(prepared: PreparedAction) -> None:
    """Click, whether or not a bot is still running."""
    with suppress(StandInClientError):
        await prepared.press()


async def _wait_for_answers(context: TrialContext, kind: str, count: int, mark: int) -> None:
    """Wait until this many answers of this kind have appeared."""
    with suppress(TimeoutError):  # fewer answers: kill now
        for _ in range(count):
            entry = await context.workspace.slack.wait_for_journal(
                lambda entry: _is(kind, entry), after=mark, timeout=APPEAR_TIMEOUT
            )
            mark = entry["n"]


def _is(kind: str, entry: Json) -> bool:
    arguments = entry.get("arguments") or {}
    match kind:
        case "inline":
            return entry["kind"] == "response_url" and bool(arguments.get("replace_original"))
        case "publish":
            return entry.get("method") == "chat.update"
        case _:
            return entry.get("method") == "chat.postMessage"


async def _settle(context: TrialContext, request_id: str) -> None:
    """Wait until workflow, records and card agree; report the request as stale if they never do."""
    handle: WorkflowHandle[ApprovalWorkflow, ApprovalOutcome] = (
        context.temporal.get_workflow_handle_for(ApprovalWorkflow.run, request_id)
    )
    seen: list[str] = []

    async def agree() -> bool | None:
        with suppress(RPCError):  # the worker, or Temporal itself, is still starting
            snapshot = await handle.query(ApprovalWorkflow.state)
            shown = ledgers.cards_of(await context.workspace.slack.state(), request_id)
            text = text_of(ledgers.as_shown(snapshot))
            recorded = await ledgers.recorded_snapshot(context, request_id)
            seen[:] = [f"workflow {snapshot}", f"records {recorded}", *map(text_of, shown)]
            return (recorded == snapshot and [text_of(card) for card in shown] == [text]) or None
        return None

    try:
        await until(agree, SETTLE_TIMEOUT)
    except TimeoutError:
        context.report.stale.append(f"{request_id}: {' | '.join(seen)}")
    await ledgers.compare_trail(context, request_id)


async def _compare(
    context: TrialContext, prepared: list[PreparedAction], journal: list[Json]
) -> None:
    """Check that every fact that a message reported is in the audit trail."""
    checked = 0
    for action in prepared:
        facts = await context.workspace.facts(action.request_id)
        for entry in journal:
            text = text_of_entry(entry)
            for reported in reported_facts(text) if action.request_id in text else ():
                checked += 1
                if not reported.is_true(facts):
                    context.report.lost.append(
                        f"{action.request_id}: {reported} was reported but is not a fact"
                    )
            if _confirms(entry, action):
                checked += 1
                if not _is_done(action.action, facts):
                    context.report.lost.append(
                        f"{action.request_id}: {action.action} was confirmed but has no fact"
                    )
    if not checked:
        context.report.lost.append(
            "nothing was reported before the kill, so this trial has tested nothing"
        )


def _confirms(entry: Json, prepared: PreparedAction) -> bool:
    """Whether this entry shows the action's success in its modal."""
    arguments = entry.get("arguments") or {}
    return (
        entry.get("method") == "views.update"
        and arguments.get("view_id") == prepared.view_id
        and notices.confirmed(prepared.action.verb, ENGLISH) in str(arguments.get("view"))
    )


def _is_done(action: Action, facts: tuple[AuditEvent, ...]) -> bool:
    return any(fact.kind is action.fact and fact.actor.person == action.person for fact in facts)


TRIAL = Trial(
    name="truth",
    run=run,
    short=Size(requests=len(ACTIONS), kills=1),
    long=Size(requests=len(ACTIONS), kills=12),
)
"""`kills` is how often everything is killed, each time after `requests` clicks."""
