"""Replies in a card's thread: they are recorded as comments, and never as decisions."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.actions.execute import Accepted, Context, Ended, Refused, Result, Unconfirmed
from bot.listeners.answers import Surface
from bot.listeners.services import Services
from records.cards import CardMessage
from records.database import DATABASE_FAILURES
from slack_api.errors import SLACK_FAILURES, classify
from views import notices, thread_notices
from views.card_click import level_number
from views.payload import mappings_at
from views.thread_reply import ThreadReply, parse_reply, request_of
from views.translator import Translator
from views.typed_decision import is_typed_decision
from workflows.rules.approvals.request import Comment
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.verbs import Verb
from workflows.rules.journeys import journey_of_id
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.click import click_id
from workflows.rules.shared.errors import RequestClosedError
from workflows.rules.shared.recent import RecentKeys

REMEMBERED = 1000
"""How many events, notices and threads are remembered, so that none is handled twice."""
NOT_YET = BoltResponse(status=503, body="not confirmed yet")
"""Makes Slack send the event again, with the same id, so it counts once."""

_log = structlog.get_logger("bot.thread_comments")


def register(app: AsyncApp, services: Services) -> None:
    """Listen to messages: replies in the thread of a card are comments, others are ignored."""
    listener = ThreadListeners(services)
    app.event("message", middleware=[listener.record_comment])(listener.thread_replied)


class ThreadListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._recorded = RecentKeys(REMEMBERED)
        self._sent = RecentKeys(REMEMBERED)
        self._asked = RecentKeys(REMEMBERED)

    async def record_comment(
        self,
        body: dict[str, Any],
        context: AsyncBoltContext,
        next_: Callable[[], Awaitable[None]],
    ) -> BoltResponse | None:
        """Record a reply as a comment before the event is acknowledged: Bolt would do that first.

        The records say which request the thread belongs to: a slow Slack must not delay the ack.
        An unconfirmed comment is not acknowledged: Slack sends the event again (at once, after 1 and
        5 minutes), and the update's id makes both deliveries one comment.
        """
        reply = parse_reply(body)
        if reply is not None:
            try:
                request_id = await self._services.cards.request_of(reply.channel, reply.thread_ts)
            except DATABASE_FAILURES as error:
                _log.warning("cards_not_read", error=type(error).__name__)
                return NOT_YET
            if request_id:
                redelivered = not self._recorded.add(reply.event_id)
                result: Result[ApprovalSnapshot] = Unconfirmed()
                try:
                    result = await self._comment(reply, request_id, redelivered=redelivered)
                finally:
                    if isinstance(result, Unconfirmed):  # Slack delivers it again
                        self._recorded.discard(reply.event_id)
                if isinstance(result, Unconfirmed):
                    _log.warning("comment_not_confirmed", request_id=request_id)
                    return NOT_YET
                context["comment"] = (reply, result, redelivered)
            elif reply.is_under_ours:
                context["unrecorded"] = reply
        await next_()
        return None

    async def thread_replied(self, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """Send the author a private notice in the thread, if the comment needs one."""
        if "unrecorded" in context:
            await self._comment_late(client, context["unrecorded"])
        elif "comment" in context:
            reply, result, redelivered = context["comment"]
            await self._answer(reply, result, redelivered=redelivered)

    async def _comment_late(self, client: AsyncWebClient, reply: ThreadReply) -> None:
        """Record a comment, after the ack, in the thread of a card that the records do not know.

        It was posted a moment ago, or by a release that recorded none. Slack is asked once per
        thread: a card is recorded then, and any other message never becomes one.
        """
        thread = (reply.channel, reply.thread_ts)
        if not self._asked.add(thread):
            return
        try:
            root = await client.conversations_replies(
                channel=reply.channel, ts=reply.thread_ts, limit=1
            )
        except SLACK_FAILURES as error:
            self._asked.discard(thread)
            _log.warning("thread_not_read", error=classify(error).code)
            return
        messages = mappings_at(root.data, "messages")
        request_id = request_of(messages[0], reply.parent) if messages else ""
        if request_id:
            card = CardMessage(channel=reply.channel, ts=reply.thread_ts, request_id=request_id)
            await self._services.cards.record([card])
            result = await self._comment(reply, request_id, redelivered=False, retry=True)
            await self._answer(reply, result, redelivered=False)

    async def _answer(
        self, reply: ThreadReply, result: Result[ApprovalSnapshot], *, redelivered: bool
    ) -> None:
        """Send the author a private notice in the thread, if the comment needs one."""
        match result:
            case Accepted(snapshot=snapshot):
                sentences = await self._hints(reply, snapshot, redelivered=redelivered)
            case Refused(code=code):
                sentences = await self._once(
                    reply, code, lambda t: thread_notices.refused(code, result.data, t)
                )
            case Unconfirmed():
                sentences = [notices.still_unconfirmed(await self._translator(reply))]
            case _:
                sentences = await self._once(reply, RequestClosedError.code, thread_notices.closed)
        if sentences:
            surface = Surface(person=reply.person, channel=reply.channel, thread_ts=reply.thread_ts)
            await self._services.answers.reply(surface, "\n".join(sentences))

    async def _comment(
        self, reply: ThreadReply, request_id: str, *, redelivered: bool, retry: bool = False
    ) -> Result[ApprovalSnapshot]:
        """Execute the reply as a comment, under the event's id: it counts once."""
        actor, commands = Actor(person=reply.person, origin=Origin.SLACK), self._services.commands
        journey = journey_of_id(request_id)
        if journey is not None and journey.has_child_approval:
            # Its approval has ended, and left the card to the order or HR request.
            code = RequestClosedError.code
            if not redelivered:
                await commands.record_refusal(request_id, actor, Verb.COMMENT, code)
            return Ended(record=None, snapshot=None, already_done=False, code=code, data={})
        context = Context(
            request_id=request_id,
            click_id=click_id(request_id, reply.event_id),
            redelivered=redelivered,
            retry=retry,
        )
        return await commands.execute(Comment(actor=actor, text=reply.plain_text), context)

    async def _hints(
        self, reply: ThreadReply, snapshot: ApprovalSnapshot, *, redelivered: bool
    ) -> list[str]:
        """Return the notices about a recorded comment; the same event is answered once."""
        hints: list[str] = []
        if is_typed_decision(reply.text) and not redelivered:
            link = await self._link_to_buttons(reply, snapshot)
            hints.append(thread_notices.typed_decision(await self._translator(reply), link))
        if snapshot.private:
            hints += await self._once(reply, "public", thread_notices.public_thread)
        return hints

    async def _link_to_buttons(self, reply: ThreadReply, snapshot: ApprovalSnapshot) -> str:
        """Return the permalink of the message with *Approve*: the card, or its level's reply."""
        ts = await self._services.cards.place_of(
            snapshot.request_id, reply.channel, level_number(snapshot)
        )
        place = Surface(
            person=reply.person, channel=reply.channel, message_ts=ts or reply.thread_ts
        )
        return await self._services.answers.permalink(place)

    async def _once(
        self, reply: ThreadReply, what: str, sentence: Callable[[Translator], str]
    ) -> list[str]:
        """Return the sentence, unless this person has received it in this thread already."""
        is_new = self._sent.add((reply.person, reply.channel, reply.thread_ts, what))
        return [sentence(await self._translator(reply))] if is_new else []

    async def _translator(self, reply: ThreadReply) -> Translator:
        return await self._services.translator(reply.person)
