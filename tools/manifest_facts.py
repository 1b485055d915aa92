"""What no index says of a model: title, purpose, paper, published figures; and the models outside the challenges."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from upscaler.models.manifest import (
    AnySource,
    DriveFile,
    DriveFolder,
    Figure,
    GithubRaw,
    Hub,
    Licence,
    Tag,
    Url,
)

FAMILY_OF_MODULE = {
    "span_kin": "span",
    "spanv2": "span",
    "rfdn_span": "span",
    "esc_fp": "esc",
    "esc_lte": "esc",
    "safmnpp": "safmn",
    "smfan": "safmn",
    "rcn": "rlfn",
    "rlff": "rlfn",
    "r2net": "rlfn",
    "tsr": "span",
    "bviesr": "hitsr",
    "dwmamba": "mamba",
    "mambair": "mamba",
    "dvmsr": "mamba",
}
"""Modules whose networks belong to the family of another module's."""


@dataclass(frozen=True)
class Facts:
    """What a person wrote down about one system of the challenges."""

    title: str
    tags: tuple[Tag, ...] = ("photo",)
    paper: str | None = None
    architecture: str | None = None
    """Where keys and shapes fit more than one."""

    see_also: tuple[str, ...] = ()


LATENCY: tuple[Tag, ...] = ("photo", "latency")
FLOPS: tuple[Tag, ...] = ("photo", "flops")
QUALITY: tuple[Tag, ...] = ("photo", "quality")

