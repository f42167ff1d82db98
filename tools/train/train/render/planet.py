"""Planets: banded, with rings, among stars."""

from __future__ import annotations

import math
from random import Random

from .canvas import Canvas
from .colour import RGB, WHITE, colour_name, hsv, mix
from .drawing import Drawing, with_article
from .shapes import arc, star


def planet(rng: Random) -> Drawing:
    """A planet with rings, at times with a moon beside it and a storm on it."""
    night = rng.uniform(0.6, 0.85)
    top = hsv(night, rng.uniform(0.6, 0.9), rng.uniform(0.08, 0.22))
    canvas = Canvas(top, hsv(night + rng.uniform(-0.08, 0.1), rng.uniform(0.5, 0.8), rng.uniform(0.12, 0.36)))
    for _ in range(rng.randint(14, 26)):
        glow = mix(WHITE, hsv(rng.random(), 0.4, 1), 0.5)
        canvas.disc(rng.uniform(-1, 1), rng.uniform(-1, 1), rng.choice([0.014, 0.02, 0.026]), glow)
    for _ in range(rng.randint(0, 3)):
        size = rng.uniform(0.07, 0.11)
        canvas.polygon(
            star(rng.uniform(-0.92, 0.92), rng.uniform(-0.92, 0.92), size, size * 0.3, 4), (255, 250, 225)
        )
    moon = rng.random() < 0.5
    if moon:
        x, y = rng.choice([-1, 1]) * rng.uniform(0.65, 0.8), rng.choice([-1, 1]) * rng.uniform(0.65, 0.8)
        canvas.disc(x, y, 0.13, (215, 212, 205))
        canvas.disc(x - 0.04, y - 0.03, 0.035, (165, 160, 155))
        canvas.disc(x + 0.045, y + 0.035, 0.028, (165, 160, 155))

    x, y, radius, tilt = (
        rng.uniform(-0.12, 0.12),
        rng.uniform(-0.12, 0.12),
        rng.uniform(0.42, 0.54),
        rng.uniform(-0.7, 0.7),
    )
    hue = rng.random()
    body = hsv(hue, rng.uniform(0.4, 0.8), rng.uniform(0.75, 1))
    band = hsv(hue + rng.uniform(-0.1, 0.1), rng.uniform(0.3, 0.8), rng.uniform(0.5, 0.95))
    ring_colour = hsv(hue + rng.choice([0.5, 0.1, -0.1, 0.04]), rng.uniform(0.2, 0.6), rng.uniform(0.8, 1))
    reach, flatness, rings = (
        radius * rng.uniform(1.55, 1.75),
        radius * rng.uniform(0.28, 0.48),
        rng.randint(2, 3),
    )

    def half_rings(start: float) -> None:
        for index in range(2 * rings):
            shrink = 1 - 0.075 * index
            shade = mix(ring_colour, (25, 10, 35), 0.55 if index % 2 else 0.1 * index)
            outline = arc(
                0, 0, reach * shrink, flatness * shrink, start=start, end=start + math.pi, segments=30
            )
            canvas.line(outline, 0.17 * radius, shade)

    canvas.place(x, y, 1, tilt)
    half_rings(math.pi)
    disc = arc(0, 0, radius, radius, segments=40)
    mask = canvas.mask(disc)
    canvas.polygon(disc, body)
    with canvas.inside(mask):
        storm = _bands(canvas, rng, radius, body, band)
    canvas.shade_ball(mask, 1.15, (-0.45, -0.4))
    half_rings(0)

    name, ring_name = colour_name(body), colour_name(ring_colour)
    extras = " and a moon" if moon else ""
    return Drawing(
        canvas,
        {"colour": name, "rings": rings, "ring_colour": ring_name, "moon": moon, "storm": storm},
        with_article(f"{name} planet with {rings} {ring_name} rings{extras}"),
    )


def _bands(canvas: Canvas, rng: Random, radius: float, body: RGB, band: RGB) -> bool:
    """Clouds along the planet's turn, and in three of five a storm; returns whether there is one."""
    count, phase = rng.randint(4, 7), rng.uniform(0, 6)
    for index in range(count):
        y = -radius + 2 * radius * index / count
        height, sway = 2 * radius / count * rng.uniform(0.35, 0.8), rng.uniform(0.005, 0.025)
        colour = mix(body, band, rng.uniform(0.5, 1)) if rng.random() < 0.7 else mix(body, WHITE, 0.4)
        upper = [(u / 10 * radius, y + sway * math.sin(u * 0.9 + phase * index)) for u in range(-11, 12)]
        lower = [
            (u / 10 * radius, y + height + sway * math.sin(u * 1.3 + phase + index))
            for u in range(11, -12, -1)
        ]
        canvas.polygon(upper + lower, colour)
    storm = rng.random() < 0.6
    if storm:
        x, y = rng.uniform(-0.4, 0.4) * radius, rng.uniform(-0.5, 0.5) * radius
        canvas.ellipse(x, y, 0.11, 0.07, mix(band, (120, 30, 20), 0.4))
        canvas.ellipse(x, y, 0.065, 0.035, mix(body, (255, 240, 220), 0.5))
    return storm
