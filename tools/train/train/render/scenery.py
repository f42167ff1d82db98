"""Skies, clouds, suns and hills: the grounds that several classes share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from .canvas import Canvas
from .colour import RGB, WHITE, hsv, mix
from .shapes import box

_SUNLIGHT: RGB = (255, 243, 185)


@dataclass(frozen=True)
class Sky:
    """Colours of a sky at its top and bottom, and what to call it."""

    top: RGB
    bottom: RGB
    name: str


def sky(rng: Random, name: str | None = None) -> Sky:
    """A sky by day, at dusk or in the morning; days are twice as frequent."""
    name = name or rng.choice(["day", "day", "dusk", "morning"])
    if name == "day":
        hue = rng.uniform(0.53, 0.6)
        top = hsv(hue, rng.uniform(0.45, 0.7), rng.uniform(0.85, 1))
        return Sky(top, hsv(hue - 0.03, rng.uniform(0.1, 0.25), 1), "a blue sky")
    if name == "dusk":
        top = hsv(rng.uniform(0.7, 0.85), 0.45, rng.uniform(0.55, 0.8))
        return Sky(top, hsv(rng.uniform(0.03, 0.1), 0.55, 1), "a sky at dusk")
    return Sky(hsv(rng.uniform(0.42, 0.5), 0.4, 0.85), hsv(rng.uniform(0.12, 0.17), 0.3, 1), "a morning sky")


def clouds(canvas: Canvas, rng: Random, count: int) -> None:
    """White clouds in the upper third."""
    canvas.place()
    for _ in range(count):
        x, y, scale = rng.uniform(-1, 1), rng.uniform(-0.95, -0.35), rng.uniform(0.7, 1.2)
        colour = mix(canvas.colour_at(x, y), WHITE, 0.8)
        for dx, dy, radius in ((-0.17, 0.02, 0.09), (0, -0.04, 0.13), (0.16, 0.02, 0.1)):
            canvas.ellipse(x + dx * scale, y + dy * scale, radius * scale, radius * scale * 0.75, colour)
        canvas.polygon(box(x - 0.22 * scale, y + 0.02, x + 0.22 * scale, y + 0.09 * scale), colour)


def sun(canvas: Canvas, x: float, y: float, radius: float, halo: bool = True) -> None:
    """A sun, with a halo in the sky's colour."""
    canvas.place()
    if halo:
        canvas.disc(x, y, radius * 1.35, mix(canvas.colour_at(x, y), _SUNLIGHT, 0.5))
    canvas.disc(x, y, radius, _SUNLIGHT)


def hills(canvas: Canvas, rng: Random, horizon: float, hue: float | None = None, grass: bool = True) -> None:
    """Ground from `horizon` down, at times with a paler range behind it; green unless a hue is given."""
    canvas.place()
    ground = hsv(
        rng.uniform(0.22, 0.4) if hue is None else hue, rng.uniform(0.5, 0.75), rng.uniform(0.5, 0.75)
    )
    phase, height = rng.uniform(0, 6.3), rng.uniform(0.02, 0.07)
    steps = [index / 8 for index in range(-8, 9)]
    if rng.random() < 0.6:
        range_behind = [(x, horizon - 0.12 + 0.1 * math.sin(x * 3 + phase * 2)) for x in steps]
        canvas.polygon(range_behind + [(1, 1), (-1, 1)], mix(ground, (200, 220, 255), 0.4))
    outline = [(x, horizon + height * math.sin(x * 2.5 + phase)) for x in steps] + [(1, 1.02), (-1, 1.02)]
    canvas.polygon(outline, ground)
    canvas.shade(canvas.mask(outline), 0.45)
    if grass:
        for _ in range(16):
            x, y = rng.uniform(-1, 1), rng.uniform(horizon + 0.12, 1)
            colour = mix(ground, rng.choice([(255, 255, 160), (0, 40, 0)]), 0.35)
            for lean in (-0.05, 0, 0.05):
                canvas.line([(x, y), (x + lean, y - 0.1)], 0.026, colour)
