"""
The random choices of one step, a function of seed, step and worker alone: a run that resumes repeats none and
skips none.
"""

from __future__ import annotations

from functools import lru_cache
from random import Random

import numpy as np
import torch


class Draw:
    """What chance decides in one worker's share of one step."""

    def __init__(self, seed: int, step: int, worker: int, workers: int, device: torch.device) -> None:
        self.step = step
        self.worker = worker
        self.workers = workers
        self.device = device
        self._seed = seed
        self.shared = Random(f"{seed}/{step}")
        """Choices in which all workers agree."""
        self.generator = torch.Generator(device=device)
        self.generator.manual_seed(Random(f"{seed}/{step}/{worker}").getrandbits(63))

    def normal(self, *shape: int) -> torch.Tensor:
        """Standard normal float32 numbers."""
        return torch.randn(*shape, generator=self.generator, device=self.device)

    def uniform(self, *shape: int) -> torch.Tensor:
        """float32 numbers in [0, 1)."""
        return torch.rand(*shape, generator=self.generator, device=self.device)

    def integers(self, end: int, *shape: int) -> torch.Tensor:
        """int64 numbers in [0, end)."""
        return torch.randint(end, shape, generator=self.generator, device=self.device)

    def samples(self, batch: int, size: int) -> np.ndarray:
        """
        The worker's indices (int64, batch ÷ workers of them) into a data set of `size` samples: each epoch
        goes through all of it in an order of its own.
        """
        share = batch // self.workers
        first = self.step * batch + self.worker * share
        positions = np.arange(first, first + share)
        epochs = positions // size
        return np.concatenate(
            [
                _order(self._seed, int(epoch), size)[positions[epochs == epoch] % size]
                for epoch in np.unique(epochs)
            ]
        )


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, size: int) -> np.ndarray:
    return np.random.Generator(np.random.PCG64([seed, epoch])).permutation(size)
