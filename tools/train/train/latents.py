"""Latents of a whole data set, computed once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from .autoencoder.model import Autoencoder
from .pictures import labels_of, to_tensor
from .training.checkpoint import complete_file
from .training.device import mixed_precision

_BATCH = 120
_MARGIN = 1.05


@torch.no_grad()
def cache_latents(model: Autoencoder, pixels: np.ndarray, path: Path, device: torch.device) -> list[float]:
    """
    Writes the latents' means of all pictures, then of their mirror images: float16 [2n, h·w, channels].

    Returns for each channel the largest absolute value, plus 5 %: beyond it no x0 is a real token.
    """
    model.to(device).eval()
    side, channels = pixels.shape[1] // model.config.stride, model.config.z_channels
    largest = torch.zeros(channels, device=device)
    count = len(pixels)
    with complete_file(path) as partial:
        partial.touch()
        shape = (2 * count, side * side, channels)
        latents = np.lib.format.open_memmap(partial, "w+", np.float16, shape)
        for mirrored in (False, True):
            for start in range(0, count, _BATCH):
                pictures = to_tensor(pixels[start : start + _BATCH], device)
                with mixed_precision(device):
                    mean, _ = model.encode(pictures.flip(3) if mirrored else pictures)
                tokens = mean.flatten(2).transpose(1, 2)
                largest = torch.maximum(largest, tokens.abs().amax((0, 1)))
                first = start + (count if mirrored else 0)
                latents[first : first + len(tokens)] = tokens.half().cpu().numpy()
        latents.flush()
    limits = [round(float(value) * _MARGIN, 3) for value in largest]
    with complete_file(limits_path(path)) as partial:
        partial.write_text(json.dumps(limits))
    return limits


def limits_path(latents: Path) -> Path:
    """Where the limits of a cache lie."""
    return latents.with_suffix(".limits.json")


class LatentBatches:
    """Cached latents by index; on the device as a whole where that is a GPU."""

    def __init__(self, path: Path, device: torch.device) -> None:
        latents = np.load(path, mmap_mode="r")
        self.size = len(latents)
        # Mirror images follow the pictures in the same order.
        labels = np.tile(labels_of(self.size // 2), 2)
        self._device = device
        self._labels = torch.from_numpy(labels).to(device)
        self._latents = torch.from_numpy(np.array(latents)).to(device) if device.type == "cuda" else latents

    def __call__(self, indices: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens float32 [n, length, channels] and labels int64 [n]."""
        chosen = torch.from_numpy(indices).to(self._device)
        if isinstance(self._latents, np.ndarray):
            return torch.from_numpy(self._latents[indices].astype(np.float32)), self._labels[chosen]
        return self._latents[chosen].float(), self._labels[chosen]
