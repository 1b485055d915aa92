"""Reading ncnn pairs (``.param`` and ``.bin``): the form in which Upscayl, video2x and their kin carry networks.

No tensor has a name there.  The graph is compared, as a whole, with the graphs of the three architectures that are met
in this form (SPAN, SRVGGNetCompact, RRDBNet); where it is one of them, its arrays get that architecture's ordinary
keys by position.  Anything else is refused: nothing is guessed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import isqrt, prod
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from upscaler.errors import WeightsError
from upscaler.networks.family import State

Floats = npt.NDArray[np.float32]

MAGIC = "7767517"
LARGEST_GRAPH = 8 << 20
MEAN = (0.4488, 0.4371, 0.4040)


@dataclass(frozen=True, slots=True)
class Layer:
    """One line of the graph."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    values: dict[int, float]
    arrays: dict[int, tuple[float, ...]]

    def whole(self, key: int, default: int = 0) -> int:
        return int(self.values.get(key, default))


@dataclass(slots=True)
class Arrays:
    """The weights, in file order."""

    convolutions: list[tuple[Floats, Floats]] = field(default_factory=list)
    slopes: list[Floats] = field(default_factory=list)
    constants: list[Floats] = field(default_factory=list)


def read_pair(graph: Path, weights: Path) -> State:
    """The state dict of the architecture that a pair is, under the keys of its ordinary checkpoints.

    A network that a fixed resize follows gets the key ``resized_to``: a tensor as long as the final scale.
    Raises WeightsError.
    """
    layers = read_graph(graph)
    arrays = read_arrays(layers, weights)
    for architecture in (_span, _srvgg, _rrdbnet):
        state = architecture(layers, arrays)
        if state is not None:
            return {key: torch.from_numpy(value.copy()) for key, value in state.items()}
    raise WeightsError(
        f"{graph.name} is a network that is not known in ncnn form (SPAN, SRVGGNetCompact and RRDBNet are); "
        "take its .pth or .safetensors file instead."
    )


def read_graph(path: Path) -> list[Layer]:
    """The layers in the order in which they run.  Raises WeightsError that names the line."""
    try:
        if path.stat().st_size > LARGEST_GRAPH:
            raise WeightsError(f"{path.name} is too large for an ncnn graph.")
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise WeightsError(f"{path.name} is no text; the binary form of ncnn graphs is not read.") from error
    except OSError as error:
        raise WeightsError(f"{path.name} cannot be read: {error.strerror}.") from error
    if not lines or lines[0].strip() != MAGIC:
        raise WeightsError(
            f"{path.name} is not an ncnn graph: its first line is not {MAGIC} (very old ones have none)."
        )
    layers = []
    for number, line in enumerate(lines[2:], 3):
        if line.strip():
            try:
                layers.append(_layer(line.split()))
            except (ValueError, IndexError) as error:
                raise WeightsError(f"{path.name} is damaged: line {number} cannot be understood.") from error
    if lines[1].split()[:1] != [str(len(layers))]:
        raise WeightsError(f"{path.name} is damaged or cut off: it does not hold the number of layers that it says.")
    return layers


def _layer(words: list[str]) -> Layer:
    kind, _name, inputs, outputs = words[0], words[1], int(words[2]), int(words[3])
    if inputs < 0 or outputs < 0 or len(words) < 4 + inputs + outputs:
        raise ValueError("blobs are missing")
    blobs = words[4 : 4 + inputs + outputs]
    values: dict[int, float] = {}
    arrays: dict[int, tuple[float, ...]] = {}
    for word in words[4 + inputs + outputs :]:
        key, _, value = word.partition("=")
        number = int(key)
        if number <= -23300:
            count, *rest = value.split(",")
            arrays[-23300 - number] = tuple(map(float, rest[: int(count)]))
        elif "," in value:
            arrays[number] = tuple(map(float, value.split(",")))
        else:
            values[number] = float(value)
    return Layer(kind, tuple(blobs[:inputs]), tuple(blobs[inputs:]), values, arrays)


