"""Cacti: ribbed limbs, at times in bloom, in a desert."""

from __future__ import annotations

import math
from random import Random

from .canvas import Canvas
from .colour import RGB, hsv, mix
from .drawing import Drawing
from .scenery import hills, sun
from .shapes import TURN, Outline, arc

_THORN: RGB = (250, 250, 220)
_POLLEN: RGB = (255, 230, 90)


def cactus(rng: Random) -> Drawing:
    """A cactus with one or two arms."""
    day = rng.random() < 0.5
    if day:
        canvas = Canvas(
            hsv(rng.uniform(0.5, 0.58), rng.uniform(0.3, 0.6), 1), hsv(rng.uniform(0.08, 0.13), 0.3, 1)
        )
    else:
        canvas = Canvas(
            hsv(rng.uniform(0.8, 0.95), 0.5, rng.uniform(0.6, 0.9)), hsv(rng.uniform(0.07, 0.12), 0.7, 1)
        )
    sun(canvas, rng.uniform(-0.8, 0.8), rng.uniform(-0.75, -0.1), rng.uniform(0.13, 0.22))
    mesas = _desert(canvas, rng)

    canvas.place(
        rng.uniform(-0.15, 0.15), rng.uniform(0, 0.1), rng.uniform(0.88, 1.08), rng.uniform(-0.06, 0.06)
    )
    green = hsv(rng.uniform(0.3, 0.42), rng.uniform(0.5, 0.75), rng.uniform(0.45, 0.7))
    width = rng.uniform(0.19, 0.25)
    sides = rng.sample([-1, 1], rng.choice([1, 2, 2]))
    blooms = 0
    for side in sides:
        x, y = side * rng.uniform(0.46, 0.56), rng.uniform(-0.05, 0.25)
        tip = y - 0.1 + min(-0.15, rng.uniform(-0.45, -0.1) - y)
        _limb(canvas, [(0, y), (x * 0.8, y), (x, y - 0.1), (x, tip)], width * 0.62, green)
        if rng.random() < 0.45:
            _bloom(canvas, x, tip - width * 0.62, 0.075, hsv(rng.choice([0.93, 0.97, 0.15]), 0.65, 1))
            blooms += 1
    top = rng.uniform(-0.62, -0.45)
    _limb(canvas, [(0, 0.8), (0, top)], width, green)
    if rng.random() < 0.55:
        _bloom(canvas, 0, top - width, 0.095, hsv(rng.choice([0.93, 0.97, 0.15, 0.05]), 0.65, 1))
        blooms += 1

    arms = "one arm" if len(sides) == 1 else "two arms"
    bloom = " in bloom" if blooms else ""
    return Drawing(
        canvas,
        {"arms": len(sides), "blooms": blooms, "mesas": mesas, "day": day},
        f"a cactus with {arms}{bloom}, {'by day' if day else 'at dusk'}",
    )


def _desert(canvas: Canvas, rng: Random) -> bool:
    """Sand with pebbles, and in seven of ten mesas behind it; returns whether there are any."""
    sand = hsv(rng.uniform(0.05, 0.1), rng.uniform(0.5, 0.7), rng.uniform(0.6, 0.8))
    horizon = rng.uniform(0.3, 0.45)
    mesas = rng.random() < 0.7
    if mesas:
        for _ in range(2):
            x, half = rng.uniform(-1, 1), rng.uniform(0.25, 0.4)
            outline = [
                (x - half, horizon),
                (x - half * 0.6, horizon - 0.3),
                (x + half * 0.5, horizon - 0.3),
                (x + half, horizon),
            ]
            canvas.polygon(outline, mix(sand, (150, 60, 80), 0.5))
    hills(canvas, rng, horizon, rng.uniform(0.07, 0.12), grass=False)
    for _ in range(12):
        x, y = rng.uniform(-1, 1), rng.uniform(horizon + 0.12, 1)
        canvas.ellipse(x, y, rng.uniform(0.03, 0.05), 0.02, mix(sand, (70, 30, 10), rng.random() * 0.6))
    return mesas


def _limb(canvas: Canvas, path: Outline, width: float, colour: RGB) -> None:
    """A round-ended limb along a path, with ribs and thorns."""
    joints = [arc(x, y, width, width, segments=14) for x, y in path]
    spans = []
    for (ax, ay), (bx, by) in zip(path, path[1:]):
        nx, ny = _normal(ax, ay, bx, by, width)
        spans.append([(ax + nx, ay + ny), (bx + nx, by + ny), (bx - nx, by - ny), (ax - nx, ay - ny)])
    for outline in joints + spans:
        canvas.polygon(outline, colour)
    mask = canvas.mask(*joints, *spans)
    rib = mix(colour, (0, 25, 20), 0.4)
    with canvas.inside(mask):
        for (ax, ay), (bx, by) in zip(path, path[1:]):
            length = math.hypot(bx - ax, by - ay)
            for offset in (-0.55, 0, 0.55):
                nx, ny = _normal(ax, ay, bx, by, width * offset)
                canvas.line([(ax + nx, ay + ny), (bx + nx, by + ny)], 0.03, rib)
                for index in range(int(length / 0.16) + 1):
                    share = (index + 0.5 * (offset == 0)) * 0.16 / length
                    x, y = ax + nx + (bx - ax) * share, ay + ny + (by - ay) * share
                    canvas.line([(x - 0.022, y), (x + 0.022, y)], 0.024, _THORN)
    canvas.shade(mask, 0.42, "right")


def _normal(ax: float, ay: float, bx: float, by: float, length: float) -> tuple[float, float]:
    """A vector of the given length across the line from a to b."""
    span = math.hypot(bx - ax, by - ay)
    return (ay - by) / span * length, (bx - ax) / span * length


def _bloom(canvas: Canvas, x: float, y: float, radius: float, colour: RGB) -> None:
    for index in range(5):
        angle = TURN * index / 5
        canvas.disc(x + radius * math.cos(angle), y + radius * math.sin(angle), radius, colour)
    canvas.disc(x, y, radius * 0.6, _POLLEN)
