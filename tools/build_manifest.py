"""Writes ``weights_manifest.json``: facts that are checked here, none typed into the file by hand.

    python -m tools.build_manifest WEIGHTS

WEIGHTS is a folder of official checkpoints with their INDEX.json files (one folder a year or repository).  The
architecture of a row is the one that recognises its checkpoint; how it is tiled is what that network says of itself;
what was measured comes from ``docs/measured.json`` and ``docs/times.json`` (``tools.measure_models`` and
``tools.measure_times``).  Rows whose network does not exist are named and left out.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from tools.manifest_facts import (
    ATTRIBUTION,
    FAMILY_OF_MODULE,
    NCNN_NAMES,
    NOTES,
    SYSTEMS,
    Row,
    other_rows,
)
from upscaler.errors import ModelError
from upscaler.models.checkpoint import read_checkpoint
from upscaler.models.convert import shapes
from upscaler.models.formats import digests, head_of, sniff
from upscaler.models.loading import the_one_family
from upscaler.models.manifest import (
    AnySource,
    Cost,
    Entry,
    Figure,
    Format,
    GithubRaw,
    Io,
    Licence,
    Package,
    Precision,
    Role,
    State,
    Tiling,
    WeightsFile,
    write_manifest,
)
from upscaler.networks import ARCHITECTURES, family
from upscaler.networks.family import AnyFamily, Traits
from upscaler.networks.run import multiply_adds, parameters

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "upscaler" / "models" / "data"

REPOSITORIES = {
    "ntire2024": ("Amazingren/NTIRE2024_ESR", "6404fa48dde4a4adbf241a51debdc661aef20449"),
    "ntire2025": ("Amazingren/NTIRE2025_ESR", "b69fb668c0362deb696eecbfdebfaa5c2fcdfcb4"),
    "ntire2026": ("Amazingren/NTIRE2026_ESR", "4592ce6db68b395699f13e7e2a4e3baf317ef1c6"),
}
NCNN_FOLDERS = {
    "monarc99+SPAN-ncnn-vulkan": ("monarc99/SPAN-ncnn-vulkan", "4b23a2ab8b5b9bc1b1d15762dcee80b247c9399e", "models"),
    "k4yt3x+video2x": ("k4yt3x/video2x", "8a9e571114a59db442c90a6eb85a9513471c1068", "models/realesrgan"),
}
EXACT = 1e-4
"""Largest difference, of the value range, that counts as none."""

SUFFIXES: tuple[tuple[str, Role], ...] = ((".param", "param"), (".bin", "bin"))
BLOWN_UP = 4.0
"""Largest |output| / range above which an input counts as one that the network breaks on."""


def challenge_rows(weights: Path, year: str) -> Iterator[Entry]:
    """The systems of one year's challenge whose checkpoints are at hand."""
    for row in json.loads((weights / year / "INDEX.json").read_text()):
        # A path upwards: the same file as in an earlier year.
        if row["checkpoint"].startswith("..") or not (weights / year / row["checkpoint"]).is_file():
            continue
        try:
            yield challenge_row(weights, year, row)
        except ModelError as error:
            print(f"left out: {row['name']}: {error}")


def challenge_row(weights: Path, year: str, row: dict[str, Any]) -> Entry:
    """One system: what its index, its checkpoint and its network say."""
    repository, commit = REPOSITORIES[year]
    facts = SYSTEMS[row["name"]]
    path = weights / year / row["checkpoint"]
    outer = row.get("state_dict_key") or row.get("state_dict", {}).get("outer")
    state = read_checkpoint(path, outer).state
    chosen = family(facts.architecture) if facts.architecture else the_one_family(state, path.name)
    traits = chosen.traits(chosen.read_config(shapes(state)))
    cost, quality = row["multiply_adds_256"], row["set5_x4_psnr_y"]
    team = row.get("team") or ""
    source = GithubRaw(repo=repository, commit=commit, path=f"model_zoo/{path.name}")
    return Entry(
        name=row["name"],
        scale=4,
        architecture=chosen.name,
        family=label(chosen),
        title=facts.title,
        authors=f"{team}, NTIRE {year[5:]}" if team else f"NTIRE {year[5:]}, {row['team_id']}",
        year=int(year[5:]),
        paper=facts.paper,
        tags=facts.tags,
        availability="public",
        licence=Licence(id="MIT", source=repository, commercial=True),
        state=State(outer=outer),
        io=io(traits, clamped=bool(row.get("output_clamped"))),
        cost=Cost(
            params=row.get("n_params_inference") or row["n_params"],
            macs_256=cost if isinstance(cost, int) else cost["total"],
        ),
        tiling=tiling(traits),
        precision=precision(blows_up_on(row)),
        published=published(row, year),
        measured=(
            Figure(
                set="Set5",
                metric="PSNR-Y",
                value=round(quality if isinstance(quality, float) else quality["mean"], 2),
                source="the authors' code; crop 4, rounded",
            ),
        ),
        files=(file_at_hand(path, f"{year}/{path.name}", source),),
        notes=NOTES.get(row["name"], ()),
        see_also=facts.see_also,
    )


