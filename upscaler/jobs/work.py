"""What is to be done to one input, whatever its kind; and what each kind of input must offer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from upscaler.jobs.recipes import Models, Recipe
from upscaler.jobs.settings import Settings

if TYPE_CHECKING:
    from upscaler.jobs.session import Session

File = Path | bytes
"""An input: its path, or (from the standard input) its bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What will be done, known from the input's header alone.  Each kind adds its own fields."""

    kind: str
    """``picture`` or ``film``."""

    width: int
    height: int
    out_width: int
    out_height: int
    suffix: str
    """Of the output's name, with the dot."""

    moved: bool = False
    """The file that the user named cannot hold this: its ending becomes ``suffix``."""

    how: str = ""
    """How the output is coded, in a few words, where that deserves any."""

    recipe: Recipe
    expected_bytes: int
    """Of the output, within a factor of two or so."""

    warnings: tuple[str, ...] = ()
    """What will be lost, and what deserves a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One input of a job, with its planned output.  Items do not depend on one another."""

    number: int
    source: File
    output: Path | None
    """None: the standard output."""

    work: Work | None = None
    """None where there is nothing to do: see ``problem``."""

    problem: str | None = None
    """The sentence with which this item fails."""

    skip: str | None = None
    """The sentence with which this item is skipped."""

    @property
    def name(self) -> str:
        return str(self.source) if isinstance(self.source, Path) else "-"

    @property
    def target(self) -> str:
        return "-" if self.output is None else str(self.output)


class Kind(Protocol):
    """A module that handles one kind of input: ``jobs.pictures``, ``jobs.films``."""

    def takes(self, file: File, head: bytes) -> bool:
        """True if an input whose first bytes are ``head`` is of this kind."""

    def prepare(self, file: File, settings: Settings, models: Models, named: Path | None) -> Work:
        """Reads the header and settles everything.  ``named`` is the output's path where the user gave it.

        Raises MediaError for an input that cannot be done, UsageError or ModelError where nothing can.
        """

    def tidy(self, folder: Path, to_do: Collection[Path]) -> None:
        """Removes from a folder of outputs what runs left there that were killed, as far as no run can use it.

        ``to_do``: outputs that are to be made now, perhaps from what was left.
        """

    def run(self, items: Sequence[Item], session: Session) -> None:
        """Does all items, reporting each to the session.

        Errors of one item are the session's (``session.failed``); those that end the job are raised (a full disk,
        ``Cancelled``).
        """
