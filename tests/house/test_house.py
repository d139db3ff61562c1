"""What no linter knows about this house, each rule a few lines."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from bot.cli import main
from bot.runtime.settings import Settings
from views.ids import ActionId, CallbackId
from workflows.registry import READ_ONCE

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("workflows", "activities", "records", "views", "slack_api", "bot", "emulator")
SOURCES = sorted(
    path for room in (*ROOMS, "tests", "benchmarks") for path in (ROOT / room).rglob("*.py")
)
README = (ROOT / "README.md").read_text()


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_every_module_says_what_lives_in_it() -> None:
    without = [
        path
        for path in SOURCES
        if path.name != "__init__.py" and not ast.get_docstring(ast.parse(path.read_text()))
    ]

    assert [path for path in without if "tests" not in path.parts] == []


def test_the_workflow_package_stays_empty() -> None:
    assert (ROOT / "workflows" / "__init__.py").read_text() == ""


def test_the_sandbox_reads_the_files_of_the_workflows_and_nothing_else_for_each_workflow() -> None:
    rooms = {path.stem: path for path in (ROOT / "workflows").glob("*.py") if path.stem[0] != "_"}
    with_workflows = {name for name, path in rooms.items() if "@workflow.defn" in path.read_text()}

    assert len(with_workflows) > 5
    assert {*READ_ONCE} == rooms.keys() - with_workflows - {"registry"} | {"rules", "ports"}


def test_nobody_imports_the_worker() -> None:
    importing = [
        path
        for path in SOURCES
        if re.search(r"^\s*(from|import) worker\b", path.read_text(), re.MULTILINE)
    ]

    assert [path for path in importing if "tests" not in path.parts] == []


def test_the_bot_does_not_know_whether_slack_is_real() -> None:
    knowing = [
        path.relative_to(ROOT)
        for room in ("bot", "views", "slack_api")
        for path in (ROOT / room).rglob("*.py")
        if re.search(
            r"emulator|(slack|local) stand.in|stand.in slack", path.read_text(), re.IGNORECASE
        )
    ]

    assert set(map(str, knowing)) <= {
        "bot/cli/demo.py",
        "bot/cli/main.py",
        "bot/runtime/settings.py",
    }


def test_every_button_and_modal_has_exactly_one_listener() -> None:
    listeners = "\n".join(path.read_text() for path in (ROOT / "bot/listeners").glob("*.py"))

    for action in ActionId:
        assert listeners.count(f"app.action(ActionId.{action.name})") == 1
    for callback in CallbackId:
        assert listeners.count(f"app.view(CallbackId.{callback.name})") == 1


def test_every_declared_command_has_a_listener_and_the_reverse() -> None:
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text())
    declared = {command["command"] for command in manifest["features"]["slash_commands"]}
    listeners = "\n".join(path.read_text() for path in (ROOT / "bot/listeners").glob("*.py"))

    assert declared == set(re.findall(r'app\.command\("(/[\w-]+)"\)', listeners))


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name.upper()}`" in README
    assert name.upper() in (ROOT / ".env.example").read_text()


def test_the_readme_shows_the_help_that_the_program_gives() -> None:
    result = CliRunner().invoke(main.app, ["--help"], prog_name="countersign")
    names = re.findall(r"^│ (\w+) +\S", result.output, re.MULTILINE)

    assert names
    for name in names:
        assert f"countersign {name}" in README


def test_every_make_target_in_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()

    for target in set(re.findall(r"^make ([\w-]+)", README, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_page_builds_no_html_from_strings() -> None:
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(")
    offending = [
        path.name
        for path in (ROOT / "emulator/static").glob("*.js")
        if forbidden.search(path.read_text())
    ]

    assert offending == []


def test_no_lock_file_names_a_registry_and_no_file_names_this_machine() -> None:
    machine = re.compile(
        r"(?<![\w.])/(work|root|home)/\w|--(extra-)?index-url=|files\.pythonhosted|pypi\.org"
    )
    offending = [
        path.relative_to(ROOT)
        for path in tracked_files()
        if path.suffix not in {".png", ".json"}
        and path.name != "test_house.py"
        and machine.search(path.read_text(errors="replace"))
    ]

    assert offending == []
    assert not (ROOT / "uv.lock").exists()
