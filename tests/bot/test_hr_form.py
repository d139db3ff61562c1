"""HR requests in Slack: opening the form, its fields and errors, and one request per form."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.testing import WorkflowEnvironment

from bot.listeners.hr import day_somewhere
from bot.listeners.services import Services
from bot.temporal.client import WorkflowClient
from emulator.client import StandInClient, block_of, text_of
from records.database import Database
from records.time_off import TimeOff
from tests.bot.order_driver import (
    ANA,
    BORIS,
    FAY,
    GUS,
    Json,
    OrderDriver,
    RunningWorker,
    exists,
    listeners_finished,
)
from tests.bot.request_driver import RequestDriver
from tests.bot.signed_clicks import SignedHttp
from views import hr_copy
from views.blocks import actions
from views.translator import ENGLISH
from workflows.rules.hr.request import (
    ALL_FIELDS,
    FIELDS,
    HrRequest,
    HrType,
    Priority,
    request_from_content,
)
from workflows.rules.messages import HrInput
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.ids import approval_id

GENERAL = "C0GENERAL"
STARTS = datetime.now(UTC).date() + timedelta(days=30)
TYPED = {
    "title": "A week by the sea",
    "description": "It was a long year",
    "priority": "high",
    "starts": STARTS.isoformat(),
    "ends": (STARTS + timedelta(days=6)).isoformat(),
    "amount": "120.00",
    "item": "DESK-OAK",
    "new_role": "Team lead",
    "new_team": "Sales",
}


async def open_form(slack: StandInClient, type_: str = "", person: str = ANA) -> Json:
    await slack.say(person, GENERAL, f"/request {type_}".strip())
    return await the_form(slack, person)


async def the_form(slack: StandInClient, person: str = ANA) -> Json:
    return await slack.wait_for_modal(person, lambda v: v["callback_id"] == "hr")


def state_of(form: Json, typed: dict[str, str]) -> Json:
    """Return the form's state with these values, by field name."""
    state: Json = {}
    for block in form["blocks"]:
        written = typed.get(block["block_id"])
        if block["type"] != "input" or not written:
            continue
        element = block["element"]
        value: Json = {"value": written}
        if element["type"] in ("static_select", "radio_buttons"):
            (option,) = (option for option in element["options"] if option["value"] == written)
            value = {"selected_option": option}
        elif element["type"] == "datepicker":
            value = {"selected_date": written}
        state[block["block_id"]] = {element["action_id"]: value}
    return state


async def choose(
    slack: StandInClient, form: Json, type_: str, typed: dict[str, str], person: str = ANA
) -> Json:
    """Choose a type in the form, with this input in its fields."""
    chosen = state_of(form, {"type": type_})["type"]["hr_type"]
    return await slack.act(
        person,
        "block_action",
        view_id=form["id"],
        block_id=block_of(form["blocks"], "hr_type"),
        action_id="hr_type",
        element_state=chosen,
        state=state_of(form, {**typed, "type": type_}),
    )


async def shows(slack: StandInClient, *fields: str, person: str = ANA) -> Json:
    """Wait until the form shows exactly these type-specific fields."""
    return await slack.wait_for_modal(person, lambda v: fields_of(v) == list(fields))


def fields_of(form: Json) -> list[str]:
    return [block["block_id"] for block in form["blocks"] if block["block_id"] in ALL_FIELDS]


def form_values(form: Json) -> dict[str, str]:
    """Return the values of the form's inputs by field name."""
    found: dict[str, str] = {}
    for name, by_action in form["state"]["values"].items():
        for state in by_action.values():
            chosen = (state.get("selected_option") or {}).get("value")
            if value := state.get("value") or state.get("selected_date") or chosen:
                found[name] = value
    return found


async def submit(slack: StandInClient, form: Json, person: str = ANA, **changes: str) -> Json:
    """Submit the form with TYPED and `changes`."""
    state = state_of(form, {**TYPED, **changes})
    return await slack.act(person, "view_submit", view_id=form["id"], state=state)