SYSTEMS: dict[str, Facts] = {
    # NTIRE 2024
    "rlfn": Facts("RLFN: residual local features, the baseline of 2024", LATENCY, "arXiv 2205.07514"),
    "pfdnlite": Facts("PFDNLite: partial convolutions behind a cheap attention", LATENCY),
    "lkfn": Facts("LKFN: large kernels, and attention that looks at the spectrum", FLOPS),
    "rcn": Facts("RCN: RLFN's block between layer norms", LATENCY),
    "rlff": Facts("RLFF: RLFN's blocks in turns with gated ones"),
    "dvmsr": Facts("DVMSR: distilled vision Mamba", FLOPS, "arXiv 2405.03008"),
    "smrn": Facts("SMRN: RLFN with blueprint convolutions", FLOPS),
    "efqn": Facts("EFQN: plain clamped convolutions, made for phones", ("photo",)),
    "rlfn-bn": Facts("RLFN trained with batch norms"),
    "emaxgman": Facts("EMaxGMan: grouped convolutions and averaged attentions"),
    "lightrlfn": Facts("LightRLFN: RLFN with thinner ends and an image skip"),
    "advancedsr": Facts("AdvancedSR: RLFN with kernels and biases pruned", LATENCY),
    "dirn": Facts("DIRN: involution instead of every third convolution"),
    "slimrlfn": Facts("SlimRLFN: RLFN, thinner and deeper", LATENCY),
    "slimrlfn-prune": Facts("SlimRLFN, pruned further", LATENCY),
    "gfmn": Facts("GFMN: modulation that sharpens twice", FLOPS),
    "safmnpp": Facts("SAFMN++: a third of the channels is modulated", LATENCY, "arXiv 2302.13800"),
    "smfan": Facts("SMFAN: gates that know maxima and the picture's variance", FLOPS),
    "eern": Facts("EERN: two wide convolutions and ESA a block", QUALITY),
    "rden": Facts("RDEN: the leanest of RLFN's kin", LATENCY),
    "msn": Facts("MSN: separable distillation with an attention of several scales", FLOPS),
    "r2net": Facts("R2Net: no bias and one skip, second of 2024", LATENCY),
    "rfdn": Facts("RFDN: feature distillation, taught by a transformer", QUALITY, "arXiv 2009.11551"),
    "agdn": Facts("AGDN: distilled features through three attentions", FLOPS),
    "ifadnet": Facts("IFADNet: cheap and attentive blocks in turns", LATENCY),
    "craft": Facts("CRAFT: tall and wide windows, and high frequencies", QUALITY, "arXiv 2308.05022"),
    "span": Facts("SPAN, 28 channels: first of 2024", LATENCY, "arXiv 2311.12770"),
    "span-tiny": Facts("SPAN, 26 channels", LATENCY, "arXiv 2311.12770", see_also=("span",)),
    "harn": Facts(
        "HARN: hierarchical convolutions and attention, the fewest parameters of 2024", ("photo", "flops", "memory")
    ),
    "depthrlfn": Facts("DepthRLFN: RLFN with one separated convolution a block"),
    "egfmn": Facts("EGFMN: modulation at four scales", FLOPS),
    "lsanet": Facts("LSANet: IFADNet's relative", LATENCY),
    "dipnet": Facts("DIPNet: distilled and pruned RLFN", LATENCY, "arXiv 2304.07018"),
    "errn": Facts("ERRN: four convolutions a block and the plainest attention", QUALITY),
    # NTIRE 2025
    "efdn": Facts("EFDN: edge-enhanced distillation, the baseline of 2025", LATENCY, "arXiv 2204.08759"),
    "dscf": Facts("DSCF: SPAN, distilled, first of 2025", LATENCY, see_also=("dscf-fused",)),
    "span-f": Facts("SPAN-F: SPAN without a stem, 2025", LATENCY),
    "tsr": Facts("TSR: plain convolutions with SiLU, 2025", LATENCY),
    "tssr": Facts("TSSR: TSR with fewer convolutions, 2025", LATENCY, see_also=("disp",)),
    "span-ch28-25": Facts("SPAN, 28 channels, trained again in 2025", LATENCY, see_also=("span",)),
    "espan": Facts("ESPAN: SPAN with a 9x9 stem, 2025", LATENCY),
    "dan": Facts("DAN: 44 thousand parameters, three attentions a block, 2025", FLOPS),
    "hit-srf": Facts("HiT-SRF: windows that grow from 4 to 64", QUALITY, "arXiv 2407.05878"),
    "mambairv2-light": Facts("MambaIRv2-light: attention and a scan over sorted pixels", QUALITY, "arXiv 2411.15269"),
    # NTIRE 2026
    "spanv2": Facts("SPANV2: SPAN with a learnt gate, first of 2026", LATENCY),
    "disp": Facts("DISP: TSSR of 2025 again, 2026", LATENCY, see_also=("tssr",)),
    "pds": Facts("PDS: SPAN-F with a thinner tail, 2026", LATENCY, see_also=("span-f",)),
    "pkdsr": Facts("PKDSR: SPAN-F with a thinner tail, tuned, 2026", LATENCY, see_also=("span-f",)),
    "dscf-fused": Facts("DSCF, multiplied out, 2026", LATENCY, see_also=("dscf",)),
    "errn2": Facts("ERRN2: ERRN's block with SPAN's gate, 2026", LATENCY),
    "rfdn-span": Facts("RFDN-SPAN: RFDN's block with SPAN's gate, 2026", ("photo",)),
    "amcanet": Facts("AMCANet: two depthwise attention heads, 2026", FLOPS),
    "hfenet": Facts("HFENet: large dilated kernels and gates of entropy, 2026", FLOPS),
    "zenosr": Facts("ZenoSR: 38 thousand parameters, 2026", FLOPS),
    "vscinet": Facts("VSCINet: ZenoSR's attentions behind inception-like kernels, 2026", FLOPS),
    "haesr": Facts("HAESR: attention maps used three times, the best quality of 2026", QUALITY),
    "dwmamba": Facts("DWMamba: MambaIRv2's scan on a wavelet's low band, 2026", QUALITY),
    "safmn-deep15": Facts("SAFMN, deeper and thinner, 2026", ("photo",)),
    "bviesr": Facts("BVIESR: HiT-SRF's correlation between channels alone, 2025 and 2026", ("photo",)),
}

NOTES: dict[str, tuple[str, ...]] = {
    "craft": (
        "The challenge's script fed 0..255; the weights fit 0..1 (Set5: 32.40 instead of 29.01 dB), and so they run "
        "here.",
    ),
    "mambairv2-light": (
        "The authors' code routes with random noise; here the largest logit decides, so the same picture gives the "
        "same result.",
    ),
    "dwmamba": (
        "The authors' code routes with random noise; here the largest logit decides, so the same picture gives the "
        "same result.",
    ),
    "haesr": ("Looks at the whole picture, so tiles cannot be exact; they are large and blended.",),
    "spanv2": ("The published 1.59 G multiply-adds leave out blocks 2 to 5; the true cost is 9.11 G.",),
    "disp": ("The same network as TSSR of 2025, every tensor within 2e-5.",),
    "rlff": ("The official script loads the level params, not the averaged weights.",),
}


