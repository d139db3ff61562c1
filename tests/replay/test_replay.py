"""Histories of earlier runs replay with the current code; changed commands are detected."""

import json
import re

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from tests.replay.fingerprint import HISTORIES, RECORD, baseline, fingerprint
from tests.replay.scenarios import LOW_LIMIT, SCENARIOS
from tests.workflows.harness import Harness, new_id
from tests.workflows.incompatible_approval import IncompatibleApproval
from workflows.payloads import data_converter
from workflows.registry import AUDITED_WORKFLOWS, WORKFLOWS, sandbox

GOLDEN = sorted(path.stem for path in HISTORIES.glob("*.json"))

EXPLANATION = f"""
{{name}}: the workflow's commands have changed.

Requests that wait in production were started by the old code and would stop with a
NondeterminismError. If that code was released, put the change behind workflow.patched("..."), keep
the old history, and add the new path under a new name to tests/replay/scenarios.py. Then, or if
nothing was released, record:

    {RECORD} --all
"""


def history(name: str) -> WorkflowHistory:
    written = (HISTORIES / f"{name}.json").read_text()
    return WorkflowHistory.from_json(f"golden-{name}", written)


@pytest.mark.parametrize("name", GOLDEN)
async def test_a_recorded_history_replays(name: str) -> None:
    replayer = Replayer(
        workflows=WORKFLOWS, data_converter=data_converter, workflow_runner=sandbox()
    )

    replayed = await replayer.replay_workflow(history(name), raise_on_replay_failure=False)

    assert replayed.replay_failure is None, EXPLANATION.format(name=name)


@pytest.fixture
def path_harness(request: pytest.FixtureRequest, name: str) -> Harness:
    harness: Harness = request.getfixturevalue(
        "low_limit_harness" if name in LOW_LIMIT else "harness"
    )
    return harness


@pytest.mark.parametrize("name", SCENARIOS)
async def test_the_current_code_issues_the_commands_of_the_baseline(
    path_harness: Harness, name: str
) -> None:
    handle = await SCENARIOS[name](path_harness, new_id(name))

    commands = fingerprint((await handle.fetch_history()).events)

    assert commands == baseline().get(name), EXPLANATION.format(name=name)


@pytest.mark.parametrize("name", GOLDEN)
def test_every_history_has_the_fingerprint_of_the_baseline(name: str) -> None:
    commands = fingerprint(history(name).events)

    assert commands == baseline().get(name), EXPLANATION.format(name=name)


def test_the_workflows_that_append_facts_are_exactly_those_registered_as_audited() -> None:
    """`countersign audit verify --all` looks for requests of these types only."""
    recorded, appending = set(), set()
    for name in GOLDEN:
        events = history(name).events
        workflow_type = events[0].workflow_execution_started_event_attributes.workflow_type.name
        recorded.add(workflow_type)
        scheduled = (event.activity_task_scheduled_event_attributes for event in events)
        if any(task.activity_type.name == "append" for task in scheduled):
            appending.add(workflow_type)

    assert recorded == {registered.__name__ for registered in WORKFLOWS}
    assert appending == {registered.__name__ for registered in AUDITED_WORKFLOWS}


def test_every_path_is_recorded() -> None:
    missing = set(SCENARIOS) - set(GOLDEN)

    assert not missing, f"record the missing paths: {RECORD}"


@pytest.mark.parametrize("name", GOLDEN)
def test_a_history_contains_no_machine_names(name: str) -> None:
    written = (HISTORIES / f"{name}.json").read_text()

    identities = set(re.findall(r'"identity": "([^"]*)"', written))
    assert identities <= {"countersign-recorder", "history-service"}
    assert "/work" not in written
    assert "/home" not in written
    assert not re.search(r"\b\d+@[\w.-]+", json.dumps(json.loads(written)))


async def test_an_incompatible_edit_is_detected() -> None:
    replayer = Replayer(
        workflows=[IncompatibleApproval],
        data_converter=data_converter,
        workflow_runner=UnsandboxedWorkflowRunner(),
    )

    with pytest.raises(workflow.NondeterminismError):
        await replayer.replay_workflow(history("approved_approval"))