def request_id_of(form: Json) -> str:
    return str(json.loads(form["private_metadata"])["request_id"])


async def created_request(request_driver: RequestDriver, form: Json) -> HrRequest:
    """Wait until the request's level is open, and return the request in its approval."""
    request_id = request_id_of(form)
    snapshot = await request_driver.snapshot(
        approval_id(request_id), lambda snapshot: bool(snapshot.levels)
    )
    return request_from_content(request_id, snapshot.content)


# Opening the form


async def test_the_form_is_opened_before_any_other_call(
    slack: StandInClient, bot: AsyncApp
) -> None:
    await slack.say(GUS, GENERAL, "/order-status")  # makes Bolt's initial auth.test call
    await listeners_finished()
    mark = await slack.journal_mark()

    await open_form(slack)

    assert [call["method"] for call in await slack.journal(mark, kind="api")] == ["views.open"]


@pytest.mark.parametrize("written", ["expense", "Expense", " EXPENSE "])
async def test_the_command_accepts_a_type(
    slack: StandInClient, bot: AsyncApp, written: str
) -> None:
    assert fields_of(await open_form(slack, written)) == ["amount"]
    assert form_values(await the_form(slack))["type"] == "expense"


async def test_the_command_accepts_time_off_as_two_words(
    slack: StandInClient, bot: AsyncApp
) -> None:
    assert fields_of(await open_form(slack, "time off")) == ["starts", "ends"]


async def test_the_global_shortcut_opens_the_same_form(slack: StandInClient, bot: AsyncApp) -> None:
    await slack.act(ANA, "global_shortcut", callback_id="request")

    assert fields_of(await the_form(slack)) == []


