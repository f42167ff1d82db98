"""Matrix products that are fast in PyTorch builds without a fast BLAS too."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from .device import has_bfloat16_units

_GROUPS = 16
"""PyTorch hands 1×1 convolutions to oneDNN from this batch size on, when it runs on one thread."""

SLOW_BLAS = torch.backends.mkldnn.is_available() and not torch.backends.mkl.is_available()
"""Whether float32 products on the CPU go through the reference BLAS."""


class Linear(nn.Linear):
    """
    `nn.Linear`: [..., inputs] → [..., outputs].

    Where PyTorch comes without MKL (Debian's package; the reference BLAS gives 4 GFLOP/s a core) a product of
    float32 on the CPU goes through oneDNN as a 1×1 convolution, at 115 GFLOP/s.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not SLOW_BLAS or x.device.type != "cpu" or x.dtype != torch.float32 or x.numel() == 0:
            return super().forward(x)
        flat = x.reshape(-1, self.in_features)
        rows = len(flat)
        if rows % _GROUPS:
            flat = F.pad(flat, (0, 0, 0, -rows % _GROUPS))
        # [16, inputs, rows/16, 1], laid out with the channels last: no copy.
        grouped = flat.view(_GROUPS, -1, 1, self.in_features).permute(0, 3, 1, 2)
        y = F.conv2d(grouped, self.weight[:, :, None, None], self.bias).permute(0, 2, 3, 1)
        return y.reshape(-1, self.out_features)[:rows].view(*x.shape[:-1], self.out_features)


def attend(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """
    Scaled dot-product attention, each argument and the result [n, heads, length, width].

    With a slow BLAS, and on a CPU with AMX, two products in bfloat16 and a softmax in float32 are faster than
    PyTorch's own function.
    """
    on_cpu = queries.device.type == "cpu"
    by_hand = on_cpu and (SLOW_BLAS or has_bfloat16_units(queries.device))
    if hasattr(F, "scaled_dot_product_attention") and not by_hand:
        return F.scaled_dot_product_attention(queries, keys, values)
    count, heads, length, width = queries.shape
    reduced = torch.bfloat16 if by_hand else queries.dtype
    scaled = (queries * width**-0.5).reshape(count * heads, length, width).to(reduced)
    scores = torch.bmm(scaled, keys.reshape(count * heads, length, width).to(reduced).transpose(1, 2))
    weights = torch.softmax(scores.float(), dim=2).to(reduced)
    mixed = torch.bmm(weights, values.reshape(count * heads, length, width).to(reduced))
    return mixed.to(queries.dtype).view(count, heads, length, width)
