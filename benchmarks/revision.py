"""Check out an earlier revision, to measure it beside the current revision."""

import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.installation import ROOT


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """Yield a directory with the files of a revision. Raises CalledProcessError if git does not know it."""
    with TemporaryDirectory() as directory:
        archive, tree = Path(directory) / "tree.tar", Path(directory) / "tree"
        subprocess.run(["git", "archive", "--output", archive, revision], cwd=ROOT, check=True)  # noqa: S603, S607
        with tarfile.open(archive) as packed:
            packed.extractall(tree, filter="data")
        yield tree
