"""A directory storm: requests notice what matters, and nothing else."""

from tests.chaos.conftest import RunTrial
from tests.chaos.directory_storm import ROUNDS, TRIAL


async def test_in_a_directory_storm_requests_notice_what_matters_and_nothing_else(
    run_trial: RunTrial,
) -> None:
    """This fails without any of these.

    The comparison of profiles (workflows/rules/people/profile.py), the listeners that learn the names
    of channels, and the record that a group has changed (records/directory.py).
    """
    report = await run_trial(TRIAL)

    assert report.requests == 3 * TRIAL.short.requests
    assert report.faults >= 2 * ROUNDS * TRIAL.short.people
