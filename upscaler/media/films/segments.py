"""The picture of a film as closed pieces on the disk, and the journal that says which of them are whole.

Each piece is coded by an encoder of its own, so it begins with a key frame and refers to no other.  Its packets carry
frame *numbers*; the frames' times stand in the journal and are given at the end, so that no container in between rounds
them.  A piece counts when its line is in the journal: both are flushed to the disk before anything else goes on.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO

import av
import msgspec
from av.video.stream import VideoStream

from upscaler.errors import MediaError
from upscaler.media.files import told
from upscaler.media.films.encoders import Encoding
from upscaler.media.films.formats import Plane

PARTS = ".upscaler-parts"
"""End of the name of a folder of pieces."""

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Piece(msgspec.Struct, frozen=True):
    """One line of the journal: a whole piece of the film."""

    number: int
    size: int
    sha256: Sha256
    ticks: list[int]
    """The time of each of its frames, in the film's ``time_base``."""

    last_duration: int
    damaged: int
    """Frames that the source's damage concealed."""

    reused: int = 0
    computed: int = 0
    """Tiles of its frames that equalled those of the frame before, and those that did not."""


class _Head(msgspec.Struct, frozen=True):
    """First line of the journal."""

    made_by: str
    """A hash of everything that the pieces depend on: source, settings, model, versions."""

    choices: dict[str, int] = {}
    """What the first run chose by looking at the machine or the film, and later ones must not choose anew."""


class Parts:
    """The folder of a film's pieces, beside its output under a hidden name."""

    def __init__(self, output: Path) -> None:
        self.folder = folder_of(output)
        self.pieces: list[Piece] = []
        self.choices: dict[str, int] = {}
        self._journal = self.folder / "journal.jsonl"

    def open(self, made_by: str, choose: Callable[[], dict[str, int]] = dict) -> bool:
        """Finds what an earlier run has done.  True when there was something that no longer fits and was removed.

        ``choose`` is asked at the first run only; its answer is kept in ``choices``.
        """
        head, pieces = self._read()
        stale = bool(pieces) and (head is None or head.made_by != made_by)
        if head is None or head.made_by != made_by:
            pieces, head = [], _Head(made_by, choose())
        self.pieces, self.choices = pieces, head.choices
        self.folder.mkdir(parents=True, exist_ok=True)
        with told(self.folder):
            lines = [msgspec.json.encode(head), *(msgspec.json.encode(piece) for piece in pieces)]
            _write_whole(self._journal, b"".join(line + b"\n" for line in lines))
            known = {self._journal.name, *(self.path(piece.number).name for piece in pieces)}
            for other in self.folder.iterdir():
                if other.name not in known:
                    other.unlink()
        return stale

    @property
    def frames(self) -> int:
        """How many frames lie in whole pieces."""
        return sum(len(piece.ticks) for piece in self.pieces)

    def path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.mkv"

    def add(self, piece: Piece) -> None:
        with told(self.folder), self._journal.open("ab") as journal:
            journal.write(msgspec.json.encode(piece) + b"\n")
            _flush(journal)
        self.pieces.append(piece)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self) -> tuple[_Head | None, list[Piece]]:
        """Up to the first line or piece that is not whole."""
        pieces: list[Piece] = []
        try:
            first, *lines = self._journal.read_bytes().splitlines()
            head = msgspec.json.decode(first, type=_Head)
        except (OSError, ValueError):
            return None, []
        for line in lines:
            try:
                piece = msgspec.json.decode(line, type=Piece)
                sound = piece.number == len(pieces) and _sha256(self.path(piece.number)) == piece.sha256
            except (OSError, ValueError):
                break
            if not sound:
                break
            pieces.append(piece)
        return head, pieces


def folder_of(output: Path) -> Path:
    """Where the pieces of a film lie while it is being made."""
    return output.with_name(f".{output.name}{PARTS}")


class PieceWriter:
    """Codes one piece.  Raises MediaError when the encoder fails, RoomError when the disk is full."""

    def __init__(self, parts: Parts, encoding: Encoding) -> None:
        self._parts = parts
        self._number = len(parts.pieces)
        self._part = parts.folder / f"{self._number:06d}.part"
        self._encoding = encoding
        self._ticks: list[int] = []
        self._last_duration = 0
        self._damaged = 0
        with writing(self._part):
            self._container = av.open(str(self._part), "w", format="matroska")
            stream = self._container.add_stream(encoding.encoder.library, rate=encoding.rate)
            assert isinstance(stream, VideoStream)
            self._stream = stream
            encoding.configure(self._stream.codec_context)
            if encoding.alpha_beside:
                self._stream.metadata["alpha_mode"] = "1"
            self._container.start_encoding()

    @property
    def frames(self) -> int:
        return len(self._ticks)

    def write(self, planes: list[Plane], ticks: int, duration: int, damaged: bool) -> None:
        """The next frame."""
        frame = self._encoding.frame(planes, len(self._ticks))
        self._ticks.append(ticks)
        self._last_duration = duration
        self._damaged += damaged
        with writing(self._part):
            self._container.mux(self._stream.encode(frame))

    def finish(self, *, reused: int = 0, computed: int = 0) -> None:
        """The piece is flushed, lies under its name and stands in the journal."""
        with writing(self._part):
            self._container.mux(self._stream.encode(None))
            self._container.close()
            with self._part.open("rb+") as file:
                os.fsync(file.fileno())
            piece = Piece(
                number=self._number,
                size=self._part.stat().st_size,
                sha256=_sha256(self._part),
                ticks=self._ticks,
                last_duration=self._last_duration,
                damaged=self._damaged,
                reused=reused,
                computed=computed,
            )
            self._part.replace(self._parts.path(self._number))
        self._parts.add(piece)

    def abandon(self) -> None:
        """Nothing of the piece stays."""
        with suppress(av.FFmpegError, OSError):
            self._container.close()
        self._part.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """FFmpeg's errors while a file is written, as sentences."""
    try:
        with told(path):
            yield
    except av.FFmpegError as error:
        raise MediaError(f"{path} cannot be written: {error.strerror or error}.") from error


@dataclass(frozen=True, slots=True)
class Coded:
    """A packet of a piece, in the order of decoding."""

    packet: av.Packet[VideoStream]
    frame: int
    """Which frame of the whole film it shows."""


def coded_packets(parts: Parts) -> Iterator[Coded]:
    """All packets of all pieces.  Raises MediaError when a piece does not hold what its journal says."""
    first = 0
    for piece in parts.pieces:
        with av.open(str(parts.path(piece.number)), "r") as container:
            packets = [packet for packet in container.demux(container.streams.video[0]) if packet.size]
            times = sorted(packet.pts for packet in packets if packet.pts is not None)
            if len(times) != len(piece.ticks) or len(set(times)) != len(times):
                raise MediaError(
                    f"Piece {piece.number} in {parts.folder} holds {len(times)} frames instead of {len(piece.ticks)}; "
                    "delete that folder and start again."
                )
            rank = {when: number for number, when in enumerate(times)}
            for packet in packets:
                assert packet.pts is not None
                yield Coded(packet, first + rank[packet.pts])
        first += len(piece.ticks)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _write_whole(path: Path, content: bytes) -> None:
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(content)
        _flush(file)
    part.replace(path)
