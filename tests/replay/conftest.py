"""The harness of the workflow tests, for the paths that are played again here."""

from tests.workflows.conftest import harness, low_limit_harness, low_limit_temporal, ports

__all__ = ["harness", "low_limit_harness", "low_limit_temporal", "ports"]
