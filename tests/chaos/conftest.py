"""An installation with two bots for the crash tests. A failing trial names its seed and how to repeat it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.chaos.report import Report
from tests.chaos.trial import Trial, chaos_installation, trial_context
from tests.journeys.installation import SHORT_TASK_TIMEOUT, Installation

LOG_TAIL = 3000
RunTrial = Callable[[Trial], Awaitable[Report]]
SEED = "1"


@pytest.fixture(scope="session")
async def installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """Yield the installation that the crash tests share. Each test leaves all programs running."""
    async with chaos_installation(
        tmp_path_factory.mktemp("chaos"), SHORT_TASK_TIMEOUT
    ) as installation:
        yield installation


@pytest.fixture
def run_trial(installation: Installation) -> RunTrial:
    """Return a function that runs a trial in its short size and returns its report."""

    async def run(trial: Trial) -> Report:
        async with trial_context(installation, SEED, trial.short) as context:
            await trial.run(context)
        command = f"python -m tests.chaos --only {trial.name} --short --seed {SEED}"
        assert context.report.kept, "\n".join([*context.report.findings, f"To repeat: {command}"])
        return context.report

    return run
