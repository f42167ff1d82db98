"""What each iteration decodes: lists of (stage, positions, diffusion steps), and FTS, which gives some more steps."""

import math

import torch


def mar_plan(length, iterations, diffusion_steps, generator=None):
    """Random order, cosine schedule. Tokens are taken from the order's tail."""
    order = torch.randperm(length, generator=generator)
    plan, masked = [], length
    for k in range(iterations):
        left = max(1, min(masked - 1, math.floor(length * math.cos(math.pi / 2 * (k + 1) / iterations))))
        left = 0 if k == iterations - 1 else left
        plan.append(("generation", order[left:masked].sort().values, diffusion_steps))
        masked = left
    return plan


def gtr_plan(height, width, stage_steps, t_max=50, t_min=20, t_rec=20, generator=None):
    """Generation, then reconstruction (arXiv 2510.17171): recursive bisection along the diagonals."""
    stages = len(stage_steps)
    subsets = [[] for _ in stage_steps]
    for row in range(height):
        for column in range(width):
            round_ = next((k for k in range(1, stages) if (row + column) % 2**k == 2 ** (k - 1)), stages)
            subsets[stages - round_].append(row * width + column)
    generation = sum(stage_steps[:-1])
    plan = []
    for k, (subset, steps) in enumerate(zip(subsets, stage_steps)):
        order = torch.tensor(subset)[torch.randperm(len(subset), generator=generator)]
        for i in range(steps):
            part = order[i * len(subset) // steps : (i + 1) * len(subset) // steps].sort().values
            if k == stages - 1:
                plan.append(("reconstruction", part, t_rec))
            else:
                plan.append(("generation", part, round(t_max + (t_min - t_max) * len(plan) / (generation - 1))))
    return plan


def most_detailed(z, ratio=0.1):
    """Frequency-weighted token selection: which rows of z [n, D] carry the most high-frequency energy. → [n] bool"""
    magnitudes = torch.fft.rfft(z.double(), dim=1).abs()[:, 1:]
    half = magnitudes.shape[1]
    scores = (magnitudes * (1 + torch.arange(1, half + 1) / half)).sum(dim=1)
    chosen = torch.zeros(len(z), dtype=torch.bool)
    chosen[scores.argsort(descending=True, stable=True)[: max(1, math.floor(ratio * len(z) + 0.5))]] = True
    return chosen


def plan_for(policy, model, generator=None):
    """policy: {"order": "random", "iterations", "diffusionSteps"} or {"order": "gtr", "steps", "fts"}."""
    if policy["order"] == "random":
        return mar_plan(model.length, policy["iterations"], policy["diffusionSteps"], generator)
    return gtr_plan(model.height, model.width, policy["steps"], generator=generator)
