"""A masked autoregressive image model (arXiv 2406.11838) in plain PyTorch, for inference.

Shapes: B images, L grid positions, C channels a token, E and D the encoder's and decoder's width, W the head's.
Parameters carry the names of a released checkpoint.
"""

import json
import math
import os

import torch
import torch.nn.functional as F
from torch import nn

import matrix_products
from safetensors_file import read_safetensors


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x):  # [B, N, D]
        batch, rows, width = x.shape
        qkv = self.qkv(x).reshape(batch, rows, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each [B, heads, N, width / heads]
        attended = matrix_products.attention(query, key, value)
        return self.proj(attended.transpose(1, 2).reshape(batch, rows, width))


class Mlp(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, width, heads, hidden, eps):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps)
        self.mlp = Mlp(width, hidden)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class TimeEmbed(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, t):  # [N]
        frequencies = torch.exp(-math.log(10_000) * torch.arange(128, dtype=torch.float32) / 128)
        angles = t[:, None].float() * frequencies
        return self.mlp(torch.cat([angles.cos(), angles.sin()], dim=1))


class ResBlock(nn.Module):
    def __init__(self, width, eps):
        super().__init__()
        self.in_ln = nn.LayerNorm(width, eps)
        self.mlp = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 3 * width))

    def forward(self, x, y):
        shift, scale, gate = self.adaLN_modulation(y).chunk(3, dim=1)
        return x + gate * self.mlp(self.in_ln(x) * (1 + scale) + shift)


class FinalLayer(nn.Module):
    def __init__(self, width, outputs, eps):
        super().__init__()
        self.norm_final = nn.LayerNorm(width, eps, elementwise_affine=False)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))
        self.linear = nn.Linear(width, outputs)

    def forward(self, x, y):
        shift, scale = self.adaLN_modulation(y).chunk(2, dim=1)
        return self.linear(self.norm_final(x) * (1 + scale) + shift)


class Head(nn.Module):
    """Predicts a noisy token's noise and variance."""

    def __init__(self, channels, z_width, width, depth, eps):
        super().__init__()
        self.time_embed = TimeEmbed(width)
        self.cond_embed = nn.Linear(z_width, width)
        self.input_proj = nn.Linear(channels, width)
        self.res_blocks = nn.ModuleList(ResBlock(width, eps) for _ in range(depth))
        self.final_layer = FinalLayer(width, 2 * channels, eps)

    def forward(self, x, t, z):
        """x [N, C], t [N] original timesteps, z [N, D] → [N, 2C], a row [ε | v]."""
        y = self.time_embed(t) + self.cond_embed(z)
        x = self.input_proj(x)
        for block in self.res_blocks:
            x = block(x, y)
        return self.final_layer(x, y)


class DiffLoss(nn.Module):
    def __init__(self, *sizes):
        super().__init__()
        self.net = Head(*sizes)


class Mar(nn.Module):
    def __init__(self, config):
        super().__init__()
        eps = config.get("norm_eps", 1e-6)
        ratio = config.get("mlp_ratio", 4)
        patch = config.get("patch_size", 1)
        side = config["img_size"] // config.get("vae_stride", 16) // patch
        self.height, self.width = config.get("seq_h", side), config.get("seq_w", side)
        self.length = self.height * self.width
        self.channels = config["vae_embed_dim"] * patch**2
        self.buffer = config["buffer_size"]
        encoder, decoder = config["encoder_embed_dim"], config["decoder_embed_dim"]
        rows = self.buffer + self.length
        self.class_emb = nn.Embedding(config["class_num"], encoder)
        self.fake_latent = nn.Parameter(torch.zeros(1, encoder))
        self.z_proj = nn.Linear(self.channels, encoder)
        self.z_proj_ln = nn.LayerNorm(encoder, eps)
        self.encoder_pos_embed_learned = nn.Parameter(torch.zeros(1, rows, encoder))
        self.encoder_blocks = nn.ModuleList(
            Block(encoder, config["encoder_num_heads"], int(encoder * ratio), eps)
            for _ in range(config["encoder_depth"])
        )
        self.encoder_norm = nn.LayerNorm(encoder, eps)
        self.decoder_embed = nn.Linear(encoder, decoder)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, decoder))
        self.decoder_pos_embed_learned = nn.Parameter(torch.zeros(1, rows, decoder))
        self.decoder_blocks = nn.ModuleList(
            Block(decoder, config["decoder_num_heads"], int(decoder * ratio), eps)
            for _ in range(config["decoder_depth"])
        )
        self.decoder_norm = nn.LayerNorm(decoder, eps)
        self.diffusion_pos_embed_learned = nn.Parameter(torch.zeros(1, self.length, decoder))
        self.diffloss = DiffLoss(self.channels, decoder, config["diffloss_w"], config["diffloss_d"], eps)

    def class_rows(self, labels):
        """labels: B class indices, or None each → [B, E]."""
        return torch.stack(
            [self.fake_latent[0] if label is None else self.class_emb.weight[label] for label in labels]
        )

    def encode(self, tokens, masked, class_rows):
        """tokens [B, L, C], masked [B, L] bool, equally many a row, class_rows [B, E] → [B, buffer + visible, E]."""
        buffer = class_rows[:, None].expand(-1, self.buffer, -1)
        x = torch.cat([buffer, self.z_proj(tokens)], dim=1)
        x = self.z_proj_ln(x + self.encoder_pos_embed_learned)
        x = x[~self.with_buffer(masked)].reshape(len(x), -1, x.shape[2])
        for block in self.encoder_blocks:
            x = block(x)
        return self.encoder_norm(x)

    def decode(self, encoded, masked):
        """→ z [B, L, D]."""
        x = self.mask_token.repeat(len(encoded), self.buffer + self.length, 1)
        embedded = self.decoder_embed(encoded)
        x[~self.with_buffer(masked)] = embedded.reshape(-1, embedded.shape[2])
        x = x + self.decoder_pos_embed_learned
        for block in self.decoder_blocks:
            x = block(x)
        return self.decoder_norm(x)[:, self.buffer :] + self.diffusion_pos_embed_learned

    def with_buffer(self, masked):
        return torch.cat([torch.zeros(len(masked), self.buffer, dtype=torch.bool), masked], dim=1)


def load_mar(folder, weights=None):
    """A model from a folder with `config.json` and `mar.safetensors` (or another file name)."""
    with open(os.path.join(folder, "config.json")) as file:
        config = json.load(file)
    model = Mar(config.get("mar", config))
    model.load_state_dict(read_safetensors(os.path.join(folder, weights or "mar.safetensors")))
    return matrix_products.prepare(model.eval())
