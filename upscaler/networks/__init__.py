"""The networks: pure torch, one module per family, and how to find the one a checkpoint belongs to.

A catalogue without imports: names are known here, modules are imported when one of their networks is needed.
"""

from functools import cache
from importlib import import_module

from upscaler.errors import ModelError
from upscaler.networks.family import AnyFamily, Shapes

MODULES: dict[str, tuple[str, ...]] = {
    "amcanet": ("amcanet",),
    "agdn": ("agdn",),
    "lkfn": ("lkfn",),
    "rlfn": ("rlfn", "lightrlfn", "depthrlfn", "advancedsr", "slimrlfn", "dipnet", "rden", "smrn"),
    "dirn": ("dirn",),
    "harn": ("harn",),
    "ifadnet": ("ifadnet", "lsanet"),
    "safmn": ("egfmn", "gfmn", "safmn-deep15"),
    "safmnpp": ("safmnpp",),
    "smfan": ("smfan",),
    "bviesr": ("bviesr",),
    "craft": ("craft",),
    "dwmamba": ("dwmamba",),
    "haesr": ("haesr",),
    "hfenet": ("hfenet",),
    "hitsr": ("hit-srf",),
    "magicsr": ("magicsr",),
    "mambair": ("mambairv2-light",),
    "rrdbnet": ("rrdbnet",),
    "srvgg": ("srvgg",),
    "dvmsr": ("dvmsr",),
    "rcn": ("rcn",),
    "rlff": ("rlff",),
    "r2net": ("r2net", "eern"),
    "rfdn": ("rfdn", "rfdn-span"),
    "errn": ("errn", "errn2"),
    "tsr": ("tsr", "tssr"),
    "emaxgman": ("emaxgman",),
    "msn": ("msn",),
    "efdn": ("efdn",),
    "dan": ("dan", "zenosr"),
    "vscinet": ("vscinet",),
    "pfdnlite": ("pfdnlite",),
    "efqn": ("efqn",),
    "span": ("span",),
    "spanv2": ("spanv2",),
    "span_kin": ("span-f", "espan", "dscf-fused"),
    "esc": ("esc", "esc-real"),
    "esc_fp": ("esc-fp",),
    "esc_lte": ("esc-lte",),
    "seemore": ("seemore",),
    "gmin": ("gmin",),
}
"""Module in this folder -> the architectures it holds (each module has ``FAMILIES``)."""

ARCHITECTURES: dict[str, str] = {name: module for module, names in MODULES.items() for name in names}


@cache
def family(architecture: str) -> AnyFamily:
    """The family of that name.  Raises ModelError if there is none."""
    if architecture not in ARCHITECTURES:
        raise ModelError(
            f"There is no architecture {architecture!r} in this version; known: {', '.join(ARCHITECTURES)}."
        )
    module = import_module(f"upscaler.networks.{ARCHITECTURES[architecture]}")
    families: tuple[AnyFamily, ...] = module.FAMILIES
    return next(found for found in families if found.name == architecture)


def recognise(shapes: Shapes) -> list[AnyFamily]:
    """All families that such a state dict may belong to.  One is right; none or two is the caller's to report."""
    return [found for found in map(family, ARCHITECTURES) if found.recognises(shapes)]
