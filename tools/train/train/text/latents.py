"""Latents of the scenes that the MAR model is trained on, computed when they are first asked for."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch

from ..autoencoder.model import Autoencoder
from ..pictures import to_tensor
from ..training.checkpoint import complete_file
from .scene.render import render_scene
from .scene.scene import Scene, scene_at
from .scene.sprites import Sprites

_BATCH = 16
_MARGIN = 1.05


def allocate_latents(path: Path, count: int, channels: int, side: int) -> None:
    """
    Makes a file for the latents of `count` scenes, float16 [count, channels, side, side]: zeros, whose disk space
    is taken as latents come.
    """
    if not path.exists():
        with complete_file(path) as partial:
            partial.touch()
            np.lib.format.open_memmap(partial, "w+", np.float16, (count, channels, side, side)).flush()


class SceneLatents:
    """
    Scenes of a data set and their latents by index. Those that the file lacks are rendered, encoded and put into
    it, so that training needn't wait for all of them; either way they are a function of seed and index.
    """

    def __init__(self, path: Path, seed: int, sprites: Sprites, autoencoder: Autoencoder) -> None:
        self._latents = np.lib.format.open_memmap(path, "r+")
        self._seed = seed
        self._sprites = sprites
        self._autoencoder = autoencoder
        self.size = len(self._latents)

    def scenes(self, indices: np.ndarray) -> list[Scene]:
        """What the pictures show."""
        return [scene_at(self._seed, int(index), self._sprites) for index in indices]

    def latents(self, indices: np.ndarray, scenes: list[Scene]) -> torch.Tensor:
        """Float32 [n, channels, side, side], of the scenes that `scenes` gave for the same indices."""
        # No place is all zeros but one that was never written, or was lost when the machine stopped.
        written = self._latents[indices].any(axis=1).all(axis=(1, 2))
        missing = np.flatnonzero(~written).tolist()
        for start in range(0, len(missing), _BATCH):
            places = missing[start : start + _BATCH]
            chosen = indices[places]
            pixels = [
                render_scene(scenes[place], self._sprites, self._seed, int(indices[place])) for place in places
            ]
            self._latents[chosen] = encode_scenes(self._autoencoder, np.stack(pixels)).half().numpy()
        return torch.from_numpy(self._latents[indices].astype(np.float32))


def to_tokens(latents: torch.Tensor, patch: int) -> torch.Tensor:
    """
    Latents [n, channels, rows, columns] → tokens [n, length, channels · patch²] of patch × patch of them, a
    channel's in a row, as published.
    """
    count, channels, rows, columns = latents.shape
    parts = latents.reshape(count, channels, rows // patch, patch, columns // patch, patch)
    return parts.permute(0, 2, 4, 1, 3, 5).reshape(count, -1, channels * patch**2)


def to_latents(tokens: torch.Tensor, patch: int) -> torch.Tensor:
    """The way back, of a square grid."""
    count, length, channels = tokens.shape
    side = math.isqrt(length)
    parts = tokens.reshape(count, side, side, channels // patch**2, patch, patch)
    return parts.permute(0, 3, 1, 4, 2, 5).reshape(count, -1, side * patch, side * patch)


@torch.no_grad()
def encode_scenes(autoencoder: Autoencoder, pixels: np.ndarray) -> torch.Tensor:
    """The latents' means of pictures uint8 [n, 128, 128, 3]: [n, channels, 16, 16], on the CPU, float32."""
    device = next(autoencoder.parameters()).device
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=False):
        mean, _ = autoencoder.encode(to_tensor(pixels, device))
    return mean.cpu()


def latent_limits(autoencoder: Autoencoder, pixels: np.ndarray) -> list[float]:
    """The largest absolute value of each channel, plus 5 %: beyond it no x0 is a real token."""
    largest = torch.zeros(autoencoder.config.z_channels)
    for start in range(0, len(pixels), _BATCH):
        latents = encode_scenes(autoencoder, pixels[start : start + _BATCH])
        largest = torch.maximum(largest, latents.abs().amax((0, 2, 3)))
    return [round(float(value) * _MARGIN, 3) for value in largest]
