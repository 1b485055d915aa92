"""Taking in a checkpoint that the user has: as the official model that it is, or as one of the user's own."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import save_file

from upscaler.errors import ModelError, UsageError, WeightsError
from upscaler.models.catalogue import Catalogue
from upscaler.models.checkpoint import parts, read_checkpoint
from upscaler.models.convert import read_config, shapes
from upscaler.models.formats import INDEX_SUFFIX, Digests, digests, head_of, sniff
from upscaler.models.imported import keep
from upscaler.models.loading import the_one_family, try_out
from upscaler.models.manifest import Cost, Entry, Io, Licence, Role, Scale, Tiling, WeightsFile
from upscaler.models.store import weights_store
from upscaler.networks import family
from upscaler.networks.run import multiply_adds, parameters


@dataclass(frozen=True, slots=True)
class Imported:
    """The row under which the model is found now, and what to tell the user."""

    entry: Entry
    sentence: str


def import_file(path: Path, known: Catalogue, *, name: str | None = None, architecture: str | None = None) -> Imported:
    """Copies a checkpoint to where models are found by name.

    A file whose hash the catalogue knows, or which is the one that an official row could not fetch, becomes that
    row's; anything else becomes a model of the user's.

    Args:
        path: any checkpoint (of an ncnn pair either half, of a sharded file its index).
        known: the official models.
        name: of the official model whose file this is, or for the user's own; None: told by the file.
        architecture: where keys and shapes fit more than one.

    Raises ModelError, UsageError.
    """
    files = parts(path)
    contents = tuple(map(digests, files))
    entry = known.by_files(*contents) or _unhashed(known, files, name)
    if entry is None:
        return _own(path, files, known, name, architecture)
    store = weights_store()
    for file, source in zip(entry.files, files, strict=True):
        store.adopt(entry, file, source)
    return Imported(entry, f"{path.name} is {entry.name} x{entry.scale}; `-m {entry.name}` finds it now.")


def _unhashed(known: Catalogue, files: tuple[Path, ...], name: str | None) -> Entry | None:
    """The official row without a public hash that the file is for: named by the user, or by the file's own name."""
    rows = [e for e in known.entries if len(e.files) == len(files) == 1 and e.files[0].pinned_at_first_use]
    if name is None:
        rows = [e for e in rows if e.files[0].name.casefold() == files[0].name.casefold()]
    else:
        rows = [e for e in rows if e.name == name.casefold()]
    reasons: dict[str, ModelError] = {}
    for entry in rows:
        try:
            try_out(entry, files)
        except ModelError as error:
            reasons[f"x{entry.scale}"] = error
        else:
            return entry
    if reasons and name is not None:
        scales, first = ", ".join(reasons), next(iter(reasons.values()))
        raise WeightsError(f"{files[0].name} is not a file of {name} at any scale ({scales}): {first}") from first
    return None


def _own(path: Path, files: tuple[Path, ...], known: Catalogue, name: str | None, architecture: str | None) -> Imported:
    checkpoint = read_checkpoint(path)
    said = architecture or checkpoint.metadata.get("architecture")
    chosen = family(said) if said else the_one_family(checkpoint.state, path.name)
    if not chosen.recognises(shapes(checkpoint.state)) and "architecture" not in checkpoint.metadata:
        raise WeightsError(f"{path.name} is not a network of the architecture {chosen.name}.")
    config = read_config(chosen, shapes(checkpoint.state), path.name)
    traits, network = chosen.traits(config), chosen.build(config).requires_grad_(False)
    slug = _slug(name or path.name.removesuffix(INDEX_SUFFIX).rpartition(".")[0] or path.name)
    scale: Scale = int(traits.scale) if chosen.any_scale is None else "any"
    # Trained weights may take the name of a network that is published without any.
    waiting = {e.scale: e.architecture for e in known.entries if e.name == slug and not e.files}
    if slug in known.names and waiting.get(scale) != chosen.name:
        raise UsageError(f"{slug} is the name of an official model; choose another with --name.")
    with tempfile.TemporaryDirectory() as folder:
        if path.name.endswith(INDEX_SUFFIX):
            whole = Path(folder) / f"{slug}.safetensors"
            save_file({key: value.contiguous() for key, value in checkpoint.state.items()}, whole)
            files = (whole,)
        entry = Entry(
            name=slug,
            scale=scale,
            scale_range=None if chosen.any_scale is None else (1.0, 30.0),
            architecture=chosen.name,
            family=chosen.name,
            title=path.name,
            availability="imported",
            licence=Licence(id="unknown", source="imported"),
            io=Io(range=255 if traits.value_range == 255 else 1),
            cost=Cost(params=parameters(network), macs_256=multiply_adds(network, traits)),
            tiling=Tiling(
                mode="exact" if traits.exact_tiles and not traits.global_statistics else "blended",
                halo=traits.halo,
                align=traits.grid,
                min_size=traits.min_size,
                global_statistics=traits.global_statistics,
            ),
            files=tuple(_described(file, slug, digests(file)) for file in files),
            notes=("Imported by you; its licence is not known to the program.",),
        )
        keep(entry, files)
    return Imported(entry, f"{path.name} is a {chosen.name} network for x{entry.scale}; `-m {slug}` finds it now.")


def _described(file: Path, slug: str, known: Digests) -> WeightsFile:
    suffix = file.suffix.lower()
    roles: dict[str, Role] = {".param": "param", ".bin": "bin"}
    kind = sniff(head_of(file))
    return WeightsFile(
        name=f"{slug}{suffix}",
        format=kind or "ncnn-bin",
        role=roles.get(suffix, "weights") if kind in (None, "ncnn-param") else "weights",
        bytes=known.bytes,
        sha256=known.sha256,
        git_blob_sha1=known.git_blob_sha1,
        hash_source="computed",
    )


def _slug(name: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:80]
    if not slug:
        raise UsageError(f"{name!r} has no letter or digit; give the model a name with --name.")
    return slug
