"""The log of Temporal's native core, which otherwise prints to standard error in another format."""

import logging

from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

LOGGER = logging.getLogger("temporalio.core")
FILTER = TelemetryFilter(core_level="WARN", other_level="ERROR")
"""What the SDK logs by default."""


def forward(shown: TelemetryFilter = FILTER) -> None:
    """Send the core's log to the standard library's. Call this once, before the first connection."""
    forwarding = LogForwardingConfig(logger=LOGGER, append_target_to_name=False)
    logs = LoggingConfig(filter=shown, forwarding=forwarding)
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=logs)))
