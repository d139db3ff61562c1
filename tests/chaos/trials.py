"""All trials, by name, in the order of docs/guarantees.md."""

from tests.chaos import restarts
from tests.chaos.ground import Trial

TRIALS: dict[str, Trial] = {trial.name: trial for trial in (restarts.TRIAL,)}
