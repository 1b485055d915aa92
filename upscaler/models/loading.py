"""From a name or a path to a network that runs."""

from pathlib import Path
from typing import Any

from upscaler.errors import ModelError, WeightsError
from upscaler.models.catalogue import Catalogue, official_catalogue
from upscaler.models.checkpoint import is_weights_path, parts, read_checkpoint
from upscaler.models.formats import digests, fingerprint
from upscaler.models.manifest import Entry
from upscaler.models.model import Model
from upscaler.models.store import Store
from upscaler.networks import family, recognise
from upscaler.networks.family import AnyFamily, Shapes, State


def load_model(
    model: str | Path, scale: float | None = None, *, offline: bool | None = None, mirror: str | Path | None = None
) -> Model:
    """A network with its weights.

    Args:
        model: a name of the catalogue (``upscaler models list``), or the path of a checkpoint: ``.pth``,
            ``.safetensors`` (or the index of a sharded one), or either half of an ncnn pair.
        scale: the wanted scale; a model that lacks it gives its next larger native one, else its largest.
            None: x4, or what there is.
        offline: never ask the network; None: as ``UPSCALER_OFFLINE`` says.
        mirror: a folder or address laid out as the manifest's ``mirror`` paths; None: ``UPSCALER_MIRROR``.

    Raises ModelError: no such model, or no known architecture; WeightsError: its file cannot be had or is damaged.
    """
    catalogue = official_catalogue()
    if isinstance(model, Path) or is_path(model):
        return load_file(Path(model), catalogue)
    entry = catalogue.find(model, scale)
    files = Store(offline=offline, mirror=mirror).fetch(entry)
    return load_entry(entry, files)


def is_path(model: str) -> bool:
    """True if the text means a file, not a model's name."""
    return "/" in model or "\\" in model or is_weights_path(model)


def load_entry(entry: Entry, files: tuple[Path, ...]) -> Model:
    """The network of a row whose files are at hand and have been checked."""
    return _build(entry.name, files, fingerprint(files), entry)


def load_file(path: Path, catalogue: Catalogue) -> Model:
    """The network of a checkpoint: by its hash if the catalogue knows it, else by its keys and shapes."""
    files = parts(path)
    found = [catalogue.by_hash(d.sha256, d.git_blob_sha1) for d in map(digests, files)]
    entry = found[-1][0] if found[-1] is not None else None
    return _build(entry.name if entry else path.stem, files, fingerprint(files), entry)


def _build(name: str, files: tuple[Path, ...], sha256: str, entry: Entry | None) -> Model:
    checkpoint = read_checkpoint(files[0], entry.state.outer if entry else None)
    architecture = entry.architecture if entry else checkpoint.metadata.get("architecture")
    chosen = family(architecture) if architecture else the_one_family(checkpoint.state, files[0].name)
    config = _config(chosen, checkpoint.state, files[0].name)
    state = chosen.convert(checkpoint.state, config) if chosen.convert else checkpoint.state
    network = chosen.build(config)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise WeightsError(
            f"{files[0].name} does not fit the architecture {chosen.name}: {_first_misfit(error)}."
        ) from error
    network.eval().requires_grad_(False)
    return Model(name, chosen.name, network, chosen.traits(config), sha256, entry)


def the_one_family(state: State, name: str) -> AnyFamily:
    """The architecture that a state dict belongs to.  Raises ModelError if there is none, or more than one."""
    found = recognise(shapes(state))
    if len(found) == 1:
        return found[0]
    if found:
        names = " and ".join(candidate.name for candidate in found)
        raise ModelError(
            f"{name} fits more than one architecture ({names}), which share keys and shapes; "
            "import it with `upscaler models import --architecture`."
        )
    sample = ", ".join(list(state)[:3])
    raise ModelError(f"{name} is no network that this version knows (its tensors: {sample}, ...).")


def shapes(state: State) -> Shapes:
    return {key: tuple(value.shape) for key, value in state.items()}


def _config(chosen: AnyFamily, state: State, name: str) -> Any:
    try:
        return chosen.read_config(shapes(state))
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise WeightsError(f"{name} looks like {chosen.name}, but its tensors do not fit together.") from error


def _first_misfit(error: RuntimeError) -> str:
    lines = [line.strip().rstrip(".") for line in str(error).splitlines()[1:]]
    return lines[0][:200] if lines else "its tensors do not match"
