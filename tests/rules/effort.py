"""How long hypothesis looks. `COUNTERSIGN_MODEL=large` is the long look: 10^5 steps and more."""

import os

from hypothesis import HealthCheck, settings

LARGE = os.environ.get("COUNTERSIGN_MODEL") == "large"

SHORT = settings(
    deadline=None,
    database=None,
    derandomize=not LARGE,  # `make test` is the same every time; the long look is not
    max_examples=5_000 if LARGE else 40,
    suppress_health_check=[HealthCheck.too_slow],
)
"""For properties of one value."""

MODEL = settings(
    SHORT,
    max_examples=3_000 if LARGE else 100,
    stateful_step_count=50 if LARGE else 40,
)
"""For whole histories."""
