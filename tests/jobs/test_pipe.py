"""The bounded queue between decoder, network and encoder."""

import threading

import pytest

from upscaler.jobs.pipe import Pipe, Shut


def test_things_come_out_in_order_and_then_none() -> None:
    pipe: Pipe[int] = Pipe(10, 100)
    for number in range(3):
        pipe.put(number)
    pipe.end()
    assert [pipe.get() for _ in range(5)] == [0, 1, 2, None, None]


@pytest.mark.parametrize(("things", "most", "size"), [(2, 1000, 1), (100, 25, 10)])
def test_who_puts_waits_while_it_is_full(things: int, most: int, size: int) -> None:
    pipe: Pipe[int] = Pipe(things, most)
    put: list[int] = []

    def fill() -> None:
        for number in range(6):
            pipe.put(number, size)
            put.append(number)
        pipe.end()

    thread = threading.Thread(target=fill)
    thread.start()
    thread.join(0.2)
    assert put == [0, 1]
    got = [pipe.get() for _ in range(6)]
    thread.join(5)
    assert got == list(range(6))


def test_something_too_large_passes_alone() -> None:
    pipe: Pipe[str] = Pipe(5, 10)
    pipe.put("huge", 1000)
    assert pipe.get() == "huge"


def test_shutting_wakes_both_sides() -> None:
    pipe: Pipe[int] = Pipe(1, 10)
    caught: list[str] = []

    def reader() -> None:
        with pytest.raises(Shut):
            pipe.get()
        caught.append("reader")

    thread = threading.Thread(target=reader)
    thread.start()
    pipe.shut()
    thread.join(5)
    assert caught == ["reader"]
    with pytest.raises(Shut):
        pipe.put(1)


def test_the_next_thing_is_taken_only_if_it_fits() -> None:
    pipe: Pipe[int] = Pipe(5, 10)
    assert pipe.get_now(lambda n: True) is None
    pipe.put(7)
    assert pipe.get_now(lambda n: n > 10) is None
    assert pipe.get_now(lambda n: n == 7) == 7
