"""How long and at which rate to train."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """
    A training run. It lasts `steps` steps or `minutes` minutes, whichever ends first. Minutes are what one
    worker computes on a CPU, and go by the clock on a GPU.
    """

    batch: int
    """Samples a step, over all workers."""
    learning_rate: float
    """At its peak."""
    steps: int | None = None
    minutes: float | None = None
    warmup: float = 0.03
    """Share of the run in which the rate rises from 0."""
    hold: float = 0.0
    """
    Share of the run, after the warm-up's, up to which the rate stays at its peak. While it does, the run's
    length can be changed without a trace.
    """
    floor: float = 0.01
    """The last rate ÷ the peak rate."""
    betas: tuple[float, float] = (0.9, 0.95)
    weight_decay: float = 0.0
    """Of matrices and kernels only."""
    muon_from: int | None = None
    """Matrices of at least so many rows and columns, but embeddings, are updated by Muon, all else by AdamW."""
    clip: float = 1.0
    """Largest norm of the gradient."""
    average_decay: float = 0.999
    """Of the exponential moving average of the weights."""
    seed: int = 0

    def progress(self, step: int, minutes: float) -> float:
        """Share of the run that is over after `step` steps and `minutes` minutes, 0–1."""
        shares = [0.0]
        if self.steps is not None:
            shares.append(step / self.steps)
        if self.minutes is not None:
            shares.append(minutes / self.minutes)
        if len(shares) == 1:
            raise ValueError("A plan needs a number of steps or of minutes.")
        return min(1.0, max(shares))

    def rate(self, progress: float) -> float:
        """The learning rate at `progress`: a linear rise, the peak, then half a cosine down to the floor."""
        if progress < self.warmup:
            return self.learning_rate * max(progress, 1e-3) / self.warmup
        begin = max(self.warmup, self.hold)
        fall = max(0.0, progress - begin) / (1 - begin)
        return self.learning_rate * (self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * fall)))
