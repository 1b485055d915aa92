"""The queue: what was dropped, how far each row is, and how long the rest takes.  No Qt here."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path


class State(StrEnum):
    """What a row is doing.  The value names it in the table's texts."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = frozenset({State.DONE, State.SKIPPED, State.FAILED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Row:
    """One input.  Sizes are (width, height) in pixels, None until the plan knows them."""

    path: Path
    size_in: tuple[int, int] | None = None
    size_out: tuple[int, int] | None = None
    state: State = State.WAITING
    done: float = 0.0
    """0..1."""

    sentence: str = ""
    """Why it failed or was skipped, or what was not kept."""

    output: Path | None = None
    seconds: float = 0.0
    """Spent on it."""

    left: float | None = None
    """Seconds, while it runs; None: not known yet."""

    steps: tuple[int, int] = (0, 0)
    """Tiles or frames: how many are done, of how many."""

    film: bool = False

    @property
    def pixels(self) -> int:
        return self.size_in[0] * self.size_in[1] if self.size_in else 0


@dataclass(slots=True)
class QueueState:
    """Rows in the order in which they were dropped; a path stands in it once."""

    rows: list[Row] = field(default_factory=list)
    _places: dict[Path, int] = field(default_factory=dict)

    def add(self, paths: Iterable[Path]) -> int:
        """Append what is not there yet; how many rows that were."""
        new = [path for path in dict.fromkeys(paths) if path not in self._places]
        for path in new:
            self._places[path] = len(self.rows)
            self.rows.append(Row(path))
        return len(new)

    def where(self, path: Path) -> int | None:
        """The number of a path's row."""
        return self._places.get(path)

    def remove(self, numbers: Iterable[int]) -> None:
        """Take rows out; one that is running stays."""
        gone = {number for number in numbers if self.rows[number].state is not State.RUNNING}
        self.rows = [row for number, row in enumerate(self.rows) if number not in gone]
        self._places = {row.path: number for number, row in enumerate(self.rows)}

    def change(self, number: int, **changes: object) -> None:
        """Replace fields of one row."""
        self.rows[number] = replace(self.rows[number], **changes)  # type: ignore[arg-type]

    def retry(self, number: int) -> None:
        """Let a row that ended wait again."""
        row = self.rows[number]
        if row.state in FINAL:
            self.rows[number] = Row(row.path, row.size_in, row.size_out, film=row.film)

    def pending(self) -> list[int]:
        """Numbers of the rows that wait."""
        return [number for number, row in enumerate(self.rows) if row.state is State.WAITING]

    @property
    def done(self) -> float:
        """0..1 over all rows, weighed by their pixels where the sizes are known.  1 only when all are over."""
        weights = [row.pixels or 1 for row in self.rows]
        finished = (1.0 if row.state in FINAL else min(row.done, 0.99) for row in self.rows)
        return sum(w * d for w, d in zip(weights, finished, strict=True)) / sum(weights) if weights else 0.0

    def count(self, state: State) -> int:
        return sum(row.state is state for row in self.rows)


def seconds_left(spent: float, done: float) -> float | None:
    """Time left at the pace so far; None while too little is known (under 1 % or half a second)."""
    if done < 0.01 or spent < 0.5:
        return None
    return spent * (1 - done) / done
