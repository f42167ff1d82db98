"""Where and in which precision to compute."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch


def pick_device(name: str) -> torch.device:
    """`cpu`, `cuda`, or `auto`: a GPU where there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True
    return torch.device(name)


def mixed_precision(device: torch.device) -> AbstractContextManager[object]:
    """
    bfloat16 products on a GPU; float32 on a CPU.

    On a CPU with AVX-512 but no AMX float32 is the faster one: see the README for what was measured.
    """
    return torch.autocast("cuda", dtype=torch.bfloat16) if device.type == "cuda" else nullcontext()
