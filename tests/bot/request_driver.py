"""Starts requests of any policy without a form, and clicks their buttons and menus."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.runtime.ids import new_id
from bot.temporal.calls import TemporalUnavailableError
from bot.temporal.client import WorkflowClient
from emulator.client import StandInClient, text_of
from tests.bot.order_driver import ANA, APPROVALS, BORIS, CLARA, FAY, TIMEOUT, Json
from workflows.rules.approvals.policy import Layout, LevelRule, Notify, Policy, Quorum, Tier, route
from workflows.rules.approvals.request import ApprovalRequest
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.verbs import Verb
from workflows.rules.people.actors import Actor, ApproverSource, Origin, SourceKind
from workflows.rules.shared.content import Content

EMIL, DINA = "U0EMIL", "U0DINA"


def user(person: str) -> ApproverSource:
    return ApproverSource(kind=SourceKind.USER, value=person)


def level(*people: str, name: str = "desk", **rule: Any) -> LevelRule:
    """Return a level with these approvers; two must agree unless `rule` sets another quorum."""
    rule = {"quorum": Quorum(count=min(2, len(people))), **rule}
    return LevelRule(name=name, approvers=tuple(map(user, people)), **rule)


BOTH = level(BORIS, CLARA)
FORMS: Mapping[Verb, tuple[str, Mapping[str, Any]]] = {
    Verb.APPROVE: (BORIS, {"reason": "Fits the budget"}),
    Verb.REJECT: (BORIS, {"reason": "Too dear"}),
    Verb.REQUEST_CHANGES: (BORIS, {"reason": "Please name the room"}),
    Verb.COMMENT: (BORIS, {"reason": "Which room?"}),
    Verb.AMEND: (ANA, {"title": "A table"}),
    Verb.DELEGATE: (BORIS, {"delegate": {"selected_user": EMIL}}),
    Verb.WITHDRAW: (ANA, {"reason": "Found one"}),
    Verb.REASSIGN: (
        FAY,
        {"people": {"selected_users": [EMIL]}, "sources": "group:hr-team", "reason": "Away"},
    ),
    Verb.CLOSE: (FAY, {"reason": "The office moves"}),
}
"""For each verb with a form, the person who submits it and the input."""


@dataclass(frozen=True, kw_only=True)
class PendingRequest:
    """A pending request, and the message with its card or thread root."""

    request_id: str
    message: Json

    @property
    def ts(self) -> str:
        return str(self.message["ts"])


@dataclass
class RequestDriver:
    """Starts requests and waits for the messages and modals that people see."""

    slack: StandInClient
    workflows: WorkflowClient
    house: Policy
    """Any policy of the organisation, for its admins and their channel."""

    def policy(self, *levels: LevelRule, **changes: Any) -> Policy:
        levels = levels or (BOTH,)
        written = replace(
            self.house,
            name="desk",
            title="Desk",
            tiers=(Tier(up_to=None, levels=tuple(level.name for level in levels)),),
            levels=levels,
            notify=Notify.CARD,
            version="test",
        )
        return replace(written, **changes)

    async def create(self, *levels: LevelRule, text: str = "", **changes: Any) -> PendingRequest:
        """Start a request of Ana's and wait for its card, or thread root, with the buttons."""
        policy = self.policy(*levels, **changes)
        request_id = new_id("REQ")
        request = ApprovalRequest(
            request_id=request_id,
            requester=Actor(person=ANA, origin=Origin.SLACK),
            content=Content(title=f"A desk for {request_id}", text=text),
            policy=policy,
            route=route(policy, None),
        )
        assert await self.workflows.start(request)
        button = "details" if policy.layout is Layout.THREAD else "approve"
        return PendingRequest(
            request_id=request_id, message=await self.card(request_id, offers(button))
        )

    async def reply(self, pending: PendingRequest, predicate: Callable[[Json], bool]) -> Json:
        """Wait until one of the bot's replies in the request's thread matches."""
        return await self.slack.wait_for_message(
            APPROVALS,
            BORIS,
            lambda m: m["ts"] != pending.ts and bool(m.get("bot_id")) and predicate(m),
            thread_ts=pending.ts,
        )

    async def card(self, request_id: str, predicate: Callable[[Json], bool]) -> Json:
        """Wait until the card in its channel matches."""
        return await self.slack.wait_for_message(
            APPROVALS,
            BORIS,
            lambda m: (
                request_id in text_of(m) and m.get("thread_ts", m["ts"]) == m["ts"] and predicate(m)
            ),
        )

    async def menu(self, person: str, pending: PendingRequest) -> Json:
        """Click *More* and wait until the modal lists the person's verbs."""
        await self.slack.click(person, APPROVALS, pending.message, "more")
        return await self.slack.wait_for_modal(
            person, lambda v: any(block["block_id"].startswith("verb") for block in v["blocks"])
        )

    async def form(self, person: str, pending: PendingRequest, verb: str) -> Json:
        """Click *More*, choose a verb, and wait for its form."""
        menu = await self.menu(person, pending)
        (block,) = (block for block in menu["blocks"] if block["block_id"] == f"verb-{verb}")
        await self.choose(person, menu, block)
        return await self.slack.wait_for_modal(person, lambda v: v["callback_id"] == "verb")

    async def choose(self, person: str, menu: Json, block: Json) -> Json:
        """Click the button of a verb in the menu."""
        place = {"view_id": menu["id"], "action_id": "choose", "block_id": block["block_id"]}
        return await self.slack.act(person, "block_action", element_state={}, **place)

    async def modal(self, person: str, words: str) -> Json:
        """Wait until the person's modal has these words."""
        return await self.slack.wait_for_modal(person, lambda v: words in text_of(v))

    async def snapshot(
        self, request_id: str, holds: Callable[[ApprovalSnapshot], bool]
    ) -> ApprovalSnapshot:
        """Wait until the workflow's snapshot matches."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                with contextlib.suppress(TemporalUnavailableError):  # on a busy machine: retry
                    menu = await self.workflows.menu(request_id, ANA)
                    if menu is not None and holds(menu.face):
                        return menu.face
                await asyncio.sleep(0.02)


def offers(*action_ids: str) -> Callable[[Json], bool]:
    """Return a predicate for messages that have at least these buttons."""

    def fits(message: Json) -> bool:
        found = {
            element.get("action_id")
            for block in message.get("blocks", [])
            for element in block.get("elements", [])
        }
        return set(action_ids) <= found

    return fits


def verbs_in(menu: Json) -> list[str]:
    """Return the verbs of a *More* modal in its order."""
    return [
        block["accessory"]["value"]
        for block in menu["blocks"]
        if block.get("accessory", {}).get("action_id") == "choose"
    ]
