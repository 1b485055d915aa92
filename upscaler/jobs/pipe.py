"""Work in three stages at once: bounded queues that can be shut from either side, and the threads around them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Any, Generic, TypeVar

from upscaler.jobs.stages import Worked

T = TypeVar("T")


class Shut(Exception):
    """The other side has gone."""


class Pipe(Generic[T]):
    """A queue between two threads that holds a bounded number of things and bytes."""

    def __init__(self, things: int, most_bytes: int) -> None:
        self._things, self._most = things, most_bytes
        self._held: deque[tuple[T, int]] = deque()
        self._bytes = 0
        self._ended = self._shut = False
        self._changed = threading.Condition()
        self.was_full = self.was_empty = 0.0
        """Seconds for which one side waited for the other: to put something in, to get something out."""

    def put(self, thing: T, size: int = 0) -> None:
        """Waits while the pipe is full; something larger than the limit passes when the pipe is empty."""
        with self._changed:
            self.was_full += self._wait_until(lambda: self._shut or not self._full(size))
            if self._shut:
                raise Shut
            self._held.append((thing, size))
            self._bytes += size
            self._changed.notify_all()

    def get(self) -> T | None:
        """The next thing; None after the last.  Waits while there is none yet."""
        with self._changed:
            self.was_empty += self._wait_until(lambda: self._shut or bool(self._held) or self._ended)
            return self._taken()

    def get_now(self, fits: Callable[[T], bool]) -> T | None:
        """The next thing, if it is there already and fits."""
        with self._changed:
            return self._taken() if self._held and fits(self._held[0][0]) else None

    def end(self) -> None:
        """Nothing more will be put in."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def shut(self) -> None:
        """Nothing more will be taken out: who puts something in, or waits to, gets ``Shut``."""
        with self._changed:
            self._shut = True
            self._held.clear()
            self._changed.notify_all()

    def _wait_until(self, so: Callable[[], bool]) -> float:
        begun = perf_counter()
        self._changed.wait_for(so)
        return perf_counter() - begun

    def _full(self, size: int) -> bool:
        return bool(self._held) and (len(self._held) >= self._things or self._bytes + size > self._most)

    def _taken(self) -> T | None:
        if self._shut:
            raise Shut
        if not self._held:
            return None
        thing, size = self._held.popleft()
        self._bytes -= size
        self._changed.notify_all()
        return thing


def run_stages(
    name: str,
    decode: Callable[[], None],
    decoded: Pipe[Any],
    enlarge: Callable[[], None],
    enlarged: Pipe[Any],
    encode: Callable[[], None],
) -> Worked:
    """Decode -> pipe -> enlarge (in the caller's thread) -> pipe -> encode, all at the same time.

    ``decode`` ends its pipe itself; that of ``enlarge`` is ended here.  What one of the threads raises ends all, and is
    raised here.  Returns how long each was at work.
    """
    errors: list[BaseException] = []
    seconds: dict[str, float] = {}
    begun = perf_counter()

    def started(stage: str, work: Callable[[], None]) -> threading.Thread:
        def guarded() -> None:
            try:
                work()
                seconds[stage] = perf_counter() - begun
            except Shut:
                pass
            except BaseException as error:
                errors.append(error)
                decoded.shut()
                enlarged.shut()

        thread = threading.Thread(target=guarded, name=f"upscaler {name} {stage}", daemon=True)
        thread.start()
        return thread

    decoder, encoder = started("decoder", decode), started("encoder", encode)
    try:
        enlarge()
        seconds["network"] = perf_counter() - begun
        enlarged.end()
        encoder.join()
    except Shut:
        pass  # a thread has ended the line; its error follows
    finally:
        decoded.shut()
        enlarged.shut()
        decoder.join()
        encoder.join()
    if errors:
        raise errors[0]
    return Worked(
        decoding=seconds["decoder"] - decoded.was_full,
        network=seconds["network"] - decoded.was_empty - enlarged.was_full,
        encoding=seconds["encoder"] - enlarged.was_empty,
        whole=perf_counter() - begun,
    )
