"""The quicker of PyTorch's two ways to multiply matrices on this CPU.

`nn.Linear` and `matmul` go through BLAS, or MKL where PyTorch has it. A build with the reference BLAS does 3 GFLOP/s
on them; its oneDNN, reached through torch.utils.mkldnn and convolutions, does a hundred times that.
"""

import time

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils import mkldnn

_one_dnn = False


def name():
    return "oneDNN" if _one_dnn else "BLAS"


def prepare(model):
    """The model with its linear layers on the quicker route, found by timing one layer on both."""
    global _one_dnn
    linear = nn.Linear(768, 3072)
    rows = torch.randn(256, 768)
    _one_dnn = torch.backends.mkldnn.is_available() and _time(mkldnn.to_mkldnn(linear), rows) < _time(linear, rows)
    return mkldnn.to_mkldnn(model) if _one_dnn else model


def attention(query, key, value):
    """softmax(q·kᵀ/√d)·v, each [B, heads, N, d]."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(query, key, value)
    query = query * query.shape[3] ** -0.5
    if not _one_dnn:
        return (query @ key.transpose(2, 3)).softmax(dim=3) @ value
    # A batch of products as one convolution of width 1 with a group for each.
    batch, heads, rows, width = query.shape
    groups = batch * heads
    scores = F.conv1d(
        query.transpose(2, 3).reshape(1, groups * width, rows), key.reshape(groups * rows, width, 1), groups=groups
    )
    weights = scores.view(groups, rows, rows).softmax(dim=1)  # [group, key, query]
    attended = F.conv1d(
        weights.view(1, groups * rows, rows), value.transpose(2, 3).reshape(groups * width, rows, 1), groups=groups
    )
    return attended.view(batch, heads, width, rows).transpose(2, 3)


def _time(layer, rows):
    best = float("inf")
    with torch.no_grad():
        for _ in range(4):
            began = time.perf_counter()
            layer(rows)
            best = min(best, time.perf_counter() - began)
    return best
