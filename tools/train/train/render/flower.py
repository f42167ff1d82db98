"""Flowers: petals around a seeded centre, on a stem with leaves."""

from __future__ import annotations

import math
from random import Random

from .canvas import Canvas
from .colour import WHITE, colour_name, hsv, mix
from .drawing import Drawing, with_article
from .scenery import hills, sky
from .shapes import TURN, arc


def flower(rng: Random) -> Drawing:
    """A flower with 5–11 petals in one or two layers."""
    meadow = rng.random() < 0.5
    if meadow:
        ground = sky(rng, "day")
        canvas = Canvas(ground.top, ground.bottom)
        hills(canvas, rng, rng.uniform(0.45, 0.7))
    else:
        hue = rng.random()
        top = hsv(hue, rng.uniform(0.15, 0.45), rng.uniform(0.75, 0.98))
        canvas = Canvas(top, hsv(hue + 0.06, rng.uniform(0.2, 0.55), rng.uniform(0.5, 0.85)))

    x, y, scale = rng.uniform(-0.18, 0.18), rng.uniform(-0.3, -0.08), rng.uniform(0.82, 1.05)
    _stem(canvas, rng, x, y)

    hue = rng.choice(
        [rng.uniform(0.9, 1.03), rng.uniform(0.08, 0.16), rng.uniform(0.7, 0.88), rng.uniform(0.55, 0.65)]
    )
    saturation, value = rng.uniform(0.55, 0.95), rng.uniform(0.85, 1)
    petal, edge = hsv(hue, saturation, value), hsv(hue + 0.02, saturation + 0.2, value * 0.62)
    petals, length = rng.randint(5, 11), rng.uniform(0.3, 0.36)
    width = min(0.2, 1.25 * math.pi * length / petals) * rng.uniform(0.85, 1.1)
    double = petals > 6 and rng.random() < 0.5
    canvas.place(x, y, scale, rng.uniform(0, TURN))
    for layer in range(2 if double else 1):
        shrink = 1 - 0.3 * layer
        for index in range(petals):
            angle = TURN * (index + 0.5 * layer) / petals
            cx, cy = length * shrink * math.cos(angle), length * shrink * math.sin(angle)
            canvas.polygon(
                arc(cx, cy, 0.29 * shrink, width * shrink + 0.025, rotation=angle, segments=20), edge
            )
            fill = mix(petal, WHITE, 0.18 * layer + 0.1 * (index % 2))
            canvas.polygon(arc(cx, cy, 0.265 * shrink, width * shrink, rotation=angle, segments=20), fill)
            tip = 0.43 * shrink
            canvas.line(
                [(0, 0), (tip * math.cos(angle), tip * math.sin(angle))], 0.028, mix(petal, edge, 0.55)
            )

    centre_hue, radius = rng.choice([0.12, 0.14, 0.09, 0.05]), rng.uniform(0.13, 0.2)
    seeds = hsv(centre_hue - 0.03, 0.95, 0.45)
    canvas.disc(0, 0, radius + 0.025, hsv(centre_hue, 0.9, 0.45))
    canvas.disc(0, 0, radius, hsv(centre_hue, 0.85, rng.uniform(0.75, 1)))
    for ring, count in ((0.4, 4), (0.78, 8)):
        for index in range(count):
            angle = TURN * (index + ring) / count
            canvas.disc(radius * ring * math.cos(angle), radius * ring * math.sin(angle), 0.02, seeds)

    name = colour_name(petal)
    place = "in a meadow" if meadow else "before a plain wall"
    return Drawing(
        canvas,
        {"colour": name, "petals": petals, "double": double, "meadow": meadow},
        with_article(f"{name} flower with {petals} petals {place}"),
    )


def _stem(canvas: Canvas, rng: Random, x: float, y: float) -> None:
    """A bent stem from the bottom edge up to (x, y), with up to two leaves."""
    green = hsv(rng.uniform(0.27, 0.38), 0.7, rng.uniform(0.4, 0.6))
    foot = x + rng.uniform(-0.2, 0.2)
    canvas.place()
    stem = [(x + (foot - x) * t * t, y + (1.05 - y) * t) for t in (index / 8 for index in range(9))]
    canvas.line(stem, 0.07, green)
    for side in (-1, 1):
        if rng.random() < 0.8:
            (px, py), angle = stem[rng.randint(4, 6)], rng.uniform(0.2, 0.7)
            dx, dy = side * math.cos(angle), -math.sin(angle)
            canvas.ellipse(
                px + 0.2 * dx, py + 0.2 * dy, 0.22, 0.08, mix(green, (160, 255, 120), 0.25), -side * angle
            )
            canvas.line([(px, py), (px + 0.36 * dx, py + 0.36 * dy)], 0.026, mix(green, (0, 40, 0), 0.4))
