"""Bounded memory: the last N items are kept, and the oldest is dropped first."""

from workflows.rules.shared.recent import RecentKeys, append_recent, drop_oldest


def test_a_new_item_is_appended_last() -> None:
    items = append_recent(("a", "b"), "c", 3)

    assert items == ("a", "b", "c")


def test_the_oldest_item_beyond_the_limit_is_dropped() -> None:
    items = append_recent(("a", "b", "c"), "d", 3)

    assert items == ("b", "c", "d")


def test_the_oldest_entries_of_a_dict_are_dropped_in_insertion_order() -> None:
    entries = {"b": 1, "a": 2, "c": 3}

    drop_oldest(entries, 2)

    assert entries == {"a": 2, "c": 3}


def test_a_key_is_new_once() -> None:
    keys = RecentKeys(limit=2)

    assert [keys.add("a"), keys.add("a")] == [True, False]


def test_a_dropped_key_is_new_again() -> None:
    keys = RecentKeys(limit=2)
    for key in ("a", "b", "a", "c"):
        keys.add(key)

    assert [keys.add("b"), keys.add("a")] == [False, True]
