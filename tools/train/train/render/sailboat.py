"""Sailboats: two sails over a planked hull, on waves."""

from __future__ import annotations

import math
from random import Random

from .canvas import Canvas
from .colour import RGB, WHITE, colour_name, hsv, mix
from .drawing import Drawing, with_article
from .scenery import clouds, sky, sun
from .shapes import Outline, box

_DEEP: RGB = (0, 10, 40)


def sailboat(rng: Random) -> Drawing:
    """A sailboat with a mainsail and a jib."""
    ground = sky(rng)
    canvas = Canvas(ground.top, ground.bottom)
    sunny = rng.random() < 0.6
    if sunny:
        sun(canvas, rng.uniform(-0.8, 0.8), rng.uniform(-0.75, -0.1), 0.16)
    clouds(canvas, rng, rng.randint(0, 3))
    horizon = rng.uniform(0.2, 0.4)
    sea = hsv(rng.uniform(0.5, 0.62), rng.uniform(0.55, 0.8), rng.uniform(0.55, 0.85))
    if rng.random() < 0.5:
        x = rng.uniform(-1, 1)
        island = [(-0.6, 0), (-0.2, -0.22), (0.1, -0.12), (0.35, -0.25), (0.8, 0)]
        canvas.polygon([(x + u, horizon + v) for u, v in island], mix(ground.bottom, (70, 90, 130), 0.5))
    _sea(canvas, rng, horizon, sea)

    x, y, scale, facing = (
        rng.uniform(-0.18, 0.18),
        rng.uniform(-0.02, 0.1),
        rng.uniform(0.85, 1.06),
        rng.choice([-1, 1]),
    )
    canvas.place(x, y, scale, rng.uniform(-0.13, 0.13), facing)
    hue = rng.random()
    hull = hsv(rng.choice([0, 0.06, 0.6, hue]), rng.uniform(0.5, 0.9), rng.uniform(0.4, 0.8))
    main = rng.choice([(250, 246, 236), hsv(hue, rng.uniform(0.3, 0.9), 1)])
    accent = hsv(hue + rng.choice([0.1, 0.5, 0]), rng.uniform(0.6, 0.9), rng.uniform(0.7, 1))
    pattern = rng.choice(["banded", "banded", "striped", "sun", "plain"])
    _sails(canvas, rng, pattern, main, accent)
    _hull(canvas, hull)
    canvas.polygon([(0, -0.84), (-0.2, -0.78), (0, -0.71)], hsv(hue + 0.3, 0.8, 0.95))
    _bow_waves(canvas, rng, y + 0.55 * scale, sea)

    name = colour_name(main)
    sails = {"banded": "banded ", "striped": "striped ", "sun": "", "plain": "plain "}[pattern]
    emblem = " with a sun on them" if pattern == "sun" else ""
    return Drawing(
        canvas,
        {
            "sail": name,
            "accent": colour_name(accent),
            "pattern": pattern,
            "hull": colour_name(hull),
            "facing": "right" if facing > 0 else "left",
            "sun": sunny,
        },
        with_article(f"{colour_name(hull)} boat with {sails}{name} sails{emblem} under {ground.name}"),
    )


def _wave(
    y: float, height: float, frequency: float, phase: float, start: int = -16, end: int = 16
) -> Outline:
    return [(u / 16, y + height * math.sin(u / 16 * frequency + phase)) for u in range(start, end + 1)]


def _sea(canvas: Canvas, rng: Random, horizon: float, colour: RGB) -> None:
    water = box(-1, horizon, 1, 1)
    canvas.place()
    canvas.polygon(water, colour)
    canvas.shade(canvas.mask(water), 0.5)
    for row in range(6):
        y = horizon + 0.06 + (0.94 - horizon) * row / 6
        depth = y - horizon
        whole = rng.random() < 0.55
        start, end = (-16, 16) if whole else (rng.randint(-16, 0), rng.randint(1, 16))
        crest = mix(mix(colour, _DEEP, 0.05 * row), WHITE, rng.uniform(0.2, 0.5))
        wave = _wave(y, 0.02 + 0.03 * depth, rng.uniform(9, 13), rng.uniform(0, 6), start, end)
        canvas.line(wave, 0.024 + 0.02 * depth, crest)


def _sails(canvas: Canvas, rng: Random, pattern: str, main: RGB, accent: RGB) -> None:
    top, boom, bands = rng.uniform(-0.8, -0.7), rng.uniform(0.55, 0.7), rng.randint(3, 5)
    canvas.line([(0, 0.42), (0, -0.82)], 0.04, hsv(0.08, 0.6, 0.4))
    mainsail = [(0.05, top), (0.3, top * 0.35), (boom, 0.22), (0.05, 0.3)]
    jib = [(-0.05, top + 0.12), (-0.3, -0.1), (-0.5 * rng.uniform(0.85, 1.1), 0.26), (-0.05, 0.3)]
    jib_colour = accent if rng.random() < 0.6 else main
    for sail, colour in ((mainsail, main), (jib, jib_colour)):
        mark = main if colour == accent else accent
        mask = canvas.mask(sail)
        canvas.polygon(sail, colour)
        with canvas.inside(mask):
            if pattern == "banded":
                for index in range(bands):
                    y = top + (0.3 - top) * (index + 0.4) / bands
                    canvas.polygon(
                        [(-1, y), (1, y - 0.03), (1, y + 0.5 / bands), (-1, y + 0.5 / bands + 0.03)], mark
                    )
            elif pattern == "striped":
                for index in range(4):
                    x = 0.1 + index * 0.25
                    for side in (-1, 1):
                        foot = [(side * (x + 0.11), 0.4), (side * x, 0.4)]
                        canvas.polygon([(side * x * 0.5, -0.9), (side * (x * 0.5 + 0.06), -0.9)] + foot, mark)
            elif pattern == "sun" and sail is mainsail:
                canvas.disc(0.24, 0.02, 0.14, mark)
                canvas.disc(0.24, 0.02, 0.075, mix(mark, WHITE, 0.6))
        canvas.shade(mask, 0.25, "right")


def _hull(canvas: Canvas, colour: RGB) -> None:
    hull = [(-0.68, 0.36), (0.72, 0.36), (0.5, 0.62), (-0.46, 0.62)]
    mask = canvas.mask(hull)
    canvas.polygon(hull, colour)
    with canvas.inside(mask):
        canvas.line([(-1, 0.51), (1, 0.51)], 0.028, mix(colour, (20, 10, 10), 0.4))
        canvas.polygon(box(-1, 0.34, 1, 0.41), (250, 245, 235))
    canvas.shade(mask, 0.35)


def _bow_waves(canvas: Canvas, rng: Random, y: float, sea: RGB) -> None:
    """Waves before the hull, so that it lies in the water."""
    canvas.place()
    for row, (width, foam) in enumerate(((0.055, 0.05), (0.03, 0.5), (0.03, 0.3))):
        wave = _wave(y + 0.02 + 0.055 * row, 0.025, 11, rng.uniform(0, 6))
        canvas.line(wave, width, mix(mix(sea, _DEEP, 0.15), WHITE, foam))
