"""Models that the user added: their rows, and where their files are kept.

Kept with the settings, not in the cache: what a user brought cannot be fetched again.
"""

import shutil
from pathlib import Path

from upscaler.errors import ModelError
from upscaler.folders import config_folder
from upscaler.models.manifest import Entry, read_manifest, write_manifest


def imported_folder() -> Path:
    """Holds ``models.json`` and a folder of files for each model."""
    return config_folder() / "models"


def imported_entries() -> tuple[Entry, ...]:
    """The user's rows.  Raises ModelError if their list is damaged."""
    path = imported_folder() / "models.json"
    return read_manifest(path) if path.is_file() else ()


def keep(entry: Entry, files: tuple[Path, ...]) -> None:
    """Copies the files into the user's folder and adds the row.  Raises ModelError if the name is taken."""
    known = imported_entries()
    if any(other.key == entry.key for other in known):
        raise ModelError(f"There already is an imported model {entry.name} x{entry.scale}; choose another --name.")
    folder = imported_folder() / entry.key
    folder.mkdir(parents=True, exist_ok=True)
    for source, file in zip(files, entry.files, strict=True):
        shutil.copyfile(source, folder / file.name)
        (folder / file.name).chmod(0o644)
    part = imported_folder() / ".models.json.part"
    write_manifest((*known, entry), part)
    part.replace(imported_folder() / "models.json")
