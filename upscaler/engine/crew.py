"""Several devices at one picture: each takes the next tile when it is free."""

import threading
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import Protocol

from upscaler.engine.ladder import Ladder, Work
from upscaler.engine.statistics import Known


class Runner(Protocol):
    """What computes tiles: a ``Ladder``, or several."""

    def allow(self, pixels: int) -> None: ...
    def know(self, known: Known | None) -> None: ...
    def run(self, works: Iterable[Work]) -> Iterator[tuple[Work, int]]: ...
    def gather(self, tiles: Callable[[], Iterable[Work]]) -> Known: ...


class Crew:
    """Ladders on different devices that share the tiles of one picture; threads live only as long as ``run`` does.

    A tile's result does not depend on who computes it, but for the rounding of different kinds of devices.
    """

    def __init__(self, ladders: list[Ladder]) -> None:
        self._ladders = ladders

    def allow(self, pixels: int) -> None:
        """See ``Ladder.allow``; for each."""
        for ladder in self._ladders:
            ladder.allow(pixels)

    def know(self, known: Known | None) -> None:
        """See ``Ladder.know``; for each."""
        for ladder in self._ladders:
            ladder.know(known)

    def gather(self, tiles: Callable[[], Iterable[Work]]) -> Known:
        """See ``Ladder.gather``; by the first."""
        return self._ladders[0].gather(tiles)

    def run(self, works: Iterable[Work]) -> Iterator[tuple[Work, int]]:
        """See ``Ladder.run``."""
        shared = _Shared(works)
        results: SimpleQueue[tuple[Work, int] | BaseException | None] = SimpleQueue()

        def labour(ladder: Ladder) -> None:
            try:
                for result in ladder.run(shared):
                    results.put(result)
            except BaseException as error:  # raised again where the results are awaited
                shared.close()
                results.put(error)
            results.put(None)

        threads = [threading.Thread(target=labour, args=(ladder,)) for ladder in self._ladders]
        for thread in threads:
            thread.start()
        try:
            yield from _until_all_end(results, len(threads))
        finally:
            shared.close()
            for thread in threads:
                thread.join()


def _until_all_end(
    results: "SimpleQueue[tuple[Work, int] | BaseException | None]", workers: int
) -> Iterator[tuple[Work, int]]:
    while workers:
        result = results.get()
        if result is None:
            workers -= 1
        elif isinstance(result, BaseException):
            raise result
        else:
            yield result


class _Shared:
    """An iterator that several threads take from."""

    def __init__(self, works: Iterable[Work]) -> None:
        self._works = iter(works)
        self._lock = threading.Lock()
        self._closed = False

    def __iter__(self) -> "_Shared":
        return self

    def __next__(self) -> Work:
        with self._lock:
            if self._closed:
                raise StopIteration
            return next(self._works)

    def close(self) -> None:
        """There is no more."""
        self._closed = True
