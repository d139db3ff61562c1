"""HR requests of a journey without a browser, and their records."""

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from emulator.client import block_of, text_of
from emulator.errors import Json
from records.payouts import Payouts
from records.personnel import Personnel
from records.requests import Requests
from records.snapshots import decode_snapshot
from records.time_off import TimeOff
from tests.journeys.programs import EVENT_TIMEOUT, until
from tests.journeys.workspace import Workspace
from workflows.rules.approvals.verbs import Verb
from workflows.rules.hr.snapshot import HrSnapshot
from workflows.rules.shared.audit import AuditEvent, Fact
from workflows.rules.shared.ids import approval_id

HR = "C0HR"


@dataclass(frozen=True, kw_only=True)
class HrWorkspace:
    """One workspace's HR requests."""

    workspace: Workspace

    async def submit(self, person: str, type_: str, title: str, **fields: str) -> str:
        """Have a person submit the form of `/request`; return the request's id once it was sent."""
        slack, tab = self.workspace.slack, uuid.uuid4().hex
        await slack.act(person, "message", tab=tab, channel=HR, text=f"/request {type_}")
        form = await slack.wait_for_modal(person, tab=tab, timeout=EVENT_TIMEOUT)
        state: Json = {}
        for action_id, value in {"title": title, **fields}.items():
            block_id = block_of(form["blocks"], action_id)
            element = next(b for b in form["blocks"] if b["block_id"] == block_id)["element"]
            state[action_id] = _state(element, value)
        answer = await slack.submit(person, form, state, tab=tab)
        assert "errors" not in answer, answer
        await slack.wait_for_modal(
            person, lambda view: "was sent" in text_of(view), tab=tab, timeout=EVENT_TIMEOUT
        )
        return str(json.loads(form["private_metadata"])["request_id"])

    async def withdraw(self, person: str, request_id: str) -> None:
        """Have a requester withdraw a request: *More*, *Withdraw*, and confirm."""
        slack, tab = self.workspace.slack, uuid.uuid4().hex
        card = await slack.wait_for_message(
            HR, person, lambda message: request_id in text_of(message), timeout=EVENT_TIMEOUT
        )
        await slack.click(person, HR, card, "more", tab=tab)
        offer = f"verb-{Verb.WITHDRAW}"
        menu = await slack.wait_for_modal(
            person,
            lambda view: offer in [block["block_id"] for block in view["blocks"]],
            tab=tab,
            timeout=EVENT_TIMEOUT,
        )
        place = {"view_id": menu["id"], "action_id": "choose", "block_id": offer}
        await slack.act(person, "block_action", tab=tab, element_state={}, **place)
        form = await slack.wait_for_modal(
            person, lambda view: view["callback_id"] == "verb", tab=tab, timeout=EVENT_TIMEOUT
        )
        await slack.submit(person, form, tab=tab)
        await self.fact(request_id, Fact.REQUEST_WITHDRAWN)

    async def ended(self, request_id: str) -> HrSnapshot:
        """Wait until the request has ended in the records."""

        async def look() -> HrSnapshot | None:
            record = await Requests(self.workspace.database).get(request_id)
            snapshot = decode_snapshot(record.face) if record else None
            return snapshot if isinstance(snapshot, HrSnapshot) and snapshot.ended_at else None

        return await until(look, what=f"the end of {request_id}")

    async def decisions(self, request_id: str) -> list[AuditEvent]:
        """Return the decisions on a request, the earliest first."""
        facts = await self.workspace.facts(approval_id(request_id))
        return [fact for fact in facts if fact.kind is Fact.DECISION_RECORDED]

    async def fact(self, request_id: str, kind: Fact, **data: str) -> AuditEvent:
        """Wait until this fact of a request's approval is recorded."""
        return await self.workspace.fact(approval_id(request_id), kind, **data)

    async def days_booked(self, person: str, year: int) -> int:
        """Return the number of days off that a person has booked in a year."""
        return (await TimeOff(self.workspace.database).balance(person, year)).booked

    async def personnel_entries(self, person: str) -> list[str]:
        """Return the ids of the requests in a person's personnel file."""
        entries = await Personnel(self.workspace.database).entries_of(person)
        return [entry.request_id for entry in entries]

    async def nothing_provisioned(self, person: str, request_id: str) -> None:
        """Check that a request had no effect."""
        assert request_id not in await self.personnel_entries(person)
        assert await Payouts(self.workspace.database).queued(person) == ()

    async def trails_are_whole(self, *request_ids: str) -> None:
        """Check the audit trails of these requests and of their approvals."""
        both = [
            name for request_id in request_ids for name in (request_id, approval_id(request_id))
        ]
        await self.workspace.stock_and_trails_are_consistent(*both)


def next_year() -> int:
    """Return a year without booked days off."""
    return datetime.now(UTC).year + 1


def _state(element: Json, value: str) -> Json:
    match element["type"]:
        case "static_select":
            options = element["options"]
            return {
                "selected_option": next(option for option in options if option["value"] == value)
            }
        case "datepicker":
            return {"selected_date": value}
        case _:
            return {"value": value}
