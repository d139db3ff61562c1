"""The wheel has what the programs need, and no tests."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = {"bot", "workflows", "activities", "records", "views", "slack_api", "emulator"}
FILES = {"worker.py", "manifest.yml", "policies.toml"}


def test_the_wheel_has_our_packages_and_their_files_and_nothing_else(tmp_path: Path) -> None:
    build = (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory")
    subprocess.run([*build, str(tmp_path)], cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - our own command

    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]

    assert {name.partition("/")[0] for name in names} == PARTS | FILES
    assert "views/locales/de/LC_MESSAGES/countersign.po" in names
    assert any(name.startswith("records/migrations/versions/v0001") for name in names)
