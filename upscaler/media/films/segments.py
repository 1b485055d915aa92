"""The picture of a film as closed pieces on the disk, and the journal that says which of them are whole.

Each piece is coded by an encoder of its own, so it begins with a key frame and refers to no other.  Its packets carry
frame *numbers*; the frames' times stand in the journal and are given at the end, so that no container in between rounds
them.  A piece counts when its line is in the journal: both are flushed to the disk before anything else goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import av
import msgspec
from av.video.stream import VideoStream

from upscaler.errors import MediaError
from upscaler.media.files import told
from upscaler.media.films.encoders import Encoding
from upscaler.media.films.formats import Plane, planes_of
from upscaler.media.films.journal import Head, Journal, Sha256, sha256_of


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


class Parts:
    """The folder of a film's pieces, beside its output under a hidden name."""

    def __init__(self, output: Path) -> None:
        self._journal = Journal(output, Piece)
        self.folder = self._journal.folder
        self.pieces: list[Piece] = []
        self.choices: dict[str, int] = {}
        self.computed_by = ""

    def open(self, made_by: str, choose: Callable[[], dict[str, int]] = dict, computed_by: str = "") -> bool:
        """Finds what an earlier run has done.  True when there was something that no longer fits and was removed.

        ``choose`` is asked at the first run only; its answer is kept in ``choices``, and so is ``computed_by``.
        """
        head, pieces = self._journal.read()
        pieces = list(self._whole(pieces))
        stale = bool(pieces) and (head is None or head.made_by != made_by)
        if head is None or head.made_by != made_by:
            pieces, head = [], Head(made_by, choose(), computed_by)
        self.pieces, self.choices, self.computed_by = pieces, head.choices, head.computed_by
        self._journal.begin(head, pieces)
        with told(self.folder):
            known = {self._journal.path.name, *(self.path(piece.number).name for piece in pieces)}
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
        self._journal.add(piece)
        self.pieces.append(piece)

    def remove(self) -> None:
        self._journal.remove()

    def _whole(self, pieces: list[Piece]) -> Iterator[Piece]:
        """Up to the first piece that is not whole."""
        for number, piece in enumerate(pieces):
            try:
                if piece.number != number or sha256_of(self.path(number)) != piece.sha256:
                    return
            except OSError:
                return
            yield piece


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
                sha256=sha256_of(self._part),
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
                raise _wrong(parts, piece, len(times))
            rank = {when: number for number, when in enumerate(times)}
            for packet in packets:
                assert packet.pts is not None
                yield Coded(packet, first + rank[packet.pts])
        first += len(piece.ticks)


def decoded_frames(parts: Parts) -> Iterator[list[Plane]]:
    """The samples of all frames of all pieces.  Raises MediaError when a piece does not hold what its journal says."""
    for piece in parts.pieces:
        count = 0
        with av.open(str(parts.path(piece.number)), "r") as container:
            for frame in container.decode(video=0):
                count += 1
                yield planes_of(frame)[1]
        if count != len(piece.ticks):
            raise _wrong(parts, piece, count)


def _wrong(parts: Parts, piece: Piece, count: int) -> MediaError:
    return MediaError(
        f"Piece {piece.number} in {parts.folder} holds {count} frames instead of {len(piece.ticks)}; "
        "delete that folder and start again."
    )
