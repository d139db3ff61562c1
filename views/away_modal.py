"""The form for time away: an absence with its delegate, or the return from one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from views import notices
from views.blocks import Block, View, message_modal, modal, problem_blocks, text_block
from views.ids import BlockId, CallbackId, InputId
from views.inputs import instant_input, person_input, tick_input
from views.payload import UnreadablePayloadError, actor_id, datetime_at, mapping_at, text_at
from views.translator import Translator
from workflows.rules.people.actors import Absence

SHOWN = 10
"""Absences listed in the form."""
_MARK = "away"


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftAbsence:
    """The values of the form: a new absence, or `back`, which deletes the absences on record."""

    starts: datetime | None = None
    ends: datetime | None = None
    delegate: str = ""
    back: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class AwaySubmission:
    """A submitted form. `view_hash` changes each time the form is shown again."""

    written: DraftAbsence
    person: str
    view_id: str
    view_hash: str

    @property
    def absence(self) -> Absence:
        """The requested absence; only valid after `check` found no errors."""
        draft = self.written
        if draft.starts is None or draft.ends is None:
            raise UnreadablePayloadError("state.values")
        return Absence(
            person=self.person, delegate=draft.delegate, starts=draft.starts, ends=draft.ends
        )


def build(
    t: Translator,
    absences: Sequence[Absence] = (),
    *,
    written: DraftAbsence | None = None,
    problem: str = "",
) -> View:
    """Return the form, with the absences on record and a `problem` (already escaped) at the top."""
    typed = written or DraftAbsence()
    return modal(
        t("away.title"),
        [
            *problem_blocks(problem, t),
            text_block(BlockId.NOTICE, t("away.what"), t),
            *_absence_blocks(absences, typed, t),
            *_inputs(typed, t, optional=bool(absences)),
        ],
        t,
        submit=t("away.submit"),
        close=t("verb.cancel"),
        callback_id=CallbackId.AWAY,
        private_metadata=_MARK,
    )


def _absence_blocks(absences: Sequence[Absence], typed: DraftAbsence, t: Translator) -> list[Block]:
    if not absences:
        return []
    lines = [t("away.have"), *(absence_text(absence, t) for absence in absences[:SHOWN])]
    label, tick = t("away.back"), t("away.back.tick")
    hint = t("away.back.hint")
    return [
        text_block(BlockId.ABSENCE, "\n".join(lines), t),
        tick_input(InputId.BACK, label, tick, hint, t, ticked=typed.back),
    ]


def _inputs(typed: DraftAbsence, t: Translator, *, optional: bool) -> list[Block]:
    starts, ends = t("away.starts"), t("away.ends")
    delegate, hint = t("away.delegate"), t("away.delegate.hint")
    return [
        instant_input(InputId.STARTS, starts, typed.starts, t, optional=optional),
        instant_input(InputId.ENDS, ends, typed.ends, t, optional=optional),
        person_input(InputId.DELEGATE, delegate, typed.delegate, t, hint=hint, optional=optional),
    ]


def absence_text(absence: Absence, t: Translator) -> str:
    """Return an absence on one line."""
    return t(
        "away.absence",
        starts=t.date(absence.starts),
        ends=t.date(absence.ends),
        delegate=t.mention(absence.delegate),
    )


def parse(body: Mapping[str, object]) -> AwaySubmission:
    """Read the `view_submission` payload of this form.

    Raises:
        UnreadablePayloadError: the payload is not one, or a required part is missing or not ours.

    """
    view = body.get("view")
    if text_at(view, "private_metadata") != _MARK or not text_at(view, "id"):
        raise UnreadablePayloadError("view")
    values = ("state", "values")
    ticked = _ticked(view)
    written = DraftAbsence(
        starts=datetime_at(view, *values, InputId.STARTS, InputId.STARTS, "selected_date_time"),
        ends=datetime_at(view, *values, InputId.ENDS, InputId.ENDS, "selected_date_time"),
        delegate=text_at(view, *values, InputId.DELEGATE, InputId.DELEGATE, "selected_user"),
        back=ticked,
    )
    return AwaySubmission(
        written=written,
        person=actor_id(body),
        view_id=text_at(view, "id"),
        view_hash=text_at(view, "hash"),
    )


def _ticked(view: object) -> bool:
    found = mapping_at(view, "state", "values", InputId.BACK, InputId.BACK).get("selected_options")
    return isinstance(found, list) and bool(found)


def check(submission: AwaySubmission, now: datetime, t: Translator) -> dict[str, str]:
    """Return the field errors that can be found without the records; empty if there are none."""
    draft = submission.written
    if draft.back:
        return {}
    found: dict[str, str] = {}
    if draft.starts is None:
        found[InputId.STARTS.value] = t("refusal.text_missing")
    if draft.ends is None:
        found[InputId.ENDS.value] = t("refusal.text_missing")
    elif draft.ends <= now:
        found |= errors("absence_in_the_past", t)
    elif draft.starts is not None and draft.ends <= draft.starts:
        found |= errors("absence_backwards", t)
    if not draft.delegate:
        found[InputId.DELEGATE.value] = t("refusal.nobody_named")
    elif draft.delegate == submission.person:
        found |= errors("absence_to_yourself", t)
    return found


_FIELDS = {"absence_backwards": InputId.ENDS, "absence_in_the_past": InputId.ENDS}


def errors(code: str, t: Translator) -> dict[str, str]:
    """Return the records' refusal at its field, for `ack(response_action="errors")`."""
    return {_FIELDS.get(code, InputId.DELEGATE).value: notices.field_refusal(code, {}, t)}


def again(
    submission: AwaySubmission, absences: Sequence[Absence], sentence: str, t: Translator
) -> View:
    """Return the form as it was submitted, with what went wrong at the top."""
    return build(t, absences, written=submission.written, problem=sentence)


def working(t: Translator) -> View:
    """Return the modal shown between the submission and its result."""
    return message(t("away.working"), t)


def recorded_text(
    absence: Absence,
    t: Translator,
    replaced: Sequence[Absence] = (),
) -> str:
    """Return that the absence is recorded, and which earlier ones it replaces."""
    lines = [t("away.noted", absence=absence_text(absence, t))]
    gone = [earlier for earlier in replaced if earlier != absence]
    if gone:
        lines.append(t("away.replaced"))
        lines += [absence_text(absence, t) for absence in gone[:SHOWN]]
    return "\n".join(lines)


def returned_text(gone: Sequence[Absence], t: Translator) -> str:
    """Return that the person is back, and which absences were deleted."""
    if not gone:
        return t("away.back.nothing")
    lines = [t("away.back.done"), *(absence_text(absence, t) for absence in gone[:SHOWN])]
    return "\n".join(lines)


def message(sentence: str, t: Translator) -> View:
    """Return a modal with one text, already escaped, and a Close button."""
    return message_modal(t("away.title"), sentence, t)
