"""The form for time away: its values, its errors and its confirmations."""

from datetime import timedelta
from typing import Any

import pytest

from records import absences
from records.absences import AbsenceError
from tests.views.examples import NOW
from tests.views.payloads import view_submission
from tests.views.slack_limits import check_view
from views import away_modal
from views.away_modal import DraftAbsence
from views.payload import UnreadablePayloadError
from views.translator import ENGLISH
from workflows.rules.people.actors import Absence

HOUR = timedelta(hours=1)
ABSENCE = Absence(person="U0BORIS", delegate="U0DORA", starts=NOW, ends=NOW + 5 * HOUR)


def _at(hours: int) -> int:
    return int((NOW + hours * HOUR).timestamp())


def _submitted(**typed: object) -> away_modal.AwaySubmission:
    return away_modal.parse(view_submission(away_modal.build(ENGLISH, [ABSENCE]), typed))


def test_a_submission_becomes_an_absence() -> None:
    submission = _submitted(starts=_at(0), ends=_at(5), delegate="U0DORA")

    assert away_modal.check(submission, NOW, ENGLISH) == {}
    assert submission.absence == ABSENCE
    assert (submission.view_id, submission.view_hash) == ("V1", "1.h")


WRONG: list[tuple[dict[str, object], set[str]]] = [
    ({}, {"starts", "ends", "delegate"}),
    ({"starts": _at(0), "ends": _at(5)}, {"delegate"}),
    ({"starts": _at(0), "ends": _at(5), "delegate": "U0BORIS"}, {"delegate"}),
    ({"starts": _at(5), "ends": _at(5), "delegate": "U0DORA"}, {"ends"}),
    ({"starts": _at(-9), "ends": _at(0), "delegate": "U0DORA"}, {"ends"}),
    ({"starts": True, "ends": -1, "delegate": "U0DORA"}, {"starts", "ends"}),
    ({"back": True}, set()),
]


@pytest.mark.parametrize(("typed", "fields"), WRONG)
def test_an_error_is_at_its_field(typed: dict[str, object], fields: set[str]) -> None:
    assert away_modal.check(_submitted(**typed), NOW, ENGLISH).keys() == fields


def test_a_form_shown_again_keeps_its_values() -> None:
    submission = _submitted(starts=_at(0), ends=_at(5), delegate="U0DORA", back=True)
    view: dict[str, Any] = away_modal.again(submission, [ABSENCE], "Please try again.", ENGLISH)
    elements = {
        block["block_id"]: block["element"] for block in view["blocks"] if "element" in block
    }

    check_view(view)
    assert elements["starts"]["initial_date_time"] == _at(0)
    assert elements["delegate"]["initial_user"] == "U0DORA"
    assert elements["back"]["initial_options"]
    assert submission.written == DraftAbsence(
        starts=ABSENCE.starts, ends=ABSENCE.ends, delegate="U0DORA", back=True
    )


def test_only_a_person_with_an_absence_can_be_back() -> None:
    assert "checkboxes" in str(away_modal.build(ENGLISH, [ABSENCE]))
    assert "checkboxes" not in str(away_modal.build(ENGLISH))


@pytest.mark.parametrize(
    "error",
    [
        error
        for error in vars(absences).values()
        if isinstance(error, type) and issubclass(error, AbsenceError) and error is not AbsenceError
    ],
)
def test_every_refusal_of_the_records_has_a_text_at_a_field(error: type[AbsenceError]) -> None:
    ((field, sentence),) = away_modal.errors(error.code, ENGLISH).items()

    assert field in {"ends", "delegate"}
    assert error.code not in sentence


def test_the_confirmations() -> None:
    assert "delegate: <@U0DORA>" in str(away_modal.recorded_text(ABSENCE, ENGLISH))
    assert "It replaces" not in str(away_modal.recorded_text(ABSENCE, ENGLISH, [ABSENCE]))
    assert "Welcome back" in str(away_modal.returned_text([ABSENCE], ENGLISH))
    assert "nothing changed" in str(away_modal.returned_text([], ENGLISH))
    for view in (
        away_modal.working(ENGLISH),
        away_modal.message(away_modal.returned_text([ABSENCE] * 99, ENGLISH), ENGLISH),
    ):
        check_view(view)


@pytest.mark.parametrize("part", [{"private_metadata": "x"}, {"id": ""}])
def test_a_foreign_submission_is_refused_with_the_name_of_the_part(part: dict[str, str]) -> None:
    body = view_submission(away_modal.build(ENGLISH), {})
    body["view"] |= part

    with pytest.raises(UnreadablePayloadError):
        away_modal.parse(body)