@dataclass(frozen=True)
class Row:
    """One model outside the challenges, at one scale."""

    name: str
    scale: int | str
    title: str
    architecture: str
    file: str
    licence: Licence
    sources: tuple[AnySource, ...]
    tags: tuple[Tag, ...] = ("photo",)
    authors: str | None = None
    year: int | None = None
    paper: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    git_blob_sha1: str | None = None
    also_sha256: tuple[tuple[str, int, str], ...] = ()
    hash_source: str | None = None
    outer: str | None = None
    format: str = "torch-zip"
    scale_range: tuple[float, float] | None = None
    config: Mapping[str, Any] | None = None
    """The fields of the architecture's configuration (nested where it is)."""

    like: str | None = None
    """The official checkpoint whose network this is at another scale."""

    published: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    see_also: tuple[str, ...] = ()


MIT_ESC = Licence(id="MIT", source="dslisleedh/ESC", commercial=True)
ESC_PAGE = "https://github.com/dslisleedh/ESC/releases/tag/1.0.0"
ESC_PAPER = "ESC, ICCV 2025, Tables 2 and 4"
ESC_CONFIG: dict[str, Any] = {
    "scale": 4,
    "width": 64,
    "mixed": 16,
    "estimator": 8,
    "blocks": 5,
    "layers": 5,
    "heads": 4,
    "side": 32,
    "first_hidden": 128,
    "hidden": 80,
    "normed": False,
}
ESC_REAL_CONFIG = {**ESC_CONFIG, "blocks": 10, "hidden": 128, "normed": True}
ESC_FP_CONFIG = {
    **ESC_CONFIG,
    "width": 48,
    "estimator": 4,
    "heads": 3,
    "first_hidden": 72,
    "hidden": 60,
    "normed": True,
}

ESC_XL_CONFIG = {
    **ESC_CONFIG,
    "width": 192,
    "mixed": 48,
    "estimator": 24,
    "blocks": 8,
    "heads": 12,
    "side": 48,
    "first_hidden": 384,
    "hidden": 240,
    "normed": True,
}

SETS = ("Set5", "Set14", "B100", "Urban100", "Manga109")


def figures(source: str, psnr: tuple[float, ...], cost: tuple[float, float, float] | None = None) -> tuple[Figure, ...]:
    """Published PSNR-Y of the five sets, and latency (ms), memory (MB) and FLOPs (G) for a 1280x720 output."""
    found = [Figure(set=s, metric="PSNR-Y", value=float(v), source=source) for s, v in zip(SETS, psnr, strict=False)]
    if cost is not None:
        names = ("latency ms", "memory MB", "FLOPs G")
        what = "1280x720 output, RTX 4090, fp32"
        found += [Figure(set=what, metric=n, value=float(v), source=source) for n, v in zip(names, cost, strict=True)]
    return tuple(found)


def esc_url(name: str) -> Url:
    return Url(url=f"https://github.com/dslisleedh/ESC/releases/download/1.0.0/{name}", page=ESC_PAGE)


ESC_FIGURES: dict[tuple[str, int], tuple[tuple[float, ...], tuple[float, float, float] | None]] = {
    ("esc-light", 2): ((38.24, 33.98, 32.35, 33.05, 39.33), (73.2, 830, 359.4)),
    ("esc", 2): ((38.35, 34.11, 32.41, 33.46, 39.54), (120.9, 831, 592.0)),
    ("esc-light", 3): ((34.61, 30.52, 29.26, 28.93, 34.33), (25.2, 384, 162.8)),
    ("esc", 3): ((34.84, 30.74, 29.34, 29.28, 34.66), (41.4, 385, 267.6)),
    ("esc-light", 4): ((32.52, 28.87, 27.72, 26.76, 31.26), (13.3, 213, 91.0)),
    ("esc", 4): ((32.68, 28.93, 27.80, 27.07, 31.54), (21.9, 215, 149.2)),
    ("esc-dflip", 2): ((38.34, 34.42, 32.50, 33.86, 39.73), None),
    ("esc-dflip", 3): ((34.85, 30.97, 29.41, 29.70, 34.94), None),
    ("esc-dflip", 4): ((32.79, 29.06, 27.85, 27.45, 31.87), None),
    ("esc-fp", 2): ((38.27, 34.09, 32.37, 33.22, 39.40), (94.3, 627, 239.8)),
    ("esc-fp", 3): ((34.72, 30.67, 29.30, 29.12, 34.56), (34.8, 291, 110.0)),
    ("esc-fp", 4): ((32.56, 28.87, 27.75, 26.90, 31.40), (21.7, 158, 60.8)),
}

