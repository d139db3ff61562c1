"""Runs the unit tests on each other Python that Countersign supports and this machine has.

`python -m tests.interpreters` keeps an environment for each in `.venv`, and exits with 1 if a test fails.
"""

import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUPPORTED = ("3.11", "3.12", "3.13", "3.14")
ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "dev.lock"
UV = ROOT / ".venv" / "bin" / "uv"
TESTS = (
    "-m",
    "pytest",
    "-q",
    "-n",
    "2",
    "--dist",
    "loadfile",
    "-p",
    "no:cacheprovider",
    "-m",
    "unit",
)


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """An installed Python and its full version."""

    path: Path
    version: str


def find(minor: str) -> Interpreter | None:
    """Return a Python of this minor version that runs, or None."""
    for path in _candidates(minor):
        words = [str(path), "-c", "import platform; print(platform.python_version())"]
        found = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - a path from PATH
        if found.returncode == 0:
            return Interpreter(path=path, version=found.stdout.strip())
    return None


def _candidates(minor: str) -> Iterator[Path]:
    """Yield the Python on PATH, and those that a pyenv shim can run but has not selected."""
    named = shutil.which(f"python{minor}")
    if named is None:
        return
    path = Path(named)
    yield path
    if path.parent.name == "shims":
        yield from sorted(path.parents[1].glob(f"versions/{minor}.*/bin/python{minor}"))


def passes(minor: str, interpreter: Interpreter) -> bool:
    """Run the unit tests on an interpreter, in an environment with the locked dependencies."""
    python = _environment(minor, interpreter)
    return subprocess.run([python, *TESTS], cwd=ROOT, check=False).returncode == 0  # noqa: S603 - our own command


def _environment(minor: str, interpreter: Interpreter) -> Path:
    """Return the Python of an environment that matches the lock file; built only if it has changed."""
    place = ROOT / ".venv" / f"python{minor}"
    python, installed = place / "bin" / "python", place / "dev.lock"
    wanted = f"{interpreter}\n{LOCK.read_text(encoding='utf-8')}"
    if installed.exists() and installed.read_text(encoding="utf-8") == wanted:
        return python
    install = ("pip", "install", "--quiet", "--python", str(python))
    for words in (
        ("venv", "--quiet", "--clear", "--python", str(interpreter.path), str(place)),
        (*install, "--require-hashes", "--requirement", str(LOCK)),
        (*install, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)),
    ):
        subprocess.run([UV, *words], check=True)  # noqa: S603 - our own command
    installed.write_text(wanted, encoding="utf-8")
    return python


def main() -> int:
    """Run them all, and print one line for each version."""
    own = ".".join(platform.python_version_tuple()[:2])
    results = {own: f"{platform.python_version()}: runs the whole suite"}
    failed = False
    for minor in SUPPORTED:
        if minor == own:
            continue
        interpreter = find(minor)
        if interpreter is None:
            results[minor] = f"{minor}: skipped, as no python{minor} is installed"
            continue
        passed = passes(minor, interpreter)
        failed = failed or not passed
        results[minor] = f"{interpreter.version}: unit tests {'passed' if passed else 'FAILED'}"
    for minor in sorted(results):
        print(f"Python {results[minor]}")  # noqa: T201 - its output
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
