"""What the engine tells while it works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TileDone:
    """``done`` of ``total`` tiles are finished: of the picture, or of all that are enlarged together."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Fallback:
    """The engine goes on in another way; one sentence says how and why."""

    sentence: str
    picture: int | None = None
    """Its place among the pictures that are enlarged together; None: it concerns all of them."""


Event = TileDone | Fallback
