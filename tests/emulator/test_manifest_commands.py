"""A manifest with a built-in command of Slack is refused as a whole, as Slack does."""

from pathlib import Path

import pytest

from emulator.manifest import Manifest, ManifestError
from tests.emulator.conftest import MANIFEST


@pytest.mark.parametrize("command", ["/away", "/remind", "/who"])
def test_a_manifest_with_a_built_in_command_is_refused(tmp_path: Path, command: str) -> None:
    name = Manifest.load(MANIFEST).commands[0].command
    path = tmp_path / "manifest.yml"
    path.write_text(MANIFEST.read_text("utf-8").replace(f"command: {name}", f"command: {command}"))

    with pytest.raises(ManifestError, match=f"built-in command of Slack: {command}"):
        Manifest.load(path)
