"""``python -m upscaler``: the same as ``upscale``."""

from upscaler.commands.upscale import main

main()
