"""Which networks are run for an input, one after the other, and the engines that run them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from upscaler.errors import ModelError
from upscaler.jobs import budget
from upscaler.jobs.settings import Settings

if TYPE_CHECKING:
    from upscaler.engine import Upscaler
    from upscaler.engine.events import Event as EngineEvent
    from upscaler.models.manifest import Entry
    from upscaler.models.model import Model


@dataclass(frozen=True, slots=True)
class Step:
    """One network that is run."""

    model: str
    """A name of the catalogue, or a path."""

    scale: float
    identity: str
    """Hash of the weights, or the name where the manifest states none: what receipts compare."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is run to reach a scale; the result is then brought to the exact size."""

    steps: tuple[Step, ...]
    sentence: str | None = None
    """What to tell the user; None where the model has exactly this scale."""

    @property
    def scale(self) -> float:
        product = 1.0
        for step in self.steps:
            product *= step.scale
        return product


class Models:
    """The models of one job: chosen by the settings, loaded when they are needed, kept until the job ends.

    Raises ModelError where the choice or the loading fails.
    """

    def __init__(self, settings: Settings, *, offline: bool | None = None, mirror: str | Path | None = None) -> None:
        self.settings = settings
        self.reason = ""
        """Why the model was chosen, where we did it."""

        self.told_of_download: Callable[[str, int, int | None], None] | None = None
        """Called with a file's name, the bytes that are here and those in all; what it raises ends the download."""

        self._offline, self._mirror = offline, mirror
        self._recipes: dict[float, Recipe] = {}
        self._loaded: dict[tuple[str, float], Model] = {}
        self._upscalers: dict[tuple[str, float], Upscaler] = {}
        self._heard: dict[tuple[str, float], tuple[Callable[[EngineEvent], None], Callable[[], bool]]] = {}
        """Who is told by each engine, and who is asked whether to go on: pictures and films take turns."""

    def recipe(self, scale: float) -> Recipe:
        """What is run to enlarge by ``scale`` (any number above 0)."""
        if scale not in self._recipes:
            self._recipes[scale] = self._recipe(scale)
        return self._recipes[scale]

    @property
    def names(self) -> list[str]:
        """The models that the recipes so far name, as users call them."""
        steps = (step for recipe in self._recipes.values() for step in recipe.steps)
        return list(dict.fromkeys(f"{Path(step.model).stem} x{step.scale:g}" for step in steps))

    @property
    def sentences(self) -> list[str]:
        """What the recipes say where a model lacks the wanted scale, and what that costs."""
        said = dict.fromkeys(recipe.sentence for recipe in self._recipes.values() if recipe.sentence)
        return [*said, *self._cost()]

    def _cost(self) -> Iterator[str]:
        """A sentence about the largest share of computed pixels that reducing throws away."""
        larger = {scale: recipe.scale for scale, recipe in self._recipes.items() if recipe.scale > scale}
        if larger:
            scale = max(larger, key=lambda scale: larger[scale] / scale)
            times = round((larger[scale] / scale) ** 2, 1)
            has = f"; `upscaler models list --scale {scale:g}` shows models that have it" if scale in (2, 3) else ""
            yield f"For x{scale:g} x{larger[scale]:g} is computed, {times:g} times the pixels that are kept{has}."

    def load(self) -> None:
        """Loads whatever the recipes so far need, so that nothing is begun that cannot be done."""
        for recipe in self._recipes.values():
            for step in recipe.steps:
                self.model(step)

    def upscaler(
        self, step: Step, *, tell: Callable[[EngineEvent], None] | None = None, stop: Callable[[], bool] | None = None
    ) -> Upscaler:
        """The engine for one step.  ``tell`` and ``stop`` are those of the latest call for it."""
        key = (step.model, step.scale)
        self._heard[key] = tell or (lambda event: None), stop or (lambda: False)
        if key not in self._upscalers:
            from upscaler.engine import Upscaler, cores

            s = self.settings
            self._upscalers[key] = Upscaler(
                self.model(step),
                device=s.device,
                precision=s.precision,
                tile=s.tile,
                exact=s.exact,
                memory=budget.of_network(s.memory),
                threads=s.threads or cores.usual(),
                executor=s.executor,
                tell=lambda event: self._heard[key][0](event),
                stop=lambda: self._heard[key][1](),
            )
        return self._upscalers[key]

    @property
    def engines(self) -> list[str]:
        """What runs where, for those that were used: ``span x4 on cuda:0 (NVIDIA H100) in float16 by torch``."""
        return [
            f"{Path(model).stem} x{scale:g} on {_names(u)} in {str(u.dtype).removeprefix('torch.')} by {u.executor}"
            for (model, scale), u in self._upscalers.items()
        ]

    def release(self) -> None:
        """Ends the engines and gives the devices' memory back; ``upscaler`` would make new ones."""
        if self._upscalers:
            from upscaler.engine import devices

            places = {place for upscaler in self._upscalers.values() for place in upscaler.devices}
            self._upscalers.clear()
            for place in places:
                devices.release(place)

    def model(self, step: Step) -> Model:
        """The network of a step, loaded."""
        from upscaler.models.loading import load_model

        key = (step.model, step.scale)
        if key not in self._loaded:
            self._loaded[key] = load_model(
                step.model, step.scale, offline=self._offline, mirror=self._mirror, tell=self._downloading
            )
        return self._loaded[key]

    def _recipe(self, scale: float) -> Recipe:
        from upscaler.models.catalogue import catalogue
        from upscaler.models.formats import is_path

        name = self.settings.model
        if name == "auto":
            name = self._automatic(scale)
        elif is_path(name):
            return self._of_file(name, scale)
        service = catalogue().serve(name, scale)
        if self.settings.commercial:
            for entry in service.passes:
                _check_commercial(entry)
        return Recipe(tuple(_step(entry, scale) for entry in service.passes), service.sentence)

    def _automatic(self, scale: float) -> str:
        from upscaler.choice.automatic import automatic
        from upscaler.models.catalogue import catalogue
        from upscaler.models.store import weights_store

        store = weights_store(offline=self._offline, mirror=self._mirror, tell=self._downloading)
        s = self.settings
        choice = automatic(catalogue(), store, scale, prefer=s.prefer, commercial=s.commercial)
        self.reason = self.reason or choice.reason
        return choice.entry.name

    def _of_file(self, path: str, scale: float) -> Recipe:
        from upscaler.models.catalogue import passes
        from upscaler.models.loading import load_model

        model = load_model(path, scale, offline=self._offline, mirror=self._mirror)
        if self.settings.commercial:
            _check_commercial(model.card, path)
        step = Step(path, model.scale, model.sha256)
        self._loaded[path, model.scale] = model
        enough = model.scale >= scale or model.scale <= 1
        count = 1 if enough else len(passes((int(model.scale),), scale))
        return Recipe((step,) * count, None if scale == model.scale else _resized(path, model.scale, scale))

    def _downloading(self, file: str, done: int, total: int | None) -> None:
        if self.told_of_download is not None:
            self.told_of_download(file, done, total)


def _names(upscaler: Upscaler) -> str:
    """Of the devices, as their makers call them."""
    from upscaler.engine.devices import describe

    return " and ".join(map(describe, upscaler.devices))


def _step(entry: Entry, scale: float) -> Step:
    hashes = [file.sha256 or file.git_blob_sha1 or file.name for file in entry.files]
    native = scale if entry.scale == "any" else float(entry.scale)
    return Step(entry.name, native, f"{entry.key}:{','.join(hashes)}")


def _check_commercial(entry: Entry | None, path: str = "") -> None:
    """Raises ModelError unless the licence allows commercial use for certain."""
    if entry is None:
        raise ModelError(f"Nothing is known of the licence of {path}, so --commercial refuses it.")
    if not entry.licence.commercial:
        raise ModelError(
            f"The licence of {entry.name} ({entry.licence.id}) does not certainly allow commercial use; "
            "-m auto --commercial takes a model whose licence does."
        )


def _resized(path: str, native: float, scale: float) -> str:
    return f"{Path(path).name} has x{native:g} only; x{scale:g} is made by running it and resizing."
