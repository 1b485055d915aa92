"""Films for tests: made small, and enlarged with networks that need no weights."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch
from torch import Tensor, nn

from tests.shared import SHARED
from upscaler.jobs import Control, Item, Plan, Report, Settings, films, run
from upscaler.jobs.recipes import Models, Recipe, Step
from upscaler.media.films.film import Film, describe
from upscaler.media.films.formats import Plane, frame_of, layout_of, planar_twin, reordered
from upscaler.media.films.reader import Frame, read_frames
from upscaler.models.model import Model
from upscaler.networks.blocks import Conv
from upscaler.networks.family import Traits

CLIPS = SHARED / "samples" / "video"


class Same(nn.Module):
    """The network that changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        return x * self.one


class Twice(nn.Module):
    """Sides doubled: four 3x3 filters with fixed random weights, so that neighbours matter."""

    def __init__(self) -> None:
        super().__init__()
        weights = torch.rand(12, 3, 3, 3, generator=torch.Generator().manual_seed(3))
        self.filter = Conv(3, 12, bias=False)
        self.filter.weight.data = weights / weights.sum((1, 2, 3), keepdim=True)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        return nn.functional.pixel_shuffle(self.filter(x), 2)


SAME = Model("same", "same", Same().eval(), Traits(scale=1), "0" * 64)
TWICE = Model("twice", "twice", Twice().eval(), Traits(scale=2, halo=1), "1" * 64)


class Own(Models):
    """The models of a job, where there is but one."""

    def __init__(self, settings: Settings, model: Model) -> None:
        super().__init__(settings)
        self._own = model

    def recipe(self, scale: float) -> Recipe:
        return Recipe((Step(self._own.name, self._own.scale, self._own.sha256),))

    def load(self) -> None:
        """It is there."""

    def model(self, step: Step) -> Model:
        return self._own


def plan_for(source: Path, output: Path, settings: Settings, model: Model) -> Plan:
    """A job of one film."""
    models = Own(settings, model)
    work = films.prepare(source, settings, models, output)
    target = output.with_suffix(work.suffix) if work.moved else output
    return Plan(items=(Item(number=0, source=source, output=target, work=work),), settings=settings, models=models)


def enlarge(
    source: Path,
    output: Path,
    settings: Settings | None = None,
    model: Model = SAME,
    tell: object = None,
    control: Control | None = None,
) -> Report:
    """Plans and runs."""
    settings = settings or Settings(scale=model.scale, model=model.name, device="cpu", precision="fp32")
    return run(plan_for(source, output, settings, model), tell=tell, control=control)


def planes(number: int, format_: str, size: tuple[int, int], *, limited: bool = False) -> list[Plane]:
    """A frame (height, width) of smooth colours that move, with noise in all bits."""
    layout = layout_of(format_)
    noise = np.random.default_rng(number)
    result = []
    for index in range(layout.colours + layout.alpha):
        height, width = layout.shape(index, *size)
        y, x = np.mgrid[:height, :width]
        wave = 0.5 + 0.3 * np.sin((x + 3 * number) / (7 + index)) * np.cos(y / (5 + index))
        values = (wave + noise.normal(0, 0.03, wave.shape)) * layout.peak
        if limited:
            values = 16 * (layout.peak + 1) / 256 + values * 219 / 256
        result.append(np.clip(np.rint(values), 0, layout.peak).astype(layout.dtype))
    return result


def make_film(
    path: Path,
    frames: Iterable[Sequence[Plane]],
    format_: str = "yuv420p",
    *,
    codec: str = "ffv1",
    rate: Fraction | int = 25,
    ticks: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, 1000),
    options: dict[str, str] | None = None,
    sound: bool = False,
    **colour: int,
) -> None:
    """A film of these planes.  ``ticks``: the frames' times; None: at the rate."""
    layout = layout_of(planar_twin(format_))
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.pix_fmt = format_
        context = stream.codec_context
        context.options = options or {}
        context.time_base = time_base if ticks is not None else 1 / Fraction(rate)
        for name, value in colour.items():
            setattr(context, name, value)
        audio = container.add_stream("flac", rate=48000) if sound else None
        for number, one in enumerate(frames):
            if number == 0:
                context.height, context.width = one[0].shape
            frame = frame_of(layout, list(one))
            frame = frame if frame.format.name == format_ else reordered(frame, format_)
            frame.pts = ticks[number] if ticks is not None else number
            frame.time_base = context.time_base
            for name, value in colour.items():
                if hasattr(frame, name):
                    setattr(frame, name, value)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio is not None:
            samples = (np.sin(np.arange(48000) / 20) * 9000).astype(np.int16)[None].repeat(2, 0).T.reshape(1, -1)
            piece = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
            piece.sample_rate, piece.pts = 48000, 0
            container.mux(audio.encode(piece))
            container.mux(audio.encode(None))


def all_frames(path: Path) -> tuple[Film, list[Frame]]:
    film = describe(path)
    return film, list(read_frames(film))


def digest(frames: Iterable[Frame]) -> str:
    """Over all samples of all frames."""
    total = hashlib.sha256()
    for frame in frames:
        for plane in frame.planes:
            total.update(plane.tobytes())
    return total.hexdigest()


def payloads(path: Path) -> dict[int, str]:
    """For each stream: SHA-256 over the payloads of its packets in file order."""
    digests: dict[int, hashlib._Hash] = {}
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.size:
                digests.setdefault(packet.stream_index, hashlib.sha256()).update(bytes(packet))
    return {index: total.hexdigest() for index, total in digests.items()}
