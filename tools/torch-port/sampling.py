"""Images' tokens from a model and a plan."""

import torch

from diffusion import sample_tokens
from plans import most_detailed


def linear_scale(scale, length, masked_after):
    """The guidance scale of an iteration, in float32."""
    return float(1 + torch.tensor(scale - 1, dtype=torch.float32) * (length - max(1, masked_after)) / length)


@torch.no_grad()
def generate(model, labels, plans, *, guidance, noise=None, fts=False, detail_steps=50, temperature=1.0):
    """Tokens [B, L, C] of B images, and how many evaluations of the head they took, a token and a step each.

    labels: B class indices or None; plans: a plan an image, with equally many positions at each iteration;
    guidance(masked_after) gives an iteration's scale; noise(positions [B, n], s, rows) gives [rows, C], see
    `sample_tokens`.
    """
    batch = len(plans)
    tokens = torch.zeros(batch, model.length, model.channels)
    masked = torch.ones(batch, model.length, dtype=torch.bool)
    noise = noise or (lambda positions, step, rows: torch.randn(rows, model.channels))
    image = torch.arange(batch)[:, None]
    left, evaluations = model.length, 0
    for entries in zip(*plans):
        stage, _, steps = entries[0]
        positions = torch.stack([entry[1] for entry in entries])  # [B, n]
        left -= positions.shape[1]
        scale = guidance(left)
        guided = scale != 1
        z = condition(model, tokens, masked, labels, guided)
        groups = {steps: torch.ones_like(positions, dtype=torch.bool)}
        if fts and stage == "reconstruction":
            detailed = torch.stack([most_detailed(z[i, positions[i]]) for i in range(batch)])
            groups = {steps: ~detailed, detail_steps: detailed}
        masked[image, positions] = False
        for count, chosen in groups.items():
            where = positions[chosen].reshape(batch, -1)
            if where.shape[1] == 0:
                continue
            evaluations += where.numel() * count
            rows = torch.cat([half[image, where].flatten(0, 1) for half in z.split(batch)])
            tokens[image, where] = sample_tokens(
                model.diffloss.net,
                rows,
                scale,
                count,
                lambda rows, step: noise(where, step, rows),
                temperature,
            ).reshape(batch, -1, model.channels)
    return tokens, evaluations


def condition(model, tokens, masked, labels, guided):
    """z [B, L, D], or [2B, L, D] with guidance: the unconditional rows last."""
    class_rows = model.class_rows(labels)
    if guided:
        class_rows = torch.cat([class_rows, model.class_rows([None] * len(labels))])
        tokens, masked = torch.cat([tokens, tokens]), torch.cat([masked, masked])
    return model.decode(model.encode(tokens, masked, class_rows), masked)
