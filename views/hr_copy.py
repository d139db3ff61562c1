"""*Start an amended copy*: the button that opens the HR form with the content of another request."""

from collections.abc import Mapping
from dataclasses import dataclass

from views.blocks import Block, button
from views.ids import ActionId
from views.payload import UnreadablePayloadError, actor_id, from_json, text_at, to_json
from views.translator import Translator
from workflows.rules.approvals.request import Status
from workflows.rules.hr.snapshot import HrSnapshot, Provisioning
from workflows.rules.shared.ids import parent_id


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyValue:
    """The value of the button: the HR request to copy."""

    request_id: str


def is_copyable(snapshot: HrSnapshot) -> bool:
    """Return whether the request was rejected or could not be carried out."""
    return snapshot.status is Status.REJECTED or snapshot.provisioning is Provisioning.FAILED


def copy_button(request_id: str, t: Translator) -> Block:
    """Return the button; `request_id` is that of the HR request or of its approval."""
    value = to_json(CopyValue(request_id=parent_id(request_id)))
    return button(ActionId.COPY, t("hr.copy.button"), value)


def parse_copy(action: Mapping[str, object], body: Mapping[str, object]) -> tuple[str, str]:
    """Return the person who clicked the button, and the id of the request to copy.

    Raises:
        UnreadablePayloadError: the payload is not that of this button.

    """
    value = from_json(text_at(action, "value"), CopyValue, "value")
    if not value.request_id:
        raise UnreadablePayloadError("value.request_id")
    return actor_id(body), value.request_id
