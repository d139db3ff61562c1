"""Rules of the source tree that no linter checks."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import main
from bot.runtime.settings import Settings
from tests.conftest import GROUPS
from views.ids import ActionId, CallbackId
from workflows.registry import READ_ONCE

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("workflows", "activities", "records", "views", "slack_api", "bot", "emulator")
SOURCES = sorted(
    path
    for package in (*PACKAGES, "tests", "benchmarks")
    for path in (ROOT / package).rglob("*.py")
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


def test_every_module_has_a_docstring() -> None:
    without = [
        path
        for path in SOURCES
        if path.name != "__init__.py" and not ast.get_docstring(ast.parse(path.read_text()))
    ]

    assert [path for path in without if "tests" not in path.parts] == []


def test_every_package_has_a_one_line_docstring() -> None:
    first_lines = {
        str(path.relative_to(ROOT)): (
            ast.get_docstring(ast.parse(path.read_text())) or ""
        ).partition("\n")
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path.name == "__init__.py" and path.parent != ROOT / "workflows"
    }
    sentence = re.compile(r"[A-Z].*\.")

    assert [
        name for name, (first, *_) in first_lines.items() if not sentence.fullmatch(first)
    ] == []


def test_every_directory_with_modules_is_a_package() -> None:
    directories = {
        path.parent
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if "locales" not in path.parts
    }

    assert [path for path in directories if not (path / "__init__.py").exists()] == []


def test_the_workflow_package_stays_empty() -> None:
    """The sandbox imports it for each workflow."""
    assert (ROOT / "workflows" / "__init__.py").read_text() == ""


def test_import_contracts_name_packages_and_no_files() -> None:
    """Adding a file must not edit pyproject.toml. Settings are protected, so their importers are named."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    named = {
        module
        for contract in contracts
        if contract["id"] != "settings"
        for key, value in contract.items()
        if isinstance(value, list)
        for module in re.findall(r"[a-z_]+(?:\.\w+)*", " ".join(value))
    }
    ours = {module for module in named if module.partition(".")[0] in PACKAGES}

    assert {*PACKAGES} <= ours
    assert [module for module in ours if not (ROOT / module.replace(".", "/")).is_dir()] == []


def test_the_settings_contract_protects_one_module() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    protected = [
        contract["protected_modules"] for contract in contracts if "protected_modules" in contract
    ]

    assert protected == [["bot.runtime.settings"]]


def test_every_file_of_a_test_group_exists() -> None:
    files = [ROOT / "tests" / file for group in GROUPS.values() for file in group]

    assert [path for path in files if not path.is_file()] == []
    assert len(files) == len(set(files))


def test_the_sandbox_imports_only_workflow_modules_for_each_workflow() -> None:
    modules = {path.stem: path for path in (ROOT / "workflows").glob("*.py") if path.stem[0] != "_"}
    with_workflows = {
        name for name, path in modules.items() if "@workflow.defn" in path.read_text()
    }

    assert len(with_workflows) > 5
    assert {*READ_ONCE} == modules.keys() - with_workflows - {"registry"} | {"rules", "ports"}


def test_no_module_imports_the_worker() -> None:
    importing = [
        path
        for path in SOURCES
        if re.search(r"^\s*(from|import) worker\b", path.read_text(), re.MULTILINE)
    ]

    assert [path for path in importing if "tests" not in path.parts] == []


def test_the_bot_does_not_know_whether_slack_is_real() -> None:
    mentioning = [
        path.relative_to(ROOT)
        for package in ("bot", "views", "slack_api")
        for path in (ROOT / package).rglob("*.py")
        if re.search(
            r"emulator|(slack|local) stand.in|stand.in slack", path.read_text(), re.IGNORECASE
        )
    ]

    assert set(map(str, mentioning)) <= {
        "bot/cli/demo.py",
        "bot/cli/main.py",
        "bot/cli/programs.py",
        "bot/runtime/settings.py",
    }


def test_every_button_and_modal_has_exactly_one_listener() -> None:
    listeners = "\n".join(path.read_text() for path in (ROOT / "bot/listeners").glob("*.py"))

    for action in ActionId:
        assert listeners.count(f"app.action(ActionId.{action.name})") == 1
    for callback in CallbackId:
        assert listeners.count(f"app.view(CallbackId.{callback.name})") == 1


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name.upper()}`" in README
    assert name.upper() in (ROOT / ".env.example").read_text()


def test_the_readme_names_every_command() -> None:
    result = CliRunner().invoke(main.app, ["--help"], prog_name="countersign")
    names = re.findall(r"^│ (\w+) +\S", result.output, re.MULTILINE)

    assert names
    for name in names:
        assert f"countersign {name}" in README


def test_every_make_target_in_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()

    for target in set(re.findall(r"^make ([\w-]+)", README, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
_NAMED_PATH = re.compile(r"`([\w./-]+(?:\.(?:py|toml|md|yml|json|po|sh)|/))`")
_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_document_names_exists(document: Path) -> None:
    """A path may be shortened to its last parts, as in `verbs.py`."""
    prose = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
    files = [path.relative_to(ROOT) for path in tracked_files()]
    known = {f"/{path}" for path in files} | {
        f"/{folder}" for path in files for folder in path.parents
    }
    links = [link for link in _LINK.findall(prose) if "://" not in link]
    named = [name.removeprefix("../").rstrip("/") for name in _NAMED_PATH.findall(prose)]

    assert [link for link in links if not (document.parent / link).exists()] == []
    assert [name for name in named if not any(path.endswith(f"/{name}") for path in known)] == []


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
