"""Fish: striped, scaled or spotted, under water."""

from __future__ import annotations

import math
from random import Random

from .canvas import Canvas
from .colour import INK, RGB, WHITE, colour_name, distance, hsv, mix
from .drawing import Drawing
from .shapes import Outline, arc


def fish(rng: Random) -> Drawing:
    """A fish that swims to the left or right, among weeds and bubbles."""
    water = rng.uniform(0.48, 0.62)
    top = hsv(water, rng.uniform(0.35, 0.6), rng.uniform(0.8, 1))
    canvas = Canvas(top, hsv(water + 0.05, rng.uniform(0.7, 0.9), rng.uniform(0.3, 0.55)))
    _sea(canvas, rng)

    facing = rng.choice([-1, 1])
    hue = rng.choice([rng.uniform(0, 0.17), rng.uniform(0, 0.17), rng.random()])
    skin = hsv(hue, rng.uniform(0.7, 0.95), rng.uniform(0.85, 1))
    fin = hsv(hue + rng.choice([0.06, -0.06, 0.5]), rng.uniform(0.2, 0.9), rng.uniform(0.7, 1))
    dark = mix(skin, (30, 0, 30), 0.55)
    height = rng.uniform(0.36, 0.5)
    tilt = rng.uniform(-0.25, 0.25) * facing
    canvas.place(rng.uniform(-0.1, 0.1), rng.uniform(-0.2, 0.15), rng.uniform(0.82, 1), tilt, facing)
    _fins(canvas, rng, height, fin, mix(fin, dark, 0.6))

    side = [(0.5, 0.55), (0.2, 0.95), (-0.15, 0.88), (-0.42, 0.45)]
    body = [(0.62, 0.04)] + [(u, -v * height) for u, v in side] + [(-0.6, -0.08), (-0.6, 0.08)]
    body += [(u, v * height) for u, v in reversed(side)]
    mask = canvas.mask(body)
    pattern = rng.choice(["striped", "scaled", "scaled", "spotted"])
    mark = fin if distance(skin, fin) > 160 else dark
    canvas.polygon(body, skin)
    with canvas.inside(mask):
        canvas.polygon([(u, v * 0.9 + 0.32) for u, v in body], mix(skin, WHITE, 0.4))
        if pattern == "striped":
            _stripes(canvas, rng.randint(2, 4), mark)
        elif pattern == "scaled":
            _scales(canvas, mix(skin, dark, 0.6), mix(skin, fin, 0.35))
        else:
            for _ in range(10):
                radius = rng.uniform(0.04, 0.08)
                canvas.disc(rng.uniform(-0.5, 0.25), rng.uniform(-height, height), radius, mark)
        canvas.polygon(arc(0.62, 0, 0.3, height * 1.1, segments=20), mix(skin, (255, 230, 200), 0.18))
        gill = arc(0.62, 0, 0.3, height * 1.1, start=math.pi * 0.62, end=math.pi * 1.38, segments=14)
        canvas.line(gill, 0.03, dark)
    canvas.shade(mask, 0.38)

    canvas.polygon([(0.1, 0.05), (-0.16, 0.02), (-0.22, 0.2), (-0.05, 0.24)], mix(fin, dark, 0.25))
    canvas.disc(0.43, -0.07, 0.09, WHITE)
    canvas.disc(0.45, -0.07, 0.05, INK)
    canvas.line([(0.61, 0.1), (0.52, 0.13)], 0.028, dark)
    canvas.place()
    bubbles = rng.randint(2, 5)
    for _ in range(bubbles):
        x, y, radius = rng.uniform(-0.9, 0.9), rng.uniform(-0.95, 0.2), rng.uniform(0.04, 0.07)
        canvas.disc(x, y, radius, (225, 245, 255))
        canvas.disc(x, y, radius * 0.6, hsv(water, 0.35, 0.9))

    name, direction = colour_name(skin), "right" if facing > 0 else "left"
    return Drawing(
        canvas,
        {
            "colour": name,
            "second_colour": colour_name(fin),
            "pattern": pattern,
            "facing": direction,
            "bubbles": bubbles,
        },
        f"a {pattern} {name} fish with {colour_name(fin)} fins, swimming to the {direction}",
    )


