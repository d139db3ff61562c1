"""The office of the workflow tests, for the paths that are played again here."""

from tests.workflows.conftest import narrow_office, narrow_temporal, office, world

__all__ = ["narrow_office", "narrow_temporal", "office", "world"]