NOT_TRIED = (
    "No public source states a hash of this file: the first download that loads as this network is remembered, and "
    "later ones are compared with it."
)


def esc_rows() -> list[Row]:
    """ESC in its sizes, and with it what grew out of it."""
    kinds = {
        "esc": ("ESC: convolution that emulates self-attention", "esc", "ESC_DIV2K_X{}.pth", ESC_CONFIG),
        "esc-dflip": ("ESC trained on the larger set DFLIP", "esc", "ESC_DFLIP_X{}.pth", ESC_CONFIG),
        "esc-light": ("ESC-light", "esc", "ESC_light_X{}.pth", {**ESC_CONFIG, "blocks": 3}),
        "esc-xl": ("ESC-XL: large, for machines that can", "esc", "ESC_XL_DF2K_X{}_FT.pth", ESC_XL_CONFIG),
        "esc-fp": ("ESC-FP: fewer multiply-adds and less memory", "esc-fp", "ESC_FP_X{}.pth", ESC_FP_CONFIG),
    }
    common: dict[str, Any] = {
        "licence": MIT_ESC,
        "authors": "Dongheon Lee, Seokju Yun, Youngmin Ro",
        "year": 2025,
        "paper": "ESC, ICCV 2025",
        "outer": "params_ema",
        "notes": (NOT_TRIED,),
    }
    rows = []
    for name, (title, architecture, file, config) in kinds.items():
        for scale in (2, 3, 4):
            psnr, cost = ESC_FIGURES.get((name, scale), ((), None))
            rows.append(
                Row(
                    name=name,
                    scale=scale,
                    title=title,
                    architecture=architecture,
                    file=file.format(scale),
                    sources=(esc_url(file.format(scale)),),
                    tags=("photo", "flops", "memory") if name == "esc-fp" else ("photo", "quality"),
                    config={**config, "scale": scale},
                    published=figures(ESC_PAPER, psnr, cost),
                    **common,
                )
            )
    real = {"architecture": "esc-real", "scale": 4, "config": ESC_REAL_CONFIG, "tags": ("photo", "real-world")}
    third = "a third project's table of weights; to be checked at the first download"
    rows += [
        Row(
            name="esc-real",
            title="ESC-Real: for real-world photos",
            file="ESC_Real_X4_GAN.pth",
            sources=(esc_url("ESC_Real_X4_GAN.pth"),),
            sha256="d6932bd01e29c9335f5f678b0e9b31ede906a42244887ab8888b1d39a8667f2d",
            hash_source=third,
            published=(
                Figure(set="RealSR", metric="PSNR", value=24.52, source="README of dslisleedh/ESC"),
                Figure(set="DRealSR", metric="PSNR", value=26.76, source="README of dslisleedh/ESC"),
                Figure(set="RealLQ250", metric="NIQE", value=4.0556, source="README of dslisleedh/ESC"),
            ),
            **{**common, **real, "notes": (), "tags": ("photo", "real-world", "gan")},
        ),
        Row(
            name="esc-real-mse",
            title="ESC-Real before adversarial training: invents nothing, less sharp",
            file="ESC_Real_X4_MSE.pth",
            sources=(esc_url("ESC_Real_X4_MSE.pth"),),
            sha256="ba22ae75b5f77382b1046e68634f58a53fc7ff5ffa46714133bfba30811ad943",
            hash_source=third,
            **{**common, **real, "notes": ()},
        ),
        Row(
            name="esc-lte",
            scale="any",
            scale_range=(1.0, 30.0),
            title="ESC with LTE: any scale from 1 to 30",
            architecture="esc-lte",
            file="esc_lte.pth",
            sources=(esc_url("esc_lte.pth"),),
            tags=("photo", "arbitrary-scale", "quality"),
            config={"scale": 4.0, "encoder": {**ESC_CONFIG, "scale": 1}, "hidden": 256},
            published=tuple(
                Figure(set=f"Set5 x{s}", metric="PSNR-Y", value=v, source="README of dslisleedh/ESC")
                for s, v in ((2, 38.29), (3, 34.79), (4, 32.72), (6, 29.18), (8, 27.24))
            ),
            **{
                **common,
                "notes": (
                    NOT_TRIED,
                    "The file's name is that of the authors' commands; that their release holds it is not confirmed.",
                ),
            },
        ),
    ]
    return rows


