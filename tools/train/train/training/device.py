"""Where and in which precision to compute."""

from __future__ import annotations

import ctypes
import math
import time
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache

import torch

_WORTH = 1.4
"""How much faster bfloat16 products have to be to make up for conversions and lost digits."""
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


def mixed_precision(device: torch.device, reduced: bool | None = None) -> AbstractContextManager[object]:
    """
    bfloat16 products on a GPU and on a CPU with AMX; float32 on others, where it mostly is the faster one.
    `reduced` says otherwise.
    """
    if reduced is None:
        reduced = device.type == "cuda" or has_bfloat16_units(device)
    return torch.autocast(device.type, dtype=torch.bfloat16) if reduced else nullcontext()


@lru_cache(maxsize=1)
def is_faster_reduced(device: torch.device) -> bool:
    """
    Whether bfloat16 products are worth it: so on a GPU and with AMX; any other CPU is timed, since processors
    with the same instructions (AVX512-BF16) differ in whether these are twice as fast as float32's.
    """
    if device.type == "cuda" or has_bfloat16_units(device):
        return True
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    x, weight = torch.randn(16, 256, 128, 1), torch.randn(256, 256, 1, 1)
    seconds = []
    for kind in (torch.float32, torch.bfloat16):
        inputs, matrix = x.to(kind), weight.to(kind)
        best = math.inf
        for _ in range(12):
            begun = time.process_time()
            torch.nn.functional.conv2d(inputs, matrix)
            best = min(best, time.process_time() - begun)
        seconds.append(best)
    torch.set_num_threads(threads)
    return seconds[1] * _WORTH < seconds[0]


def keep_memory() -> None:
    """
    Lets this process keep what it has freed, where it allocates by glibc: a step's large tensors otherwise go back
    to the kernel each time, and come back page by page.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_MMAP_MAX, 0)
        set_option(_TRIM_THRESHOLD, 2**31 - 1)
