"""Rendered data sets on disk, and pictures as tensors."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch

from .render import CLASS_NAMES, SIZE, render
from .training.checkpoint import complete_file

_CHUNK = 240

Chunk = tuple[int, int, int]
"""Seed of a data set, first index, and the index after the last."""


def render_chunk(chunk: Chunk) -> tuple[np.ndarray, list[str]]:
    """Pictures uint8 [n, 64, 64, 3] of the twelve classes, and a JSON line each."""
    seed, start, end = chunk
    pictures = [render(seed, index) for index in range(start, end)]
    lines = [
        json.dumps({"label": p.label, "caption": p.caption, "attributes": p.attributes}) + "\n"
        for p in pictures
    ]
    return np.stack([picture.pixels for picture in pictures]), lines


def render_data_set(
    pixels_path: Path,
    seed: int,
    count: int,
    processes: int,
    side: int = SIZE,
    renderer: Callable[[Chunk], tuple[np.ndarray, list[str]]] = render_chunk,
) -> None:
    """
    Renders pictures 0..count−1 of data set `seed` into an .npy file (uint8 [count, side, side, 3]) and what is
    on them into a .jsonl file beside it (a line each). Leaves complete files as they are.
    """
    text_path = pixels_path.with_suffix(".jsonl")
    if pixels_path.exists() and len(np.load(pixels_path, mmap_mode="r")) == count:
        return
    chunks = [(seed, start, min(count, start + _CHUNK)) for start in range(0, count, _CHUNK)]
    with complete_file(text_path) as text_partial, complete_file(pixels_path) as pixels_partial:  # noqa: SIM117
        with text_partial.open("w") as text, pixels_partial.open("wb") as pixels:
            np.lib.format.write_array_header_1_0(
                pixels, {"descr": "|u1", "fortran_order": False, "shape": (count, side, side, 3)}
            )
            with ProcessPoolExecutor(processes) as pool:
                for part, lines in pool.map(renderer, chunks):
                    pixels.write(part.tobytes())
                    text.write("".join(lines))


def labels_of(count: int) -> np.ndarray:
    """Labels of pictures 0..count−1 of any data set: int64 [count]."""
    return np.arange(count) % len(CLASS_NAMES)


def to_tensor(pixels: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
    """uint8 [n, h, w, 3] → float32 [n, 3, h, w] in −1..1, laid out with the channels last."""
    tensor = torch.from_numpy(np.array(pixels)).to(device)
    return tensor.permute(0, 3, 1, 2).float().div(127.5).sub(1)


def to_pixels(pictures: torch.Tensor) -> np.ndarray:
    """Float [n, 3, h, w] in −1..1 → uint8 [n, h, w, 3]."""
    scaled = pictures.detach().float().add(1).mul(127.5).round().clamp(0, 255)
    return scaled.byte().permute(0, 2, 3, 1).cpu().numpy()


def signal_to_noise(first: torch.Tensor, second: torch.Tensor) -> float:
    """
    Peak signal-to-noise ratio of two sets of pictures in −1..1, in dB, from the mean squared error over all
    of them.
    """
    error = (first.clamp(-1, 1) - second.clamp(-1, 1)).square().mean()
    return float(10 * torch.log10(4 / error))


class PictureBatches:
    """A data set's pictures by index, half of them mirrored; on the device as a whole where that is a GPU."""

    def __init__(self, path: Path, device: torch.device) -> None:
        pixels = np.load(path, mmap_mode="r")
        self.size = len(pixels)
        self._device = device
        self._pixels = torch.from_numpy(np.array(pixels)).to(device) if device.type == "cuda" else pixels

    def __call__(self, indices: np.ndarray, mirror: torch.Tensor) -> torch.Tensor:
        """Pictures [n, 3, h, w] in −1..1; those are mirrored for which `mirror` (bool [n]) says so."""
        if isinstance(self._pixels, np.ndarray):
            pictures = to_tensor(self._pixels[indices], self._device)
        else:
            chosen = self._pixels[torch.from_numpy(indices).to(self._device)]
            pictures = chosen.permute(0, 3, 1, 2).float().div(127.5).sub(1)
        return torch.where(mirror[:, None, None, None], pictures.flip(3), pictures)
