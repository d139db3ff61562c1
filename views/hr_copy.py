"""*Start an amended copy*: the button that begins an HR request with what another one said."""

from collections.abc import Mapping
from dataclasses import dataclass

from views.blocks import Block, button
from views.ids import ActionId
from views.payload import UnreadablePayloadError, clicker, from_json, to_json, word
from views.translator import Translator
from workflows.rules.approvals.request import whole_of


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyValue:
    """What the button carries: the HR request to begin with."""

    request_id: str


def copy_button(request_id: str, t: Translator) -> Block:
    """Return the button. `request_id` is the HR request's, or its approval's."""
    value = to_json(CopyValue(request_id=whole_of(request_id)))
    return button(ActionId.COPY, t("hr.copy.button"), value)


def parse_copy(action: Mapping[str, object], body: Mapping[str, object]) -> tuple[str, str]:
    """Return who pressed the button, and the request to begin with.

    Raises:
        UnreadablePayloadError: it is not such a button.

    """
    value = from_json(word(action, "value"), CopyValue, "value")
    if not value.request_id:
        raise UnreadablePayloadError("value.request_id")
    return clicker(body), value.request_id
