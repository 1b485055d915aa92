"""What will be done to a film, settled before its first frame: size, encoder, container, and what has to be said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

from upscaler.errors import MediaError, UsageError
from upscaler.jobs.recipes import Models
from upscaler.jobs.settings import FilmSettings, Settings
from upscaler.jobs.sizes import target_size, wanted_scale
from upscaler.jobs.work import Work
from upscaler.media.films import clips, containers, folders, patterns
from upscaler.media.films.colour import MATRIX_NAMES, Coding, Colour, coding_of
from upscaler.media.films.containers import TITLES, Carried, Target, plan_streams
from upscaler.media.films.encoders import (
    ENCODERS,
    Encoder,
    Encoding,
    encoder_named,
    formats_by_loss,
    formats_of,
    usual_encoder,
    why_not,
)
from upscaler.media.films.film import Film
from upscaler.media.films.formats import Layout, layout_of, named, planar_twin
from upscaler.media.films.mux import Span, try_out
from upscaler.media.films.sources import describe_source

Form = Literal["film", "clip", "frames", "preview"]

_PIECE_SECONDS = 4
_PIECE_FRAMES = (24, 240)
"""A piece is what a killed run loses at most, and the distance of key frames at most."""

_RATES = (Fraction(1, 2), Fraction(300))
"""Average rates that encoders are told; a film beyond them has a wrong header, and is told 25."""

_FORMATS_TRIED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmWork(Work):
    film: Film
    form: Form
    span: Span
    coding: Coding
    """How the source's planes are read."""

    full_width: int
    full_height: int
    """Before the last column or row is cut off where an encoder wants even sides."""

    target: Target | None = None
    encoding: Encoding | None = None
    """Of the form ``film``."""

    clip: str = ""
    """gif, apng or webp, of the form ``clip``."""


def plan_film(file: Path, settings: Settings, models: Models, output: Path | None) -> FilmWork:
    """See ``jobs.work.Kind.prepare``."""
    if str(output) == "-":
        raise UsageError(f"{file.name} is a film, which cannot go to the standard output; name a file with -o.")
    film, notes = describe_source(file)
    if film.width * film.height > settings.max_megapixels * 1e6:
        raise MediaError(f"{file.name} is {film.width}x{film.height}, more than --max-megapixels allows.")
    choice = settings.film
    _check(choice)
    width, height = target_size(film.width, film.height, settings)
    form, kind = _form(film, choice, settings.format, output)
    span = Span(choice.start, None if choice.duration is None else (choice.start or 0.0) + choice.duration)
    work = FilmWork(
        kind="films",
        width=film.width,
        height=film.height,
        out_width=width,
        out_height=height,
        suffix={"preview": ".png", "frames": ".png", "clip": _clip_suffix(kind, file, output)}.get(form, ".mkv"),
        recipe=models.recipe(wanted_scale(film.width, film.height, settings)),
        expected_bytes=0,
        warnings=(*notes, *_source_warnings(film, choice, span)),
        film=film,
        form=form,
        span=span,
        coding=coding_of(film.layout, film.colour, film.height),
        full_width=width,
        full_height=height,
        clip=kind if form == "clip" else "",
    )
    if form == "film":
        return _coded(work, settings, kind, output)
    if form == "frames" and output is not None:
        folders.check_pattern(output)
    bits = {"preview": 16.0, "frames": 3.0 * film.layout.depth / 8 * 5, "clip": 10.0}[form]
    frames = 1 if form == "preview" else _frames(work)
    size = round(width * height * bits / 8 * frames)
    large = (f"{file.name} becomes about {size / 1e6:.0f} MB as GIF; -f webp or -f mp4 is smaller.",)
    return replace(
        work,
        expected_bytes=size,
        moved=form == "preview" and output is not None and output.suffix.lower() != ".png",
        warnings=(*work.warnings, *(large if kind == "gif" and size > _LARGE_GIF else ())),
        how={"preview": "one frame as PNG", "frames": "frames as PNG", "clip": kind.upper()}[form],
    )


_LARGE_GIF = 20_000_000


