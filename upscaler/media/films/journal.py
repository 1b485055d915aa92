"""Journals of what a run has finished: the first line says what made it, each other one names a whole piece or frame.

A journal lies in a hidden folder beside the output and is flushed to the disk with each line.  It is read as data from
outside: what cannot be read is as if it were not there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Annotated, BinaryIO, Generic, TypeVar

import msgspec

from upscaler.media.files import told

PARTS = ".upscaler-parts"
"""End of the name of a folder with a journal."""

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]

T = TypeVar("T")


class Head(msgspec.Struct, frozen=True):
    """First line of a journal."""

    made_by: str
    """A hash of everything that the result depends on: source, settings, model, versions."""

    choices: dict[str, int] = {}
    """What the first run chose by looking at the machine or the film, and later ones must not choose anew."""

    computed_by: str = ""
    """Device, precision and executor of the first run; those of a later one may round otherwise."""


def folder_of(output: Path) -> Path:
    """Where the journal of an output lies while it is being made, and the pieces of a film."""
    return output.with_name(f".{output.name}{PARTS}")


class Journal(Generic[T]):
    """The journal of one output; ``kind`` is what its lines are."""

    def __init__(self, output: Path, kind: type[T]) -> None:
        self.folder = folder_of(output)
        self.path = self.folder / "journal.jsonl"
        self._kind = kind

    def read(self) -> tuple[Head | None, list[T]]:
        """Head and lines, up to the first that cannot be read."""
        entries: list[T] = []
        try:
            first, *lines = self.path.read_bytes().splitlines()
            head = msgspec.json.decode(first, type=Head)
        except (OSError, ValueError):
            return None, []
        for line in lines:
            try:
                entries.append(msgspec.json.decode(line, type=self._kind))
            except ValueError:
                break
        return head, entries

    def begin(self, head: Head, entries: list[T]) -> None:
        """Replaces what stands in the journal."""
        part = self.path.with_suffix(".part")
        with told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(b"".join(msgspec.json.encode(line) + b"\n" for line in (head, *entries)))
                _flush(file)
            part.replace(self.path)

    def add(self, entry: T) -> None:
        with told(self.folder), self.path.open("ab") as file:
            file.write(msgspec.json.encode(entry) + b"\n")
            _flush(file)

    def remove(self) -> None:
        """The folder, with all that lies in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def sha256_of(path: Path) -> str:
    """Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
