"""Films, animated pictures and folders of frames, as one kind of input (see ``jobs.work.Kind``)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from upscaler.jobs.recipes import Models
from upscaler.jobs.settings import Settings
from upscaler.jobs.work import File, Item

if TYPE_CHECKING:
    from upscaler.jobs.film_plan import FilmWork
    from upscaler.jobs.session import Session

SUFFIXES = frozenset(
    {
        ".mkv", ".mp4", ".m4v", ".mov", ".qt", ".avi", ".webm", ".mpg", ".mpeg", ".m2v", ".vob", ".ts", ".m2ts",
        ".mts", ".wmv", ".asf", ".flv", ".f4v", ".ogv", ".mxf", ".3gp", ".3g2", ".nut", ".dv", ".divx", ".rm",
        ".rmvb", ".y4m", ".ivf", ".h264", ".264", ".h265", ".hevc", ".265", ".obu", ".gif",
    }
)  # fmt: skip
"""Names' ends that speak of films; what they hold is looked at before it is believed."""

_NEVER_IN_TEXT = frozenset(range(9))


def takes(file: File, head: bytes) -> bool:
    """Films by their first bytes or, where those say nothing, by name; animated pictures; patterns of frames."""
    if not isinstance(file, Path):
        return False
    from upscaler.media.films.patterns import is_pattern

    if is_pattern(file) and not file.exists():
        return True
    if head.startswith((b"GIF8", b"RIFF", b"\x89PNG")):
        if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
            return True
        from upscaler.media.films.clips import is_clip

        return is_clip(file, head)
    if head.startswith((b"\xff\xd8", b"II*", b"MM\0*")) or (head and not set(head) & _NEVER_IN_TEXT):
        return False
    return _is_film(head) or file.suffix.lower() in SUFFIXES


def prepare(file: File, settings: Settings, models: Models, named: Path | None) -> FilmWork:
    """What will be done to a film.  See ``jobs.work.Kind``."""
    from upscaler.jobs.film_plan import plan_film

    assert isinstance(file, Path)  # ``takes`` has seen to it
    return plan_film(file, settings, models, named)


def tidy(folder: Path, to_do: Collection[Path]) -> None:
    """Removes what killed runs left.  See ``jobs.work.Kind``."""
    from upscaler.jobs.film_state import remove_done
    from upscaler.media.files import remove_leftovers

    remove_leftovers(folder)
    remove_done(folder, to_do)


def run(items: Sequence[Item], session: Session) -> None:
    """Does all films.  See ``jobs.work.Kind``."""
    from upscaler.jobs.film_run import run_films

    run_films(items, session)


def _is_film(head: bytes) -> bool:
    """Matroska, MP4 and QuickTime (but not HEIF and AVIF pictures), MPEG streams, ASF, FLV, Ogg, MXF, NUT."""
    if head[4:8] == b"ftyp":
        return head[8:12] not in (
            b"heic",
            b"heix",
            b"heim",
            b"heis",
            b"mif1",
            b"msf1",
            b"avif",
            b"avis",
            b"jxl ",
            b"crx ",
        )
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"):
        return True
    if head[:1] == b"\x47" and head[188:189] == b"\x47" and head[376:377] == b"\x47":
        return True
    return head.startswith(
        (
            b"\x1aE\xdf\xa3",
            b"\x00\x00\x01\xba",
            b"\x00\x00\x01\xb3",
            b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
            b"FLV",
            b"OggS",
            b"\x06\x0e\x2b\x34",
            b"nut/multimedia",
            b".RMF",
            b"DKIF",
            b"YUV4MPEG2",
        )
    )
