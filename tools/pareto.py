"""Draws quality against cost for all x4 models of the manifest: ``python -m tools.pareto docs/pictures/pareto.png``.

Prints the fronts as a table of Markdown, for ``docs/pareto.md``.
"""

import sys
from pathlib import Path

import matplotlib as mpl

from upscaler.choice.pareto import COST, Respect, front
from upscaler.models.catalogue import official_catalogue
from upscaler.models.manifest import Entry

SCALE = 4
LABELS: dict[Respect, str] = {
    "macs": "multiply-adds of a 256x256 input (G)",
    "params": "parameters (K)",
    "time": "processor time, relative to span",
}
UNITS: dict[Respect, float] = {"macs": 1e9, "params": 1e3, "time": 1.0}
DIGITS: dict[Respect, int] = {"macs": 2, "params": 0, "time": 2}
LOWEST = 31.4  # dB; what lies below was not trained for this measure


def shown() -> list[Entry]:
    """Rows with a measured quality: one for each distinct set of weights."""
    catalogue = official_catalogue()
    rows = [row for name in catalogue.names for row in catalogue.rows(name) if row.scale == SCALE]
    return [row for row in rows if row.measured and (row.quality() or 0) > LOWEST]


def draw(rows: list[Entry], file: Path) -> None:
    """Three panels; the front is drawn as a line, and only its models are named."""
    mpl.use("Agg")
    from matplotlib import pyplot, ticker

    figure, panels = pyplot.subplots(1, 3, figsize=(17, 6.5), sharey=True, layout="constrained")
    for panel, respect in zip(panels, LABELS, strict=True):
        cost = COST[respect]
        known = [(row, c / UNITS[respect]) for row in rows if (c := cost(row)) is not None]
        best = sorted((c, row.quality() or 0.0, row.name) for row, c in known if row in front(rows, respect))
        panel.scatter([c for _, c in known], [row.quality() for row, _ in known], s=14, color="#9aa0a6")
        panel.step([c for c, _, _ in best], [q for _, q, _ in best], where="post", color="#2f6fde", linewidth=1)
        panel.scatter([c for c, _, _ in best], [q for _, q, _ in best], s=26, color="#2f6fde", zorder=3)
        for c, quality, name in best:
            panel.annotate(
                name, (c, quality), xytext=(-3, 4), textcoords="offset points", fontsize=8, ha="right", rotation=-25
            )
        panel.set(xlabel=LABELS[respect], xscale="log")
        panel.xaxis.set_major_formatter(ticker.ScalarFormatter())
        panel.xaxis.set_minor_formatter(ticker.NullFormatter())
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("Set5 x4, PSNR-Y (dB)")
    figure.savefig(file, dpi=100)


def table(rows: list[Entry]) -> str:
    """The models on any front, with their figures; bold where they are on the front of that column."""
    fronts = {respect: front(rows, respect) for respect in LABELS}
    lines = ["| model | Set5 dB | G multiply-adds | K parameters | time / span's |", "| --- | --- | --- | --- | --- |"]
    for row in sorted(set().union(*fronts.values()), key=lambda r: -(r.quality() or 0)):
        cells = []
        for respect, best in fronts.items():
            value = COST[respect](row)
            text = "" if value is None else f"{value / UNITS[respect]:.{DIGITS[respect]}f}"
            cells.append(f"**{text}**" if row in best else text)
        lines.append(f"| `{row.name}` | {row.quality():.2f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(file: str) -> None:
    """Draw and print."""
    rows = shown()
    draw(rows, Path(file))
    print(table(rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