def label(chosen: AnyFamily) -> str:
    """The family that people would look under."""
    module = ARCHITECTURES[chosen.name]
    return FAMILY_OF_MODULE.get(module, module).replace("_", "-")


def io(traits: Traits, *, clamped: bool = False) -> Io:
    return Io(range=255 if traits.value_range == 255 else 1, clamped=clamped)


def tiling(traits: Traits) -> Tiling:
    """What a network says of itself."""
    exact = traits.exact_tiles and not traits.global_statistics
    return Tiling(
        mode="exact" if exact else "blended",
        halo=traits.halo,
        align=traits.grid,
        min_size=traits.min_size,
        global_statistics=traits.global_statistics,
    )


def precision(broken_by: tuple[str, ...]) -> Precision:
    return Precision(guard=bool(broken_by), blows_up_on=broken_by)


def blows_up_on(row: dict[str, Any]) -> tuple[str, ...]:
    """Inputs unlike photographs on which the output leaves the range by far; the indices name the facts differently."""
    probes = row.get("off_distribution") or {}
    listed = probes.get("blows_up_on") or probes.get("breaks") if isinstance(probes, dict) else None
    if listed is not None:
        words = {
            "noise": "noise",
            "checker1": "checkerboard",
            "checker2": "checkerboard of 2",
            "stripes1": "stripes",
            "s50": "noisy photos",
            "s100": "very noisy photos",
        }
        return tuple(words[word] for word in listed)
    measured = {
        "noise": [row.get("noise_maxabs_output"), row.get("noise_256_maxabs_output"), probes_value(probes, "noise")],
        "checkerboard": [
            row.get("checkerboard_maxabs_output"),
            row.get("checkerboard_256_maxabs_output"),
            probes_value(probes, "checker"),
        ],
        "stripes": [row.get("stripes1_maxabs_output"), row.get("stripes1_256_maxabs_output")],
        "very noisy photos": [row.get("photo_sigma100_maxabs_output")],
    }
    return tuple(
        word for word, values in measured.items() if any(isinstance(v, int | float) and v > BLOWN_UP for v in values)
    )


def probes_value(probes: Any, word: str) -> float | None:
    """The largest of a row's probes with inputs of a kind."""
    found = [v for k, v in probes.items() if word in k and isinstance(v, float)] if isinstance(probes, dict) else []
    return max(found) if found else None


def published(row: dict[str, Any], year: str) -> tuple[Figure, ...]:
    """What the challenge's report says."""
    source = f"NTIRE {year[5:]} report"
    official = row.get("official") or {}
    found = {
        ("DIV2K+LSDIR validation", "PSNR"): row.get("psnr_val") or official.get("val_psnr"),
        ("DIV2K+LSDIR test", "PSNR"): row.get("psnr_test") or official.get("test_psnr"),
        ("challenge", "runtime ms"): row.get("runtime_ms_report") or official.get("mean_runtime_ms"),
    }
    return tuple(
        Figure(set=name, metric=metric, value=round(value, 3), source=source)
        for (name, metric), value in found.items()
        if value
    )


