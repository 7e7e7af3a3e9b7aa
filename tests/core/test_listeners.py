"""Listeners, and those of changes that come in bursts."""

import asyncio

from custom_components.retrocam.core.listeners import Listeners, Turnwise


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)  # a turn of the loop


def test_each_registration_is_told_until_it_is_removed() -> None:
    listeners, told = Listeners[[int]](), list[int]()
    first, second = listeners.add(told.append), listeners.add(told.append)
    listeners.tell(1)
    first()
    first()
    listeners.tell(2)
    assert (told, len(listeners)) == ([1, 1, 2], 1)
    second()
    listeners.tell(3)
    listeners.add(told.append)
    listeners.clear()
    listeners.tell(4)
    assert (told, len(listeners)) == ([1, 1, 2], 0)


def test_a_listener_that_comes_or_goes_meanwhile_does_not_change_the_turn() -> None:
    listeners, told = Listeners[[]](), list[str]()

    def change() -> None:
        told.append("first")
        remove()
        listeners.add(lambda: told.append("late"))

    listeners.add(change)
    remove = listeners.add(lambda: told.append("second"))
    listeners.tell()
    assert told == ["first", "second"]


async def test_a_burst_is_told_of_twice_and_the_last_change_is_seen() -> None:
    listeners = Turnwise(asyncio.get_running_loop())
    values, seen = list[int](), list[int]()
    leave = listeners.add(lambda: seen.append(len(values)))
    for value in range(100):
        values.append(value)
        listeners.tell()
    at_once = [1, 2, 3, 4, 5, 6, 7, 8]
    assert seen == at_once
    await turns()
    assert seen == [*at_once, 100]
    listeners.tell()
    assert seen == [*at_once, 100, 100]
    await turns()
    leave()
    listeners.tell()
    await turns()
    assert seen == [*at_once, 100, 100]


async def test_what_listeners_change_themselves_is_told_of_later() -> None:
    listeners = Turnwise(asyncio.get_running_loop())
    told = 0

    def change() -> None:
        nonlocal told
        told += 1
        if told < 3:
            listeners.tell()

    listeners.add(change)
    listeners.tell()
    assert told == 1
    await turns(5)
    assert told == 3
