"""Tests of plain and coalesced listeners."""

import asyncio

from custom_components.retrocam.core.listeners import CoalescedListeners, Listeners


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)  # a turn of the loop


def test_each_registration_is_called_until_removed() -> None:
    listeners, received = Listeners[[int]](), list[int]()
    first, second = listeners.add(received.append), listeners.add(received.append)
    listeners.notify(1)
    first()
    first()
    listeners.notify(2)
    assert (received, len(listeners)) == ([1, 1, 2], 1)
    second()
    listeners.notify(3)
    listeners.add(received.append)
    listeners.clear()
    listeners.notify(4)
    assert (received, len(listeners)) == ([1, 1, 2], 0)


def test_changes_during_a_notification_apply_to_the_next() -> None:
    listeners, received = Listeners[[]](), list[str]()

    def change() -> None:
        received.append("first")
        remove()
        listeners.add(lambda: received.append("late"))

    listeners.add(change)
    remove = listeners.add(lambda: received.append("second"))
    listeners.notify()
    assert received == ["first", "second"]


async def test_burst_is_coalesced_and_its_last_change_notified() -> None:
    listeners = CoalescedListeners(asyncio.get_running_loop())
    values, seen = list[int](), list[int]()
    leave = listeners.add(lambda: seen.append(len(values)))
    for value in range(100):
        values.append(value)
        listeners.notify()
    at_once = [1, 2, 3, 4, 5, 6, 7, 8]
    assert seen == at_once
    await turns()
    assert seen == [*at_once, 100]
    listeners.notify()
    assert seen == [*at_once, 100, 100]
    await turns()
    leave()
    listeners.notify()
    await turns()
    assert seen == [*at_once, 100, 100]


async def test_changes_by_listeners_are_notified_later() -> None:
    listeners = CoalescedListeners(asyncio.get_running_loop())
    received = 0

    def change() -> None:
        nonlocal received
        received += 1
        if received < 3:
            listeners.notify()

    listeners.add(change)
    listeners.notify()
    assert received == 1
    await turns(5)
    assert received == 3
