"""Writes ``weights_manifest.json``: every row from facts that are checked here, none by hand.

    python tools/build_manifest.py WEIGHTS [--measured docs/measured.json]

WEIGHTS is a folder of official checkpoints with their INDEX.json files (one folder a year or repository).  The
architecture of a row is the one that recognises its checkpoint; how it is tiled is what that network says of itself;
what was measured comes from ``docs/measured.json``.  Rows whose network does not exist yet are named and left out.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upscaler.errors import ModelError
from upscaler.models.checkpoint import read_checkpoint
from upscaler.models.formats import digests, head_of, sniff
from upscaler.models.loading import shapes, the_one_family
from upscaler.models.manifest import (
    Cost,
    Entry,
    Figure,
    GithubRaw,
    Io,
    Licence,
    Precision,
    State,
    Tiling,
    WeightsFile,
    write_manifest,
)
from upscaler.networks import family
from upscaler.networks.family import Traits

ROOT = Path(__file__).resolve().parents[1]

REPOSITORIES = {
    "ntire2024": ("Amazingren/NTIRE2024_ESR", "6404fa48dde4a4adbf241a51debdc661aef20449"),
    "ntire2025": ("Amazingren/NTIRE2025_ESR", "b69fb668c0362deb696eecbfdebfaa5c2fcdfcb4"),
    "ntire2026": ("Amazingren/NTIRE2026_ESR", "4592ce6db68b395699f13e7e2a4e3baf317ef1c6"),
}


@dataclass(frozen=True)
class Facts:
    """What no index says of a system."""

    title: str
    family: str
    tags: tuple[str, ...] = ("photo",)
    paper: str | None = None
    architecture: str | None = None
    """Where keys and shapes fit more than one."""


SYSTEMS = {
    "rlfn": Facts("RLFN", "rlfn", ("photo", "latency"), "arXiv 2205.07514"),
    "span": Facts("SPAN, 28 channels", "span", ("photo", "latency"), "arXiv 2311.12770"),
    "span-tiny": Facts("SPAN, 26 channels", "span", ("photo", "latency"), "arXiv 2311.12770"),
}


def challenge_rows(weights: Path, year: str) -> list[Entry]:
    """The systems of one year's challenge."""
    rows = []
    for row in json.loads((weights / year / "INDEX.json").read_text()):
        if (
            row["name"] not in SYSTEMS
            or row["checkpoint"].startswith("..")
            or not (weights / year / row["checkpoint"]).is_file()
        ):
            continue
        try:
            rows.append(challenge_row(weights, year, row))
        except ModelError as error:
            print(f"left out: {row['name']}: {error}")
    return rows


def challenge_row(weights: Path, year: str, row: dict[str, Any]) -> Entry:
    repository, commit = REPOSITORIES[year]
    facts = SYSTEMS[row["name"]]
    path = weights / year / row["checkpoint"]
    outer = row.get("state_dict_key") or row.get("state_dict", {}).get("outer")
    state = read_checkpoint(path, outer).state
    chosen = family(facts.architecture) if facts.architecture else the_one_family(state, path.name)
    traits = chosen.traits(chosen.read_config(shapes(state)))
    cost, quality = row["multiply_adds_256"], row["set5_x4_psnr_y"]
    return Entry(
        name=row["name"],
        scale=4,
        architecture=chosen.name,
        family=facts.family,
        title=facts.title,
        authors=f"{row['team']} (NTIRE {year[5:]})",
        year=int(year[5:]),
        paper=facts.paper,
        tags=facts.tags,
        availability="public",
        licence=Licence(id="MIT", source=repository, commercial=True),
        state=State(outer=outer),
        io=Io(range=int(traits.value_range)),
        cost=Cost(params=row["n_params"], macs_256=cost if isinstance(cost, int) else cost["total"]),
        tiling=tiling(traits),
        precision=Precision(guard=True),
        measured=(
            Figure(
                set="Set5",
                metric="PSNR-Y",
                value=round(quality if isinstance(quality, float) else quality["mean"], 2),
                source="authors' code, crop 4, rounded",
            ),
        ),
        files=(
            weights_file(
                path, f"{year}/{path.name}", GithubRaw(repo=repository, commit=commit, path=f"model_zoo/{path.name}")
            ),
        ),
    )


def tiling(traits: Traits) -> Tiling:
    """What a network says of itself."""
    return Tiling(
        mode="exact" if traits.exact_tiles else "blended",
        halo=traits.halo,
        align=traits.grid,
        min_size=traits.min_size,
        global_statistics=traits.global_statistics,
    )


def weights_file(path: Path, mirror: str, *sources: Any) -> WeightsFile:
    known = digests(path)
    kind = sniff(head_of(path))
    assert kind is not None
    return WeightsFile(
        name=path.name,
        format=kind,
        bytes=known.bytes,
        sha256=known.sha256,
        git_blob_sha1=known.git_blob_sha1,
        hash_source="computed",
        mirror=mirror,
        sources=sources,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    arguments = parser.parse_args()
    rows = [row for year in REPOSITORIES for row in challenge_rows(arguments.weights, year)]
    write_manifest(tuple(rows), ROOT / "weights_manifest.json")
    print(f"{len(rows)} rows")


if __name__ == "__main__":
    main()
