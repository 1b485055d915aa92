"""Files that appear under their name whole, or not at all."""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from upscaler.errors import MediaError, RoomError

NAME_LIMIT = 255  # bytes; of every file system in common use

_number = itertools.count()
_PART = re.compile(r"^\..*\.([0-9a-f]{8})-(\d+)-\d+\.upscaler-part$")


class DiskFull(RoomError):
    """No room is left where a file is written: nothing more can be written there."""


class NewFile:
    """A file being written beside its final place, under a hidden name; a context manager.

    ``commit()`` flushes it to the disk and gives it its name; leaving the context without that removes it.
    Raises DiskFull when the disk is full, MediaError when the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = path.with_name(_part_name(path.name))
        with told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self.file: BinaryIO = self.part.open("x+b")

    def flush(self) -> None:
        """Everything written so far lies on the disk."""
        with told(self.path):
            self.file.flush()
            os.fsync(self.file.fileno())

    def commit(self) -> None:
        if not self.file.closed:
            self.flush()
            self.file.close()
        with told(self.path):
            self.part.replace(self.path)

    def abandon(self) -> None:
        """Removes what was written.  After ``commit`` there is nothing to remove."""
        with suppress(OSError):  # a full disk may refuse the last buffer; the file goes anyway
            self.file.close()
        with suppress(OSError):
            self.part.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abandon()


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Errors of the system while ``path`` is written, as sentences."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"No room on the disk of {path.parent}: {path.name} could not be written.") from error
        raise MediaError(f"{path} cannot be written: {error.strerror or error}.") from error


def remove_leftovers(folder: Path) -> int:
    """Removes the unfinished files that runs of this program left in ``folder`` when they were killed; how many."""
    import psutil

    removed = 0
    with suppress(OSError):
        for entry in os.scandir(folder):
            found = _PART.match(entry.name)
            if found and found[1] == _machine() and not psutil.pid_exists(int(found[2])):
                with suppress(OSError):
                    Path(entry.path).unlink()
                    removed += 1
    return removed


def _part_name(name: str) -> str:
    tail = f".{_machine()}-{os.getpid()}-{next(_number)}.upscaler-part"
    room = NAME_LIMIT - len(tail) - 1
    # Cut in bytes, as file systems count; surrogates stand for bytes that are no text.
    head = os.fsdecode(os.fsencode(name)[:room])
    return f".{head}{tail}"


def _machine() -> str:
    """Eight hex digits for this machine: process numbers of another one (a network folder) mean nothing here."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
