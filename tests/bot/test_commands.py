"""`/countersign`, its subcommands and aliases, a mention and a direct message."""

from urllib.parse import urlencode

import yaml
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import create_app
from bot.listeners.services import Services
from emulator.client import StandInClient, text_of
from tests.bot.conftest import ROOT
from tests.bot.order_driver import ANA, APPROVALS, BORIS, OrderDriver, listeners_finished
from tests.bot.signed_clicks import SECRET, SignedHttp

HELP = "What I can do"
BOT = "U0LOCALBOT"
ANSWERS = {
    "": HELP,
    "HELP me": HELP,
    "inbox": "Nothing is waiting for you",
    "what <now>": "“what” isn't a `/countersign` command. You can type:\n• `/countersign new`",
    "new nonsense": "There is no type of request called “nonsense”. Choose one of these: `",
    "new time off": "Type `/request time_off`.",
    "new order": "Type `/order`.",
}


async def private_messages(slack: StandInClient, person: str, thread_ts: str = "") -> list[str]:
    seen = await slack.messages(APPROVALS, person, thread_ts=thread_ts)
    return [text_of(message) for message in seen if message.get("is_ephemeral")]


async def test_a_subcommand_without_a_form_is_answered_privately(
    slack: StandInClient, bot: AsyncApp
) -> None:
    for number, (typed, answer) in enumerate(ANSWERS.items(), start=1):
        await slack.say(BORIS, APPROVALS, f"/countersign {typed}".strip())
        await listeners_finished()

        answers = await private_messages(slack, BORIS)
        assert len(answers) == number
        assert answer in answers[-1]


async def test_the_help_lists_every_command_of_the_manifest(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    declared = [command["command"] for command in manifest["features"]["slash_commands"]]

    await slack.say(BORIS, APPROVALS, "/countersign help")

    message = text_of(await order_driver.private_message(BORIS, HELP))
    assert [name for name in declared if f"`{name}" not in message] == []


async def test_a_mention_is_answered_privately_and_in_a_thread_only_if_it_asks_for_help(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    posted = await slack.say(BORIS, APPROVALS, f"<@{BOT}> hello?")
    await order_driver.private_message(BORIS, HELP)
    await slack.say(ANA, APPROVALS, f"<@{BOT}> fyi", thread_ts=posted["ts"])
    await slack.say(ANA, APPROVALS, f"<@{BOT}> Help", thread_ts=posted["ts"])

    await slack.wait_for_message(
        APPROVALS, ANA, lambda m: bool(m.get("is_ephemeral")), thread_ts=posted["ts"]
    )
    await listeners_finished()

    (answer,) = await private_messages(slack, ANA, posted["ts"])
    assert HELP in answer


async def test_a_direct_message_is_answered_there_and_its_deletion_is_not(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    sent = await slack.say(ANA, f"D{ANA}", "hi")
    await order_driver.direct_message(ANA, HELP)
    mark = await slack.journal_mark()

    await slack.delete_message(f"D{ANA}", sent["ts"])
    await slack.wait_for_journal(after=mark, kind="ack")
    await listeners_finished()

    assert await slack.journal(mark, kind="api") == []


async def test_the_optional_commands_are_served_if_they_are_configured(
    slack: StandInClient, web: AsyncWebClient, services: Services
) -> None:
    app = SignedHttp(create_app(web, SECRET, services))
    mark = await slack.journal_mark()
    await slack.say(ANA, APPROVALS, "/countersign")  # no bot is connected: it has no effect
    (envelope,) = await slack.journal(mark, kind="envelope")

    for command in ("/approval", "/approvals"):
        answer = await app.send(urlencode({**envelope["payload"], "command": command}))
        assert answer.status == 200
    await listeners_finished()

    await slack.wait_for_modal(ANA, lambda view: view["callback_id"] == "approval")
    (inbox,) = await private_messages(slack, ANA)
    assert "Nothing is waiting for you" in inbox
