"""Exponential moving averages of weights."""

from __future__ import annotations

import torch
from torch import nn


class Average:
    """A slowly moving copy of a model's parameters; what is judged and packed."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._decay = decay
        self._live = dict(model.named_parameters())
        self.weights: dict[str, torch.Tensor] = {
            name: value.detach().clone() for name, value in self._live.items()
        }

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Moves towards the live weights after the step; faster early on, when nothing is worth keeping."""
        decay = min(self._decay, (1 + step) / (10 + step))
        averages, live = list(self.weights.values()), [value.detach() for value in self._live.values()]
        torch._foreach_mul_(averages, decay)
        torch._foreach_add_(averages, live, alpha=1 - decay)

    @torch.no_grad()
    def load(self, weights: dict[str, torch.Tensor]) -> None:
        """Takes over saved averages."""
        for name, value in self.weights.items():
            value.copy_(weights[name])
