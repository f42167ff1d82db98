"""Compilation of the MAR model for training."""

from __future__ import annotations

import torch

from .model import Mar


def compile_mar(model: Mar) -> None:
    """
    Fuses what lies between the products, by far the greater part of a step's time where these are fast.

    The number of hidden tokens, and how often the head sees them, vary from step to step.
    """
    import torch._dynamo  # not in PyTorch 1.13

    torch._dynamo.config.recompile_limit = 64
    model.conditions = torch.compile(model.conditions, dynamic=True)
    model.diffloss.net.forward = torch.compile(model.diffloss.net.forward, dynamic=True)
