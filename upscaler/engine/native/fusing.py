"""Networks with our own convolutions, and what comes before and after these drawn into them."""

import operator
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn
from torch.fx.node import Argument

from upscaler.engine.native.convolution import PIECES, Conv1x1, Conv3x3, Finish, NativeConv, kind_for, native
from upscaler.networks.span import attended

SUMS = (operator.add, torch.add)
PRODUCTS = (operator.mul, torch.mul)


def share_of_kernels(network: nn.Module) -> float:
    """How much of the network, by its weights, our kernels compute in float32."""
    weights = sum(p.numel() for p in network.parameters())
    own = sum(layer.weight.numel() for layer in network.modules() if isinstance(layer, nn.Conv2d) and kind_for(layer))
    return own / max(weights, 1)


def replace_convolutions(network: nn.Module, full: nn.Module) -> int:
    """Exchange in place all layers of ``network`` that suit; ``full`` is the same network in float32.  How many."""
    count = 0
    for name, layer in list(network.named_modules()):
        if isinstance(layer, nn.Conv2d):
            master = full.get_submodule(name)
            assert isinstance(master, nn.Conv2d)
            own = native(layer, master)
            if own:
                parent, _, key = name.rpartition(".")
                setattr(network.get_submodule(parent), key, own)
                count += 1
    return count


def fuse(network: nn.Module, *, windowed: bool) -> nn.Module:
    """The network as a graph in which its convolutions also do the sums and activations that follow them.

    The network itself is returned where its Python looks at what is computed, so that no graph can stand for it.
    ``windowed``: it will be called with a window.
    """
    try:
        graph = _Tracer().trace(network, concrete_args=None if windowed else {"window": None})
    except Exception:  # what a network does to what stands for its tensors cannot be foreseen
        return network
    module = fx.GraphModule(network, graph)
    for node in list(graph.nodes):
        if isinstance(_layer(module, node), NativeConv):
            _draw_in(module, node)
    graph.eliminate_dead_code()
    module.delete_all_unused_submodules()
    module.recompile()
    return module


class _Tracer(fx.Tracer):
    def __init__(self) -> None:
        super().__init__(autowrap_functions=(attended,))

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, NativeConv | nn.Conv2d) or super().is_leaf_module(m, module_qualified_name)


def _draw_in(module: fx.GraphModule, node: fx.Node) -> None:
    """A concatenation before the convolution ``node``, and what follows it, as far as nothing else needs either."""
    if isinstance(_layer(module, node), Conv1x1):
        node.args = (_pieces(node.args[0]), *node.args[1:])
    user = _only_user(node)
    if user is None:
        return
    if user.target is attended and user.args[0] is node:
        _take_over(module, node, user, lambda layer: layer.ending(Finish.GATE), user.args[1:])
        return
    if _is_sigmoid(module, user):
        product = _only_user(user)
        value = None if product is None else _second(product, user, PRODUCTS)
        if product is not None and value is not None:
            _take_over(module, node, product, lambda layer: layer.ending(Finish.ATTENTION), (value,))
        return
    shuffle = _layer(module, user)
    if isinstance(shuffle, nn.PixelShuffle) and isinstance(_layer(module, node), Conv3x3):
        side = shuffle.upscale_factor
        _take_over(module, node, user, lambda layer: layer.shuffled(side) if isinstance(layer, Conv3x3) else layer)
        return
    summand = _second(user, node, SUMS)
    if summand is not None:
        node = _take_over(module, node, user, lambda layer: layer, (summand,))
        user = _only_user(node)
    ending = None if user is None else _activation(module, user)
    if user is not None and ending is not None:
        _take_over(module, node, user, lambda layer: layer.ending(*ending), node.args[1:])


def _take_over(
    module: fx.GraphModule,
    node: fx.Node,
    user: fx.Node,
    changed: Callable[[NativeConv], NativeConv],
    others: Sequence[Argument] = (),
) -> fx.Node:
    """Put a convolution that does the work of ``user`` too in its place, where all that it takes is there."""
    layer = _layer(module, node)
    assert isinstance(layer, NativeConv)
    name = f"fused_{user.name}"
    module.add_module(name, changed(layer))
    with module.graph.inserting_before(user):
        new = module.graph.call_module(name, (node.args[0], *others))
    user.replace_all_uses_with(new)
    return new


def _pieces(x: Argument) -> Argument:
    """What a concatenation puts side by side, if that is what ``x`` is; else ``x``."""
    if isinstance(x, fx.Node) and x.target is torch.cat and x.args[1:] == (1,) and not x.kwargs:
        parts = x.args[0]
        if isinstance(parts, list | tuple) and len(parts) <= PIECES:
            return list(parts)
    return x


def _only_user(node: fx.Node) -> fx.Node | None:
    return next(iter(node.users)) if len(node.users) == 1 else None


def _second(node: fx.Node, first: fx.Node, operations: Sequence[object]) -> fx.Node | None:
    """The other operand, if the node is one of the operations on two different tensors."""
    if node.op == "call_function" and node.target in operations and len(node.args) == 2 and not node.kwargs:
        others = [other for other in node.args if other is not first]
        if len(others) == 1 and isinstance(others[0], fx.Node):
            return others[0]
    return None


def _is_sigmoid(module: fx.GraphModule, node: fx.Node) -> bool:
    called = node.op == "call_method" and node.target == "sigmoid"
    return called or node.target in (torch.sigmoid, F.sigmoid) or isinstance(_layer(module, node), nn.Sigmoid)


def _activation(module: fx.GraphModule, node: fx.Node) -> tuple[Finish, Tensor | float] | None:
    """An activation that the kernels know."""
    layer = _layer(module, node)
    if node.target is F.silu or isinstance(layer, nn.SiLU):
        return Finish.SILU, 0.0
    if node.target in (F.relu, torch.relu) or isinstance(layer, nn.ReLU):
        return Finish.LEAKY, 0.0
    if node.target is F.leaky_relu:
        slope = node.args[1] if len(node.args) > 1 else node.kwargs.get("negative_slope", 0.01)
        return (Finish.LEAKY, slope) if isinstance(slope, float) else None
    if isinstance(layer, nn.LeakyReLU):
        return Finish.LEAKY, layer.negative_slope
    if isinstance(layer, nn.PReLU):
        return Finish.LEAKY, layer.weight
    return None


def _layer(module: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    return module.get_submodule(str(node.target)) if node.op == "call_module" else None