APACHE_SEEMORE = Licence(id="Apache-2.0", source="eduardzamfir/seemoredetails", commercial=True)
SEEMORE_FOLDER = "15jtvcS4jL_6QqEwaRodEN8FBrqVPrO2u"
SEEMORE_FIGURES = {
    ("T", 2): (38.06, 33.65, 32.23, 32.22, 39.01),
    ("T", 3): (34.46, 30.44, 29.15, 28.27, 33.92),
    ("T", 4): (32.31, 28.72, 27.65, 26.23, 30.82),
    ("L", 2): (38.27, 34.01, 32.35, 32.87, 39.49),
    ("L", 4): (32.51, 28.92, 27.78, 26.79, 31.48),
}
SEEMORE_CONFIG: dict[str, dict[str, Any]] = {
    "T": {"width": 36, "groups": 6, "ranks": (2, 4, 8)},
    "B": {"width": 48, "groups": 8, "ranks": (2, 4, 8)},
    "L": {"width": 48, "groups": 16, "ranks": (2, 4, 8)},
}


def seemore_sources(size: str, scale: int) -> tuple[AnySource, ...]:
    """The authors' own first; L only lies in their public folder."""
    file = f"SeemoRe_{size}_X{scale}.pth"
    folder = DriveFolder(
        id=SEEMORE_FOLDER,
        match=(file, f"SeemoRe_{size}_X{scale}/net_g_latest.pth", f"*SeemoRe_{size}_X{scale}*/*.pth"),
    )
    copy = Url(url=f"https://github.com/Sanster/seemore/releases/download/Models/{file}", third_party=True)
    own: tuple[AnySource, ...] = ()
    if (size, scale) == ("T", 4):
        hub = Hub(repo_id="eduardzamfir/SeemoRe-T", revision="adc54c3043200ced04e1b23afa6a9999a32a4e66", filename=file)
        return (hub, copy, DriveFile(id="1gX6H7jmbE4GwC0OIyRFrbfu5wGSfUpX4"), folder)
    if (size, scale) == ("T", 2):
        own = (DriveFile(id="1TLq5C2URWCvrI3HKsTxvwN4M5GpYj8rc"),)
    return (*own, copy, folder) if size != "L" else (folder,)


def seemore_rows() -> list[Row]:
    """SeemoRe in three sizes at three scales."""
    titles = {"T": "SeemoRe-T: experts, tiny", "B": "SeemoRe-B: experts, base", "L": "SeemoRe-L: experts, large"}
    rows = []
    for size, title in titles.items():
        for scale in (2, 3, 4):
            hashed = (size, scale) == ("T", 4)
            psnr = SEEMORE_FIGURES.get((size, scale), ())
            rows.append(
                Row(
                    name=f"seemore-{size.lower()}",
                    scale=scale,
                    title=title,
                    architecture="seemore",
                    file=f"SeemoRe_{size}_X{scale}.pth",
                    licence=APACHE_SEEMORE,
                    sources=seemore_sources(size, scale),
                    tags=("photo", "flops") if size == "T" else ("photo", "quality"),
                    authors="Eduard Zamfir, Zongwei Wu, Nancy Mehta, Yulun Zhang, Radu Timofte",
                    year=2024,
                    paper="arXiv 2402.03412",
                    bytes=1_071_116 if hashed else None,
                    sha256="55647d282825b8516f9544141a05b5877104e9128057c759d7d351940ad9a4c8" if hashed else None,
                    hash_source="LFS pointer in the hub's commit" if hashed else None,
                    config={**SEEMORE_CONFIG[size], "scale": scale},
                    published=figures("SeemoRe, ICML 2024", psnr),
                    notes=() if hashed else (NOT_TRIED,),
                )
            )
    return rows


