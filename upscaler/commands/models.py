"""``upscaler models``: what there is, what it is good at, and getting it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from upscaler.errors import UsageError, WeightsError

if TYPE_CHECKING:
    from upscaler.models.manifest import AnySource, Entry, Figure
    from upscaler.models.sources import Tell

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="The models: list, info, download, verify, import.",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Sort = Literal["name", "macs", "params", "time", "quality"]
OFFLINE = typer.Option("--offline", help="Never ask the network.")
MIRROR = typer.Option("--mirror", metavar="PATH|URL", help="Folder or address to take files from first.")
JSON = typer.Option("--json", help="As JSON.")


@app.command("list")
def list_models(
    scale: Annotated[float | None, typer.Option("-s", "--scale", help="Only models that have this scale.")] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", help="Only with this tag (several: with all): photo, anime, ...")
    ] = None,
    family: Annotated[str | None, typer.Option("--family", help="Only of this family: span, rlfn, esc, ...")] = None,
    commercial: Annotated[
        bool, typer.Option("--commercial", help="Only where the licence allows commercial use.")
    ] = False,
    sort: Annotated[
        str | None, typer.Option("--sort", help="name, macs, params, time (cheapest first), quality (best first).")
    ] = None,
    pareto: Annotated[
        str | None,
        typer.Option(
            "--pareto", metavar="quality,COST", help="Mark (*) what no other beats; COST: macs, params or time."
        ),
    ] = None,
    json: Annotated[bool, JSON] = False,
) -> None:
    """Show the models, one line each."""
    from upscaler.choice.pareto import front
    from upscaler.models.catalogue import catalogue

    entries = [e for e in catalogue().entries if _wanted(e, scale, tag or [], family, commercial=commercial)]
    best = front(entries, _respect(pareto)) if pareto else frozenset()
    entries = _sorted(entries, sort or ("macs" if pareto else "name"))
    if json:
        _say_json([{**_plain(entry), "pareto": entry in best} for entry in entries])
        return
    _table(entries, best)
    if pareto and not best:
        typer.echo("Nothing is marked: not both are known of any of these models.")


@app.command()
def info(
    name: Annotated[str, typer.Argument(help="Name (or its beginning), or a weights file.")],
    scale: Annotated[float | None, typer.Option("-s", "--scale", help="Only this scale's card.")] = None,
    json: Annotated[bool, JSON] = False,
) -> None:
    """Show all that is known of a model."""
    from upscaler.models.catalogue import catalogue
    from upscaler.models.formats import is_path

    if is_path(name):
        _info_of_file(Path(name), json=json)
        return
    known = catalogue()
    service = known.serve(name, scale) if scale is not None else None
    entries = service.passes[:1] if service else known.rows(name)
    if json:
        _say_json([_plain(entry) for entry in entries])
        return
    if service is not None and service.sentence:
        typer.echo(service.sentence + "\n")
    typer.echo("\n\n".join(card(entry) for entry in entries))


@app.command()
def download(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Models to fetch.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every model that can be fetched.")] = False,
    scale: Annotated[float | None, typer.Option("-s", "--scale", help="Only this scale.")] = None,
    offline: Annotated[bool, OFFLINE] = False,
    mirror: Annotated[str | None, MIRROR] = None,
) -> None:
    """Fetch weights, so that they are at hand."""
    from upscaler.models.catalogue import catalogue
    from upscaler.models.store import weights_store

    known = catalogue()
    entries = _named(names or [], scale) if not every else [e for e in known.entries if e.files]
    if not entries:
        raise UsageError("No model was named; give names, or --all.")
    store = weights_store(offline=offline or None, mirror=mirror, tell=_progress())
    failed = []
    for entry in entries:
        try:
            before = store.whereabouts(entry)
            store.fetch(entry)
            how = "was here" if before in {"package", "cache"} else f"came from the {before}"
            typer.echo(f"{entry.name} x{entry.scale}: {how.replace('from the download', 'by download')}")
        except WeightsError as error:
            failed.append(error)
            typer.echo(f"upscaler: {error}", err=True)
    if failed:
        raise typer.Exit(WeightsError.exit_code)


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Models; without any, all.")] = None,
) -> None:
    """Check the weights that are here against their hashes."""
    from upscaler.models.catalogue import catalogue
    from upscaler.models.store import Store

    store = Store(offline=True)
    checked = 0
    wrong = []
    for entry in _named(names, None) if names else catalogue().entries:
        for path, complaint in store.verify(entry):
            checked += 1
            if complaint is not None:
                wrong.append(complaint)
                typer.echo(f"upscaler: {path}: {complaint}", err=True)
    typer.echo(f"{checked} files are here, {len(wrong)} of them wrong.")
    if wrong:
        raise typer.Exit(WeightsError.exit_code)


@app.command("import")
def import_model(
    file: Annotated[Path, typer.Argument(help="Checkpoint: .pth, .safetensors (or its index), .param or .bin.")],
    name: Annotated[
        str | None, typer.Option("--name", help="The official model that it is, or a name for your own.")
    ] = None,
    architecture: Annotated[
        str | None, typer.Option("--architecture", help="Where the file fits more than one.")
    ] = None,
) -> None:
    """Take in a checkpoint, so that its name finds it."""
    from upscaler.models.catalogue import official_catalogue
    from upscaler.models.importing import import_file

    typer.echo(import_file(file, official_catalogue(), name=name, architecture=architecture).sentence)


def card(entry: Entry) -> str:
    """All that is known of a model, as text to choose by."""
    lines = [f"{entry.name} x{entry.scale}: {entry.title}"]

    def say(label: str, text: str | None) -> None:
        if text:
            lines.append(f"  {label:14} {text}")

    say("good at", ", ".join(entry.tags))
    say("by", ", ".join(filter(None, (entry.authors, str(entry.year or ""), entry.paper))))
    say("architecture", f"{entry.architecture} (family {entry.family})")
    if entry.cost:
        say("parameters", f"{entry.cost.params:,}")
        time = f"; {entry.cost.time:.2f} times span's time" if entry.cost.time else ""
        say("multiply-adds", f"{entry.cost.macs_256 / 1e9:.2f} G for 256x256{time}")
    for label, figures in (("measured", entry.measured), ("published", entry.published)):
        for (metric, origin), found in _grouped(figures).items():
            say(label, f"{metric}: {found} ({origin})")
    say("tiles", _tiles(entry))
    say("half precision", _half(entry))
    commercial = {True: "commercial use allowed", False: "NOT for commercial use", None: "commercial use unclear"}
    credit = f"; name {entry.licence.attribution}" if entry.licence.attribution else ""
    say("licence", f"{entry.licence.id} ({entry.licence.source}); {commercial[entry.licence.commercial]}{credit}")
    size = entry.download_bytes
    say("size", f"{size / 1e6:.1f} MB" if size else None)
    say("weights", _where(entry))
    for file in entry.files:
        say("file", f"{file.name}{f', SHA-256 {file.sha256}' if file.sha256 else ''}")
        for source in file.sources:
            say("from", _address(source))
    for note in entry.notes:
        say("note", note)
    say("see also", ", ".join(entry.see_also))
    return "\n".join(lines)


def _wanted(entry: Entry, scale: float | None, tags: list[str], family: str | None, *, commercial: bool) -> bool:
    return (
        (scale is None or entry.serves(scale))
        and set(tags) <= set(entry.tags)
        and (family is None or family.casefold() in (entry.family, entry.architecture))
        and (not commercial or entry.licence.commercial is True)
    )


def _respect(pareto: str) -> Literal["macs", "params", "time"]:
    match sorted(word.strip() for word in pareto.split(",")):
        case ["macs", "quality"]:
            return "macs"
        case ["params", "quality"]:
            return "params"
        case ["quality", "time"]:
            return "time"
        case _:
            raise UsageError(f"--pareto is quality,macs or quality,params or quality,time, not {pareto!r}.")


def _sorted(entries: list[Entry], by: str) -> list[Entry]:
    from upscaler.choice.pareto import COST

    last = float("inf")
    match by:
        case "name":
            return entries
        case "quality":
            return sorted(entries, key=lambda e: -(e.quality() or 0.0))
        case "macs" | "params" | "time":
            return sorted(entries, key=lambda e: COST[by](e) or last)
        case _:
            raise UsageError(f"--sort is name, macs, params, time or quality, not {by!r}.")


def _table(entries: list[Entry], best: frozenset[Entry]) -> None:
    if not entries:
        typer.echo("No model is like that; `upscaler models list` shows all.")
        return
    heads = ("name", "scale", "Set5 dB", "G mult-adds", "K params", "tiles", "commercial", "weights", "good at")
    rows = [
        (
            ("* " if entry in best else "") + entry.name,
            f"x{entry.scale}" if entry.scale != "any" else "any",
            _number(entry.quality(), 2),
            _number(entry.cost.macs_256 / 1e9 if entry.cost else None, 2),
            _number(entry.cost.params / 1e3 if entry.cost else None, 0),
            entry.tiling.mode if entry.tiling else "",
            {True: "yes", False: "no", None: "unclear"}[entry.licence.commercial],
            _where(entry),
            " ".join(entry.tags),
        )
        for entry in entries
    ]
    widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
    numeric = {2, 3, 4}
    for row in (heads, *rows):
        cells = [t.rjust(w) if i in numeric else t.ljust(w) for i, (t, w) in enumerate(zip(row, widths, strict=True))]
        typer.echo("  ".join(cells).rstrip())


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _where(entry: Entry) -> str:
    from upscaler.models.store import Store

    words = {
        "package": "in the program",
        "cache": "here",
        "mirror": "in the mirror",
        "download": "to download",
        "none": "not to be had",
    }
    return words[Store().whereabouts(entry)]


def _tiles(entry: Entry) -> str | None:
    tiling = entry.tiling
    if tiling is None:
        return None
    text = {"exact": "exact: as the whole picture", "blended": "blended: close to the whole picture"}[tiling.mode]
    if tiling.measured_db is not None:
        text += f" ({tiling.measured_db:.0f} dB, largest difference {tiling.measured_max:.1e})"
    if tiling.measured_exact_max is not None:
        text += f"; with --exact {tiling.measured_exact_max:.1e}"
    return f"{text}; halo {tiling.halo}, grid {tiling.align}"


def _half(entry: Entry) -> str | None:
    known = entry.precision
    if known is None:
        return None
    said = []
    if known.bf16_loss_db is not None:
        said.append(f"bf16 costs {known.bf16_loss_db:.3f} dB on Set5")
    if known.bf16_db is not None:
        said.append(f"{known.bf16_db:.0f} dB from fp32")
    if known.guard:
        said.append(f"breaks on {', '.join(known.blows_up_on)}, where tiles are done again in fp32")
    return "; ".join(said) or None


def _grouped(figures: tuple[Figure, ...]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], list[str]] = {}
    for figure in figures:
        found.setdefault((figure.metric, figure.source), []).append(f"{figure.set} {_rounded(figure.value)}")
    return {key: ", ".join(values) for key, values in found.items()}


def _rounded(value: float) -> str:
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.4g}"


def _address(source: AnySource) -> str:
    from upscaler.models.manifest import Package
    from upscaler.models.sources import page_of

    if isinstance(source, Package):
        return "the program itself"
    third = " (not the authors' own copy)" if source.third_party else ""
    return f"{page_of(source)}{third}"


def _plain(entry: Entry) -> dict[str, object]:
    import msgspec

    plain: dict[str, object] = msgspec.to_builtins(entry)
    return {**plain, "where": _where(entry)}


def _say_json(value: object) -> None:
    import msgspec

    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=1).decode())


def _info_of_file(path: Path, *, json: bool) -> None:
    from upscaler.models.loading import load_model
    from upscaler.networks.run import multiply_adds, parameters

    model = load_model(path)
    if model.card is not None:
        if json:
            _say_json([_plain(model.card)])
        else:
            typer.echo(f"{path.name} is an official file.\n\n{card(model.card)}")
        return
    facts = {
        "file": path.name,
        "architecture": model.architecture,
        "scale": model.scale,
        "params": parameters(model.network),
        "macs_256": multiply_adds(model.network, model.traits),
        "sha256": model.sha256,
    }
    if json:
        _say_json([facts])
        return
    typer.echo(f"{path.name}: a {model.architecture} network for x{model.scale:g}, of unknown origin")
    typer.echo(f"  parameters     {facts['params']:,}")
    typer.echo(f"  multiply-adds  {int(str(facts['macs_256'])) / 1e9:.2f} G for 256x256")
    typer.echo(f"  SHA-256        {model.sha256}")


def _named(names: list[str], scale: float | None) -> list[Entry]:
    from upscaler.models.catalogue import catalogue

    known = catalogue()
    return [entry for name in names for entry in ([known.find(name, scale)] if scale is not None else known.rows(name))]


def _progress() -> Tell | None:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        return None
    from tqdm import tqdm

    bars: dict[str, tqdm[None]] = {}

    def tell(name: str, done: int, total: int | None) -> None:
        if name not in bars:
            bars[name] = tqdm(desc=name, total=total, unit="B", unit_scale=True, leave=False)
        bar = bars[name]
        bar.n = done
        bar.refresh()
        if done == total:
            bars.pop(name).close()

    return tell
