"""Settings for hypothesis. `COUNTERSIGN_MODEL=large` runs at least 10^5 steps."""

import os

from hypothesis import HealthCheck, settings

LARGE = os.environ.get("COUNTERSIGN_MODEL") == "large"

QUICK_PROPERTY = settings(
    deadline=None,
    database=None,
    derandomize=not LARGE,  # `make test` is reproducible; the large run is not
    max_examples=5_000 if LARGE else 40,
    suppress_health_check=[HealthCheck.too_slow],
)
"""Settings for properties of one value."""

MODEL = settings(
    QUICK_PROPERTY,
    max_examples=3_000 if LARGE else 100,
    stateful_step_count=50 if LARGE else 40,
)
"""Settings for stateful tests."""
