"""Which streams a container can hold, found by asking its muxer, and what becomes of those that it cannot."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import av
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from av.container.output import OutputContainer

from upscaler.errors import UsageError
from upscaler.media.films import sound
from upscaler.media.films.film import Film, Stream, open_film

SUFFIXES = {".mkv": "matroska", ".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".webm": "webm"}
"""File names' ends -> the containers that films are written in."""

TITLES = {"matroska": "Matroska", "mp4": "MP4", "mov": "QuickTime", "webm": "WebM"}

How = Literal["copy", "convert", "attach", "cover"]

_TEXT_CODEC = {"matroska": "subrip", "mp4": "mov_text", "mov": "mov_text", "webm": "webvtt"}
"""What text subtitles become in a container that does not know their kind."""

_MP4_COVERS = ("mjpeg", "png", "bmp")

TEXT_SUBTITLES = ("subrip", "ass", "ssa", "mov_text", "webvtt", "text")


@dataclass(frozen=True, slots=True)
class Carried:
    """A stream that goes over, and how."""

    stream: Stream
    how: How
    codec: str = ""
    """Of converted subtitles and sound."""


@dataclass(frozen=True, slots=True)
class Target:
    """The container of a result, what it carries beside the picture, and what has to be said about it."""

    container: str
    carried: tuple[Carried, ...]
    warnings: tuple[str, ...]

    @property
    def suffix(self) -> str:
        return {"matroska": ".mkv", "mp4": ".mp4", "mov": ".mov", "webm": ".webm"}[self.container]


def container_of(path: Path) -> str:
    """The container that a file's name asks for.  Raises UsageError for one that films are not written in."""
    found = SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise UsageError(f"Films are written as {', '.join(SUFFIXES)}; {path.name} is none of them.")
    return found


def plan_streams(film: Film, wanted: str | None, *, audio: bool = True) -> Target:
    """Where every stream of a film goes.

    Args:
        film: the source.
        wanted: the container that was asked for by name; None: the source's own if it can hold everything, else
            Matroska.
        audio: False leaves the sound out.
    """
    own = film.container if film.container in TITLES else "matroska"
    container = wanted or own
    with open_film(film.path) as source:
        target = _plan(film, source, container, audio)
        lost = [stream for stream in _kept_streams(film, audio) if not _carries(target, stream)]
        silent = [stream for stream in lost if stream.kind == "audio"]
        if container == "matroska" or not (silent or (lost and wanted is None)):
            if wanted is None and film.container not in TITLES and not film.clip:
                note = f"{film.path.suffix or film.container} is not written; the film goes to Matroska (.mkv)."
                return Target(container, target.carried, (note, *target.warnings))
            return target
        why = "; ".join(f"{TITLES[container]} cannot hold {stream.named}" for stream in silent or lost)
        moved = _plan(film, source, "matroska", audio)
        return Target("matroska", moved.carried, (f"{why}: the film goes to Matroska (.mkv) instead.", *moved.warnings))


def _kept_streams(film: Film, audio: bool) -> list[Stream]:
    chapters = film.container in ("mp4", "mov") and film.chapters
    return [
        stream
        for stream in film.others
        # QuickTime's chapters are a text track too; they are written anew from the chapters themselves.
        if not (stream.kind == "data" and chapters and stream.codec == "bin_data") and (audio or stream.kind != "audio")
    ]


def _carries(target: Target, stream: Stream) -> bool:
    return any(carried.stream.index == stream.index for carried in target.carried)


