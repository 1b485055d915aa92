"""What happens during a job, as data: one stream for progress bar, ``--json`` lines, window and tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Planned:
    """The job is known: ``items`` inputs, and which model was chosen, with the reason in one line."""

    items: int
    model: str
    reason: str


@dataclass(frozen=True, slots=True)
class Downloading:
    """Weights are on their way: bytes here, and in all (None where the source does not say)."""

    file: str
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Started:
    item: int
    source: str
    output: str


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``total`` tiles (of a picture) or frames (of a film)."""

    item: int
    done: int
    total: int
    stage: str = "upscaling"


@dataclass(frozen=True, slots=True)
class Fallback:
    """The engine went on in another way (smaller tile, fp32, CPU, another executor); the sentence says why."""

    item: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Warned:
    """Something of the input cannot be kept, or a choice deserves a word.  ``item`` is None for the whole job."""

    item: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The output is whole, was opened again and is right."""

    item: int
    output: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    item: int
    source: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Skipped:
    item: int
    source: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Completed:
    """The last event of every job."""

    finished: int
    failed: int
    skipped: int
    seconds: float
    exit_code: int


Event = Planned | Downloading | Started | Progress | Fallback | Warned | Finished | Failed | Skipped | Completed
