"""One house with two bots for all crash tests; a failing one names its seed and how to repeat it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.chaos.ground import Trial, chaos_house, ground
from tests.chaos.tally import Tally
from tests.journeys.house import House

LAST_WORDS = 3000
RunTrial = Callable[[Trial], Awaitable[Tally]]
SEED = "1"


@pytest.fixture(scope="session")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Yield the house that crash tests share; each leaves it with everything running."""
    async with chaos_house(tmp_path_factory.mktemp("town")) as house:
        yield house


@pytest.fixture
def run_trial(town: House) -> RunTrial:
    """Return a function that runs a trial in its short size and returns what it found."""

    async def run(trial: Trial) -> Tally:
        async with ground(town, SEED, trial.short) as ready:
            await trial.run(ready)
        again = f"python -m tests.chaos --only {trial.name} --short --seed {SEED}"
        assert ready.tally.kept, "\n".join([*ready.tally.findings, f"Again: {again}"])
        return ready.tally

    return run