def gmin_rows() -> list[Row]:
    """GMIN as its paper tells; nobody has published weights."""
    sizes = {
        "gmin": ("GMIN: multi-scale interaction with gates", {"width": 56, "modules": 7}),
        "gmin-l": ("GMIN-L: the larger GMIN", {"width": 64, "modules": 9}),
    }
    return [
        Row(
            name=name,
            scale=scale,
            title=title,
            architecture="gmin",
            file="",
            licence=Licence(id="unknown", source="no weights are published"),
            sources=(),
            tags=("photo",),
            config={**config, "scale": scale},
            notes=(
                "no public weights exist; train them with tools/train.py and import the file",
                "The network is a reconstruction from the paper's text and figures.",
            ),
            published=(Figure(set="B100", metric="PSNR-Y", value=27.67, source="the paper of GMIN"),)
            if (name, scale) == ("gmin", 4)
            else (),
        )
        for name, (title, config) in sizes.items()
        for scale in (2, 3, 4)
    ]


BSD_REALESRGAN = Licence(id="BSD-3-Clause", source="xinntao/Real-ESRGAN", commercial=True)
REALESRGAN = "https://github.com/xinntao/Real-ESRGAN/releases/download/"
OPEN_MODEL_DB = "OpenModelDB/open-model-database, commit 782aac088bd83dd3fc438a42eb0c3868dc559110"


def real_esrgan_rows() -> list[Row]:
    """The releases of Real-ESRGAN."""
    rrdb: dict[str, Any] = {"width": 64, "growth": 32, "blocks": 23, "fold": 1, "doublings": 2}
    common: dict[str, Any] = {
        "licence": BSD_REALESRGAN,
        "authors": "Xintao Wang, Liangbin Xie, Chao Dong, Ying Shan",
        "year": 2021,
        "paper": "arXiv 2107.10833",
        "hash_source": OPEN_MODEL_DB,
    }
    gan: tuple[Tag, ...] = ("photo", "real-world", "gan")

    def row(name: str, scale: int, title: str, architecture: str, tag: str, file: str, **more: Any) -> Row:
        return Row(
            name=name,
            scale=scale,
            title=title,
            architecture=architecture,
            file=file,
            sources=(Url(url=f"{REALESRGAN}{tag}/{file}"),),
            **{"outer": "params", **common, **more},
        )

    general = {"width": 64, "depth": 32, "scale": 4, "native": 4}
    anime = {"width": 64, "depth": 16, "scale": 4, "native": 4}
    return [
        row("realesrgan-x4plus", 4, "Real-ESRGAN: damaged photos, invents texture", "rrdbnet", "v0.1.0",
            "RealESRGAN_x4plus.pth", bytes=67_040_989, outer="params_ema", tags=gan, config=rrdb,
            sha256="4fa0d38905f75ac06eb49a7951b426670021be3018265fd191d2125df9d682f1"),
        row("realesrgan-x2plus", 2, "Real-ESRGAN at x2", "rrdbnet", "v0.2.1",
            "RealESRGAN_x2plus.pth", bytes=67_061_725, outer="params_ema", tags=gan, config={**rrdb, "fold": 2},
            sha256="49fafd45f8fd7aa8d31ab2a22d14d91b536c34494a5cfe31eb5d89c2fa266abb"),
        row("realesrgan-x4plus-anime-6b", 4, "Real-ESRGAN for drawn pictures", "rrdbnet", "v0.2.2.4",
            "RealESRGAN_x4plus_anime_6B.pth", bytes=17_938_799, outer="params_ema", tags=("anime", "gan"),
            config={**rrdb, "blocks": 6},
            sha256="f872d837d3c90ed2e05227bed711af5671a6fd1c9f7d7e91c911a61f155e99da"),
        row("realesrnet-x4plus", 4, "Real-ESRGAN before adversarial training", "rrdbnet", "v0.1.1",
            "RealESRNet_x4plus.pth", bytes=67_040_989, outer="params_ema", tags=("photo", "real-world"),
            config=rrdb, hash_source="package recipe python-realesrgan 0.2.3.0",
            sha256="a820b9bde89a874d7599d545567308ce6c128fc8754a53208eda016d40aa81df"),
        row("realesr-general-x4v3", 4, "Real-ESRGAN, small: damaged photos", "srvgg", "v0.2.5.0",
            "realesr-general-x4v3.pth", bytes=4_885_111, tags=gan, config=general,
            see_also=("realesr-general-wdn-x4v3",),
            sha256="8dc7edb9ac80ccdc30c3a5dca6616509367f05fbc184ad95b731f05bece96292"),
        row("realesr-general-wdn-x4v3", 4, "Real-ESRGAN, small: keeps noise", "srvgg", "v0.2.5.0",
            "realesr-general-wdn-x4v3.pth", bytes=4_885_111, tags=gan, config=general,
            see_also=("realesr-general-x4v3",),
            sha256="1641f8c4464b9f097c9fdda5589273713f67cf59f3d909e0bd688f0cee269dca"),
        row("realesrgan-animevideo-xs", 2, "Real-ESRGAN for drawn films, version 2", "srvgg", "v0.2.3.0",
            "RealESRGANv2-animevideo-xsx2.pth", bytes=2_419_014, tags=("anime",),
            config={**anime, "scale": 2, "native": 2},
            sha256="27985aa2198711ecd72f9bb274ec7b164e018fc9ce2933daaa7c7ab36a2bd3fe"),
        row("realesrgan-animevideo-xs", 4, "Real-ESRGAN for drawn films, version 2", "srvgg", "v0.2.3.0",
            "RealESRGANv2-animevideo-xsx4.pth", bytes=2_502_086, tags=("anime",),
            config=anime,
            sha256="5e04b111c16d5b40deb8f8062d09fdff72fa80281fb9607be23b62650c08daff"),
    ]  # fmt: skip