async def test_the_message_shortcut_quotes_and_links_the_message(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    posted = await slack.say(BORIS, GENERAL, "Ana needs <a> new desk\nsoon & for <@U0ANA>")
    mark = await slack.journal_mark()

    await slack.act(
        ANA,
        "message_shortcut",
        callback_id="request_from_message",
        channel=GENERAL,
        ts=posted["ts"],
    )

    form = await slack.wait_for_modal(ANA, lambda v: "this message" in text_of(v))
    calls = [call["method"] for call in await slack.journal(mark, kind="api")]
    assert [call for call in calls if call != "auth.test"] == [
        "views.open",  # before any other call
        "chat.getPermalink",
        "views.update",
    ]
    quote = "> Ana needs <a> new desk\n> soon & for @U0ANA"
    assert form_values(form)["description"].rstrip() == quote
    await choose(slack, form, "equipment", {**form_values(form), "title": "A desk"})
    form = await shows(slack, "item")
    await submit(slack, form, description=quote, title="A desk")
    request = await created_request(request_driver, form)
    assert request.link.endswith(f"/archives/{GENERAL}/p{posted['ts'].replace('.', '')}")
    assert (request.description, request.item) == (quote, "DESK-OAK")


async def test_without_a_permalink_the_request_has_no_link(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    posted = await slack.say(BORIS, GENERAL, "A desk for Ana")
    await slack.faults(
        {"target": "chat.getPermalink", "effect": "error", "error": "not_in_channel", "times": 9}
    )

    await slack.act(
        ANA,
        "message_shortcut",
        callback_id="request_from_message",
        channel=GENERAL,
        ts=posted["ts"],
    )

    form = await the_form(slack)
    await choose(slack, form, "transfer", {})
    form = await shows(slack, "new_team")
    await submit(slack, form)
    assert (await created_request(request_driver, form)).link == ""


async def test_a_form_submitted_before_the_permalink_is_known_still_gets_the_link(
    slack: StandInClient, http: SignedHttp, request_driver: RequestDriver
) -> None:
    posted = await slack.say(BORIS, GENERAL, "A desk for Ana")
    mark = await slack.journal_mark()
    place = {"channel": GENERAL, "ts": posted["ts"]}
    await slack.act(ANA, "message_shortcut", callback_id="request_from_message", **place)
    (opened,) = await slack.journal(mark, kind="envelope", what="message_action")
    await slack.faults({"target": "chat.getPermalink", "effect": "error", "error": "fatal_error"})
    await http.interact(opened["payload"])
    form = await the_form(slack)
    await listeners_finished()
    mark = await slack.journal_mark()
    await choose(slack, form, "transfer", {})
    (chosen,) = await slack.journal(mark, kind="envelope", what="block_actions")
    await http.interact(chosen["payload"])
    form = await shows(slack, "new_team")
    assert json.loads(form["private_metadata"])["link"] == ""
    mark = await slack.journal_mark()
    await submit(slack, form)
    (sent,) = await slack.journal(mark, kind="envelope", what="view_submission")

    await http.interact(sent["payload"])

    assert (await created_request(request_driver, form)).link.endswith(
        posted["ts"].replace(".", "")
    )


async def test_without_hr_policies_the_form_says_so(
    slack: StandInClient, bot: AsyncApp, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    for type_ in HrType:
        monkeypatch.delitem(services.policies.by_name, type_.value)

    await slack.say(ANA, GENERAL, "/request")

    view = await slack.wait_for_modal(ANA)
    assert "Ask an admin" in text_of(view)
    assert view["submit"] is None


# Filling in the form


@pytest.mark.parametrize("type_", HrType)
async def test_choosing_a_type_shows_its_fields_and_submitting_starts_its_request(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver, type_: HrType
) -> None:
    form = await open_form(slack)
    await choose(slack, form, type_, {"title": "Typed before"})
    form = await shows(slack, *FIELDS[type_])
    assert form_values(form)["title"] == "Typed before"

    await submit(slack, form)

    await slack.wait_for_modal(ANA, lambda v: "was sent*" in text_of(v))
    request = await created_request(request_driver, form)
    assert (request.type, request.title) == (type_, TYPED["title"])
    assert request.priority is Priority.HIGH
    needed = {name for name in ALL_FIELDS if getattr(request, name)}
    assert needed == set(FIELDS[type_])


async def test_switching_the_type_and_back_keeps_the_input(
    slack: StandInClient, bot: AsyncApp
) -> None:
    form = await open_form(slack, "time off")
    await choose(slack, form, "promotion", TYPED)
    form = await shows(slack, "new_role")
    await choose(slack, form, "time_off", {**form_values(form), "new_role": "Lead"})

    form = await shows(slack, "starts", "ends")

    expected = {name: TYPED[name] for name in ("title", "description", "starts", "ends")}
    assert form_values(form) == {**expected, "priority": "high", "type": "time_off"}
    await choose(slack, form, "promotion", form_values(form))
    form = await shows(slack, "new_role")
    assert form_values(form)["new_role"] == "Lead"


BAD: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("time off", {"ends": (STARTS - timedelta(days=1)).isoformat()}, {"ends": "before the first"}),
    ("time off", {"starts": "2020-01-01", "ends": "2020-01-02"}, {"starts": "past"}),
    ("time off", {"ends": "2099-01-01"}, {"ends": "at most 366 days"}),
    ("time off", {"title": "   "}, {"title": "required"}),
    ("expense", {"amount": "a lot"}, {"amount": "number"}),
    ("expense", {"amount": "-5"}, {"amount": "greater than zero"}),
    ("expense", {"amount": "5 USD"}, {"amount": "EUR"}),
    ("promotion", {"new_role": "x" * 81}, {"new_role": "80"}),
    ("transfer", {"new_team": " ", "title": "x" * 151}, {"new_team": "required", "title": "150"}),
]


@pytest.mark.parametrize(("type_", "typed", "wrong"), BAD)
async def test_every_mistake_is_shown_at_its_field_and_nothing_is_started(  # noqa: PLR0913, PLR0917 - a case and its fixtures
    slack: StandInClient,
    bot: AsyncApp,
    temporal: WorkflowEnvironment,
    type_: str,
    typed: dict[str, str],
    wrong: dict[str, str],
) -> None:
    form = await open_form(slack, type_)

    answer = await submit(slack, form, **typed)

    assert answer["errors"].keys() == wrong.keys()
    for name, words in wrong.items():
        assert words in answer["errors"][name].lower() or words in answer["errors"][name]
    assert not await exists(temporal, request_id_of(form))


async def test_a_form_submitted_before_its_fields_appeared_is_shown_with_them(
    slack: StandInClient, bot: AsyncApp, temporal: WorkflowEnvironment
) -> None:
    form = await open_form(slack)

    await submit(slack, form, type="expense")  # submitted before the fields appeared

    again = await shows(slack, "amount")
    assert "Fill in the new fields" in text_of(again)
    assert form_values(again)["title"] == TYPED["title"]
    assert not await exists(temporal, request_id_of(form))


@pytest.mark.parametrize(("hour", "day"), [(0, 30), (11, 30), (12, 31), (23, 31)])
def test_a_day_has_passed_only_when_it_has_passed_in_every_time_zone(hour: int, day: int) -> None:
    assert day_somewhere(datetime(2027, 1, 31, hour, 59, tzinfo=UTC)) == date(2027, 1, day)


# Submitting the form


async def test_submitting_the_same_form_twice_creates_one_request(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    form = await open_form(slack, "transfer")
    await slack.deliveries(duplicate=1)
    mark = await slack.journal_mark()

    await submit(slack, form)

    await created_request(request_driver, form)
    await listeners_finished()
    shown = [call["arguments"]["view"] for call in await slack.journal(mark, kind="api", method="views.update")]  # fmt: skip
    assert len(shown) == 2
    assert all("was sent*" in json.dumps(view, ensure_ascii=False) for view in shown)


@pytest.mark.parametrize(
    ("changed", "words"),
    [({}, "was sent*"), ({"title": "Another title"}, "was already sent")],
)
async def test_resubmitting_an_edited_form_reports_that_the_first_submission_counts(  # noqa: PLR0913, PLR0917 - a case and its fixtures
    slack: StandInClient,
    bot: AsyncApp,
    services: Services,
    request_driver: RequestDriver,
    order_driver: OrderDriver,
    changed: dict[str, str],
    words: str,
) -> None:
    form = await open_form(slack, "transfer")
    first = HrRequest(
        request_id=request_id_of(form),
        type=HrType.TRANSFER,
        title=TYPED["title"],
        description=TYPED["description"],
        priority=Priority.HIGH,
        new_team="Sales",
    )
    await start(
        order_driver.workflows, services, first
    )  # an earlier submission that was not confirmed
    await request_driver.snapshot(
        approval_id(first.request_id), lambda snapshot: bool(snapshot.levels)
    )
    await order_driver.until_idle(approval_id(first.request_id))

    await submit(slack, form, **changed)

    await slack.wait_for_modal(ANA, lambda v: words in text_of(v))
    assert (await created_request(request_driver, form)).title == TYPED["title"]


async def test_without_temporal_the_form_is_shown_again_with_its_input(
    slack: StandInClient,
    bot: AsyncApp,
    worker: RunningWorker,
    request_driver: RequestDriver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    form = await open_form(slack, "time off")
    monkeypatch.setattr(request_driver.workflows, "_wait", 0.0)

    await submit(slack, form)

    again = await slack.wait_for_modal(ANA, lambda v: "can't save anything right now" in text_of(v))
    names = ("title", "description", "priority", "starts", "ends")
    assert form_values(again) == {**{name: TYPED[name] for name in names}, "type": "time_off"}
    assert request_id_of(again) == request_id_of(form)
    monkeypatch.undo()
    await slack.act(
        ANA, "view_submit", view_id=again["id"], state=state_of(again, form_values(again))
    )
    await slack.wait_for_modal(ANA, lambda v: "was sent*" in text_of(v))


# An amended copy


async def start(workflows: WorkflowClient, services: Services, request: HrRequest) -> None:
    hr_input = HrInput(
        request=request,
        requester=Actor(person=ANA, origin=Origin.SLACK),
        policy=services.policies.policy(request.type.value),
        managers=services.policies.chain_of(ANA),
    )
    assert await workflows.start(hr_input)


async def click_copy(
    slack: StandInClient, web: AsyncWebClient, person: str, request_id: str
) -> None:
    """Click the copy button in a message that only this person sees."""
    row = actions("actions", hr_copy.copy_button(request_id, ENGLISH))
    posted = await web.chat_postMessage(channel=f"D{person}", text="Rejected", blocks=[row])
    await slack.click(person, f"D{person}", {"ts": posted["ts"], "blocks": [row]}, "copy")


async def test_a_copy_starts_with_the_original_values_and_is_a_new_request(
    slack: StandInClient,
    bot: AsyncApp,
    request_driver: RequestDriver,
    order_driver: OrderDriver,
    web: AsyncWebClient,
) -> None:
    form = await open_form(slack, "expense")
    await submit(slack, form, amount="1,200.50")
    await created_request(request_driver, form)
    before = request_id_of(form)
    await order_driver.until_idle(approval_id(before))

    await click_copy(slack, web, ANA, before)

    copy = await shows(slack, "amount")
    assert request_id_of(copy) != before
    names = ("title", "description", "priority")
    expected = {**{name: TYPED[name] for name in names}, "type": "expense"}
    assert form_values(copy) == {**expected, "amount": "1,200.50 EUR"}
    changed = {**form_values(copy), "title": "A smaller request"}
    await slack.act(ANA, "view_submit", view_id=copy["id"], state=state_of(copy, changed))
    assert (await created_request(request_driver, copy)).title == "A smaller request"
    assert (await created_request(request_driver, form)).title == TYPED["title"]


async def test_only_the_requester_gets_a_copy(
    slack: StandInClient,
    bot: AsyncApp,
    request_driver: RequestDriver,
    order_driver: OrderDriver,
    web: AsyncWebClient,
) -> None:
    form = await open_form(slack, "expense")
    await submit(slack, form)
    await created_request(request_driver, form)
    await order_driver.until_idle(approval_id(request_id_of(form)))

    await click_copy(slack, web, GUS, request_id_of(form))

    view = await slack.wait_for_modal(GUS, lambda v: "Only the requester can" in text_of(v))
    assert TYPED["title"] not in json.dumps(view)


async def test_copying_an_unknown_request_says_so(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver, web: AsyncWebClient
) -> None:
    await click_copy(slack, web, FAY, "HR-00000000")

    await slack.wait_for_modal(FAY, lambda v: "can't be found" in text_of(v))


async def test_an_unknown_type_after_the_command_is_answered_with_the_types(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    await slack.say(GUS, GENERAL, "/request nonsense")

    message = await order_driver.private_message(
        GUS, "There is no type of request called", channel=GENERAL
    )
    assert "`time_off`" in text_of(message)
    assert await slack.modals(GUS) == []


async def test_more_days_off_than_are_left_are_refused_in_the_form(
    slack: StandInClient, bot: AsyncApp, database: Database, workflows: WorkflowClient
) -> None:
    year = STARTS.year + 1
    await TimeOff(database).grant(ANA, year, 18)
    form = await open_form(slack, "time_off")
    period = {"starts": f"{year}-03-01", "ends": f"{year}-04-02"}

    await submit(slack, form, **period)

    again = await slack.wait_for_modal(ANA, lambda v: "18 left" in text_of(v))
    assert f"left in {year}: 33 requested" in text_of(again)
    assert form_values(again)["ends"] == period["ends"]
    assert request_id_of(again) == request_id_of(form)
    assert await workflows.menu(approval_id(request_id_of(form)), ANA) is None
    await submit(slack, again, **period | {"ends": f"{year}-03-18"})
    await slack.wait_for_modal(ANA, lambda v: not v["callback_id"] and "sent" in text_of(v))
