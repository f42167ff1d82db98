"""Mushrooms: spotted caps on ribbed stems."""

from __future__ import annotations

import math
from random import Random

from .canvas import Canvas
from .colour import RGB, colour_name, hsv, mix
from .drawing import Drawing, with_article
from .scenery import hills, sky
from .shapes import arc


def mushroom(rng: Random) -> Drawing:
    """One large mushroom, in a third of the pictures with a small one beside it."""
    forest = rng.random() < 0.6
    if forest:
        top = hsv(rng.uniform(0.25, 0.45), rng.uniform(0.3, 0.5), rng.uniform(0.6, 0.9))
        canvas = Canvas(top, hsv(rng.uniform(0.2, 0.35), rng.uniform(0.5, 0.7), rng.uniform(0.25, 0.45)))
    else:
        ground = sky(rng)
        canvas = Canvas(ground.top, ground.bottom)
    hills(canvas, rng, rng.uniform(0.5, 0.66))

    hue = rng.choice(
        [
            rng.uniform(-0.03, 0.04),
            rng.uniform(-0.03, 0.04),
            rng.uniform(0.05, 0.1),
            rng.uniform(0.7, 0.85),
            rng.uniform(0.55, 0.62),
        ]
    )
    cap = hsv(hue, rng.uniform(0.75, 0.95), rng.uniform(0.75, 0.95))
    count = 1 if rng.random() < 0.65 else 2
    if count == 2:
        x = rng.choice([-1, 1]) * rng.uniform(0.55, 0.65)
        canvas.place(x, rng.uniform(0.3, 0.42), rng.uniform(0.42, 0.52), rng.uniform(-0.2, 0.2))
        _mushroom(canvas, rng, cap)
    canvas.place(
        rng.uniform(-0.12, 0.12), rng.uniform(0.02, 0.16), rng.uniform(0.82, 1.02), rng.uniform(-0.15, 0.15)
    )
    _mushroom(canvas, rng, cap)

    name = colour_name(cap)
    subject = with_article(f"{name} mushroom") if count == 1 else f"two {name} mushrooms"
    return Drawing(
        canvas,
        {"colour": name, "count": count, "forest": forest},
        f"{subject} {'in a forest' if forest else 'on a hill'}",
    )


def _mushroom(canvas: Canvas, rng: Random, colour: RGB) -> None:
    """One mushroom in the current placement."""
    width, height, stem_width = rng.uniform(0.58, 0.76), rng.uniform(0.52, 0.68), rng.uniform(0.13, 0.2)
    flesh = hsv(0.11, rng.uniform(0.08, 0.22), rng.uniform(0.88, 0.98))
    half = [(1, -0.1), (0.95, 0.3), (1.35, 0.68)]
    stem = (
        [(stem_width * u, v) for u, v in half]
        + [(0, 0.76)]
        + [(-stem_width * u, v) for u, v in reversed(half)]
    )
    mask = canvas.mask(stem)
    canvas.polygon(stem, flesh)
    with canvas.inside(mask):
        for u in (-0.5, 0, 0.5):
            canvas.line(
                [(stem_width * u, 0), (stem_width * u * 1.3, 0.75)], 0.026, mix(flesh, (120, 90, 60), 0.4)
            )
    canvas.shade(mask, 0.4, "right")

    cap = arc(0, -0.02, width, height, start=math.pi, end=2 * math.pi, segments=24)
    cap += arc(0, -0.02, width, 0.1, start=0, end=math.pi, segments=12)
    mask = canvas.mask(cap)
    canvas.polygon(cap, colour)
    shift = rng.random()
    with canvas.inside(mask):
        for row in range(3):
            spots = 2 + 2 * row
            radius = 0.105 - 0.012 * row
            for index in range(spots):
                u = (index + shift) / spots * 2 - 1
                y = -height * (0.78 - 0.3 * row) + abs(u) * 0.12
                canvas.ellipse(u * width * (0.5 + 0.25 * row), y, radius, radius * 0.85, (255, 250, 240))
    canvas.shade_ball(mask, 0.62)