def _sea(canvas: Canvas, rng: Random) -> None:
    """Beams of light, at times a sandy floor, and one to three weeds."""
    beam = mix(canvas.colour_at(0, -0.3), WHITE, 0.12)
    for _ in range(3):
        x = rng.uniform(-1, 1)
        canvas.polygon([(x, -1), (x + 0.16, -1), (x - 0.1, 1), (x - 0.5, 1)], beam)
    if rng.random() < 0.6:
        sand = hsv(0.12, 0.35, 0.8)
        phase = rng.random() * 6
        floor = [(index / 6, 0.82 + 0.04 * math.sin(index + phase)) for index in range(-6, 7)]
        canvas.polygon(floor + [(1, 1), (-1, 1)], sand)
        for _ in range(9):
            canvas.disc(
                rng.uniform(-1, 1), rng.uniform(0.88, 1), 0.03, mix(sand, (90, 60, 20), rng.random() * 0.6)
            )
    for _ in range(rng.randint(1, 3)):
        x, phase = rng.uniform(-0.95, 0.95), rng.uniform(0, 6)
        colour = hsv(rng.uniform(0.3, 0.42), 0.7, rng.uniform(0.3, 0.5))
        points = [(x + 0.06 * math.sin(phase + t * 0.9), 1 - t * 0.09) for t in range(rng.randint(5, 10))]
        canvas.line(points, 0.06, colour)


def _fins(canvas: Canvas, rng: Random, height: float, colour: RGB, ray: RGB) -> None:
    """Tail, back fin and belly fin, each with rays."""
    spread = rng.uniform(0.8, 1.2), rng.uniform(0.8, 1.2)
    tail = [
        (-0.5, 0),
        (-0.72, -0.2),
        (-0.95, -0.36 * spread[0]),
        (-0.82, 0),
        (-0.95, 0.36 * spread[1]),
        (-0.72, 0.2),
    ]
    back = [
        (-0.4, -0.2),
        (-0.3, -height - rng.uniform(0.12, 0.28)),
        (0.1, -height - 0.12),
        (0.32, -height * 0.7),
    ]
    belly = [(-0.25, 0.2), (-0.2, height + 0.2), (0.12, height * 0.7)]

    def fan(outline: Outline, rays: list[Outline]) -> None:
        canvas.polygon(outline, colour)
        with canvas.inside(canvas.mask(outline)):
            for points in rays:
                canvas.line(points, 0.028, ray)

    fan(tail, [[(-0.35, 0), (-1, -0.4 + 0.2 * index)] for index in range(5)])
    fan(back, [[(-0.4 + index * 0.14, 0), (-0.5 + index * 0.15, -0.9)] for index in range(6)])
    fan(belly, [[(-0.25 + index * 0.14, 0), (-0.35 + index * 0.15, 0.9)] for index in range(4)])


def _stripes(canvas: Canvas, count: int, colour: RGB) -> None:
    for index in range(count):
        x = 0.22 - index * 0.75 / count - 0.3
        near = arc(x, 0, 0.36, 0.9, start=-1.2, end=1.2, segments=16)
        canvas.polygon(near + arc(x, 0, 0.48, 0.9, start=1.2, end=-1.2, segments=16), colour)


def _scales(canvas: Canvas, edge: RGB, fill: RGB) -> None:
    for row in range(-4, 5):
        for column in range(6):
            x, y = 0.28 - column * 0.17 - 0.085 * (row % 2), row * 0.12
            canvas.polygon(arc(x, y, 0.105, 0.085, start=-1.7, end=1.7, segments=8), edge)
            canvas.polygon(arc(x - 0.035, y, 0.105, 0.08, start=-1.7, end=1.7, segments=8), fill)
