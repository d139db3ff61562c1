"""What people write in a card's thread: comments that land in the audit, and never a decision."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.listeners.answers import Surface
from bot.listeners.presses import Presses
from bot.listeners.services import Services
from bot.runtime.ids import HR_ID, ORDER_ID
from bot.temporal.client import Accepted, Answer, Ended, Refused, Unconfirmed
from slack_api.errors import SLACK_FAILURES, classify
from views import thread_notices
from views.payload import tables
from views.thread_reply import ThreadReply, deciding_message, parse_reply, request_of
from views.translator import Translator, translator
from views.typed_decision import is_typed_decision
from workflows.rules.approvals.request import Comment
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.verbs import Verb
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.click import click_id
from workflows.rules.shared.errors import RequestClosedError

REMEMBERED = 1000
"""So many things that were said to people are known, so as not to say them again."""
THREAD = 100
"""Messages of a thread among which the one with the buttons is looked for."""
NOT_YET = BoltResponse(status=503, body="not confirmed yet")
"""Makes Slack send the event again: it has the same id then, and so counts once."""

_log = structlog.get_logger("bot.thread_comments")


def register(app: AsyncApp, services: Services) -> None:
    """Listen to messages: those in the thread of a card are comments, the rest is not read."""
    listener = ThreadListeners(services)
    app.event("message", middleware=[listener.comment_kept])(listener.thread_replied)


class ThreadListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._presses = Presses(services)
        self._said: dict[tuple[str, ...], None] = {}

    async def comment_kept(
        self,
        body: dict[str, Any],
        client: AsyncWebClient,
        context: AsyncBoltContext,
        next_: Callable[[], Awaitable[None]],
    ) -> BoltResponse | None:
        """Keep a reply as a comment before the event is acknowledged: Bolt would do that first.

        Where it is not known whether it was kept, nothing is acknowledged: Slack sends the event
        again (at once, after 1 and 5 minutes), and the update's id makes the two one comment.
        """
        bot_user = context.bot_user_id or ""
        reply = parse_reply(body, bot_user)
        if reply is not None:
            root = await client.conversations_replies(
                channel=reply.channel, ts=reply.thread_ts, limit=1
            )
            messages = tables(root.data, "messages")
            request_id = request_of(messages[0], bot_user) if messages else ""
            if request_id:
                answer = await self._keep(reply, request_id)
                if isinstance(answer, Unconfirmed):
                    _log.warning("comment_not_confirmed", request_id=request_id)
                    return NOT_YET
                context["comment"] = (reply, request_id, answer)
        await next_()
        return None

    async def thread_replied(self, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """Tell the person, privately in that thread, what they may have taken for something else."""
        if "comment" not in context:
            return
        reply, request_id, answer = context["comment"]
        surface = Surface(person=reply.person, channel=reply.channel, thread_ts=reply.thread_ts)
        t = translator(await self._services.people.locale_of(reply.person))
        match answer:
            case Accepted(face=snapshot):
                sentences = await self._hints(client, reply, snapshot, t)
            case Refused(code=code) if code != RequestClosedError.code:
                await self._write_down(reply, request_id, code)
                refusal = thread_notices.refused(code, answer.data, t)
                sentences = self._once(reply, code, refusal)
            case _:
                code = RequestClosedError.code
                await self._write_down(reply, request_id, code)
                sentences = self._once(reply, code, thread_notices.closed(t))
        if sentences:
            await self._services.answers.tell(surface, "\n".join(sentences))

    async def _keep(self, reply: ThreadReply, request_id: str) -> Answer:
        """Send the reply as a comment. The event is its id: however often it is sent, it is one."""
        if ORDER_ID.fullmatch(request_id) or HR_ID.fullmatch(request_id):
            return Ended()  # its approval has ended, and gave the card to who owns it now
        comment = Comment(actor=_actor(reply), text=reply.words)
        return await self._services.workflows.comment(
            request_id, click_id(request_id, reply.event_id), comment
        )

    async def _hints(
        self, client: AsyncWebClient, reply: ThreadReply, snapshot: ApprovalSnapshot, t: Translator
    ) -> list[str]:
        """Return what to say about a comment that was kept; the same event is answered once."""
        found: list[str] = []
        if is_typed_decision(reply.said) and self._is_new(reply.event_id):
            link = await self._link_to_buttons(client, reply, snapshot.request_id)
            found.append(thread_notices.typed_decision(t, link))
        if snapshot.private:
            found += self._once(reply, "public", thread_notices.public_thread(t))
        return found

    async def _link_to_buttons(
        self, client: AsyncWebClient, reply: ThreadReply, request_id: str
    ) -> str:
        """Return the address of the message with *Approve*: the card, or its level's reply."""
        try:
            thread = await client.conversations_replies(
                channel=reply.channel, ts=reply.thread_ts, limit=THREAD
            )
        except SLACK_FAILURES as error:
            _log.info("thread_not_read", error=classify(error).code)
            return ""
        ts = deciding_message(tables(thread.data, "messages"), request_id)
        place = Surface(
            person=reply.person, channel=reply.channel, message_ts=ts or reply.thread_ts
        )
        return await self._services.answers.permalink(place)

    async def _write_down(self, reply: ThreadReply, request_id: str, code: str) -> None:
        if self._is_new(reply.event_id):
            await self._presses.write_down(request_id, _actor(reply), Verb.COMMENT, code)

    def _once(self, reply: ThreadReply, what: str, sentence: str) -> list[str]:
        """Return the sentence where this person has not heard it in this thread yet."""
        new = self._is_new(reply.person, reply.channel, reply.thread_ts, what)
        return [sentence] if new else []

    def _is_new(self, *what: str) -> bool:
        new = what not in self._said
        self._said[what] = None
        while len(self._said) > REMEMBERED:
            del self._said[next(iter(self._said))]
        return new


def _actor(reply: ThreadReply) -> Actor:
    return Actor(person=reply.person, origin=Origin.SLACK)