def _check(choice: FilmSettings) -> None:
    if choice.start is not None and choice.start < 0:
        raise UsageError(f"--start counts seconds of the film from 0; {choice.start:g} lies before it.")
    if choice.duration is not None and choice.duration <= 0:
        raise UsageError(f"--duration must be more than 0 seconds, not {choice.duration:g}.")
    if choice.preview is not None and choice.preview < 0:
        raise UsageError(f"--preview takes a time in seconds from 0 on, not {choice.preview:g}.")


def _form(film: Film, choice: FilmSettings, format_: str, output: Path | None) -> tuple[Form, str]:
    """The form, and the container (empty: not asked for) or the kind of animated picture."""
    if choice.preview is not None:
        return "preview", ""
    wanted = ""
    if output is not None:
        if patterns.is_pattern(output):
            return "frames", ""
        suffix = output.suffix.lower()
        wanted = clips.SUFFIXES.get(suffix) or containers.container_of(output)
    elif format_ != "keep":
        wanted = clips.SUFFIXES.get(f".{format_}") or containers.SUFFIXES.get(f".{format_}", "")
    if not wanted and film.clip and choice.codec is None:
        wanted = film.container
    return ("clip", wanted) if wanted in clips.SUFFIXES.values() else ("film", wanted)


def _clip_suffix(kind: str, file: Path, output: Path | None) -> str:
    for path in (output, file):
        if path is not None and clips.SUFFIXES.get(path.suffix.lower()) == kind:
            return path.suffix
    return {"gif": ".gif", "webp": ".webp"}.get(kind, ".png")


def _source_warnings(film: Film, choice: FilmSettings, span: Span) -> Iterator[str]:
    name = film.path.name
    if film.interlaced and not choice.deinterlace:
        yield f"{name} is interlaced: moving edges are combs, and stay so. --deinterlace makes whole pictures of them."
    if film.layout.kind == "yuv" and not film.clip and film.colour.matrix not in MATRIX_NAMES:
        used = MATRIX_NAMES[film.colour.matrix_used(film.height)]
        yield f"{name} does not tell its colour matrix; {used} is assumed from its size, and written."
    if film.seconds is not None and span.start is not None and span.start >= film.seconds + 1:
        raise MediaError(f"{name} is {film.seconds:.1f} s long, so nothing is left after --start {span.start:g}.")


# --- encoder, format, container ---------------------------------------------------------------------------------------


def _coded(work: FilmWork, settings: Settings, wanted: str, output: Path | None) -> FilmWork:
    film, choice = work.film, settings.film
    asked = encoder_named(choice.codec) if choice.codec else None
    target = _target(film, wanted, audio=choice.audio)
    if asked is not None and target.container not in asked.containers:
        if wanted:
            fits = ", ".join(name for name, encoder in ENCODERS.items() if wanted in encoder.containers)
            raise UsageError(f"{TITLES[wanted]} does not hold {asked.name}; it holds {fits}, and .mkv holds all.")
        note = f"{TITLES[target.container]} does not hold {asked.name}: the film goes to Matroska (.mkv) instead."
        if "matroska" in asked.containers:
            target = _target(film, "matroska", audio=choice.audio)
        target = replace(target, warnings=(note, *target.warnings))
    encoding, notes = _encoding(work, settings, target, asked)
    target = _with_losses(film, target, encoding)
    if film.container not in _NO_STREAMS and (fault := try_out(film, target, encoding)):
        raise MediaError(f"{film.path.name} cannot be written as {TITLES[target.container]}: {fault}; try .mkv.")
    cut = (work.full_width, work.full_height) != (encoding.width, encoding.height)
    even = (
        f"{encoding.encoder.name} wants even sides in {encoding.format}: {work.full_width}x{work.full_height} becomes "
        f"{encoding.width}x{encoding.height}, the last column or row is cut off.",
    )
    size = _expected(work, encoding, target)
    quality = "" if encoding.crf is None else f" crf {encoding.crf:g}"
    suffix = target.suffix
    if output is not None and containers.SUFFIXES.get(output.suffix.lower()) == target.container:
        suffix = output.suffix
    elif output is None and containers.SUFFIXES.get(film.path.suffix.lower()) == target.container:
        suffix = film.path.suffix
    named_otherwise = output is not None and containers.SUFFIXES.get(output.suffix.lower()) != target.container
    return replace(
        work,
        out_width=encoding.width,
        out_height=encoding.height,
        suffix=suffix,
        moved=named_otherwise,
        expected_bytes=size,
        warnings=(*work.warnings, *target.warnings, *notes, *(even if cut else ())),
        target=target,
        encoding=encoding,
        how=f"{encoding.encoder.name}{quality} ({encoding.format}) in {TITLES[target.container]}",
    )


