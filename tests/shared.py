"""Where the shared material lies: goldens, official weights, sample pictures and films.

``UPSCALER_SHARED`` names the folder; otherwise ``shared/`` beside the checkout.  Tests that need it skip where it is
absent, with the reason.
"""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("UPSCALER_SHARED") or Path(__file__).resolve().parents[2] / "shared")

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the shared material is not at {SHARED}")
