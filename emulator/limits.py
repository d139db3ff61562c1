"""Block Kit rules: fields, limits and allowed surfaces of each block and element.

Sources: docs.slack.dev/reference/block-kit (blocks, block elements, composition objects) and
blocks.json.
"""

from collections.abc import Mapping

from emulator.shapes import AnyValue, Bool, Int, Items, Obj, Rule, Str, Text, TypedObject

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MESSAGE_BLOCKS_SIZE = 13_200  # characters of compact JSON; undocumented, reported in bolt-js#2509
VIEW_SIZE = 250_000
MODAL_DEPTH = 3
POST_TEXT = 40_000
UPDATE_TEXT = 4000
MARKDOWN_TEXT = 12_000
METADATA_SIZE = 8000  # undocumented; third parties report 8 kB
ATTACHMENTS = 100

_ID = Str(255)
_OPAQUE = AnyValue()
_DATE = Str(10, pattern=r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_TIME = Str(5, pattern=r"([01]\d|2[0-3]):[0-5]\d")

_CONFIRM = Obj(
    {
        "title": Text(100),
        "text": Text(300, plain=False),
        "confirm": Text(30),
        "deny": Text(30),
        "style": Str(one_of=("primary", "danger")),
    },
    ("title", "text", "confirm", "deny"),
)


def _option(*, plain: bool) -> Obj:
    fields: dict[str, Rule] = {
        "text": Text(75, plain=plain),
        "value": Str(150),
        "description": Text(75, plain=plain),
        "url": Str(3000),
    }
    return Obj(fields, ("text", "value"))


_OPTION = _option(plain=True)
_CHOICE = _option(plain=False)
_GROUP = Obj({"label": Text(75), "options": Items(_OPTION, 100)}, ("label", "options"))


def _element(
    fields: Mapping[str, Rule], required: tuple[str, ...] = (), one_of: tuple[str, ...] = ()
) -> Obj:
    common: dict[str, Rule] = {"action_id": _ID, "confirm": _CONFIRM, "focus_on_load": Bool()}
    return Obj(common | dict(fields), required, one_of)


def _select(fields: Mapping[str, Rule], *, multi: bool, static: bool = False) -> Obj:
    extra: dict[str, Rule] = {"placeholder": Text(150)}
    if multi:
        extra["max_selected_items"] = Int(1)
    return _element(extra | dict(fields), one_of=("options", "option_groups") if static else ())


def _typed_input(fields: Mapping[str, Rule], required: tuple[str, ...] = ()) -> Obj:
    common: dict[str, Rule] = {"placeholder": Text(150), "dispatch_action_config": AnyValue()}
    return _element(common | dict(fields), required)


_CONVERSATIONS: dict[str, Rule] = {
    "default_to_current_conversation": Bool(),
    "filter": AnyValue(),
}
_STATIC: dict[str, Rule] = {"options": Items(_OPTION, 100), "option_groups": Items(_GROUP, 100)}

SELECTS: dict[str, Rule] = {
    "static_select": _select(_STATIC | {"initial_option": _OPTION}, multi=False, static=True),
    "external_select": _select({"initial_option": _OPTION, "min_query_length": Int()}, multi=False),
    "users_select": _select({"initial_user": Str(255)}, multi=False),
    "conversations_select": _select(
        _CONVERSATIONS | {"initial_conversation": Str(255), "response_url_enabled": Bool()},
        multi=False,
    ),
    "channels_select": _select(
        {"initial_channel": Str(255), "response_url_enabled": Bool()}, multi=False
    ),
    "multi_static_select": _select(
        _STATIC | {"initial_options": Items(_OPTION, 100)}, multi=True, static=True
    ),
    "multi_external_select": _select(
        {"initial_options": Items(_OPTION, 100), "min_query_length": Int()}, multi=True
    ),
    "multi_users_select": _select({"initial_users": Items(Str(255), 1000, 0)}, multi=True),
    "multi_conversations_select": _select(
        _CONVERSATIONS | {"initial_conversations": Items(Str(255), 1000, 0)}, multi=True
    ),
    "multi_channels_select": _select({"initial_channels": Items(Str(255), 1000, 0)}, multi=True),
}
PICKERS: dict[str, Rule] = {
    "radio_buttons": _element(
        {"options": Items(_CHOICE, 10), "initial_option": _CHOICE}, ("options",)
    ),
    "checkboxes": _element(
        {"options": Items(_CHOICE, 10), "initial_options": Items(_CHOICE, 10)}, ("options",)
    ),
    "datepicker": _element({"placeholder": Text(150), "initial_date": _DATE}),
    "timepicker": _element({"placeholder": Text(150), "initial_time": _TIME, "timezone": Str(255)}),
    "datetimepicker": _element({"initial_date_time": Int(1_000_000_000, 9_999_999_999)}),
}
BUTTONS: dict[str, Rule] = {
    "button": _element(
        {
            "text": Text(75),
            "url": Str(3000),
            "value": Str(2000),
            "style": Str(one_of=("primary", "danger")),
            "accessibility_label": Str(75),
            "agent_prompt": AnyValue(),
        },
        ("text",),
    ),
    "overflow": _element({"options": Items(_OPTION, 5)}, ("options",)),
    "workflow_button": Obj({"action_id": _ID}, open=True),
}
TEXT_INPUTS: dict[str, Rule] = {
    "plain_text_input": _typed_input(
        {
            "initial_value": Str(3000),
            "multiline": Bool(),
            "min_length": Int(0, 3000),
            "max_length": Int(1, 3000),
        }
    ),
    "number_input": _typed_input(
        {
            "is_decimal_allowed": Bool(),
            "initial_value": Str(3000),
            "min_value": Str(3000),
            "max_value": Str(3000),
        },
        ("is_decimal_allowed",),
    ),
    "email_text_input": _typed_input({"initial_value": Str(3000)}),
    "url_text_input": _typed_input({"initial_value": Str(3000)}),
    "rich_text_input": _typed_input({"initial_value": AnyValue()}),
    "file_input": Obj({"action_id": _ID}, open=True),
}
_IMAGE = Obj(
    {"image_url": Str(3000), "alt_text": Str(2000), "slack_file": AnyValue()},
    ("alt_text",),
    ("image_url", "slack_file"),
)

INTERACTIVE = SELECTS | PICKERS | BUTTONS
INPUTS = SELECTS | PICKERS | TEXT_INPUTS
STATEFUL = frozenset(INPUTS)


def _block(
    fields: Mapping[str, Rule], required: tuple[str, ...] = (), one_of: tuple[str, ...] = ()
) -> Obj:
    return Obj({"block_id": _ID, **fields}, required, one_of)


BLOCKS: dict[str, Rule] = {
    "section": _block(
        {
            "text": Text(3000, plain=False),
            "fields": Items(Text(2000, plain=False), 10),
            "accessory": TypedObject(INTERACTIVE | {"image": _IMAGE}),
            "expand": Bool(),
        },
        one_of=("text", "fields"),
    ),
    "header": _block({"text": Text(150), "level": Int(1, 6)}, ("text",)),
    "divider": _block({}),
    "context": _block(
        {
            "elements": Items(
                TypedObject(
                    {
                        "image": _IMAGE,
                        "plain_text": Text(3000),
                        "mrkdwn": Text(3000, plain=False),
                    }
                ),
                10,
            )
        },
        ("elements",),
    ),
    "actions": _block({"elements": Items(TypedObject(INTERACTIVE), 25)}, ("elements",)),
    "input": _block(
        {
            "label": Text(2000),
            "element": TypedObject(INPUTS),
            "hint": Text(2000),
            "optional": Bool(),
            "dispatch_action": Bool(),
        },
        ("label", "element"),
    ),
    "image": _block(
        {
            "image_url": Str(3000),
            "alt_text": Str(2000),
            "title": Text(2000),
            "slack_file": AnyValue(),
        },
        ("alt_text",),
        ("image_url", "slack_file"),
    ),
    "rich_text": _block({"elements": Items(_OPAQUE, 1000, 0)}, ("elements",)),
    "markdown": _block({"text": Str(MARKDOWN_TEXT, 1)}, ("text",)),
    "table": _block(
        {"rows": Items(Items(_OPAQUE, 20), 100), "column_settings": Items(_OPAQUE, 20)}, ("rows",)
    ),
    "alert": _block({"text": Text(3000, plain=False), "level": Str(50)}, ("text",)),
    # Blocks that Slack knows and we accept without validation.
    **dict.fromkeys(
        (
            "video",
            "file",
            "context_actions",
            "card",
            "carousel",
            "container",
            "plan",
            "task_card",
            "data_table",
            "data_visualization",
        ),
        Obj({"block_id": _ID}, open=True),
    ),
}

# Blocks that only some surfaces allow; all others are allowed everywhere.
SURFACES: dict[str, tuple[str, ...]] = {
    "alert": ("modal",),
    "file": ("message",),
    "table": ("message",),
    "markdown": ("message",),
    "carousel": ("message",),
    "context_actions": ("message",),
}
# Elements that only modals allow (docs: file input).
MODAL_ONLY_ELEMENTS = frozenset({"file_input"})

VIEW = Obj(
    {
        "title": Text(24),
        "submit": Text(24),
        "close": Text(24),
        "blocks": AnyValue(),
        "private_metadata": Str(3000),
        "callback_id": Str(255),
        "external_id": Str(255),
        "clear_on_close": Bool(),
        "notify_on_close": Bool(),
        "submit_disabled": Bool(),
    },
    ("blocks",),
)
