"""The office of the workflow tests, for the paths that are played again here."""

from tests.workflows.conftest import office, world

__all__ = ["office", "world"]