def _plan(film: Film, source: av.container.InputContainer, container: str, audio: bool) -> Target:
    carried: list[Carried] = []
    warnings: list[str] = []
    title = TITLES[container]
    for stream in _kept_streams(film, audio):
        if stream.kind == "attachment":
            if container == "matroska":
                carried.append(Carried(stream, "attach"))
            else:
                warnings.append(f"{title} has no attachments: {stream.named} is left out; .mkv keeps it.")
        elif stream.kind == "cover":
            if container == "matroska" or (container == "mp4" and stream.codec in _MP4_COVERS):
                carried.append(Carried(stream, "cover"))
            else:
                none = "no cover of that kind" if container == "mp4" else "no cover"
                keep = ".mkv and .mp4 keep it" if stream.codec in _MP4_COVERS else ".mkv keeps it"
                warnings.append(f"{title} has {none}: {stream.named} is left out; {keep}.")
        elif holds(container, source.streams[stream.index]):
            carried.append(Carried(stream, "copy"))
            if stream.kind == "picture":
                warnings.append(f"{stream.named.capitalize()} is copied as it is: one picture of a film is enlarged.")
        elif stream.kind == "subtitle" and stream.codec in TEXT_SUBTITLES:
            codec = _TEXT_CODEC[container]
            carried.append(Carried(stream, "convert", codec))
            loses = "; places and colours of its styles are lost" if stream.codec in ("ass", "ssa") else ""
            warnings.append(f"{title} cannot hold {stream.named}: it becomes {codec}{loses}.")
        elif container == "matroska" and (bits := sound.flac_bits(source.streams[stream.index])):
            carried.append(Carried(stream, "convert", "flac"))
            warnings.append(f"{title} cannot hold {stream.named}: it becomes FLAC of {bits} bits.")
        else:
            keep = "" if container == "matroska" else "; .mkv may keep it"
            warnings.append(f"{title} cannot hold {stream.named}: it is left out{keep}.")
    warnings += [f"{film.path.name} carries {what}, which is not written into the result." for what in film.lost]
    return Target(container, tuple(carried), tuple(warnings))


def holds(container: str, stream: av.stream.Stream) -> bool:
    """The muxer writes a file with this stream; of sound, with its first packet, which some refuse only at the end."""
    try:
        with av.open(io.BytesIO(), "w", format=container) as trial:
            copy = add_copy(trial, stream)
            trial.start_encoding()
            if isinstance(stream, AudioStream) and (packet := _first_packet(stream)) is not None:
                packet.stream = copy
                trial.mux_one(packet)
    except (av.FFmpegError, OSError, ValueError):
        return False
    return True


def add_copy(output: OutputContainer, stream: av.stream.Stream) -> av.stream.Stream:
    """A stream for the packets of another one."""
    copy = output.add_stream_from_template(stream, opaque=True)
    if isinstance(stream, AudioStream) and isinstance(copy, AudioStream) and (layout := sound.layout_of(stream)):
        copy.codec_context.layout = layout  # Matroska does not tell it, and MP4 wants to know
    return copy


_LOOKED_AT = 500
"""Packets at the beginning of a film among which each sound has its first."""


def _first_packet(stream: AudioStream) -> Any:
    source = stream.container
    assert isinstance(source, InputContainer)
    source.seek(0)
    packets = islice(source.demux(), _LOOKED_AT)
    return next((packet for packet in packets if packet.stream_index == stream.index and packet.size), None)


_OF_THE_FILE = (
    "major_brand",
    "minor_version",
    "compatible_brands",
    "encoder",
    "creation_time_utc",
    "duration",
    "handler_name",
    "vendor_id",
    "number_of_frames",
    "number_of_bytes",
    "bps",
    "_statistics_writing_app",
    "_statistics_writing_date_utc",
    "_statistics_tags",
    "filename",
    "mimetype",
)
"""Tags that describe the old file rather than the film."""

_MP4_TAGS = frozenset(
    [
        "title",
        "artist",
        "album_artist",
        "composer",
        "album",
        "date",
        "year",
        "encoding_tool",
        "comment",
        "genre",
        "copyright",
        "grouping",
        "lyrics",
        "description",
        "synopsis",
        "show",
        "episode_id",
        "network",
        "keywords",
        "episode_sort",
        "season_number",
        "media_type",
        "hd_video",
        "gapless_playback",
        "compilation",
        "track",
        "disc",
        "tempo",
        "make",
        "model",
        "location",
        "creation_time",
        "language",
        "rotate",
        "timecode",
    ]
)
"""What MP4 and QuickTime have a place for."""


def kept_tags(tags: Mapping[str, str], container: str, *, same_container: bool) -> dict[str, str]:
    """The tags to write: those that are about the film, and of the container only if it stays the same."""
    stays = ("handler_name",) if same_container else ()
    return {
        _spelled(key, container): value
        for key, value in tags.items()
        if key.split("-")[0].lower() not in _OF_THE_FILE or key.lower() in stays
    }


def _spelled(key: str, container: str) -> str:
    """MP4 knows the usual tags in small letters, Matroska writes them in capitals."""
    return key.lower() if container in ("mp4", "mov") else key


def tags_lost(tags: Mapping[str, str], container: str) -> list[str]:
    """Names of tags that the container has no place for."""
    if container not in ("mp4", "mov"):
        return []
    return sorted(key for key in kept_tags(tags, container, same_container=False) if key not in _MP4_TAGS)
