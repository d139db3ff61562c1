"""What all acts of a person share: reading the request, delivering, and saying how it went."""

from emulator.delivery import Ack, Envelope
from emulator.errors import ActError, Json, SlackError
from emulator.payloads import Actor
from emulator.workspace import Channel

NO_RESPONSE = "The app did not answer in time."
CONNECTION_TROUBLE = "We had some trouble connecting. Try again?"
ACKED: Json = {"ok": True, "acked": True}


def text_field(body: Json, key: str, default: str | None = None) -> str:
    """Read a string of the request; ``ActError`` when it is none."""
    value = body.get(key, default)
    if not isinstance(value, str):
        raise ActError("invalid_arguments", f"{key} must be a string.")
    return value


def channel_of(actor: Actor, body: Json) -> Channel:
    """Find the channel of the request, if this person may see it."""
    channel = actor.stand_in.workspace.channels.get(text_field(body, "channel"))
    if channel is None or (channel.kind != "channel" and actor.user.id not in channel.members):
        raise ActError("channel_not_found", f"{actor.user.real_name} sees no such channel.")
    return channel


def element_state(body: Json) -> Json:
    """Read what was chosen in an element."""
    state = body.get("element_state", {})
    if not isinstance(state, dict):
        raise ActError("invalid_arguments", "element_state must be an object.")
    return state


def ack_result(ack: Ack, warning: str = NO_RESPONSE) -> Json:
    """Say whether the app acknowledged, with the warning a person would see if not."""
    return dict(ACKED) if ack.arrived else {"ok": True, "acked": False, "warning": warning}


async def deliver_interaction(
    actor: Actor, payload: Json, *, accepts_response: bool = False
) -> Ack:
    """Deliver an interaction, once; ``ActError`` when the manifest enables none."""
    if not actor.stand_in.manifest.interactivity:
        raise ActError("interactivity_disabled", "The manifest does not enable interactivity.")
    envelope = Envelope(kind="interactive", payload=payload, accepts_response=accepts_response)
    return await actor.stand_in.dispatcher.deliver(envelope)


def rejected_ack_result(actor: Actor, error: SlackError) -> Json:
    """Say that the app's ack held something that Slack would not take."""
    actor.stand_in.journal.write("ack_rejected", error=error.code, messages=list(error.messages))
    detail = "; ".join((error.code, *error.messages))
    return {"ok": True, "acked": False, "warning": f"{CONNECTION_TROUBLE} ({detail})"}
