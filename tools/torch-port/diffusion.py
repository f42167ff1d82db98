"""The head's diffusion: a cosine schedule of 1000 steps, respaced, and its ancestral loop with learned variance."""

import functools
import math

import torch

TRAIN_STEPS = 1000


def kept_timesteps(count):
    """From 0 to 999, the stride added up in float64, each rounded half to even."""
    stride = (TRAIN_STEPS - 1) / (count - 1)
    kept, position = set(), 0.0
    for _ in range(count):
        kept.add(round(position))
        position += stride
    return sorted(kept)


@functools.lru_cache(maxsize=None)
def schedule(count):
    """The steps of a run, noisiest first, each a dict of float64 coefficients."""

    def alpha_bar(t):
        return math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2

    product, trained = 1.0, []
    for i in range(TRAIN_STEPS):
        product *= 1 - min(1 - alpha_bar((i + 1) / TRAIN_STEPS) / alpha_bar(i / TRAIN_STEPS), 0.999)
        trained.append(product)
    steps, before, alpha = [], 1.0, 1.0
    for timestep in kept_timesteps(count):
        beta = 1 - trained[timestep] / before
        before = trained[timestep]
        previous, alpha = alpha, alpha * (1 - beta)
        steps.append(
            {
                "timestep": timestep,
                "recip": math.sqrt(1 / alpha),
                "recip_m1": math.sqrt(1 / alpha - 1),
                "mean_x0": beta * math.sqrt(previous) / (1 - alpha),
                "mean_x": (1 - previous) * math.sqrt(1 - beta) / (1 - alpha),
                "variance": beta * (1 - previous) / (1 - alpha),
                "log_beta": math.log(beta),
            }
        )
    for i, step in enumerate(steps):
        step["log_variance"] = math.log(steps[max(i, 1)]["variance"])
    return steps[::-1]


def sample_tokens(head, z, guidance_scale, steps, noise, temperature=1.0):
    """Runs the head from noise to tokens.

    z [N, D], or [2N, D] with guidance: N conditional rows, then N unconditional ones. noise(rows, s) gives [rows, C]:
    s = 0 the initial x, s the s-th step's; with guidance x is doubled and the steps' noise is drawn for both halves.
    → [N, C]
    """
    guided = guidance_scale != 1
    count = len(z) // 2 if guided else len(z)
    x = noise(count, 0)
    x = torch.cat([x, x]) if guided else x
    table = schedule(steps)
    for index, step in enumerate(table):
        if guided:
            x = torch.cat([x[:count], x[:count]])
        out = head(x, torch.full((len(x),), step["timestep"]), z)
        epsilon, v = out.chunk(2, dim=1)
        if guided:
            conditional, unconditional = epsilon.chunk(2)
            half = unconditional + guidance_scale * (conditional - unconditional)
            epsilon = torch.cat([half, half])
        x0 = step["recip"] * x - step["recip_m1"] * epsilon
        mean = step["mean_x0"] * x0 + step["mean_x"] * x
        fraction = (v + 1) / 2
        log_variance = fraction * step["log_beta"] + (1 - fraction) * step["log_variance"]
        drawn = noise(len(x), index + 1)
        x = mean if index == len(table) - 1 else mean + (0.5 * log_variance).exp() * drawn * temperature
    return x[:count]
