"""Optional test data outside the repository: Slack's recordings and manifest schema."""

from pathlib import Path

_ROOT = Path(__file__).parents[2]


def beside_checkout(name: str) -> Path | None:
    """Find a file or folder in the folders next to the checkout, or return None."""
    return next(iter(sorted(_ROOT.parent.glob(f"*/{name}"))), None)
