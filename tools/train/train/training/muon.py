"""Updates of weight matrices by orthogonalised momentum."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from .device import has_bfloat16_units
from .products import product

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 5
_STACKED = (2, 3)
"""Matrices that are so many square ones on top of each other (queries, keys and values; modulations)."""


Divide = Callable[
    [Sequence[torch.Tensor], Callable[[torch.Tensor], torch.Tensor]], Sequence[torch.Tensor]
]
"""What `work` makes of each of some values, wherever each is worked on."""


def _alone(values: Sequence[torch.Tensor], work: Callable[[torch.Tensor], torch.Tensor]) -> list[torch.Tensor]:
    return [work(value) for value in values]


class Muon(torch.optim.Optimizer):
    """
    Momentum whose singular values are all brought to about 1 before it is applied (K. Jordan et al., 2024),
    so that no direction of a matrix learns slower than the others. Scaled by 0.2·√(larger side), by which it
    moves weights about as far as AdamW at the same learning rate (arXiv 2502.16982, section 2.2).
    """

    def __init__(
        self,
        matrices: Iterable[torch.Tensor],
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        divide: Divide = _alone,
    ) -> None:
        """`divide` shares the products, most of a step's time, between workers."""
        self._divide = divide
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        for group in self.param_groups:
            directions = self._divide([self._update(matrix, group) for matrix in group["params"]], _direction)
            for matrix, direction in zip(group["params"], directions):
                matrix.mul_(1 - group["lr"] * group["weight_decay"])
                matrix.add_(direction, alpha=-group["lr"])

    def _update(self, matrix: torch.Tensor, group: dict[str, Any]) -> torch.Tensor:
        state = self.state[matrix]
        if not state:
            state["momentum"] = torch.zeros_like(matrix)
        # Of a batch without a known token, what reads those has none.
        gradient = torch.zeros_like(matrix) if matrix.grad is None else matrix.grad
        state["momentum"].mul_(group["momentum"]).add_(gradient)
        return gradient + group["momentum"] * state["momentum"]


class Together(torch.optim.Optimizer):
    """Several optimizers, each of its own parameters, as one."""

    def __init__(self, optimizers: list[torch.optim.Optimizer]) -> None:
        self._optimizers = optimizers
        super().__init__([group for each in optimizers for group in each.param_groups], {})
        # The very groups, so that a rate set here is set there.
        self.param_groups = [group for each in optimizers for group in each.param_groups]

    def step(self) -> None:  # type: ignore[override]
        for optimizer in self._optimizers:
            optimizer.step()

    def state_dict(self) -> dict[str, Any]:
        return {"parts": [optimizer.state_dict() for optimizer in self._optimizers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        for optimizer, state in zip(self._optimizers, state_dict["parts"]):
            optimizer.load_state_dict(state)
        self.param_groups = [group for each in self._optimizers for group in each.param_groups]


def orthogonalised(matrix: torch.Tensor) -> torch.Tensor:
    """
    About U·Vᵀ of a matrix U·S·Vᵀ: singular values between 0.7 and 1.2, by five Newton–Schulz steps. They
    need no precision, so they are taken in bfloat16 where that is faster.
    """
    a, b, c = _COEFFICIENTS
    x = matrix / (matrix.norm() + 1e-7)
    if matrix.device.type != "cpu" or has_bfloat16_units(matrix.device):
        x = x.bfloat16()
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T.contiguous()
    for _ in range(_ITERATIONS):
        square = product(x, x)
        x = a * x + product(b * square + c * product(square, square), x.T.contiguous())
    return (x.T if tall else x).to(matrix.dtype)


def _direction(update: torch.Tensor) -> torch.Tensor:
    parts = update.chunk(_stacked(*update.shape))
    return torch.cat([orthogonalised(part) for part in parts]) * (0.2 * max(parts[0].shape) ** 0.5)


def _stacked(rows: int, columns: int) -> int:
    return rows // columns if rows % columns == 0 and rows // columns in _STACKED else 1
