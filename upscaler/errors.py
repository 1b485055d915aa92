"""Everything that may go wrong for a user, as sentences.

UpscalerError            1   some inputs failed
├── UsageError           2   the command was wrong; nothing was done
├── ModelError           3   no such model, or it cannot do what was asked
│   └── WeightsError     3   the model is known; its file cannot be had or is not what it should be
├── MediaError           1   a picture or film cannot be read or written
├── RoomError            4   no room on the disk or in memory, after every fallback
├── DeviceError          1   the device that was asked for is absent or failed
└── Cancelled          130   the user stopped it

``str(error)`` is one whole sentence: what is wrong, with what, why, and what to do.
"""

from typing import ClassVar


class UpscalerError(Exception):
    """Base of all errors that are told to the user; knows its exit code."""

    exit_code: ClassVar[int] = 1


class UsageError(UpscalerError):
    """The command or the settings were wrong; nothing was done."""

    exit_code = 2


class ModelError(UpscalerError):
    """There is no such model, or it cannot do what was asked."""

    exit_code = 3


class WeightsError(ModelError):
    """The model is known; its file cannot be had or is not what it should be."""


class MediaError(UpscalerError):
    """A picture or film cannot be read or written."""


class RoomError(UpscalerError):
    """No room is left on the disk or in memory, after every fallback."""

    exit_code = 4


class DeviceError(UpscalerError):
    """The device that was asked for is not there, or it failed."""


class Cancelled(UpscalerError):
    """The user stopped the work; whole files stay, partial ones do not exist."""

    exit_code = 130
