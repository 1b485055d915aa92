"""One command from a fresh checkout to a result; needs nothing but Python 3.11 or newer.

python tools/dev.py example   enlarge the pictures in examples/ with the embedded model (no network for weights)
python tools/dev.py test      run all tests
python tools/dev.py setup     only prepare .venv
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")

EXTRAS = "evaluate,heic,gui,openvino"
COMMANDS: dict[str, list[list[str]]] = {
    "setup": [],
    "example": [["upscale", "examples", "-o", "upscaled", "-s", "4", "-m", "pocket", "--offline"]],
    "test": [["python", "-m", "pytest", "-n", "2", "--dist", "loadfile"]],
}


def prepare() -> None:
    """Make ``.venv`` with this checkout and what it needs, at the tested versions; a second call is quick."""
    if not (BIN / "python").exists() and not (BIN / "python.exe").exists():
        venv.create(VENV, with_pip=True)
    pip = [str(BIN / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-c", "constraints.txt"]
    subprocess.run([*pip, "--upgrade", "pip>=25.1"], cwd=ROOT, check=True)  # the first that knows --group
    # torch first: a range would pull whatever is newest, several gigabytes of it.
    subprocess.run([*pip, "torch"], cwd=ROOT, check=True)
    subprocess.run([*pip, "-e", f".[{EXTRAS}]", "--group", "test", "--group", "lint"], cwd=ROOT, check=True)


def main() -> int:
    """Prepare, then run what was asked for; further arguments are passed on."""
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        print(__doc__)
        return 2
    prepare()
    environment = {**os.environ, "PATH": os.pathsep.join((str(BIN), os.environ.get("PATH", "")))}
    for command in COMMANDS[sys.argv[1]]:
        done = subprocess.run([str(BIN / command[0]), *command[1:], *sys.argv[2:]], cwd=ROOT, env=environment)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
