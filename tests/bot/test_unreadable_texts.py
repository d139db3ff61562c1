"""Half of a surrogate pair is an error at its field, in every text field of every form."""

from collections.abc import Awaitable, Callable

import pytest

from emulator.client import StandInClient
from tests.bot import order_form, test_approval_form, test_hr_form
from tests.bot.order_driver import ANA, BORIS, FAY, Json
from tests.bot.request_driver import RequestDriver
from workflows.rules.approvals.verbs import Verb
from workflows.rules.hr.request import HrType

pytestmark = pytest.mark.usefixtures("bot")
HALF = "half \ud800"
Opened = tuple[str, Json, Json]
"""The person, the form, and the valid state of its inputs by block id."""
Opener = Callable[[StandInClient, RequestDriver], Awaitable[Opened]]


async def _order(slack: StandInClient, _: RequestDriver) -> Opened:
    form = await order_form.open_form(slack)
    return ANA, form, order_form.state_of(form, order_form.TYPED)


async def _approval(slack: StandInClient, _: RequestDriver) -> Opened:
    form = await test_approval_form.open_form(slack)
    return ANA, form, {"policy": {"policy": test_approval_form.choose(form, "access")}}


def _hr(type_: str) -> Opener:
    async def opened(slack: StandInClient, _: RequestDriver) -> Opened:
        form = await test_hr_form.open_form(slack, type_)
        return ANA, form, test_hr_form.state_of(form, test_hr_form.TYPED)

    return opened


def _verb(verb: Verb, person: str) -> Opener:
    async def opened(_: StandInClient, driver: RequestDriver) -> Opened:
        return person, await driver.form(person, await driver.create(), verb), {}

    return opened


FORMS: dict[str, Opener] = {
    "order": _order,
    "approval": _approval,
    **{f"hr {type_}": _hr(type_) for type_ in HrType},
    **{
        verb.value: _verb(verb, person)
        for verb, person in {
            Verb.REQUEST_CHANGES: BORIS,
            Verb.COMMENT: BORIS,
            Verb.AMEND: ANA,
            Verb.WITHDRAW: ANA,
            Verb.REASSIGN: FAY,
            Verb.CLOSE: FAY,
        }.items()
    },
}


@pytest.mark.parametrize("name", FORMS)
async def test_half_of_a_surrogate_pair_is_an_error_at_every_field(
    slack: StandInClient, request_driver: RequestDriver, name: str
) -> None:
    person, form, valid = await FORMS[name](slack, request_driver)
    texts = {
        block["block_id"]: block["element"]["action_id"]
        for block in form["blocks"]
        if block["type"] == "input" and block["element"]["type"] == "plain_text_input"
    }
    assert texts
    bad = {block: {action: {"value": HALF}} for block, action in texts.items()}

    result = await slack.act(person, "view_submit", view_id=form["id"], state={**valid, **bad})

    assert set(result["errors"]) == set(texts)
