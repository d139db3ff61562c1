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
from slack_api.errors import SLACK_FAILURES, classify
from views import thread_notices
from views.payload import mappings_at
from views.thread_reply import ThreadReply, approve_message, parse_reply, request_of
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
"""How many events, and how many notices, are remembered, so that none is answered twice."""
SEARCHED_MESSAGES = 100
"""How many messages of a thread are searched for the buttons."""
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

    async def record_comment(
        self,
        body: dict[str, Any],
        client: AsyncWebClient,
        context: AsyncBoltContext,
        next_: Callable[[], Awaitable[None]],
    ) -> BoltResponse | None:
        """Record a reply as a comment before the event is acknowledged: Bolt would do that first.

        An unconfirmed comment is not acknowledged: Slack sends the event again (at once, after 1 and
        5 minutes), and the update's id makes both deliveries one comment.
        """
        bot_user = context.bot_user_id or ""
        reply = parse_reply(body, bot_user)
        if reply is not None:
            root = await client.conversations_replies(
                channel=reply.channel, ts=reply.thread_ts, limit=1
            )
            messages = mappings_at(root.data, "messages")
            request_id = request_of(messages[0], bot_user) if messages else ""
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
        await next_()
        return None

    async def thread_replied(self, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """Send the author a private notice in the thread, if the comment needs one."""
        if "comment" not in context:
            return
        reply, result, redelivered = context["comment"]
        surface = Surface(person=reply.person, channel=reply.channel, thread_ts=reply.thread_ts)
        t = await self._services.translator(reply.person)
        match result:
            case Accepted(snapshot=snapshot):
                sentences = await self._hints(client, reply, snapshot, t, redelivered=redelivered)
            case Refused(code=code):
                sentences = self._once(reply, code, thread_notices.refused(code, result.data, t))
            case _:
                sentences = self._once(reply, RequestClosedError.code, thread_notices.closed(t))
        if sentences:
            await self._services.answers.reply(surface, "\n".join(sentences))

    async def _comment(
        self, reply: ThreadReply, request_id: str, *, redelivered: bool
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
            retry=False,
        )
        return await commands.execute(Comment(actor=actor, text=reply.plain_text), context)

    async def _hints(
        self,
        client: AsyncWebClient,
        reply: ThreadReply,
        snapshot: ApprovalSnapshot,
        t: Translator,
        *,
        redelivered: bool,
    ) -> list[str]:
        """Return the notices about a recorded comment; the same event is answered once."""
        hints: list[str] = []
        if is_typed_decision(reply.text) and not redelivered:
            link = await self._link_to_buttons(client, reply, snapshot.request_id)
            hints.append(thread_notices.typed_decision(t, link))
        if snapshot.private:
            hints += self._once(reply, "public", thread_notices.public_thread(t))
        return hints

    async def _link_to_buttons(
        self, client: AsyncWebClient, reply: ThreadReply, request_id: str
    ) -> str:
        """Return the permalink of the message with *Approve*: the card, or its level's reply."""
        try:
            thread = await client.conversations_replies(
                channel=reply.channel, ts=reply.thread_ts, limit=SEARCHED_MESSAGES
            )
        except SLACK_FAILURES as error:
            _log.info("thread_not_read", error=classify(error).code)
            return ""
        ts = approve_message(mappings_at(thread.data, "messages"), request_id)
        place = Surface(
            person=reply.person, channel=reply.channel, message_ts=ts or reply.thread_ts
        )
        return await self._services.answers.permalink(place)

    def _once(self, reply: ThreadReply, what: str, sentence: str) -> list[str]:
        """Return the sentence, unless this person has received it in this thread already."""
        is_new = self._sent.add((reply.person, reply.channel, reply.thread_ts, what))
        return [sentence] if is_new else []