def file_at_hand(path: Path, mirror: str, *sources: AnySource, role: Role = "weights") -> WeightsFile:
    """A file described by its own content."""
    known = digests(path)
    kind: Format = "ncnn-bin" if role == "bin" else (sniff(head_of(path)) or "torch-zip")
    return WeightsFile(
        name=path.name,
        format=kind,
        role=role,
        bytes=known.bytes,
        sha256=known.sha256,
        git_blob_sha1=known.git_blob_sha1,
        hash_source="computed",
        mirror=mirror,
        sources=sources,
    )


def ncnn_rows(weights: Path, folder: str) -> Iterator[Entry]:
    """The pairs of one repository."""
    repository, commit, inside = NCNN_FOLDERS[folder]
    for row in json.loads((weights / folder / "INDEX.json").read_text()):
        if row["name"] not in NCNN_NAMES:
            continue
        name, title, tags = NCNN_NAMES[row["name"]]
        graph = weights / folder / f"{row['name']}.param"
        try:
            state = read_checkpoint(graph).state
            chosen = the_one_family(state, graph.name)
        except ModelError as error:
            print(f"left out: {row['name']}: {error}")
            continue
        traits = chosen.traits(chosen.read_config(shapes(state)))
        licence = row["licence"]
        yield Entry(
            name=name,
            scale=row["scale"],
            architecture=chosen.name,
            family=label(chosen),
            title=title,
            authors=row["credit"],
            tags=tags,
            availability="public",
            licence=Licence(
                id=licence,
                source=row["credit"].split(" (")[0],
                commercial="-NC-" not in licence,
                attribution=ATTRIBUTION.get(licence),
            ),
            io=io(traits),
            cost=Cost(params=row["n_params"], macs_256=row["macs_256"]),
            tiling=tiling(traits),
            precision=precision(blows_up_on(row)),
            files=tuple(
                file_at_hand(
                    graph.with_suffix(suffix),
                    f"{folder}/{row['name']}{suffix}",
                    GithubRaw(repo=repository, commit=commit, path=f"{inside}/{row['name']}{suffix}"),
                    role=role,
                )
                for suffix, role in SUFFIXES
            ),
            notes=(f"For {row['use']}.",),
        )


def described_row(row: Row, weights: Path) -> Entry:
    """A row outside the challenges; its cost and tiling are those of the network that its configuration builds."""
    chosen = family(row.architecture)
    if row.like is not None:
        like = read_checkpoint(weights / row.like, row.outer)
        traits, cost = built(chosen, replace(chosen.read_config(shapes(like.state)), scale=row.scale))
    else:
        kind = get_type_hints(chosen.read_config)["return"]
        traits, cost = built(chosen, msgspec.convert(row.config, kind))
    file = WeightsFile(
        name=row.file,
        format=msgspec.convert(row.format, Format),
        bytes=row.bytes,
        sha256=row.sha256,
        git_blob_sha1=row.git_blob_sha1,
        hash_source=row.hash_source,
        sources=row.sources,
    )
    return Entry(
        name=row.name,
        scale=msgspec.convert(row.scale, int | str),
        scale_range=row.scale_range,
        architecture=row.architecture,
        family=label(chosen),
        title=row.title,
        authors=row.authors,
        year=row.year,
        paper=row.paper,
        tags=row.tags,
        availability="public" if row.sources else "none",
        licence=row.licence,
        state=State(outer=row.outer),
        io=io(traits),
        cost=cost,
        tiling=tiling(traits),
        published=row.published,
        files=(file,) if row.sources else (),
        notes=row.notes,
        see_also=row.see_also,
    )


def built(chosen: AnyFamily, config: Any) -> tuple[Traits, Cost]:
    """Traits and cost of the network of a configuration."""
    traits, network = chosen.traits(config), chosen.build(config).requires_grad_(False)
    return traits, Cost(params=parameters(network), macs_256=multiply_adds(network, traits))


