"""The fixtures of the workflow tests, for the paths that run again here."""

from tests.workflows.conftest import harness, low_limit_harness, low_limit_temporal, ports

__all__ = ["harness", "low_limit_harness", "low_limit_temporal", "ports"]
