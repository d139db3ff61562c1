"""Bounded memory: the last N items are kept, and the oldest is dropped first."""

from workflows.rules.shared.recent import append_recent


def test_a_new_item_is_appended_last() -> None:
    items = append_recent(("a", "b"), "c", 3)

    assert items == ("a", "b", "c")


def test_the_oldest_item_beyond_the_limit_is_dropped() -> None:
    items = append_recent(("a", "b", "c"), "d", 3)

    assert items == ("b", "c", "d")
