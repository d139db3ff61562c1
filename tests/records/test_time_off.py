"""Days off: booked once per key, never more than granted, given back once, and always consistent."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records.database import Database
from records.steps import KeyReusedError, StepUndoneError
from records.time_off import DEFAULT_DAYS, NotEnoughDaysError, TimeOff
from tests.records.balance import Balance

WEEK = {2027: 5}


async def _is_balanced(database: Database) -> bool:
    return all(balance.balanced for balance in await Balance(database).of_time_off())


async def test_days_are_booked_and_the_rest_is_returned(database: Database) -> None:
    booking = await TimeOff(database).book("K", "HR-1", "UANA", {2027: 2, 2028: 3})

    assert booking.reference.startswith("OFF-")
    assert [(balance.year, balance.left) for balance in booking.balances] == [
        (2027, DEFAULT_DAYS - 2),
        (2028, DEFAULT_DAYS - 3),
    ]


async def test_the_same_key_books_once(database: Database) -> None:
    time_off = TimeOff(database)

    first = await time_off.book("K", "HR-1", "UANA", WEEK)
    again = await time_off.book("K", "HR-1", "UANA", WEEK)

    assert again == first
    assert (await time_off.balance("UANA", 2027)).booked == 5
    with pytest.raises(KeyReusedError):
        await time_off.book("K", "HR-1", "UANA", {2027: 6})
    with pytest.raises(KeyReusedError):
        await time_off.book("K", "HR-2", "UANA", WEEK)


async def test_more_days_than_are_left_are_refused_and_none_is_booked(database: Database) -> None:
    time_off = TimeOff(database)
    await time_off.book("K", "HR-1", "UANA", {2028: DEFAULT_DAYS - 1})

    with pytest.raises(NotEnoughDaysError) as caught:
        await time_off.book("L", "HR-2", "UANA", {2027: 3, 2028: 2})

    assert (caught.value.year, caught.value.wanted, caught.value.left) == (2028, 2, 1)
    assert (await time_off.balance("UANA", 2027)).booked == 0
    assert (await time_off.book("L", "HR-2", "UANA", {2027: 3, 2028: 1})).balances[1].left == 0


async def test_days_are_given_back_once_and_the_key_is_used_up(database: Database) -> None:
    time_off = TimeOff(database)
    await time_off.book("K", "HR-1", "UANA", WEEK)
    await time_off.book("L", "HR-2", "UANA", WEEK)

    for _ in range(3):
        await time_off.give_back("K", "HR-1", "UANA")

    assert (await time_off.balance("UANA", 2027)).booked == 5
    with pytest.raises(StepUndoneError):
        await time_off.book("K", "HR-1", "UANA", WEEK)


async def test_a_booking_after_its_undo_is_refused(database: Database) -> None:
    time_off = TimeOff(database)
    await time_off.give_back("K", "HR-1", "UANA")

    with pytest.raises(StepUndoneError):
        await time_off.book("K", "HR-1", "UANA", WEEK)

    assert (await time_off.balance("UANA", 2027)).booked == 0


async def test_a_grant_of_more_days_allows_more_bookings(database: Database) -> None:
    time_off = TimeOff(database)
    await time_off.grant("UANA", 2027, 40)
    await time_off.book("K", "HR-1", "UANA", {2027: 38})

    with pytest.raises(NotEnoughDaysError):
        await time_off.grant("UANA", 2027, 37)

    assert (await time_off.balance("UANA", 2027)).left == 2
    assert (await time_off.grant("UANA", 2027, 38)).left == 0


async def test_concurrent_bookings_never_exceed_the_grant(url: str) -> None:
    """With two programs. This fails if the check is outside the transaction."""
    async with Database(url) as first, Database(url) as second:
        bookings = [
            TimeOff((first, second)[number % 2]).book(
                f"K{number}", f"HR-{number}", "UANA", {2027: 4}
            )
            for number in range(12)
        ]
        found = await asyncio.gather(*bookings, return_exceptions=True)

        refused = [answer for answer in found if isinstance(answer, NotEnoughDaysError)]
        assert len(refused) == len(found) - DEFAULT_DAYS // 4
        assert (await TimeOff(first).balance("UANA", 2027)).left == DEFAULT_DAYS % 4
        assert await _is_balanced(first)


async def test_the_same_concurrent_booking_is_made_once(url: str) -> None:
    async with Database(url) as first, Database(url) as second:
        databases = (first, second)
        found = await asyncio.gather(
            *(TimeOff(databases[n % 2]).book("K", "HR-1", "UANA", WEEK) for n in range(8))
        )

        assert len({booking.reference for booking in found}) == 1
        assert (await TimeOff(first).balance("UANA", 2027)).booked == 5


_CALLS = st.lists(
    st.tuples(
        st.sampled_from(["book", "give back"]),
        st.integers(0, 3),
        st.sampled_from(["UANA", "UBORIS"]),
        st.integers(1, 20),
    ),
    max_size=12,
)


@settings(
    deadline=None,
    database=None,
    derandomize=True,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(calls=_CALLS, run=st.uuids())
def test_balance_and_bookings_agree_in_any_order(
    url: str, calls: list[tuple[str, int, str, int]], run: object
) -> None:
    async def play() -> None:
        async with Database(url) as database:
            time_off = TimeOff(database)
            for verb, number, person, days in calls:
                who, key = f"{person}-{run}", f"K{number}-{run}"
                try:
                    if verb == "book":
                        await time_off.book(key, f"HR-{number}", who, {2027: days, 2028: 1})
                    else:
                        await time_off.give_back(key, f"HR-{number}", who)
                except (NotEnoughDaysError, StepUndoneError, KeyReusedError):
                    pass
                assert await _is_balanced(database)

    asyncio.run(play())
