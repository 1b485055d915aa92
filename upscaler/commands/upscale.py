"""``upscale``: pictures and films, enlarged."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from upscaler.commands.entry import run_command
from upscaler.errors import UsageError

if TYPE_CHECKING:
    from upscaler.jobs import Plan

app = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def upscale(
    inputs: Annotated[
        list[Path] | None, typer.Argument(metavar="INPUT...", help="Files, folders, patterns; - for the input.")
    ] = None,
    more_inputs: Annotated[list[Path] | None, typer.Option("-i", "--input", hidden=True)] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="File (one input), folder, or -.  [default: upscaled/ beside the inputs]"),
    ] = None,
    scale: Annotated[
        float | None, typer.Option("-s", "--scale", help="Output side / input side.  [default: 4]")
    ] = None,
    width: Annotated[int | None, typer.Option(help="Width of the result instead of a scale.")] = None,
    height: Annotated[int | None, typer.Option(help="Height of the result.")] = None,
    long_edge: Annotated[int | None, typer.Option(help="Longer side of the result.")] = None,
    fit: Annotated[str | None, typer.Option(metavar="WxH", help="As large as fits into this size.")] = None,
    megapixels: Annotated[float | None, typer.Option(help="Area of the result.")] = None,
    model: Annotated[str | None, typer.Option("-m", "--model", help="Name, file, or auto.  [default: auto]")] = None,
    prefer: Annotated[
        str | None, typer.Option(help="What auto looks for: latency, quality, flops, memory.  [default: latency]")
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        str | None,
        typer.Option(
            "-f", "--format", help="keep, png, jpg, webp, tiff, bmp, avif, jxl, jp2, ppm, tga.  [default: keep]"
        ),
    ] = None,
    quality: Annotated[
        int | None,
        typer.Option("-q", "--quality", help="0 to 100 (best), for formats that lose something.  [default: 95]"),
    ] = None,
    lossless: Annotated[
        bool, typer.Option("--lossless", help="Lose nothing: webp, jxl, jp2 and the plain ones.")
    ] = False,
    name: Annotated[
        str | None,
        typer.Option(
            help="Template: {stem} {scale} {model} {n} {parent}.  [default: {stem}, or {stem}_x{scale} beside]"
        ),
    ] = None,
    suffix: Annotated[str | None, typer.Option("--suffix", hidden=True)] = None,
    exists: Annotated[
        str | None, typer.Option(help="skip (if made from the same), overwrite, rename, error.  [default: skip]")
    ] = None,
    no_recursive: Annotated[bool, typer.Option("--no-recursive", help="Leave folders inside folders alone.")] = False,
    include: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="Only these files of folders.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="Not these.")] = None,
    strip_metadata: Annotated[
        bool, typer.Option("--strip-metadata", help="Leave out EXIF, XMP and comments; the profile stays.")
    ] = False,
    background: Annotated[
        str | None, typer.Option(help="Colour under transparency where a format has none.  [default: white]")
    ] = None,
    max_megapixels: Annotated[float | None, typer.Option(help="Refuse larger inputs.  [default: 1000]")] = None,
    device: Annotated[
        str | None, typer.Option("-d", "--device", help="auto, cpu, cuda, cuda:1, mps, xpu.  [default: auto]")
    ] = None,
    precision: Annotated[
        str | None, typer.Option("-p", "--precision", help="auto, fp32, fp16, bf16.  [default: auto]")
    ] = None,
    tile: Annotated[
        str | None, typer.Option("-t", "--tile", help="Side of a tile, 0: whole if it fits.  [default: auto]")
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Tiles equal the whole picture for every network, in a first pass.")
    ] = False,
    verify_tiles: Annotated[
        bool, typer.Option("--verify-tiles", help="Compare tiles with the whole on a part of each picture.")
    ] = False,
    memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="May be used, such as 2G.  [default: a share of what is free]")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="Of the processor.  [default: all cores but one; both of two]")
    ] = None,
    executor: Annotated[
        str | None, typer.Option(help="auto, torch, native, compile, openvino.  [default: auto]")
    ] = None,
    codec: Annotated[
        str | None,
        typer.Option(help="Films: x264, x265, svt-av1, vp9, prores, ffv1, ...-nvenc.  [default: fits the film]"),
    ] = None,
    crf: Annotated[
        float | None, typer.Option(help="Films: constant quality of the encoder.  [default: visually lossless]")
    ] = None,
    encoder_preset: Annotated[
        str | None, typer.Option(help="Films: the encoder's own preset, such as slow.  [default: a fast one]")
    ] = None,
    pix_fmt: Annotated[
        str | None, typer.Option(help="Films: pixel format, such as yuv420p.  [default: nearest to the film's]")
    ] = None,
    start: Annotated[str | None, typer.Option(metavar="TIME", help="Films: from there on, such as 90 or 1:30.")] = None,
    duration: Annotated[str | None, typer.Option(metavar="TIME", help="Films: for so long.")] = None,
    no_audio: Annotated[bool, typer.Option("--no-audio", help="Films: leave the sound out.")] = False,
    deinterlace: Annotated[
        bool, typer.Option("--deinterlace", help="Films: make whole pictures of half ones.")
    ] = False,
    no_reuse: Annotated[
        bool, typer.Option("--no-reuse", help="Films: compute what stands still again.  Same result.")
    ] = False,
    preview: Annotated[
        str | None, typer.Option(metavar="TIME", help="Films: only the frame shown then, before and after.")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Never ask the network for weights.")] = False,
    mirror: Annotated[str | None, typer.Option(metavar="PATH|URL", help="Look for weights there first.")] = None,
    commercial: Annotated[bool, typer.Option("--commercial", help="Only models that allow commercial use.")] = False,
    preset: Annotated[str | None, typer.Option(help="Options saved under a name; others given here win.")] = None,
    save_preset: Annotated[str | None, typer.Option(help="Save these options under a name.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Events as lines of JSON.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write what became of each input, as JSON.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say errors only.")] = False,
    verbose: Annotated[int, typer.Option("-v", "--verbose", count=True, help="Say more; twice: causes of errors.")] = 0,
    version: Annotated[bool, typer.Option("--version", help="Say the version.")] = False,
) -> None:
    """Enlarge pictures and films: nothing else about them changes."""
    if version:
        from upscaler._version import __version__

        typer.echo(f"upscaler {__version__}")
        return
    given = {
        "scale": scale,
        "width": width,
        "height": height,
        "long_edge": long_edge,
        "fit": parse_fit(fit),
        "megapixels": megapixels,
        "model": model,
        "prefer": prefer,
        "commercial": commercial or None,
        "format": format,
        "quality": quality,
        "lossless": lossless or None,
        "strip_metadata": strip_metadata or None,
        "background": background,
        "max_megapixels": max_megapixels,
        "device": device,
        "precision": precision,
        "tile": parse_tile(tile),
        "exact": exact or None,
        "memory": parse_size(memory),
        "threads": threads,
        "executor": executor,
    }
    of_films = {
        "codec": codec,
        "crf": crf,
        "encoder_preset": encoder_preset,
        "pix_fmt": pix_fmt,
        "start": parse_time(start, "--start"),
        "duration": parse_time(duration, "--duration"),
        "audio": False if no_audio else None,
        "deinterlace": deinterlace or None,
        "reuse": False if no_reuse else None,
        "preview": parse_time(preview, "--preview"),
    }
    from upscaler.jobs import Request, Selection, make_plan
    from upscaler.jobs.presets import load_preset, save_preset_as, settings_from
    from upscaler.jobs.process import prepare

    options = {**(load_preset(preset) if preset else {}), **{k: v for k, v in given.items() if v is not None}}
    if film := {**options.get("film", {}), **{k: v for k, v in of_films.items() if v is not None}}:
        options["film"] = film
    settings = settings_from(options)
    if save_preset:
        save_preset_as(save_preset, options)
    wanted = (*(inputs or ()), *(more_inputs or ()))
    if not wanted and save_preset:
        return
    request = Request(
        inputs=wanted,
        output=output,
        name=name or (f"{{stem}}_{suffix}" if suffix else None),
        exists=exists or "skip",  # type: ignore[arg-type]  # checked in the plan, with the choices
        selection=Selection(not no_recursive, tuple(include or ()), tuple(exclude or ())),
        stdin=_stdin() if Path("-") in wanted else None,
        offline=offline or None,
        mirror=mirror,
    )
    prepare()
    plan = make_plan(request, settings)
    if dry_run:
        _show(plan, json=json)
        raise typer.Exit(1 if any(item.problem for item in plan.items) else 0)
    raise typer.Exit(_run(plan, json=json, quiet=quiet, verbose=verbose, report=report, verify_tiles=verify_tiles))


def main() -> None:
    """The console script."""
    sys.exit(run_command("upscale", lambda: app(standalone_mode=True)))


def parse_fit(text: str | None) -> tuple[int, int] | None:
    """``1920x1080``.  Raises UsageError."""
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d+)\s*[x×X]\s*(\d+)\s*", text)
    if not found:
        raise UsageError(f"--fit takes a size such as 1920x1080, not {text!r}.")
    return int(found[1]), int(found[2])


def parse_tile(text: str | None) -> int | None:
    """``auto`` or a number.  Raises UsageError."""
    if text is None or text == "auto":
        return None
    if not re.fullmatch(r"-?\d+", text):
        raise UsageError(f"--tile takes auto, 0 (the whole picture) or a side in pixels, not {text!r}.")
    return int(text)


def parse_time(text: str | None, option: str) -> float | None:
    """``90``, ``1:30``, ``0:01:30.5``: seconds.  Raises UsageError."""
    if text is None:
        return None
    found = re.fullmatch(r"\s*(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?)\s*", text)
    if not found:
        raise UsageError(f"{option} takes seconds or a time such as 1:30, not {text!r}.")
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def parse_size(text: str | None) -> int | None:
    """``2G``, ``512M``, ``1.5 GB``: bytes.  Raises UsageError."""
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?\s*", text.lower())
    if not found or float(found[1]) <= 0:
        raise UsageError(f"--memory takes a size such as 2G or 800M, not {text!r}.")
    return int(float(found[1]) * 1024 ** " kmgt".index(found[2] or " "))


def _stdin() -> bytes:
    return sys.stdin.buffer.read()


def _run(plan: Plan, *, json: bool, quiet: bool, verbose: int, report: Path | None, verify_tiles: bool) -> int:
    import logging
    import signal

    from upscaler.commands.progress import teller
    from upscaler.jobs import Control, run

    control = Control()
    tell = teller(plan, json=json, quiet=quiet, verbose=verbose > 0)
    if verbose > 1:
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        logging.getLogger("upscaler").setLevel(logging.DEBUG)

    def interrupted(*_: object) -> None:
        # Once: end within a tile.  Twice: at once; the files still come out whole or not at all.
        control.cancel()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, interrupted) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        done = run(plan, tell=tell, control=control, verify_tiles=verify_tiles)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        tell.close()
    if verbose:
        for sentence in (*done.engines, *done.bounds):
            typer.echo(sentence, err=True)
    if report is not None:
        done.write(report)
    if done.error and not json:
        typer.echo(f"upscale: {done.error}", err=True)
    return done.exit_code


def _show(plan: Plan, *, json: bool) -> None:
    if json:
        import json as library

        typer.echo(library.dumps(plan.facts(), indent=1))
        return
    from upscaler.commands.progress import describe

    for item in plan.items:
        typer.echo(item.problem or item.skip or describe(item))
        if item.work is not None and not item.problem and not item.skip:
            for sentence in item.work.warnings:
                typer.echo(f"  Note: {sentence}")
    for sentence in plan.notes:
        typer.echo(f"Note: {sentence}")
