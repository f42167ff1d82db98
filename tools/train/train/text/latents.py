"""Latents of the scenes that the MAR model is trained on, computed when they are first asked for."""

from __future__ import annotations

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


def allocate_latents(path: Path, count: int, length: int, channels: int) -> None:
    """
    Makes a file for the latents of `count` scenes, float16 [count, length, channels]: zeros, whose disk space is
    taken as latents come.
    """
    if not path.exists():
        with complete_file(path) as partial:
            partial.touch()
            np.lib.format.open_memmap(partial, "w+", np.float16, (count, length, channels)).flush()


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

    def tokens(self, indices: np.ndarray, scenes: list[Scene]) -> torch.Tensor:
        """Float32 [n, length, channels], of the scenes that `scenes` gave for the same indices."""
        # No token is all zeros but one that was never written, or was lost when the machine stopped.
        written = self._latents[indices].any(axis=2).all(axis=1)
        missing = np.flatnonzero(~written).tolist()
        for start in range(0, len(missing), _BATCH):
            places = missing[start : start + _BATCH]
            chosen = indices[places]
            pixels = [
                render_scene(scenes[place], self._sprites, self._seed, int(indices[place])) for place in places
            ]
            self._latents[chosen] = encode_scenes(self._autoencoder, np.stack(pixels)).half().numpy()
        return torch.from_numpy(self._latents[indices].astype(np.float32))


@torch.no_grad()
def encode_scenes(autoencoder: Autoencoder, pixels: np.ndarray) -> torch.Tensor:
    """The latents' means of pictures uint8 [n, 128, 128, 3]: [n, length, channels], on the CPU, float32."""
    device = next(autoencoder.parameters()).device
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=False):
        mean, _ = autoencoder.encode(to_tensor(pixels, device))
    return mean.flatten(2).transpose(1, 2).cpu()


def token_limits(autoencoder: Autoencoder, pixels: np.ndarray) -> list[float]:
    """The largest absolute value of each channel, plus 5 %: beyond it no x0 is a real token."""
    largest = torch.zeros(autoencoder.config.z_channels)
    for start in range(0, len(pixels), _BATCH):
        tokens = encode_scenes(autoencoder, pixels[start : start + _BATCH])
        largest = torch.maximum(largest, tokens.abs().amax((0, 1)))
    return [round(float(value) * _MARGIN, 3) for value in largest]
