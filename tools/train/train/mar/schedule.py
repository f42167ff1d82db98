"""The noise schedule and its coefficients."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

TRAIN_STEPS = 1000


@dataclass(frozen=True)
class Schedule:
    """Coefficients of a diffusion process, float64 [steps] each; step 0 is the least noisy."""

    timesteps: np.ndarray
    """int64: the timestep of the training's schedule that a step stands for."""
    signal: np.ndarray
    """√ᾱ: of x0 in a noisy token."""
    noise: np.ndarray
    """√(1−ᾱ): of ε in a noisy token."""
    posterior_start: np.ndarray
    """Of x0 in the posterior's mean (arXiv 2006.11239, equation 7)."""
    posterior_noisy: np.ndarray
    """Of the noisy token in the posterior's mean."""
    smallest_log_variance: np.ndarray
    """Of the posterior, clipped at step 0, where it is 0."""
    largest_log_variance: np.ndarray
    """log β."""


def _cumulative_signal() -> np.ndarray:
    """ᾱ of the cosine schedule (arXiv 2102.09672, equation 17) over 1000 steps."""

    def level(share: float) -> float:
        return math.cos((share + 0.008) / 1.008 * math.pi / 2) ** 2

    betas = [
        min(1 - level((i + 1) / TRAIN_STEPS) / level(i / TRAIN_STEPS), 0.999) for i in range(TRAIN_STEPS)
    ]
    return np.cumprod(1 - np.array(betas))


@lru_cache(maxsize=8)
def schedule(steps: int | None = None) -> Schedule:
    """The schedule that is trained, or one of fewer steps, evenly spread over it with both ends."""
    cumulative = _cumulative_signal()
    timesteps = np.arange(TRAIN_STEPS)
    if steps is not None:
        timesteps = np.unique(np.rint(np.linspace(0, TRAIN_STEPS - 1, steps)).astype(np.int64))
        cumulative = cumulative[timesteps]
    before = np.append(1.0, cumulative[:-1])
    betas = 1 - cumulative / before
    posterior_variance = betas * (1 - before) / (1 - cumulative)
    clipped = np.append(posterior_variance[1:2] if len(betas) > 1 else betas, posterior_variance[1:])
    return Schedule(
        timesteps=timesteps,
        signal=np.sqrt(cumulative),
        noise=np.sqrt(1 - cumulative),
        posterior_start=betas * np.sqrt(before) / (1 - cumulative),
        posterior_noisy=(1 - before) * np.sqrt(1 - betas) / (1 - cumulative),
        smallest_log_variance=np.log(clipped),
        largest_log_variance=np.log(betas),
    )
