"""A photo, for the questions that noise cannot answer."""

from functools import cache

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from tests.shared import SHARED


@cache
def photo(height: int, width: int) -> Tensor:
    """1,3,H,W in 0..1: the middle of Kodak's lighthouse: sky, fence, grass, fine lines."""
    with Image.open(SHARED / "samples" / "kodak" / "kodim19.png") as image:
        pixels = np.asarray(image.convert("RGB"))
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    part = pixels[top : top + height, left : left + width]
    return torch.from_numpy(part.copy()).permute(2, 0, 1)[None].float() / 255
