"""Matrix products that are fast in PyTorch builds without a fast BLAS too."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from .device import has_bfloat16_units

_GROUPS = 16
"""PyTorch hands 1×1 convolutions to oneDNN from this batch size on, when it runs on one thread."""

_BY_ONEDNN = (torch.float32, torch.bfloat16)

SLOW_BLAS = torch.backends.mkldnn.is_available() and not torch.backends.mkl.is_available()
"""Whether float32 products on the CPU go through the reference BLAS."""


class Linear(nn.Linear):
    """
    `nn.Linear`: [..., inputs] → [..., outputs].

    Where PyTorch comes without MKL (Debian's package; the reference BLAS gives 4 GFLOP/s a core) a product on
    the CPU goes through oneDNN: of bfloat16 as a product, of float32 as a 1×1 convolution, at 115 GFLOP/s.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not SLOW_BLAS or x.device.type != "cpu" or x.dtype not in _BY_ONEDNN or x.numel() == 0:
            return super().forward(x)
        if torch.is_autocast_cpu_enabled():
            return _ReducedProduct.apply(x, self.weight, self.bias)
        rows = _by_convolution(x.reshape(-1, self.in_features), self.weight, self.bias)
        return rows.view(*x.shape[:-1], self.out_features)


def product(rows: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """[n, inputs] and [outputs, inputs] → [n, outputs], as `Linear` computes it; contiguous if float32."""
    if not SLOW_BLAS or rows.device.type != "cpu" or rows.dtype != torch.float32:
        return rows @ weight.T
    return _by_convolution(rows, weight)


def _by_convolution(rows: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    count, inputs = rows.shape
    if count % _GROUPS:
        rows = F.pad(rows, (0, 0, 0, -count % _GROUPS))
    # [16, inputs, rows/16, 1], laid out with the channels last: no copy.
    grouped = rows.view(_GROUPS, -1, 1, inputs).permute(0, 3, 1, 2)
    y = F.conv2d(grouped, weight[:, :, None, None], bias).permute(0, 2, 3, 1)
    return y.reshape(-1, len(weight))[:count]


class _ReducedProduct(torch.autograd.Function):
    """
    A linear layer in bfloat16, with a bias: as three plain products, since oneDNN's derivative of a convolution is a
    hundred times as slow on a CPU with AMX.
    """

    @staticmethod
    def forward(
        context: torch.autograd.function.FunctionCtx, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        rows, matrix = x.reshape(-1, x.shape[-1]).bfloat16(), weight.bfloat16()
        context.save_for_backward(rows, matrix)
        context.dtype = x.dtype
        return torch.addmm(bias.bfloat16(), rows, matrix.T).view(*x.shape[:-1], len(weight))

    @staticmethod
    def backward(
        context: torch.autograd.function.FunctionCtx, gradient: torch.Tensor
    ) -> tuple[torch.Tensor | None, torch.Tensor, torch.Tensor]:
        rows, matrix = context.saved_tensors
        flat = gradient.reshape(-1, gradient.shape[-1]).bfloat16()
        of_x = None
        if context.needs_input_grad[0]:
            of_x = (flat @ matrix).to(context.dtype).view(*gradient.shape[:-1], matrix.shape[1])
        return of_x, (flat.T @ rows).float(), flat.sum(0, dtype=torch.float32)


class LayerNorm(nn.LayerNorm):
    """In float32 whatever comes: on a CPU it is ten times as slow in bfloat16."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.float())


def attend(
    queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, seen: torch.Tensor | None = None
) -> torch.Tensor:
    """
    Scaled dot-product attention: queries and the result [n, heads, length, width], keys and values with a
    length of their own. `seen` (bool [n, length of the keys]) says which keys count; all, if it is left out.

    With a slow BLAS, and on a CPU with AMX, two products in bfloat16 and a softmax in float32 are faster than
    PyTorch's own function.
    """
    on_cpu = queries.device.type == "cpu"
    by_hand = on_cpu and (SLOW_BLAS or has_bfloat16_units(queries.device))
    if hasattr(F, "scaled_dot_product_attention") and not by_hand:
        mask = None if seen is None else seen[:, None, None]
        return F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
    count, heads, length, width = queries.shape
    others = keys.shape[2]
    reduced = torch.bfloat16 if by_hand else queries.dtype
    scaled = (queries * width**-0.5).reshape(count * heads, length, width).to(reduced)
    scores = torch.bmm(scaled, keys.reshape(count * heads, others, width).to(reduced).transpose(1, 2))
    scores = scores.float()
    if seen is not None:
        hidden = ~seen.repeat_interleave(heads, 0)[:, None]
        scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=2).to(reduced)
    mixed = torch.bmm(weights, values.reshape(count * heads, others, width).to(reduced))
    return mixed.to(queries.dtype).view(count, heads, length, width)
