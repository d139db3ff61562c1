"""Parsing of a user action, its delivery to the app, and the result for the page."""

from emulator.delivery import Ack, Envelope
from emulator.errors import ActError, Json, SlackError
from emulator.payloads import Actor
from emulator.workspace import Channel

NO_RESPONSE = "The app did not respond in time."
CONNECTION_TROUBLE = "We had some trouble connecting. Try again?"
ACKED: Json = {"ok": True, "acked": True}


def text_field(body: Json, key: str, default: str | None = None) -> str:
    """Read a string field of the request; ``ActError`` if it is not a string."""
    value = body.get(key, default)
    if not isinstance(value, str):
        raise ActError("invalid_arguments", f"{key} must be a string.")
    return value


def texts_field(body: Json, key: str) -> tuple[str, ...]:
    """Read an optional list of strings; ``ActError`` if it is anything else."""
    value = body.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ActError("invalid_arguments", f"{key} must be a list of strings.")
    return tuple(value)


def channel_of(actor: Actor, body: Json) -> Channel:
    """Find the channel of the request, if the user can see it."""
    channel = actor.stand_in.workspace.channels.get(text_field(body, "channel"))
    if channel is None or (channel.kind != "channel" and actor.user.id not in channel.members):
        raise ActError("channel_not_found", f"{actor.user.real_name} cannot see this channel.")
    return channel


def element_state(body: Json) -> Json:
    """Read the state of the element that was used."""
    state = body.get("element_state", {})
    if not isinstance(state, dict):
        raise ActError("invalid_arguments", "element_state must be an object.")
    return state


def ack_result(ack: Ack, warning: str = NO_RESPONSE) -> Json:
    """Report whether the app acknowledged, with the warning a user would see if it did not."""
    return dict(ACKED) if ack.arrived else {"ok": True, "acked": False, "warning": warning}


async def deliver_interaction(
    actor: Actor, payload: Json, *, accepts_response: bool = False
) -> Ack:
    """Deliver an interaction once; ``ActError`` if the manifest does not enable interactivity."""
    if not actor.stand_in.manifest.interactivity:
        raise ActError("interactivity_disabled", "The manifest does not enable interactivity.")
    envelope = Envelope(kind="interactive", payload=payload, accepts_response=accepts_response)
    return await actor.stand_in.dispatcher.deliver(envelope)


def rejected_ack_result(actor: Actor, error: SlackError) -> Json:
    """Report that Slack would reject the content of the app's ack."""
    actor.stand_in.journal.write("ack_rejected", error=error.code, messages=list(error.messages))
    detail = "; ".join((error.code, *error.messages))
    return {"ok": True, "acked": False, "warning": f"{CONNECTION_TROUBLE} ({detail})"}
