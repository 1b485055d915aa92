"""``upscaler evaluate``: the quality of models on pictures whose originals are known."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Annotated

import typer

from upscaler.jobs.settings import Precision


def evaluate(
    originals: Annotated[Path, typer.Argument(help="Folder of originals, or a set with HR/ and LRx4/ inside.")],
    model: Annotated[list[str], typer.Option("-m", "--model", help="Name or file; several times for several.")],
    lr: Annotated[Path | None, typer.Option(help="Folder of reduced pictures of the same names.")] = None,
    scale: Annotated[int, typer.Option("-s", "--scale", min=1)] = 4,
    device: Annotated[str, typer.Option("-d", "--device")] = "auto",
    precision: Annotated[Precision, typer.Option("-p", "--precision")] = "fp32",
    ssim: Annotated[bool, typer.Option(help="SSIM too (needs the extra 'evaluate').")] = True,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="All figures as CSV.")] = None,
    json_out: Annotated[bool, typer.Option("--json", help="All figures as JSON on the standard output.")] = False,
    plot_file: Annotated[Path | None, typer.Option("--plot", help="Quality against cost and time, PNG or SVG.")] = None,
) -> None:
    """Measure PSNR and SSIM of models as the papers do."""
    from upscaler.engine import Upscaler
    from upscaler.jobs.evaluate import Evaluation, find_cases, plot, rows
    from upscaler.jobs.evaluate import evaluate as measure
    from upscaler.media.metrics import CONVENTION
    from upscaler.models.loading import load_model

    cases = find_cases(originals, lr, scale)
    if not json_out:
        typer.echo(f"{len(cases)} pictures, x{scale}; {CONVENTION}.")
        typer.echo(f"{'model':24} {'PSNR-Y':>8} {'SSIM-Y':>8} {'PSNR-RGB':>8} {'s/MP in':>8}")
    found: list[Evaluation] = []
    for name in model:
        loaded = load_model(name, scale)
        with_engine = Upscaler(loaded, device=device, precision=precision)
        found.append(result := measure(loaded, with_engine, cases, ssim=ssim))
        if not json_out:
            q = result.mean
            similarity = "" if q.ssim_y is None else f"{q.ssim_y:.4f}"
            time = result.seconds_per_megapixel
            typer.echo(f"{result.model:24} {q.psnr_y:8.3f} {similarity:>8} {q.psnr_rgb:8.3f} {time:8.2f}")
    records = list(rows(found))
    if json_out:
        typer.echo(json.dumps(records, indent=1))
    if csv_file:
        with csv_file.open("w", newline="") as file:
            writer = csv.DictWriter(file, records[0].keys())
            writer.writeheader()
            writer.writerows(records)
    if plot_file:
        plot(found, plot_file)
