"""Where and in which precision to compute."""

from __future__ import annotations

import ctypes
from contextlib import AbstractContextManager, nullcontext

import torch

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
"""Options of glibc's `mallopt`."""


def pick_device(name: str) -> torch.device:
    """`cpu`, `cuda`, or `auto`: a GPU where there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True
    return torch.device(name)


def has_bfloat16_units(device: torch.device) -> bool:
    """Whether a CPU multiplies matrices of bfloat16 in units of its own (AMX), ten times as fast as float32."""
    supported = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return device.type == "cpu" and supported is not None and supported()


def mixed_precision(device: torch.device) -> AbstractContextManager[object]:
    """bfloat16 products on a GPU and on a CPU with AMX; float32 on others, where it is the faster one."""
    if device.type == "cuda" or has_bfloat16_units(device):
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()


def keep_memory() -> None:
    """
    Lets this process keep what it has freed, where it allocates by glibc: a step's large tensors otherwise go back
    to the kernel each time, and come back page by page.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_MMAP_MAX, 0)
        set_option(_TRIM_THRESHOLD, 2**31 - 1)
