"""The wheel has what the programs need, and no tests."""

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = {"bot", "workflows", "activities", "records", "views", "slack_api", "emulator"}
FILES = {"worker.py", "manifest.yml", "policies.toml"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory")
    subprocess.run([*build, str(built)], cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - our own command
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the `bin` of a new environment with the wheel and, of this environment, the dependencies.

    Python does not read the .pth files of a folder that a .pth file names, so the checkout, which is
    installed here in editable mode, is out of reach.
    """
    place = tmp_path_factory.mktemp("installed") / "venv"
    uv = Path(sys.executable).parent / "uv"
    python = place / "bin" / "python"
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(place)], check=True)  # noqa: S603
    install = (uv, "pip", "install", "-q", "--offline", "--no-deps", "--python", str(python))
    subprocess.run([*install, str(wheel)], check=True)  # noqa: S603 - our own command
    site = next(place.glob("lib/python*/site-packages"))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return place / "bin"


def run(program: Path, *words: str, directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program
        [program, *words],
        cwd=directory,
        env={"PATH": str(program.parent)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_has_our_packages_and_their_files_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]

    assert {name.partition("/")[0] for name in names} == PARTS | FILES
    assert "views/locales/de/LC_MESSAGES/countersign.po" in names
    assert any(name.startswith("records/migrations/versions/v0001") for name in names)


def test_an_installed_wheel_runs_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    countersign = installed / "countersign"
    policies = next(installed.parent.glob("lib/*/site-packages/policies.toml"))
    program = "import bot.__main__, emulator.__main__, worker; print(worker.__file__)"

    version = run(countersign, "--version", directory=tmp_path)
    check = run(countersign, "policy", "check", str(policies), directory=tmp_path)
    upgrade = run(countersign, "db", "upgrade", directory=tmp_path)
    imported = run(installed / "python", "-c", program, directory=tmp_path)

    assert version.stdout.startswith("countersign ")
    assert "no errors" in check.stdout, check.stderr
    assert upgrade.stdout == "The database is up to date.\n", upgrade.stderr
    assert imported.stdout.strip() == str(policies.with_name("worker.py")), imported.stderr


def test_a_command_without_settings_says_so_and_creates_nothing(
    installed: Path, tmp_path: Path
) -> None:
    result = run(installed / "countersign", "request", "list", directory=tmp_path)

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("There is no database file ")
    assert "countersign db upgrade" in result.stderr
    assert list(tmp_path.iterdir()) == []
