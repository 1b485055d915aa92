"""``upscaler bench``: how fast models are on this machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from upscaler.engine.bench import Row


def bench(
    model: Annotated[list[str], typer.Option("-m", "--model", help="Name or file; several times for several.")],
    scale: Annotated[float, typer.Option("-s", "--scale")] = 4,
    side: Annotated[
        list[int] | None, typer.Option("--size", min=1, help="Side of the input in pixels; several times. [256]")
    ] = None,
    precision: Annotated[
        list[str] | None, typer.Option("-p", "--precision", help="auto, fp32, bf16, fp16. [what the device is fast in]")
    ] = None,
    executor: Annotated[
        list[str] | None, typer.Option("-x", "--executor", help="torch, native, compile, openvino. [all but compile]")
    ] = None,
    device: Annotated[str, typer.Option("-d", "--device")] = "auto",
    threads: Annotated[int | None, typer.Option("--threads", min=1)] = None,
    rounds: Annotated[int, typer.Option("--rounds", min=1)] = 7,
    json_out: Annotated[bool, typer.Option("--json", help="All figures as JSON on the standard output.")] = False,
    plot_file: Annotated[Path | None, typer.Option("--plot", help="Megapixels per second, PNG or SVG.")] = None,
) -> None:
    """Time models, and remember which executor is the fastest for each."""
    from upscaler.jobs.process import prepare

    prepare()
    from upscaler.engine import devices
    from upscaler.engine.bench import bench as measure
    from upscaler.engine.executors.choice import named
    from upscaler.engine.precision import named as precision_named
    from upscaler.engine.precision import worth_timing
    from upscaler.models.loading import load_model

    rows = []
    if not json_out:
        typer.echo(HEADER)
    for row in measure(
        [load_model(name, scale) for name in model],
        side or [256],
        [precision_named(name) for name in precision] if precision else worth_timing(devices.pick(device)[0]),
        [named(name) for name in executor or ["torch", "native", "openvino"]],
        device=device,
        threads=threads,
        rounds=rounds,
        skipped=lambda sentence: typer.echo(f"Left out: {sentence}", err=True),
    ):
        rows.append(row)
        if not json_out:
            typer.echo(line(row))
    if json_out:
        typer.echo(json.dumps([asdict(row) for row in rows], indent=1))
    if plot_file:
        plot(rows, plot_file)


HEADER = (
    f"{'model':20} {'side':>5} {'device':8} {'prec.':5} {'executor':9} {'ms':>9} {'fastest':>9} {'slowest':>9} "
    f"{'MP/s in':>8} {'MP/s out':>8} {'GMAC/s':>7} {'share':>6} {'MB':>7} {'dB':>6}"
)


def line(row: Row) -> str:
    """One row of the table."""
    return (
        f"{row.model:20} {row.side:5} {row.device:8} {row.precision:5} {row.executor:9} {row.ms:9.1f} "
        f"{row.ms_fastest:9.1f} {row.ms_slowest:9.1f} {row.megapixels_in:8.3f} {row.megapixels_out:8.2f} "
        f"{row.multiply_adds:7.1f} {row.share:6.0%} {row.tensors_mb:7.0f} {row.psnr:6.1f}"
    )


def plot(rows: list[Row], path: Path) -> None:
    """Bars of input megapixels per second."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 1 + 0.3 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    names = [f"{row.model} {row.side} {row.precision} {row.executor}" for row in rows]
    axes.barh(range(len(rows)), [row.megapixels_in for row in rows])
    axes.set_yticks(range(len(rows)), names)
    axes.invert_yaxis()
    axes.set_xlabel("input megapixels per second")
    figure.savefig(path)
