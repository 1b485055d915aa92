"""What became of a job: for the summary, for ``--report`` and for the window."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import msgspec

from upscaler.jobs.stages import Worked

State = Literal["finished", "failed", "skipped", "not done"]


class ItemReport(msgspec.Struct, kw_only=True):
    source: str
    output: str
    state: State = "not done"
    sentence: str = ""
    """Why it failed or was skipped."""

    kind: str = ""
    width: int = 0
    height: int = 0
    out_width: int = 0
    out_height: int = 0
    models: list[str] = []
    seconds: float = 0.0
    bytes: int = 0
    warnings: list[str] = []
    fallbacks: list[str] = []
    tile_check: dict[str, float] | None = None
    """How far tiles were from the whole, where that was asked for."""
    frames: int = 0
    """Of a film."""

    damaged_frames: int = 0
    """Of these, how many the source's damage concealed."""

    reused: float = 0.0
    """Share of tiles that equalled those of the frame before, and were not computed again."""


class Report(msgspec.Struct, kw_only=True):
    """All items in the plan's order, and the whole."""

    version: str
    settings: dict[str, object]
    items: list[ItemReport]
    model_reason: str = ""
    engines: list[str] = []
    """What ran where, in which type."""

    stages: dict[str, Worked] = {}
    """How long decoding, network and encoding were at work, by kind of input; empty where the job was paused,
    or nothing came of it."""

    bounds: list[str] = []
    """Which of them the others waited for, and what would help: one sentence for each kind of input."""

    warnings: list[str] = []
    seconds: float = 0.0
    exit_code: int = 0
    error: str = ""
    """Why the job ended before its last item, if it did."""

    def count(self, state: State) -> int:
        return sum(item.state == state for item in self.items)

    def summary(self) -> str:
        """One line for people."""
        others: tuple[State, ...] = ("skipped", "failed", "not done")
        parts = [f"{self.count('finished')} done", *(f"{self.count(s)} {s}" for s in others if self.count(s))]
        return f"{', '.join(parts)} in {self.seconds:.1f} s."

    def write(self, path: Path) -> None:
        """As JSON.  Raises MediaError or RoomError."""
        from upscaler.media.files import NewFile, told

        with NewFile(path) as new:
            with told(path):
                # In ASCII: file names need not be text, and this is.
                new.file.write(json.dumps(msgspec.to_builtins(self), indent=1).encode("ascii") + b"\n")
            new.commit()
