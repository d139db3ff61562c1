"""Facts about Slack's payloads: keys and JSON types per payload kind, with their public sources.

We derived the facts from recordings and anonymized structures in Slack's MIT-licensed SDK repositories
(commits: java-slack-sdk 86ff7ca9915e, bolt-python a2f21ae4b1d1, python-slack-sdk ae87985e2c38). They
contain no values, except those that identify the kind of payload.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

_JAVA = "slackapi/java-slack-sdk: "
_BOLT = "slackapi/bolt-python: "
_PYTHON = "slackapi/python-slack-sdk: "
_SAMPLES = f"{_JAVA}json-logs/samples/"
_ENVELOPE_TEST = f"{_JAVA}slack-api-client .../socket_mode/EnvelopeTest.java"
_REMOTE_FUNCTION_TEST = f"{_JAVA}bolt .../RemoteFunctionTest.java"
_SOCKET_MODE_SERVER = f"{_PYTHON}tests/slack_sdk/socket_mode/mock_socket_mode_server.py"
_BOLT_SCENARIOS = f"{_BOLT}tests/scenario_tests_async/"


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A public recording of a payload.

    ``file`` is its name in the folder of recordings. ``part`` selects a key of the recording, and
    ``skip`` lists paths that the facts do not cover, including everything below them.
    """

    file: str
    origin: str
    part: str = ""
    skip: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The keys of one payload kind.

    ``keys`` maps the path of an object to its keys by JSON type, as in ``"string: id name; object: team"``.
    The type ``any`` means that all recordings have null. In a path, ``0`` is the first item of an array
    and ``*`` is any key, for objects whose keys the app chooses. ``values`` identify the kind. The
    stand-in sends the kind if ``emitted``.
    """

    recordings: tuple[Recording, ...]
    keys: Mapping[str, str]
    values: Mapping[str, str] = field(default_factory=dict)
    emitted: bool = True

    def types(self) -> dict[str, str]:
        """Return the JSON type of each path."""
        found = {}
        for parent, spec in self.keys.items():
            for group in spec.split(";"):
                kind, _, names = group.partition(":")
                for name in names.split():
                    found[f"{parent}/{name}" if parent else name] = kind.strip()
        return found


OMITTED: dict[str, frozenset[str]] = {
    "only on Enterprise Grid": frozenset(
        {"enterprise_id", "enterprise_name", "enterprise_user", "teams"}
    ),
    "sent only to apps created before 2021": frozenset({"authed_users", "authed_teams"}),
    "functions are not implemented": frozenset(
        {"function_data", "bot_access_token", "interactivity"}
    ),
    "only in messages with attachments or unfurled links": frozenset(
        {"attachment_id", "is_app_unfurl", "app_unfurl_url", "app_unfurl"}
    ),
    "only in some accounts: bots, guests, strangers, custom images, Slack Connect": frozenset(
        {
            "always_active", "guest_channels", "guest_expiration_ts", "guest_invited_by", "has_files",
            "huddle_state", "huddle_state_expiration_ts", "image_1024", "image_original",
            "is_connector_bot", "is_custom_image", "is_invited_user", "is_stranger",
            "is_workflow_bot", "presence", "pronouns", "start_date", "status_emoji_url",
            "two_factor_type",
        }
    ),
    "only in failed calls and with token rotation": frozenset(
        {"error", "needed", "provided", "warning", "response_metadata", "expires_in"}
    ),
}  # fmt: skip
"""Recorded keys that the stand-in leaves out, wherever they occur, by reason."""


def _under(path: str, keys: Mapping[str, str]) -> dict[str, str]:
    return {f"{path}/{key}".rstrip("/"): spec for key, spec in keys.items()}


_TEAM = {"team": "string: id domain"}
_USER = {"user": "string: id username name team_id"}
_CHANNEL = {"channel": "string: id name"}
_ENTERPRISE = {"enterprise": "string: id name"}
_LABEL = "string: type text; boolean: emoji"
_BUTTON_ACTION = {
    "actions/0": "string: action_id block_id value type action_ts; object: text",
    "actions/0/text": _LABEL,
}
_MODAL = {
    "": (
        "string: id team_id type private_metadata callback_id external_id hash root_view_id"
        " previous_view_id app_id app_installed_team_id bot_id;"
        " boolean: clear_on_close notify_on_close submit_disabled;"
        " object: title submit close state"
    ),
    "title": _LABEL,
    "submit": _LABEL,
    "close": _LABEL,
}
_EVENT = {
    "": (
        "string: token team_id api_app_id type event_id event_context; number: event_time;"
        " boolean: is_ext_shared_channel; object: event; array: authorizations"
    ),
    "authorizations/0": "string: team_id user_id; boolean: is_bot is_enterprise_install",
}
_ACCOUNT = {
    "": (
        "string: id team_id name color real_name tz tz_label who_can_share_contact_card;"
        " number: tz_offset updated;"
        " boolean: deleted is_admin is_owner is_primary_owner is_restricted is_ultra_restricted"
        " is_bot is_app_user has_2fa is_email_confirmed;"
        " object: profile"
    ),
    "profile": (
        "string: title phone skype team first_name last_name real_name real_name_normalized"
        " display_name display_name_normalized status_text status_text_canonical status_emoji"
        " avatar_hash email image_24 image_32 image_48 image_72 image_192 image_512;"
        " number: status_expiration"
    ),
}
_ACCOUNT_RESPONSE = {
    **_ACCOUNT,
    "profile": f"{_ACCOUNT['profile']}; array: status_emoji_display_info",
}
_FUNCTION_PARAMETER = (
    "string: type name description title hint; number: maximum minimum; boolean: is_required"
)
# Recorded for bots and with include_locale only; the items depend on the user's status emoji.
_ACCOUNT_EXTRAS = (
    "user/locale",
    "user/profile/api_app_id",
    "user/profile/bot_id",
    "user/profile/status_emoji_display_info/0",
)
_SLASH_ENVELOPES = ("socket_envelope.recorded.0.slash_commands.json", "socket_mode_envelope.4.json")

FACTS: dict[str, Facts] = {
    "hello": Facts(
        recordings=(Recording(file="socket_mode_envelope.json", origin=_ENVELOPE_TEST),),
        keys={
            "": "string: type; number: num_connections; object: debug_info connection_info",
            "debug_info": "string: host; number: build_number approximate_connection_time",
            "connection_info": "string: app_id",
        },
        values={"type": "hello"},
    ),
    "interactive envelope": Facts(
        recordings=(
            Recording(file="socket_mode_envelope.2.json", origin=_ENVELOPE_TEST, skip=("payload",)),
        ),
        keys={"": "string: envelope_id type; boolean: accepts_response_payload"},
        values={"type": "interactive"},
    ),
    "slash command envelope": Facts(
        recordings=(
            Recording(file=_SLASH_ENVELOPES[0], origin=_SOCKET_MODE_SERVER, skip=("payload",)),
            Recording(file=_SLASH_ENVELOPES[1], origin=_ENVELOPE_TEST, skip=("payload",)),
        ),
        keys={"": "string: envelope_id type; boolean: accepts_response_payload"},
        values={"type": "slash_commands"},
    ),
    "event envelope": Facts(
        recordings=(
            Recording(
                file="socket_envelope.recorded.3.events_api.message.json",
                origin=_SOCKET_MODE_SERVER,
                skip=("payload",),
            ),
        ),
        keys={
            "": (
                "string: envelope_id type retry_reason; number: retry_attempt;"
                " boolean: accepts_response_payload"
            )
        },
        values={"type": "events_api"},
    ),
    "block_actions in a message": Facts(
        recordings=(
            Recording(
                file="block_actions.docs_button.json",
                origin=f"{_JAVA}slack-app-backend .../BlockActionPayloadTest.java",
            ),
            Recording(file="socket_mode_envelope.2.json", origin=_ENVELOPE_TEST, part="payload"),
            Recording(file="function_scoped.2.json", origin=_REMOTE_FUNCTION_TEST),
            Recording(
                file="structures/block_actions.structure.json",
                origin=f"{_SAMPLES}app-backend/interactive-components/BlockActionPayload.json",
                # This structure is the union of all clicks, also of clicks in views and attachments.
                skip=(
                    "message",
                    "view",
                    "state",
                    "actions",
                    "container/view_id",
                    "container/thread_ts",
                    "container/text",
                ),
            ),
        ),
        keys={
            "": (
                "string: type api_app_id token trigger_id response_url;"
                " boolean: is_enterprise_install;"
                " object: team user container channel message state enterprise; array: actions"
            ),
            **_TEAM,
            **_USER,
            **_CHANNEL,
            **_ENTERPRISE,
            "container": "string: type message_ts channel_id; boolean: is_ephemeral",
            "state": "object: values",
            "message": "string: bot_id type text user ts team app_id; array: blocks",
            "message/blocks/0": "string: type block_id; array: elements",
            "message/blocks/0/elements/0": "string: type action_id value; object: text",
            "message/blocks/0/elements/0/text": _LABEL,
            **_BUTTON_ACTION,
        },
        values={"type": "block_actions"},
    ),
    "block_actions in the App Home": Facts(
        recordings=(
            Recording(
                file="block_actions.home_tab.real.json",
                origin=f"{_JAVA}bolt .../BlockActionTest.java",
            ),
        ),
        keys={
            "": (
                "string: type api_app_id token trigger_id; object: team user container view;"
                " array: actions"
            ),
            **_TEAM,
            **_USER,
            "container": "string: type view_id",
            "view": (
                "string: id team_id type private_metadata callback_id external_id hash"
                " root_view_id app_id app_installed_team_id bot_id;"
                " boolean: clear_on_close notify_on_close; object: state title; array: blocks;"
                " any: close submit previous_view_id"
            ),
            "view/title": _LABEL,
            "view/state": "object: values",
            "view/blocks/0": "string: type block_id; object: text",
            "view/blocks/0/text": "string: type text; boolean: verbatim",
            **_BUTTON_ACTION,
            "actions/0": f"{_BUTTON_ACTION['actions/0']}; string: style",
        },
        values={"type": "block_actions"},
    ),
    "view_submission": Facts(
        recordings=(
            Recording(
                file="view_submission.bolt.json", origin=f"{_BOLT_SCENARIOS}test_view_submission.py"
            ),
            Recording(
                file="view_submission.response_urls.json",
                origin=f"{_BOLT_SCENARIOS}test_view_submission.py",
            ),
            Recording(
                file="structures/view_submission.structure.json",
                origin=f"{_SAMPLES}app-backend/views/ViewSubmissionPayload.json",
                # It belongs to view_closed; this structure merges the two.
                skip=("is_cleared",),
            ),
        ),
        keys={
            "": (
                "string: type api_app_id token trigger_id; boolean: is_enterprise_install;"
                " object: team user view enterprise; array: response_urls"
            ),
            **_TEAM,
            **_USER,
            **_ENTERPRISE,
            **_under("view", _MODAL),
            "view": f"{_MODAL['']}; array: blocks",
            "view/blocks/0": "string: type block_id; boolean: optional; object: label element",
            "view/blocks/0/label": "string: type text",
            "view/blocks/0/element": "string: type action_id",
            "view/state": "object: values",
            "view/state/values/*/*": "string: type value",
            "response_urls/0": "string: block_id action_id channel_id response_url",
        },
        values={"type": "view_submission", "view/type": "modal"},
    ),
    "view_closed": Facts(
        recordings=(
            Recording(
                file="structures/view_closed.structure.json",
                origin=f"{_SAMPLES}app-backend/views/ViewClosedPayload.json",
            ),
        ),
        keys={
            "": (
                "string: type api_app_id token; boolean: is_enterprise_install is_cleared;"
                " object: team user view enterprise"
            ),
            **_TEAM,
            **_USER,
            **_ENTERPRISE,
            **_under("view", _MODAL),
        },
        values={"type": "view_closed", "view/type": "modal"},
    ),
    "global shortcut": Facts(
        recordings=(
            Recording(file="shortcut.global.json", origin=f"{_BOLT_SCENARIOS}test_shortcut.py"),
        ),
        keys={
            "": "string: type token action_ts callback_id trigger_id; object: team user",
            **_TEAM,
            "user": "string: id username team_id",
        },
        values={"type": "shortcut"},
    ),
    "message shortcut": Facts(
        recordings=(
            Recording(
                file="shortcut.message_action.json", origin=f"{_BOLT_SCENARIOS}test_shortcut.py"
            ),
            Recording(
                file="structures/message_shortcut.structure.json",
                origin=f"{_SAMPLES}app-backend/interactive-components/MessageShortcutPayload.json",
                skip=("message",),  # the union of all kinds of messages
            ),
        ),
        keys={
            "": (
                "string: type token action_ts callback_id trigger_id message_ts response_url;"
                " boolean: is_enterprise_install; object: team user channel message enterprise"
            ),
            **_TEAM,
            "user": "string: id name team_id",
            **_CHANNEL,
            **_ENTERPRISE,
            "message": "string: client_msg_id type text user ts team; array: blocks",
            "message/blocks/0": "string: type block_id; array: elements",
            "message/blocks/0/elements/0": "string: type; array: elements",
            "message/blocks/0/elements/0/elements/0": "string: type user_id",
        },
        values={"type": "message_action"},
    ),
    "slash command": Facts(
        recordings=(
            Recording(
                file="slash_command.form.txt",
                origin=f"{_JAVA}bolt-jakarta-servlet .../SlashCommandTest.java",
            ),
            Recording(file=_SLASH_ENVELOPES[0], origin=_SOCKET_MODE_SERVER, part="payload"),
            Recording(file=_SLASH_ENVELOPES[1], origin=_ENVELOPE_TEST, part="payload"),
            Recording(
                file="structures/slash_command.structure.json",
                origin=f"{_SAMPLES}app-backend/slash-commands/SlashCommandPayload.json",
                # A boolean in this structure, but text ("false") when sent.
                skip=("is_enterprise_install",),
            ),
        ),
        keys={
            "": (
                "string: token team_id team_domain channel_id channel_name user_id user_name command"
                " text api_app_id response_url trigger_id"
            )
        },
    ),
    "message event": Facts(
        recordings=(
            Recording(
                file="socket_envelope.recorded.3.events_api.message.json",
                origin=_SOCKET_MODE_SERVER,
                part="payload",
            ),
        ),
        keys={
            **_EVENT,
            "event": "string: client_msg_id type text user ts team channel event_ts channel_type",
        },
        values={"type": "event_callback", "event/type": "message"},
    ),
    "app_mention event": Facts(
        recordings=(
            Recording(file="event.app_mention.json", origin=f"{_BOLT_SCENARIOS}test_events.py"),
        ),
        keys={
            "": (
                "string: token team_id api_app_id type event_id; number: event_time; object: event"
            ),
            "event": "string: client_msg_id type text user ts team channel event_ts",
        },
        values={"type": "event_callback", "event/type": "app_mention"},
    ),
    "team_join event": Facts(
        recordings=(
            Recording(
                file="structures/team_join.structure.json",
                origin=f"{_SAMPLES}events/TeamJoinPayload.json",
                skip=("event/user/profile/api_app_id", "event/user/profile/bot_id"),
            ),
        ),
        keys={
            **_EVENT,
            "event": "string: type; object: user",
            **_under("event/user", _ACCOUNT),
            "event/user": f"{_ACCOUNT['']}; string: locale",
        },
        values={"type": "event_callback", "event/type": "team_join"},
    ),
    "app_home_opened event": Facts(
        recordings=(
            Recording(
                file="structures/app_home_opened.structure.json",
                origin=f"{_SAMPLES}events/AppHomeOpenedPayload.json",
            ),
        ),
        keys={
            **_EVENT,
            "event": "string: type user channel tab event_ts; object: view",
            **_under("event/view", _MODAL),
        },
        values={"type": "event_callback", "event/type": "app_home_opened"},
    ),
    "function_executed event": Facts(
        recordings=(
            Recording(
                file="function_executed.event.json", origin=f"{_BOLT_SCENARIOS}test_function.py"
            ),
            Recording(file="function_scoped.json", origin=_REMOTE_FUNCTION_TEST),
        ),
        keys={
            "": (
                "string: token team_id api_app_id type event_id; number: event_time; object: event"
            ),
            "event": (
                "string: type function_execution_id workflow_execution_id event_ts;"
                " object: function inputs"
            ),
            "event/inputs": "string: stringToReverse message user_id; number: amount",
            "event/function": (
                "string: id callback_id title description type app_id;"
                " number: date_created date_updated date_deleted; boolean: form_enabled;"
                " array: input_parameters output_parameters"
            ),
            "event/function/input_parameters/0": _FUNCTION_PARAMETER,
            "event/function/output_parameters/0": _FUNCTION_PARAMETER,
        },
        values={"type": "event_callback", "event/type": "function_executed"},
        emitted=False,
    ),
    "app_uninstalled event": Facts(
        recordings=(
            Recording(
                file="structures/app_uninstalled.structure.json",
                origin=f"{_SAMPLES}events/AppUninstalledPayload.json",
            ),
        ),
        keys={**_EVENT, "event": "string: type"},
        values={"type": "event_callback", "event/type": "app_uninstalled"},
        emitted=False,
    ),
    "tokens_revoked event": Facts(
        recordings=(
            Recording(
                file="structures/tokens_revoked.structure.json",
                origin=f"{_SAMPLES}events/TokensRevokedPayload.json",
            ),
        ),
        keys={
            **_EVENT,
            "event": "string: type; object: tokens",
            "event/tokens": "array: oauth bot",
            "event/tokens/oauth": "string: 0",
            "event/tokens/bot": "string: 0",
        },
        values={"type": "event_callback", "event/type": "tokens_revoked"},
        emitted=False,
    ),
}


def _response(method: str, keys: Mapping[str, str], skip: tuple[str, ...] = ()) -> Facts:
    recording = Recording(
        file=f"structures/api.{method}.structure.json",
        origin=f"{_SAMPLES}api/{method}.json",
        skip=skip,
    )
    return Facts(recordings=(recording,), keys=keys)


RESPONSES: dict[str, Facts] = {
    "auth.test": _response(
        "auth.test",
        {
            "": (
                "string: url team user team_id user_id bot_id app_name app_id;"
                " boolean: ok is_enterprise_install"
            )
        },
    ),
    "chat.postEphemeral": _response("chat.postEphemeral", {"": "string: message_ts; boolean: ok"}),
    "dnd.info": _response(
        "dnd.info",
        {"": "number: next_dnd_start_ts next_dnd_end_ts; boolean: ok dnd_enabled"},
    ),
    "usergroups.users.list": _response(
        "usergroups.users.list", {"": "boolean: ok; array: users", "users": "string: 0"}
    ),
    "users.info": _response(
        "users.info",
        {"": "boolean: ok; object: user", **_under("user", _ACCOUNT_RESPONSE)},
        _ACCOUNT_EXTRAS,
    ),
    "users.lookupByEmail": _response(
        "users.lookupByEmail",
        {"": "boolean: ok; object: user", **_under("user", _ACCOUNT_RESPONSE)},
        _ACCOUNT_EXTRAS,
    ),
}
"""Responses of Web API methods."""


def example(kind: str) -> Json:
    """Build a payload of this kind from its facts, with placeholders for most values."""
    placeholders: dict[str, Any] = {"string": "X", "number": 1, "boolean": False, "any": None}
    facts = FACTS[kind]
    root: Json = {}
    for path, json_type in facts.types().items():
        value = facts.values.get(path, placeholders.get(json_type))
        if path.endswith("user/id"):
            value = "W0USER"  # apps may check the format of user ids
        if json_type in ("object", "array"):
            value = {} if json_type == "object" else []
        *parents, name = path.split("/")
        _put(_container(root, parents), name, value)
    return root


def _container(root: Json, parents: list[str]) -> Json | list[Any]:
    place: Any = root
    for name in parents:
        if isinstance(place, list):
            if not place:
                place.append({})
            place = place[0]
        else:
            place = place.setdefault(name, {})
    container: Json | list[Any] = place
    return container


def _put(container: Json | list[Any], name: str, value: Any) -> None:
    if isinstance(container, list):
        container.append(value)
    elif not (isinstance(container.get(name), dict | list) and value in ({}, [])):
        container[name] = value
