"""``upscaler``: models, the machine, the cache, measurements."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from upscaler.commands import models
from upscaler.commands.bench import bench
from upscaler.commands.entry import run_command
from upscaler.commands.evaluate import evaluate

app = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
cache = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="What was downloaded and converted.")
app.add_typer(models.app, name="models")
app.add_typer(cache, name="cache")
app.command()(evaluate)
app.command()(bench)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Say the version.")] = False,
) -> None:
    """Models, the machine, the cache, measurements; `upscale` enlarges pictures and films."""
    if version:
        from upscaler._version import __version__

        typer.echo(f"upscaler {__version__}")
        raise typer.Exit


@app.command()
def doctor(
    device: Annotated[str, typer.Option("-d", "--device", help="auto, cpu, cuda, cuda:1, mps, xpu.")] = "auto",
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Say what this machine has, and try one tile."""
    from upscaler.jobs.doctor import examine

    facts = []
    for fact in examine(device):
        facts.append(fact)
        if not json:
            typer.echo(f"{'  ' if fact.good else '! '}{fact.about:12} {fact.found}")
    if json:
        import msgspec

        typer.echo(msgspec.json.format(msgspec.json.encode(facts), indent=1).decode())
    raise typer.Exit(0 if all(fact.good for fact in facts) else 1)


@app.command()
def gui(
    files: Annotated[list[Path] | None, typer.Argument(help="Files and folders to put into the queue.")] = None,
) -> None:
    """Open the window."""
    try:
        from upscaler_gui.app import main as window
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in ("PySide6", "upscaler_gui"):
            raise
        from upscaler.errors import UsageError

        raise UsageError(
            "The window needs PySide6, which is not here; pip install 'upscaler[gui]' brings it."
        ) from error
    raise typer.Exit(window([str(file) for file in files or []]))


@cache.command("list")
def cache_list() -> None:
    """Show what the cache holds, and where."""
    from upscaler.folders import cache_folder
    from upscaler.jobs.doctor import cache_parts

    typer.echo(str(cache_folder()))
    for part in cache_parts():
        typer.echo(f"{part.name:14} {part.files:6} files {part.bytes / 1e6:10.1f} MB")


@cache.command("clear")
def cache_clear(
    parts: Annotated[list[str] | None, typer.Argument(help="Parts to remove; without any, all.")] = None,
) -> None:
    """Remove what can be fetched or made again."""
    from upscaler.jobs.doctor import clear_cache

    removed = clear_cache(parts or [])
    size = sum(part.bytes for part in removed)
    typer.echo(f"Removed {', '.join(part.name for part in removed) or 'nothing'} ({size / 1e6:.1f} MB).")


def main() -> None:
    """The console script."""
    sys.exit(run_command("upscaler", lambda: app(standalone_mode=True)))


def main_gui() -> None:
    """The console script that opens the window."""
    sys.exit(run_command("upscaler-gui", lambda: app(["gui", *sys.argv[1:]])))
