"""All trials, by name, in the order of docs/guarantees.md."""

from tests.chaos import (
    bugs,
    converges,
    directory_storm,
    hostile_input,
    hostile_slack,
    one_card,
    one_effect,
    restarts,
    slack_down,
    truth,
)
from tests.chaos.trial import Trial

TRIALS: dict[str, Trial] = {
    trial.name: trial
    for trial in (
        one_effect.TRIAL,
        one_card.TRIAL,
        converges.TRIAL,
        slack_down.TRIAL,
        restarts.TRIAL,
        truth.TRIAL,
        bugs.TRIAL,
        hostile_slack.TRIAL,
        hostile_input.TRIAL,
        directory_storm.TRIAL,
    )
}
