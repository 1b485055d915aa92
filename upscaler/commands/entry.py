"""How commands begin and end: the only place where an error becomes text and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable

from upscaler.errors import UpscalerError

INTERRUPTED = 130


def run_command(program: str, command: Callable[[], object]) -> int:
    """Runs a Typer application and returns the exit code; whatever goes wrong is one sentence on stderr.

    With ``-v`` twice among the arguments the cause is shown as well.
    """
    try:
        return _guarded(program, command)
    finally:
        _flush()


def _guarded(program: str, command: Callable[[], object]) -> int:
    try:
        command()
    except SystemExit as end:
        return _code(end.code)
    except UpscalerError as error:
        _say(f"{program}: {error}")
        if _curious():
            traceback.print_exception(error)
        return error.exit_code
    except KeyboardInterrupt:
        _say(f"{program}: Stopped.")
        return INTERRUPTED
    except BrokenPipeError:
        pass  # who read our output has gone: not an error
    return 0


def _flush() -> None:
    """Where nobody reads any more, what is still to be said goes nowhere: Python would complain about it at its end."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _code(code: object) -> int:
    return code if isinstance(code, int) else 0 if code is None else 1


def _say(text: str) -> None:
    """To stderr, whatever alphabet it has."""
    stream = sys.stderr
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def _curious() -> bool:
    flags = [a for a in sys.argv[1:] if a == "--verbose" or (a.startswith("-v") and set(a[1:]) == {"v"})]
    return sum(a.count("v") if not a.startswith("--") else 1 for a in flags) >= 2
