"""Record the golden histories and their fingerprints.

    python -m tests.replay.record            record the paths that have no history yet
    python -m tests.replay.record --all      record every path again

Run this after an intended change, and review the difference before you commit it.

It runs each path of `scenarios.py` on the real server with the fake ports, and writes one
`histories/<path>.json` each and the whole `fingerprints.json`. Keep the histories of a released
version as long as its workflows may still run: record a changed path under a new name, and gate
the change with `workflow.patched`.
"""

import asyncio
import json
import sys
from typing import Any

from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from bot.cli.demo import temporal_binary
from tests.conftest import DEV_SERVER_ARGS
from tests.replay.fingerprint import BASELINE, HISTORIES, fingerprint
from tests.replay.scenarios import LOW_LIMIT, SCENARIOS
from tests.workflows.continued_runs import LOW_LIMIT_SERVER_ARGS
from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import run_harness
from workflows.payloads import data_converter

IDENTITY = "countersign-recorder"
"""The identity in the histories, instead of the SDK's process id and host name."""


async def record(names: list[str]) -> None:
    """Run the named paths and write their histories and fingerprints."""
    prints = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    prints = {name: prints[name] for name in SCENARIOS if name in prints}
    prints |= await _play([name for name in names if name not in LOW_LIMIT])
    prints |= await _play([name for name in names if name in LOW_LIMIT], *LOW_LIMIT_SERVER_ARGS)
    BASELINE.write_text(json.dumps(prints, indent=1, sort_keys=True) + "\n")
    await asyncio.sleep(0.5)  # the SDK may crash if the process ends right after its server


async def _play(names: list[str], *server_args: str) -> dict[str, list[str]]:
    """Run the named paths on a new server and return their fingerprints."""
    prints: dict[str, list[str]] = {}
    env = await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=temporal_binary(),
        dev_server_extra_args=[*DEV_SERVER_ARGS, *server_args],
        data_converter=data_converter,
        dev_server_log_level="error",
        identity=IDENTITY,
        ts_config=TimeSkippingConfig(enabled=False),
    )
    async with env:
        for name in names:
            async with run_harness(env, FakePorts(), queue="golden", identity=IDENTITY) as harness:
                handle = await SCENARIOS[name](harness, f"golden-{name}")
                history = await handle.fetch_history()
            written = json.dumps(_anonymous(history.to_json()), indent=1, sort_keys=True)
            (HISTORIES / f"{name}.json").write_text(written + "\n")
            prints[name] = fingerprint(history.events)
            sys.stdout.write(f"{name}: {len(history.events)} events\n")
    return prints


def _anonymous(history: str) -> Any:
    """Return the history without stack traces, which contain this machine's paths."""
    return json.loads(
        history,
        object_hook=lambda part: part | {"stackTrace": ""} if "stackTrace" in part else part,
    )


def main() -> None:
    """Record the missing paths, or all."""
    HISTORIES.mkdir(exist_ok=True)
    everything = "--all" in sys.argv[1:]
    missing = [n for n in SCENARIOS if everything or not (HISTORIES / f"{n}.json").exists()]
    asyncio.run(record(missing))


if __name__ == "__main__":
    main()
