"""Hostile input: it is refused or escaped, and nothing refused is in the audit trail."""

from tests.chaos.conftest import RunTrial
from tests.chaos.hostile_input import TRIAL


async def test_forged_edited_and_hostile_input_is_refused_or_escaped(run_trial: RunTrial) -> None:
    """This fails without any of these.

    The signature check, the check that a button belongs to the clicked message (views/card_click.py),
    the escaping of typed text (views/text.py), and the answer to a foreign form
    (bot/listeners/errors.py).
    """
    report = await run_trial(TRIAL)

    assert report.presses >= 40
    assert report.requests == 3