def pocket_rows() -> Iterator[Entry]:
    """The models that travel with the program."""
    for path in sorted(DATA.glob("*.safetensors")):
        name, _, scale = path.stem.rpartition("-x")
        checkpoint = read_checkpoint(path)
        chosen = family(checkpoint.metadata["architecture"])
        config = chosen.read_config(shapes(checkpoint.state))
        traits, cost = built(chosen, config)
        yield Entry(
            name=name,
            scale=int(scale),
            architecture=chosen.name,
            family=label(chosen),
            title="Small and always there: trained by this project",
            tags=("photo", "latency", "embedded"),
            availability="embedded",
            licence=Licence(id="MIT", source="this project", commercial=True),
            io=io(traits),
            cost=cost,
            tiling=tiling(traits),
            files=(
                msgspec.structs.replace(
                    file_at_hand(path, "unused", Package(resource=f"models/data/{path.name}")), mirror=None
                ),
            ),
        )


def merged(entry: Entry, measured: dict[tuple[str, ...], dict[str, Any]]) -> Entry:
    """The row with what was measured of its weights; where they are not at hand, of its network with made-up ones."""
    facts = measured.get((content(entry),)) or measured.get(("seeded", entry.name, str(entry.scale)))
    if facts is None:
        return entry
    change: dict[str, Any] = {}
    if "set5" in facts:
        names = {"psnr_y": "PSNR-Y", "ssim_y": "SSIM-Y", "psnr_rgb": "PSNR-RGB"}
        change["measured"] = tuple(
            Figure(set="Set5", metric=names[key], value=round(value, 4), source="this program; crop = scale, rounded")
            for key, value in facts["set5"].items()
        )
    if entry.tiling is not None and "tiles" in facts:
        tiles = facts["tiles"]
        change["tiling"] = msgspec.structs.replace(
            entry.tiling,
            mode="exact" if tiles["max"] < EXACT else "blended",
            measured_max=tiles["max"],
            measured_db=tiles["psnr_db"],
            measured_seam=tiles["seam"],
            measured_exact_max=facts.get("exact_tiles", {}).get("max"),
        )
    broken_by = tuple(word for word, value in facts.get("off_distribution", {}).items() if value > BLOWN_UP)
    before = entry.precision or Precision()
    words = tuple(dict.fromkeys((*before.blows_up_on, *broken_by)))
    half = facts.get("bf16", {})
    change["precision"] = Precision(
        bf16_db=half.get("photo_psnr_db"),
        bf16_loss_db=half.get("set5_loss_db"),
        guard=bool(words),
        blows_up_on=words,
    )
    return msgspec.structs.replace(entry, **change)


def timed(entry: Entry, times: dict[str, float]) -> Entry:
    """The row with what ``tools.measure_times`` says of it."""
    if entry.cost is None or entry.key not in times:
        return entry
    return msgspec.structs.replace(entry, cost=msgspec.structs.replace(entry.cost, time=times[entry.key]))


def content(entry: Entry) -> str:
    """The hash by which a loaded model of this row is known; empty where a file's is not."""
    hashes = [file.sha256 or "" for file in entry.files]
    if len(hashes) == 1 or not all(hashes):
        return hashes[0] if hashes else ""
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def read_measured(path: Path) -> dict[tuple[str, ...], dict[str, Any]]:
    """What ``tools.measure_models`` wrote, by weights; made-up weights by name and scale."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in json.loads(path.read_text()) if path.is_file() else []:
        made_up = row["weights"] == "seeded"
        found[("seeded", row["name"], str(row["scale"])) if made_up else (row["weights"],)] = row
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    weights = parser.parse_args().weights
    rows = [row for year in REPOSITORIES for row in challenge_rows(weights, year)]
    rows += [row for folder in NCNN_FOLDERS for row in ncnn_rows(weights, folder)]
    for row in other_rows():
        if row.architecture in ARCHITECTURES:
            rows.append(described_row(row, weights))
        else:
            print(f"left out: {row.name} x{row.scale}: no architecture {row.architecture}")
    rows += pocket_rows()
    measured = read_measured(ROOT / "docs" / "measured.json")
    times_file = ROOT / "docs" / "times.json"
    times = json.loads(times_file.read_text()) if times_file.is_file() else {}
    finished = (timed(merged(row, measured), times) for row in rows)
    write_manifest(tuple(finished), ROOT / "weights_manifest.json")
    print(f"{len(rows)} rows")


if __name__ == "__main__":
    main()
