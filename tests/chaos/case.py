"""Scenes: one case of a trial with a channel, an admins' channel, a group and people of its own."""

import random
from dataclasses import dataclass, replace
from typing import Any

from bot.policies.file import load
from bot.runtime.ids import new_id
from bot.temporal.client import WorkflowClient
from emulator.client import StandInClient, text_of
from emulator.errors import Json
from tests.chaos.requests import QUEUE, is_notice
from tests.chaos.trial import CROWD, POLICIES, TrialContext, crowd
from tests.journeys.workspace import ANA
from views.translator import ENGLISH
from workflows.rules.approvals.policy import LevelRule, Notify, Policy, Quorum, Tier, route
from workflows.rules.approvals.request import ApprovalRequest
from workflows.rules.people.actors import Actor, ApproverSource, Origin, SourceKind
from workflows.rules.shared.content import Content

ADMIN = "U0FAY"
BLOCKED = ENGLISH("approval.blocked")
WAIT_TIMEOUT = 45.0
"""Seconds for what takes some on an idle machine, and thirty more where the admins could not be read
when they were first to be told: what only a person can mend is tried again after so many."""


@dataclass(frozen=True, kw_only=True)
class CaseContext:
    """Where one case plays. Its dice are its own: cases run side by side."""

    context: TrialContext
    number: int
    dice: random.Random

    @property
    def slack(self) -> StandInClient:
        """The stand-in."""
        return self.context.workspace.slack

    @property
    def channel(self) -> str:
        """The id of the channel in which cards stand."""
        return f"C0CASE{self.number}"

    @property
    def admins(self) -> str:
        """The id of the channel in which admins are told."""
        return f"{self.channel}ADMINS"

    @property
    def people(self) -> tuple[str, str]:
        """Two people whom no other case has: from the end, where no crowd of a short trial is."""
        first, second = crowd(CROWD - 2 * self.number)[-2:]
        return first, second

    @property
    def group(self) -> ApproverSource:
        """The group of these people, as a policy names it."""
        return ApproverSource(kind=SourceKind.GROUP, value=f"S0CASE{self.number}")

    async def fill_group(self, *people: str) -> None:
        """Have a human put these people into the group, and nobody else."""
        group = {"id": self.group.value, "handle": f"case{self.number}", "name": "Case"}
        known = self.group.value in {one["id"] for one in (await self.slack.state())["groups"]}
        kind = "subteam_members_changed" if known else "subteam_created"
        await self.slack.people(kind, group={**group, "users": list(people)})

    async def ask(
        self, *approvers: ApproverSource, notify: Notify = Notify.CARD, quorum: int = 1
    ) -> str:
        """Have Ana ask for something; return the request's id, which stands in its title."""
        policy = self._policy(approvers or tuple(map(user, self.people)), notify, quorum)
        request_id = new_id("REQ")
        asked = ApprovalRequest(
            request_id=request_id,
            requester=Actor(person=ANA, origin=Origin.SLACK),
            content=Content(title=f"Desk {request_id}"),
            policy=policy,
            route=route(policy, None),
        )
        self.context.report.requests += 1
        await WorkflowClient(self.context.temporal, QUEUE).start_approval(asked)
        return request_id

    def _policy(self, approvers: tuple[ApproverSource, ...], notify: Notify, quorum: int) -> Policy:
        desk = LevelRule(name="desk", approvers=approvers, quorum=Quorum(count=quorum))
        return replace(
            load(POLICIES).policy("order"),
            name="scene",
            title="Desk",
            channel=self.channel,
            admin_channel=self.admins,
            tiers=(Tier(up_to=None, levels=("desk",)),),
            levels=(desk,),
            notify=notify,
        )

    async def card(
        self, request_id: str, words: str = "", *, at: str = "", not_ts: str = "", **state: Any
    ) -> Json:
        """Wait until the card there (the channel, or somebody's messages) says this.

        `decidable` says whether anybody may press Approve on it.
        """
        decidable = state.get("decidable")
        return await self._message(
            at,
            lambda one: (
                not is_notice(one)
                and request_id in text_of(one)
                and words in text_of(one)
                and one["ts"] != not_ts
                and decidable in (None, is_decidable(one))
            ),
        )

    async def told(self, at: str, request_id: str, words: str) -> Json:
        """Wait until somebody, or a channel, was told this about the request."""
        return await self._message(
            at, lambda one: is_notice(one) and request_id in text_of(one) and words in text_of(one)
        )

    async def _message(self, at: str, fits: Any) -> Json:
        reader = at.removeprefix("D") if at.startswith("D") else self.people[0]
        return await self.slack.wait_for_message(
            at or self.channel, reader, fits, timeout=WAIT_TIMEOUT
        )

    async def press(self, person: str, card: Json, *, at: str = "") -> None:
        """Have somebody press Approve."""
        self.context.report.presses += 1
        await self.slack.click(person, at or self.channel, card, "approve")


def user(person: str) -> ApproverSource:
    """Return somebody as a policy names them."""
    return ApproverSource(kind=SourceKind.USER, value=person)


def is_decidable(message: Json) -> bool:
    """Whether anybody could press Approve there."""
    elements = [one for block in message.get("blocks", []) for one in block.get("elements", [])]
    return any(one.get("action_id") == "approve" for one in elements)
