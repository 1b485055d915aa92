"""Where the program keeps its own files: the platform's usual places, or all below ``UPSCALER_HOME``."""

import os
from pathlib import Path
from typing import Literal

Kind = Literal["cache", "config", "state"]


def cache_folder() -> Path:
    """Weights, converted and compiled networks, calibration: all of it can be made again.  It may not exist yet."""
    return _folder("cache")


def config_folder() -> Path:
    """Presets, settings and the models that the user imported.  It may not exist yet."""
    return _folder("config")


def state_folder() -> Path:
    """History of jobs and logs.  It may not exist yet."""
    return _folder("state")


def _folder(kind: Kind) -> Path:
    home = os.environ.get("UPSCALER_HOME")
    if home:
        return Path(home).expanduser() / kind
    import platformdirs

    places = {
        "cache": platformdirs.user_cache_path,
        "config": platformdirs.user_config_path,
        "state": platformdirs.user_state_path,
    }
    return places[kind]("upscaler", appauthor=False)
