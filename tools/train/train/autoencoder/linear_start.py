"""Weights to begin with: those that code a block of pixels by its principal components."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from .blocks import AttentionBlock, ResidualBlock
from .model import Autoencoder

_ANCHOR = 16.0
"""Beside components of variance 1 a constant this large makes every group's deviation nearly constant."""
_LOG_VARIANCE = -5.0


@torch.no_grad()
def start_linear(model: Autoencoder, pictures: torch.Tensor) -> None:
    """
    Sets the weights so that a latent cell holds the first principal components of its block of pixels, each
    of variance 1, and decodes to what they say of it: the best linear code, which training then improves on.

    It passes normalisations and nonlinearities as it is. Each component u goes by two channels, u and −u, for
    silu(u) − silu(−u) = u; each group of a normalisation also holds a constant and its negative, which outweigh
    all else in its deviation; and what lies beside a shortcut begins at 0. Channels that are left over keep
    their random weights.

    @param pictures: [n, 3, H, W] in −1..1, of which the components are taken
    @raises ValueError: the layout has several levels, or too few channels
    """
    config = model.config
    groups, components = config.group_norm_groups, config.z_channels
    width = config.ch // groups
    per_group = -(-components // groups)
    if len(config.ch_mult) != 1 or 2 * per_group + 2 > width:
        raise ValueError("Only one level with over twice as many channels as components can start linear.")

    gathered = F.pixel_unshuffle(pictures, config.pixel_shuffle)
    blocks = gathered.permute(0, 2, 3, 1).reshape(-1, config.colours).double()
    centre = blocks.mean(0)
    variances, directions = torch.linalg.eigh(torch.cov((blocks - centre).T))
    deviations = variances.flip(0)[:components].sqrt()
    basis = directions.flip(1)[:, :components]
    to_components, from_components = (basis / deviations).T.float(), (basis * deviations).float()

    places = torch.tensor([width * (k // per_group) + 2 * (k % per_group) for k in range(components)])
    anchors = torch.tensor([width * group + 2 * per_group for group in range(groups)])
    deviation = (2 / width) ** 0.5 * _ANCHOR

    def enter(layer: nn.Conv2d, weight: torch.Tensor, bias: torch.Tensor) -> None:
        for index, sign in ((places, 1.0), (places + 1, -1.0)):
            layer.weight[index] = 0
            layer.weight[index, :, 1, 1] = sign * weight
            layer.bias[index] = sign * bias
        for index, sign in ((anchors, 1.0), (anchors + 1, -1.0)):
            layer.weight[index] = 0
            layer.bias[index] = sign * _ANCHOR

    def pass_through(norm: nn.GroupNorm) -> None:
        norm.weight.fill_(deviation)
        norm.weight[torch.cat([anchors, anchors + 1])] = 1
        norm.bias.zero_()

    def leave(layer: nn.Conv2d, weight: torch.Tensor, bias: torch.Tensor) -> None:
        layer.weight.zero_()
        layer.weight[: len(weight), places, 1, 1] = weight
        layer.weight[: len(weight), places + 1, 1, 1] = -weight
        layer.bias.copy_(bias)

    for part in (model.encoder, model.decoder):
        for module in part.modules():
            if isinstance(module, ResidualBlock):
                pass_through(module.norm1)
                nn.init.zeros_(module.conv2.weight)
                nn.init.zeros_(module.conv2.bias)
            elif isinstance(module, AttentionBlock):
                pass_through(module.norm)
                nn.init.zeros_(module.proj_out.weight)
                nn.init.zeros_(module.proj_out.bias)
        pass_through(part.norm_out)
    for layer in (model.quant_conv, model.post_quant_conv):
        layer.weight.copy_(torch.eye(len(layer.weight))[:, :, None, None])
        layer.bias.zero_()

    identity = torch.eye(components)
    enter(model.encoder.conv_in, to_components, -(to_components @ centre.float()))
    moments = torch.cat([torch.zeros(components), torch.full((components,), _LOG_VARIANCE)])
    leave(model.encoder.conv_out, identity, moments)
    enter(model.decoder.conv_in, identity, torch.zeros(components))
    leave(model.decoder.conv_out, from_components, centre.float())
