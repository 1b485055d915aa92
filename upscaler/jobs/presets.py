"""Settings under a name, as TOML that people can read and edit."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from upscaler.errors import UsageError
from upscaler.folders import config_folder
from upscaler.jobs.settings import Settings


def settings_from(options: Mapping[str, Any]) -> Settings:
    """Settings from those that differ from the defaults.  Raises UsageError for what is unknown or makes no sense."""
    known = {field.name for field in dataclasses.fields(Settings)}
    if unknown := sorted(options.keys() - known):
        raise UsageError(f"There is no setting {unknown[0]!r}; there are {', '.join(sorted(known))}.")
    try:
        return msgspec.convert(dict(options), Settings)
    except msgspec.ValidationError as error:
        raise UsageError(f"A setting makes no sense: {str(error).replace('$.', '')}.") from error


def load_preset(name: str) -> dict[str, Any]:
    """The options that were saved under ``name``.  Raises UsageError if there are none."""
    try:
        return tomllib.loads(_place(name).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        there = ", ".join(preset_names()) or "none yet; --save-preset makes one"
        raise UsageError(f"There is no preset {name!r}; there are: {there}.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"The preset {_place(name)} cannot be read: {error}.") from error


def save_preset_as(name: str, options: Mapping[str, Any]) -> None:
    """Saves options under ``name``, replacing what was there.  Raises UsageError, MediaError or RoomError."""
    import tomli_w

    from upscaler.media.files import NewFile, told

    settings_from(options)
    text = tomli_w.dumps({key: list(v) if isinstance(v, tuple) else v for key, v in options.items()})
    path = _place(name)
    with NewFile(path) as new:
        with told(path):
            new.file.write(text.encode())
        new.commit()


def preset_names() -> list[str]:
    return sorted(path.stem for path in (config_folder() / "presets").glob("*.toml"))


def _place(name: str) -> Path:
    if not re.fullmatch(r"[\w][\w .+-]{0,60}", name):
        raise UsageError(f"{name!r} is no name for a preset; letters, digits, blanks, - and _ are.")
    return config_folder() / "presets" / f"{name}.toml"
