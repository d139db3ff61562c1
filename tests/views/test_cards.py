"""The registry of renderers."""

from typing import get_args

from views.cards import RENDERERS
from workflows.rules.snapshots import Snapshot


def test_every_type_of_snapshot_has_a_renderer() -> None:
    assert set(RENDERERS) == set(get_args(Snapshot))