SIX_HEADS = {"blocks": 6, "heads": 6, "attended": 60, "context": 30}
FOUR_HEADS = {"blocks": 4, "heads": 4, "attended": 64, "context": 32}


def challenge_extras() -> list[Row]:
    """Two systems of 2024 whose files are known by git's hash alone."""
    repository, commit = "Amazingren/NTIRE2024_ESR", "6404fa48dde4a4adbf241a51debdc661aef20449"
    common: dict[str, Any] = {
        "scale": 4,
        "licence": Licence(id="MIT", source=repository, commercial=True),
        "year": 2024,
        "hash_source": f"tree of {repository} at {commit}",
    }
    return [
        Row(
            name="magicsr",
            title="MagicSR: attention over windows and channels",
            architecture="magicsr",
            file="team18_magicsr.pth",
            git_blob_sha1="683e1f5a25c0a2b2bea2025d6348da1138cc17cb",
            sources=(GithubRaw(repo=repository, commit=commit, path="model_zoo/team18_magicsr.pth"),),
            authors="MagicSR, NTIRE 2024",
            config={
                "scale": 4,
                "width": 64,
                "hidden": 128,
                "encoders": (SIX_HEADS, FOUR_HEADS, FOUR_HEADS),
                "decoder": SIX_HEADS,
            },
            tags=("photo", "quality"),
            published=(Figure(set="DIV2K+LSDIR validation", metric="PSNR", value=27.03, source="NTIRE 2024 report"),),
            **common,
        ),
        Row(
            name="efficientsrgan",
            title="EfficientSRGAN: RRDBNet",
            architecture="rrdbnet",
            file="team48_EfficientSRGAN_update.pth",
            git_blob_sha1="bef885d50117bf041c1e5bc0c6a85cf5cb73efa1",
            sources=tuple(
                GithubRaw(repo=repository, commit=commit, path=f"model_zoo/team48_EfficientSRGAN{tail}.pth")
                for tail in ("_update", "")
            ),
            authors="KLETech-CEVI Lowlight Hypnotise, NTIRE 2024",
            config={"width": 64, "growth": 32, "blocks": 23, "fold": 1, "doublings": 2},
            **common,
        ),
    ]


