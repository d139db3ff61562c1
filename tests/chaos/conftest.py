"""One house with two bots for all crash tests; a failing one names its seed and how to repeat it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.chaos.report import Report
from tests.chaos.trial import Trial, chaos_installation, trial_context
from tests.journeys.installation import Installation

LOG_TAIL = 3000
RunTrial = Callable[[Trial], Awaitable[Report]]
SEED = "1"


@pytest.fixture(scope="session")
async def installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """Yield the house that crash tests share; each leaves it with everything running."""
    async with chaos_installation(tmp_path_factory.mktemp("town")) as installation:
        yield installation


@pytest.fixture
def run_trial(installation: Installation) -> RunTrial:
    """Return a function that runs a trial in its short size and returns what it found."""

    async def run(trial: Trial) -> Report:
        async with trial_context(installation, SEED, trial.short) as context:
            await trial.run(context)
        again = f"python -m tests.chaos --only {trial.name} --short --seed {SEED}"
        assert context.report.kept, "\n".join([*context.report.findings, f"Again: {again}"])
        return context.report

    return run