_NO_STREAMS = ("gif", "apng", "webp", "frames")


def _target(film: Film, wanted: str, *, audio: bool) -> Target:
    if film.container in _NO_STREAMS:
        return Target(wanted or "matroska", (), ())
    return plan_streams(film, wanted or None, audio=audio)


def _encoding(
    work: FilmWork, settings: Settings, target: Target, asked: Encoder | None
) -> tuple[Encoding, tuple[str, ...]]:
    """The first encoding that opens, and what has to be said of it."""
    film, choice = work.film, settings.film
    layout = _wanted_layout(film, target, asked)
    size = (work.full_width, work.full_height)
    usual = usual_encoder(layout, film.colour, film.codec, target.container, size)
    others = [e for e in ENCODERS.values() if target.container in e.containers and "nvenc" not in e.name]
    faults: list[str] = []
    for encoder in [asked] if asked else [usual, *(e for e in others if e is not usual)]:
        _check_options(encoder, choice)
        for encoding in _encodings(encoder, work, settings, layout):
            fault = why_not(encoding)
            if fault is None:
                return encoding, (*_instead(usual, encoder, asked, faults), *_losses(film, encoding, settings))
            faults.append(fault)
        if not formats_of(encoder.library):
            faults.append(f"{encoder.name} is not in this build of FFmpeg")
    rest = ", ".join(encoder.name for encoder in others if encoder is not asked)
    error = f"{film.path.name}: {faults[0] if faults else 'no encoder'}; there are {rest} (--codec)."
    raise UsageError(error) if asked else MediaError(error)


def _wanted_layout(film: Film, target: Target, asked: Encoder | None) -> Layout:
    """The planes to look for: the source's own, but what players know for animated pictures and frames."""
    layout = film.layout
    if film.container not in _NO_STREAMS or (asked and asked.name == "ffv1"):
        return layout
    alpha = layout.alpha and (asked.name in ("vp9", "prores") if asked else target.container in ("webm", "mov"))
    if layout.kind == "gray":
        return layout
    return layout_of(named("yuv", min(layout.depth, 10) if layout.depth > 8 and not alpha else 8, 2, 2, alpha))


def _check_options(encoder: Encoder, choice: FilmSettings) -> None:
    if choice.crf is not None:
        if encoder.crf is None:
            raise UsageError(f"--crf means nothing to {encoder.name}, whose quality is fixed; leave it out.")
        if not encoder.best_crf <= choice.crf <= encoder.worst_crf:
            raise UsageError(
                f"--crf of {encoder.name} goes from 0 (best) to {encoder.worst_crf:g}, not {choice.crf:g}."
            )
    if choice.encoder_preset is not None and encoder.preset is None:
        raise UsageError(f"--encoder-preset means nothing to {encoder.name}; leave it out.")
    if choice.pix_fmt is not None and choice.pix_fmt not in formats_of(encoder.library):
        known = ", ".join(formats_of(encoder.library))
        raise UsageError(f"{encoder.name} does not take the pixel format {choice.pix_fmt!r}; it takes {known}.")


