"""Contact sheets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

_GAP = 2


def save_sheet(pictures: np.ndarray, columns: int, path: Path, scale: int = 1) -> None:
    """Writes pictures (uint8 [n, h, w, 3]) row by row into one PNG, `scale` times as large."""
    count, height, width, _ = pictures.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, 3), 255, np.uint8)
    for index, picture in enumerate(pictures):
        top = _GAP + index // columns * (height + _GAP)
        left = _GAP + index % columns * (width + _GAP)
        sheet[top : top + height, left : left + width] = picture
    path.parent.mkdir(parents=True, exist_ok=True)
    size = sheet.shape[1] * scale, sheet.shape[0] * scale
    Image.fromarray(sheet).resize(size, Image.NEAREST).save(path)
