"""One case of a trial, with its own channel, admin channel, user group and people."""

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
"""Seconds to wait for a card or a notice. A notice to admins takes thirty seconds longer if the admins
could not be read at first: a failure that only a person can fix is retried after that time."""


@dataclass(frozen=True, kw_only=True)
class CaseContext:
    """The channels and people of one case. Cases run concurrently, so each has its own random numbers."""

    context: TrialContext
    number: int
    rng: random.Random

    @property
    def slack(self) -> StandInClient:
        """The client of the Slack stand-in."""
        return self.context.workspace.slack

    @property
    def channel(self) -> str:
        """The id of the channel with the cards."""
        return f"C0CASE{self.number}"

    @property
    def admins(self) -> str:
        """The id of the channel in which admins are notified."""
        return f"{self.channel}ADMINS"

    @property
    def people(self) -> tuple[str, str]:
        """Two people of no other case. They come from the end of the crowd, which short trials do not use."""
        first, second = crowd(CROWD - 2 * self.number)[-2:]
        return first, second

    @property
    def group(self) -> ApproverSource:
        """The case's user group, as an approver source of a policy."""
        return ApproverSource(kind=SourceKind.GROUP, value=f"S0CASE{self.number}")

    async def fill_group(self, *people: str) -> None:
        """Have a person change the group's members to exactly these people."""
        group = {"id": self.group.value, "handle": f"case{self.number}", "name": "Case"}
        exists = self.group.value in {group["id"] for group in (await self.slack.state())["groups"]}
        kind = "subteam_members_changed" if exists else "subteam_created"
        await self.slack.people(kind, group={**group, "users": list(people)})

    async def start_request(
        self,
        *approvers: ApproverSource,
        notify: Notify = Notify.CARD,
        quorum: int = 1,
        channel: str = "",
    ) -> str:
        """Have Ana start a request; return its id, which is part of its title."""
        policy = self._policy(approvers or tuple(map(user, self.people)), notify, quorum)
        policy = replace(policy, channel=channel or self.channel)
        request_id = new_id("REQ")
        request = ApprovalRequest(
            request_id=request_id,
            requester=Actor(person=ANA, origin=Origin.SLACK),
            content=Content(title=f"Desk {request_id}"),
            policy=policy,
            route=route(policy, None),
        )
        self.context.report.requests += 1
        await WorkflowClient(self.context.temporal, QUEUE).start(request)
        return request_id

    def _policy(self, approvers: tuple[ApproverSource, ...], notify: Notify, quorum: int) -> Policy:
        level = LevelRule(name="desk", approvers=approvers, quorum=Quorum(count=quorum))
        return replace(
            load(POLICIES).policy("order"),
            name="case",
            title="Desk",
            channel=self.channel,
            admin_channel=self.admins,
            tiers=(Tier(up_to=None, levels=("desk",)),),
            levels=(level,),
            notify=notify,
        )

    async def card(
        self, request_id: str, text: str = "", *, at: str = "", not_ts: str = "", **state: Any
    ) -> Json:
        """Wait until the card in `at` (default: the case's channel) contains this text.

        `decidable` is whether the card must have an Approve button; if omitted, both are accepted.
        `not_ts` excludes the message with this timestamp.
        """
        decidable = state.get("decidable")
        return await self._message(
            at,
            lambda message: (
                not is_notice(message)
                and request_id in text_of(message)
                and text in text_of(message)
                and message["ts"] != not_ts
                and decidable in (None, is_decidable(message))
            ),
        )

    async def notice(self, at: str, request_id: str, text: str) -> Json:
        """Wait for a notice about the request with this text, in a channel or a direct message."""
        return await self._message(
            at,
            lambda message: (
                is_notice(message) and request_id in text_of(message) and text in text_of(message)
            ),
        )

    async def _message(self, at: str, fits: Any) -> Json:
        reader = at.removeprefix("D") if at.startswith("D") else self.people[0]
        return await self.slack.wait_for_message(
            at or self.channel, reader, fits, timeout=WAIT_TIMEOUT
        )

    async def press(self, person: str, card: Json, *, at: str = "") -> None:
        """Have a person click Approve."""
        self.context.report.presses += 1
        await self.slack.click(person, at or self.channel, card, "approve")


def user(person: str) -> ApproverSource:
    """Return a person as an approver source of a policy."""
    return ApproverSource(kind=SourceKind.USER, value=person)


def is_decidable(message: Json) -> bool:
    """Whether the message has an Approve button."""
    elements = [
        element for block in message.get("blocks", []) for element in block.get("elements", [])
    ]
    return any(element.get("action_id") == "approve" for element in elements)