def _encodings(encoder: Encoder, work: FilmWork, settings: Settings, wanted: Layout) -> Iterator[Encoding]:
    """What may be tried, best first: formats by what they lose, each whole and with even sides."""
    film, choice = work.film, settings.film
    formats = [choice.pix_fmt] if choice.pix_fmt else formats_by_loss(encoder, wanted)[:_FORMATS_TRIED]
    low, high = _RATES
    rate = film.rate if low <= film.rate <= high else Fraction(25)
    frames = min(max(round(_PIECE_SECONDS * rate), _PIECE_FRAMES[0]), _PIECE_FRAMES[1])
    for name in formats:
        layout = layout_of(planar_twin(name))
        coding = _output_coding(work, layout)
        exact = Encoding(
            encoder=encoder,
            format=name,
            width=work.full_width,
            height=work.full_height,
            rate=rate.limit_denominator(100_000),
            coding=coding,
            colour=_written_colour(film.colour, coding),
            crf=choice.crf if choice.crf is not None else encoder.crf(layout.depth) if encoder.crf else None,
            preset=choice.encoder_preset or encoder.preset,
            gop=-(-frames // 8) * 8,
            aspect=film.aspect,
            mastering=film.mastering,
            light=film.light,
        )
        yield exact
        even = replace(exact, width=work.full_width & ~1, height=work.full_height & ~1)
        if even != exact and even.width and even.height:
            yield even


def _output_coding(work: FilmWork, layout: Layout) -> Coding:
    if layout.kind == work.film.layout.kind:
        return work.coding.in_layout(layout)
    if layout.kind == "rgb" or work.film.layout.kind == "yuv":
        return replace(work.coding, layout=layout, full_range=work.coding.full_range or layout.kind == "rgb")
    return Coding(layout, 1 if work.full_height > 576 else 6, full_range=False)  # RGB or gray becomes YUV


def _written_colour(colour: Colour, coding: Coding) -> Colour:
    kind = coding.layout.kind
    if kind == "gray":
        return replace(colour, full_range=coding.full_range)
    if kind == "rgb":
        return colour if colour.full_range else replace(colour, matrix=0, full_range=True, range_known=True)
    same_range = colour.full_range == coding.full_range
    return replace(
        colour,
        matrix=coding.matrix,
        full_range=coding.full_range,
        range_known=colour.range_known or not same_range,
    )


def _instead(usual: Encoder, used: Encoder, asked: Encoder | None, faults: list[str]) -> tuple[str, ...]:
    return () if asked or used is usual else (f"{faults[0]}: {used.name} is used instead.",)


def _losses(film: Film, encoding: Encoding, settings: Settings) -> Iterator[str]:
    has, name = encoding.coding.layout, encoding.encoder.name
    if film.layout.alpha and not has.alpha:
        yield f"{name} has no alpha: {film.path.name} is laid on {settings.background}; --codec ffv1 keeps it."
    if has.depth < film.layout.depth and film.container not in _NO_STREAMS:
        yield f"{name} codes {has.depth} bits here, of the {film.layout.depth} in {film.path.name}."
    if has.step_x * has.step_y > film.layout.step_x * film.layout.step_y and film.container not in _NO_STREAMS:
        yield f"{name} codes colour at a lower resolution ({encoding.format}) than {film.path.name} ({film.format})."
    if film.colour.hdr and has.depth < 10:
        yield f"{film.path.name} is HDR, and {encoding.format} shows bands in it; --codec x265 codes 10 bits."
    if (film.mastering or film.light) and name not in ("x264", "x265", "svt-av1"):
        yield f"{name} has no place for the HDR10 metadata of {film.path.name}; x265 and svt-av1 keep it."


def _with_losses(film: Film, target: Target, encoding: Encoding) -> Target:
    lost = containers.tags_lost(film.tags, target.container)
    notes = (
        [f"{TITLES[target.container]} has no place for the tags {', '.join(lost)}; .mkv keeps them."] if lost else []
    )
    if film.turn is not None and target.container == "webm":
        notes.append("WebM players ignore the turn of the picture; .mkv and .mp4 keep it.")
    return replace(target, warnings=(*target.warnings, *notes))


def _frames(work: FilmWork) -> float:
    film = work.film
    seconds = film.seconds or 60.0
    if work.span.end is not None:
        seconds = min(seconds, work.span.end) - (work.span.start or 0.0)
    return max(seconds * float(film.rate), 1.0)


def _expected(work: FilmWork, encoding: Encoding, target: Target) -> int:
    encoder = encoding.encoder
    bits = encoder.bits * (encoding.coding.layout.depth / 8)
    if encoding.crf is not None and encoder.crf is not None:
        bits *= 2 ** ((encoder.crf(encoding.coding.layout.depth) - encoding.crf) / 6)
    picture = encoding.width * encoding.height * bits / 8 * _frames(work)
    return round(picture + sum(_sound_bytes(item, work) for item in target.carried))


def _sound_bytes(item: Carried, work: FilmWork) -> float:
    seconds = _frames(work) / float(work.film.rate)
    return 24_000 * seconds if item.stream.kind == "audio" else 0.0