def other_scales() -> list[Row]:
    """Networks of the challenges whose authors publish other scales elsewhere."""
    hit = Licence(id="Apache-2.0", source="XiangZ-0/HiT-SR", commercial=True)
    mamba = Licence(id="Apache-2.0", source="csguoh/MambaIR", commercial=True)
    rows = [
        Row(
            name="hit-srf",
            scale=scale,
            title="HiT-SRF: hierarchical transformer",
            architecture="hit-srf",
            file="model.safetensors",
            format="safetensors",
            licence=hit,
            sources=(Hub(repo_id=f"XiangZ/hit-srf-{scale}x", filename="model.safetensors"),),
            tags=("photo", "quality"),
            authors="Xiang Zhang, Yulun Zhang, Fisher Yu",
            year=2024,
            paper="arXiv 2407.05878",
            like="ntire2025/team54_HITSR.pth",
            notes=(NOT_TRIED,),
        )
        for scale in (2, 3)
    ]
    rows += [
        Row(
            name="hit-srf-dflip",
            scale=scale,
            title="HiT-SRF trained on the larger set DFLIP by ESC's authors",
            architecture="hit-srf",
            file=f"HiTSRF_DFLIP_X{scale}.pth",
            licence=MIT_ESC,
            sources=(esc_url(f"HiTSRF_DFLIP_X{scale}.pth"),),
            tags=("photo", "quality"),
            authors="Dongheon Lee, Seokju Yun, Youngmin Ro",
            year=2025,
            paper="ESC, ICCV 2025",
            like="ntire2025/team54_HITSR.pth",
            notes=(NOT_TRIED,),
            see_also=("hit-srf",),
        )
        for scale in (2, 3, 4)
    ]
    rows += [
        Row(
            name="mambairv2-light",
            scale=scale,
            title="MambaIRv2-light: attentive state space",
            architecture="mambairv2-light",
            file=f"mambairv2_lightSR_x{scale}.pth",
            licence=mamba,
            sources=(Hub(repo_id="cguoh/MambaIR", filename=f"MambaIRv2_ckpt/mambairv2_lightSR_x{scale}.pth"),),
            tags=("photo", "quality"),
            authors="Hang Guo, Yong Guo, Yaohua Zha, Yulun Zhang, Wenbo Li, Tao Dai, Shu-Tao Xia, Yawei Li",
            year=2024,
            paper="arXiv 2411.15269",
            outer="params",
            like="ntire2025/team40_mambairv2light.pth",
            published=(Figure(set="Urban100", metric="PSNR-Y", value=psnr, source="README of csguoh/MambaIR"),),
            notes=(NOT_TRIED, *NOTES["mambairv2-light"]),
        )
        for scale, psnr in ((2, 33.26), (3, 29.01))
    ]
    return rows


NCNN_NAMES: dict[str, tuple[str, str, tuple[Tag, ...]]] = {
    "spanx2_ch48": ("span-ch48", "SPAN, 48 channels: the paper's model", LATENCY),
    "spanx4_ch48": ("span-ch48", "SPAN, 48 channels: the paper's model", LATENCY),
    "spanx2_ch52": ("span-ch52", "SPAN, 52 channels: the paper's larger model", ("photo",)),
    "spanx4_ch52": ("span-ch52", "SPAN, 52 channels: the paper's larger model", ("photo",)),
    "4xNomos8k_span_otf_weak": ("nomos8k-span-weak", "SPAN for lightly damaged photos", ("photo", "real-world")),
    "4xNomos8k_span_otf_medium": ("nomos8k-span-medium", "SPAN for damaged photos", ("photo", "real-world")),
    "4xNomos8k_span_otf_strong": ("nomos8k-span-strong", "SPAN for badly damaged photos", ("photo", "real-world")),
    "ClearReality4x": ("clearreality", "SPAN for realistic pictures: faces, hair, nature", ("photo", "real-world")),
    "2xHFA2kSPAN_27k": ("hfa2k-span", "SPAN for drawn pictures", ("anime",)),
    "2x_ModernSpanimationV1": ("modern-spanimation", "SPAN for modern drawn films", ("anime",)),
    "realesr-animevideov3-x2": ("realesr-animevideov3", "Real-ESRGAN for drawn films, version 3", ("anime",)),
    "realesr-animevideov3-x3": ("realesr-animevideov3", "Real-ESRGAN for drawn films, version 3", ("anime",)),
    "realesr-animevideov3-x4": ("realesr-animevideov3", "Real-ESRGAN for drawn films, version 3", ("anime",)),
}

ATTRIBUTION = {
    "CC-BY-4.0": "Helaman (Phhofm)",
    "CC-BY-NC-SA-4.0": "Kim2091",
}


def other_rows() -> list[Row]:
    """Every row that no index of a challenge describes."""
    return [*esc_rows(), *seemore_rows(), *gmin_rows(), *real_esrgan_rows(), *challenge_extras(), *other_scales()]