class _Cursor:
    """Takes arrays off a file, one after the other, and never past its end."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.data = memoryview(path.read_bytes())

    def take(self, count: int) -> memoryview:
        if not 0 <= count <= len(self.data):
            raise WeightsError(f"{self.name} is cut off, or belongs to another graph.")
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def raw(self, count: int) -> Floats:
        return np.frombuffer(self.take(4 * count), "<f4")

    def tagged(self, count: int) -> Floats:
        tag = int.from_bytes(self.take(4), "little")
        match tag:
            case 0 | 0x0002C056:
                return self.raw(count)
            case 0x01306B47:
                return np.frombuffer(self._padded(2 * count), "<f2").astype(np.float32)
            case 0x01348B83:
                halves = np.frombuffer(self._padded(2 * count), "<u2").astype(np.uint32)
                return (halves << 16).view(np.float32)
            case 0x000D4B38:
                raise WeightsError(f"{self.name} holds 8-bit integer weights, which are not read.")
            case _:
                table = self.raw(256)
                return table[np.frombuffer(self._padded(count), np.uint8)]

    def _padded(self, size: int) -> memoryview:
        return self.take(size + -size % 4)[:size]


def read_arrays(layers: list[Layer], path: Path) -> Arrays:
    """All weights.  The file must be used up exactly: that is how graph and weights are known to belong together."""
    cursor, arrays = _Cursor(path), Arrays()
    for layer in layers:
        match layer.kind:
            case "MemoryData":
                count = prod(max(layer.whole(key), 1) for key in (0, 1, 2, 11))
                arrays.constants.append(cursor.raw(count) if layer.whole(21, 1) else cursor.tagged(count))
            case "Convolution":
                kernel = (layer.whole(11, layer.whole(1)), layer.whole(1))
                outputs, count = layer.whole(0), layer.whole(6)
                inputs = count // max(outputs * prod(kernel), 1)
                weight = cursor.tagged(count)
                bias = cursor.raw(outputs if layer.whole(5) else 0)
                if count <= 0 or inputs * outputs * prod(kernel) != count:
                    raise WeightsError(f"{path.name} is damaged: the size of a convolution does not come out even.")
                arrays.convolutions.append((weight.reshape(outputs, inputs, *kernel), bias))
            case "PReLU":
                arrays.slopes.append(cursor.raw(layer.whole(0)))
    if len(cursor.data):
        raise WeightsError(f"{path.name} is not the weights of its graph: {len(cursor.data)} bytes are left over.")
    return arrays


class _Expressions:
    """Graphs as numbered expressions: two graphs that compute the same way get the same number."""

    def __init__(self, numbers: dict[tuple[object, ...], int]) -> None:
        self._numbers = numbers
        self._convolutions = self._slopes = 0

    def __call__(self, kind: str, *parts: object) -> int:
        return self._numbers.setdefault((kind, *parts), len(self._numbers))

    def convolution(self, x: int, kernel: int = 3) -> int:
        """The next one in file order: stride 1, padded to keep the size, with a bias."""
        self._convolutions += 1
        return self("convolution", self._convolutions, kernel, x)

    def prelu(self, x: int) -> int:
        self._slopes += 1
        return self("prelu", self._slopes, x)

    def sum(self, *inputs: int) -> int:
        return self("sum", *sorted(inputs))

    def product(self, *inputs: int) -> int:
        return self("product", *sorted(inputs))


def _same(layers: list[Layer], design: Callable[[_Expressions, int], int]) -> bool:
    """True if the graph computes what a design computes."""
    numbers: dict[tuple[object, ...], int] = {}
    of_file, of_design = _Expressions(numbers), _Expressions(numbers)
    return _output(layers, of_file) == design(of_design, of_design("input"))


def _output(layers: list[Layer], e: _Expressions) -> int | None:
    """The expression of the one blob that no layer reads; None where a layer is of no known form."""
    blobs: dict[str, int] = {}
    unread: set[str] = set()
    for layer in layers:
        if any(name not in blobs for name in layer.inputs):
            return None
        inputs = [blobs[name] for name in layer.inputs]
        unread -= set(layer.inputs)
        result = inputs[0] if layer.kind == "Split" and inputs else _expression(layer, inputs, e)
        if result is None:
            return None
        blobs.update(dict.fromkeys(layer.outputs, result))
        unread |= set(layer.outputs)
    return blobs[unread.pop()] if len(unread) == 1 else None


def _expression(layer: Layer, inputs: list[int], e: _Expressions) -> int | None:
    first = inputs[0] if inputs else -1
    match layer.kind:
        case "Input":
            return e("input")
        case "MemoryData":
            return e("constant")
        case "Convolution":
            return _convolution(layer, first, e)
        case "PReLU":
            return e.prelu(first)
        case "Sigmoid":
            return e("sigmoid", first)
        case "Swish":
            return e("silu", first)
        case "Concat" if layer.whole(0) == 0:
            return e("concat", *inputs)
        case "PixelShuffle" if layer.whole(1) == 0:
            return e("shuffle", layer.whole(0), first)
        case "Clip" if (layer.values.get(0), layer.values.get(1)) == (0.0, 1.0):
            return first  # what leaves a network is clipped anyway
        case "Interp" if layer.values.get(1) == layer.values.get(2) and not layer.whole(6):
            return e("resize", layer.whole(0), layer.values.get(1), first)
        case "Eltwise" if layer.whole(0) == 1 and len(layer.arrays.get(1, ())) in (0, len(inputs)):
            factors = layer.arrays.get(1) or (1.0,) * len(inputs)
            return e.sum(*(x if f == 1 else e("times", round(f, 6), x) for f, x in zip(factors, inputs, strict=True)))
        case "BinaryOp" if layer.whole(1):
            names = {1: "less", 2: "times"}
            name = names.get(layer.whole(0))
            return e(name, round(layer.values.get(2, 0.0), 6), first) if name else None
        case "BinaryOp" if len(inputs) == 2:
            operations: dict[int, Callable[..., int]] = {
                0: e.sum,
                1: lambda *pair: e("difference", *pair),
                2: e.product,
            }
            operation = operations.get(layer.whole(0))
            return operation(*inputs) if operation else None
        case _:
            return None


def _convolution(layer: Layer, x: int, e: _Expressions) -> int | None:
    kernel = layer.whole(1)
    pad = layer.whole(4)
    square = layer.whole(11, kernel) == kernel and kernel % 2 == 1
    padded = {pad, layer.whole(15, pad), layer.whole(14, pad), layer.whole(16, layer.whole(14, pad))} == {kernel // 2}
    plain = {layer.whole(key, 1) for key in (2, 3)} == {1} and {layer.whole(12, 1), layer.whole(13, 1)} == {1}
    if not (square and padded and plain and layer.whole(5)) or layer.whole(8) or layer.values.get(18, 0):
        return None
    y = e.convolution(x, kernel)
    if layer.whole(9) == 0:
        return y
    parameters = layer.arrays.get(10, ())
    return e("leaky", round(parameters[0], 6), y) if layer.whole(9) == 2 and len(parameters) == 1 else None


def _named(names: Iterator[str], arrays: Arrays) -> dict[str, Floats]:
    state = {}
    for name, (weight, bias) in zip(names, arrays.convolutions, strict=True):
        state[f"{name}.weight"], state[f"{name}.bias"] = weight, bias
    return state


def _span(layers: list[Layer], arrays: Arrays) -> dict[str, Floats] | None:
    if len(arrays.convolutions) != 22:
        return None
    scale = isqrt(arrays.convolutions[-1][0].shape[0] // 3)
    normalised = bool(arrays.constants)
    if normalised and not (len(arrays.constants) == 1 and np.allclose(arrays.constants[0], MEAN, atol=1e-6)):
        return None

    def design(e: _Expressions, x: int) -> int:
        if normalised:
            x = e("times", 255.0, e("difference", x, e("constant")))
        shallow = x = e.convolution(x)
        first_block = inner = x
        for index in range(6):
            inner = e("silu", e.convolution(x))
            h = e.convolution(e("silu", e.convolution(inner)))
            x = e.product(e.sum(h, x), e("less", 0.5, e("sigmoid", h)))
            first_block = x if index == 0 else first_block
        gathered = e.convolution(e("concat", shallow, e.convolution(x), first_block, inner), 1)
        return e("shuffle", scale, e.convolution(gathered))

    if not _same(layers, design):
        return None

    def names() -> Iterator[str]:
        yield "conv_1.eval_conv"
        for block in range(1, 7):
            for layer in range(1, 4):
                yield f"block_{block}.c{layer}_r.eval_conv"
        yield from ("conv_2.eval_conv", "conv_cat", "upsampler.0")

    state = _named(names(), arrays)
    return state if normalised else {**state, "no_norm": np.zeros(1, np.float32)}


def _srvgg(layers: list[Layer], arrays: Arrays) -> dict[str, Floats] | None:
    body = len(arrays.slopes)
    if body == 0 or len(arrays.convolutions) != body + 1 or arrays.constants:
        return None
    scale = isqrt(arrays.convolutions[-1][0].shape[0] // 3)
    last = layers[-1]
    resized = last.values.get(1, 1.0) if last.kind == "Interp" and last.whole(0) == 3 else 1.0
    final = round(scale * resized)

    def design(e: _Expressions, x: int) -> int:
        y = x
        for _ in range(body):
            y = e.prelu(e.convolution(y))
        y = e.sum(e("shuffle", scale, e.convolution(y)), e("resize", 1, float(scale), x))
        return y if resized == 1 else e("resize", 3, resized, y)

    if abs(final - scale * resized) > 1e-6 or not _same(layers, design):
        return None
    state = _named((f"body.{2 * index}" for index in range(body + 1)), arrays)
    state |= {f"body.{2 * index + 1}.weight": slopes for index, slopes in enumerate(arrays.slopes)}
    return state if resized == 1 else {**state, "resized_to": np.zeros(final, np.float32)}


def _rrdbnet(layers: list[Layer], arrays: Arrays) -> dict[str, Floats] | None:
    blocks, rest = divmod(len(arrays.convolutions) - 6, 15)
    if blocks < 1 or rest or arrays.slopes or arrays.constants:
        return None

    def design(e: _Expressions, x: int) -> int:
        shallow = y = e.convolution(x)
        for _ in range(blocks):
            block = y
            for _ in range(3):
                maps = [y]
                for _ in range(4):
                    maps.append(e("leaky", 0.2, e.convolution(e("concat", *maps) if len(maps) > 1 else y)))
                y = e.sum(y, e("times", 0.2, e.convolution(e("concat", *maps))))
            y = e.sum(block, e("times", 0.2, y))
        y = e.sum(shallow, e.convolution(y))
        for _ in range(2):
            y = e("leaky", 0.2, e.convolution(e("resize", 1, 2.0, y)))
        return e.convolution(e("leaky", 0.2, e.convolution(y)))

    if not _same(layers, design):
        return None

    def names() -> Iterator[str]:
        yield "conv_first"
        for block in range(blocks):
            for dense in range(1, 4):
                for layer in range(1, 6):
                    yield f"body.{block}.rdb{dense}.conv{layer}"
        yield from ("conv_body", "conv_up1", "conv_up2", "conv_hr", "conv_last")

    return _named(names(), arrays)
