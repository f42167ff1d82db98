"""Hot-air balloons: striped, zigzag or chequered."""

from __future__ import annotations

import math
from random import Random

from .canvas import Canvas
from .colour import RGB, colour_name, hsv, mix
from .drawing import Drawing
from .scenery import clouds, hills, sky
from .shapes import Outline, arc, box

_RADIUS = 0.6


def balloon(rng: Random) -> Drawing:
    """A balloon in the sky, in three of ten pictures with another far away."""
    ground = sky(rng)
    canvas = Canvas(ground.top, ground.bottom)
    clouds(canvas, rng, rng.randint(1, 4))
    if rng.random() < 0.6:
        hills(canvas, rng, rng.uniform(0.72, 0.85), grass=False)
    count = 2 if rng.random() < 0.3 else 1
    if count == 2:
        canvas.place(
            rng.choice([-1, 1]) * rng.uniform(0.68, 0.78), rng.uniform(-0.55, 0.3), rng.uniform(0.24, 0.32)
        )
        _balloon(canvas, rng, rng.choice(["striped", "zigzag"]), _cloth(rng))
    cloth = _cloth(rng)
    pattern = rng.choice(["striped", "striped", "zigzag", "chequered"])
    canvas.place(
        rng.uniform(-0.2, 0.2), rng.uniform(-0.2, -0.02), rng.uniform(0.82, 1.05), rng.uniform(-0.1, 0.1)
    )
    panels = _balloon(canvas, rng, pattern, cloth)

    first, second = colour_name(cloth[0]), colour_name(cloth[1])
    return Drawing(
        canvas,
        {"colour": first, "second_colour": second, "pattern": pattern, "panels": panels, "count": count},
        f"a {pattern} {first} and {second} balloon in {ground.name}",
    )


def _cloth(rng: Random) -> list[RGB]:
    hue = rng.random()
    second = rng.choice([(250, 248, 240), hsv(hue + 0.12, 0.75, 1), hsv(hue + 0.5, 0.6, 0.9)])
    return [hsv(hue, rng.uniform(0.7, 0.95), rng.uniform(0.8, 1)), second, hsv(hue + 0.06, 0.9, 0.75)]


def _balloon(canvas: Canvas, rng: Random, pattern: str, cloth: list[RGB]) -> int:
    """A balloon with its basket in the current placement; returns its number of panels."""
    panels, height = rng.randint(4, 7), _RADIUS * rng.uniform(1, 1.1)
    dome = arc(0, -0.1, _RADIUS, height, start=math.pi - 0.55, end=2 * math.pi + 0.55, segments=30)
    envelope = [(-0.14, 0.62)] + dome + [(0.14, 0.62)]
    mask = canvas.mask(envelope)
    canvas.polygon(envelope, cloth[0])
    # Panels look narrower towards the sides, as on a ball.
    seams = [math.sin((2 * index / panels - 1) * 1.5) / math.sin(1.5) for index in range(panels + 1)]
    with canvas.inside(mask):
        for index, (left, right) in enumerate(zip(seams, seams[1:])):
            panel = _seam(left) + _seam(right)[::-1]
            if pattern == "zigzag":
                _zigzag(canvas, left * _RADIUS, right * _RADIUS, cloth)
            else:
                canvas.polygon(panel, cloth[index % 2])
            if pattern == "chequered":
                with canvas.inside(canvas.mask(panel)):
                    for y in (-0.5, -0.1, 0.3):
                        canvas.polygon(box(-1, y, 1, y + 0.2), cloth[(index + 1) % 2])
            canvas.line(_seam(left), 0.026, mix(cloth[0], (30, 10, 20), 0.5))
    canvas.shade_ball(mask, 0.6)

    wicker = hsv(0.08, 0.6, 0.5)
    for side in (-1, 1):
        canvas.line([(side * 0.13, 0.6), (side * 0.09, 0.8)], 0.026, (60, 40, 30))
    canvas.polygon([(-0.12, 0.79), (0.12, 0.79), (0.1, 0.98), (-0.1, 0.98)], wicker)
    for y in (0.86, 0.93):
        canvas.line([(-0.09, y), (0.09, y)], 0.024, mix(wicker, (255, 220, 150), 0.4))
    canvas.polygon(box(-0.135, 0.76, 0.135, 0.81), mix(wicker, (40, 20, 10), 0.4))
    return panels


def _seam(position: float) -> Outline:
    """The line between two panels that crosses the widest place at `position` (−1 to 1)."""
    points = []
    for index in range(15):
        y = -0.77 + index * 0.1
        if y < 0.25:
            reach = _RADIUS * 1.03 * math.sqrt(max(0.0, 1 - ((y + 0.1) / (_RADIUS * 1.1)) ** 2))
        else:
            reach = 0.52 - (y - 0.25) * 1.02
        points.append((position * reach, y))
    return points


def _zigzag(canvas: Canvas, left: float, right: float, cloth: list[RGB]) -> None:
    middle = (left + right) / 2
    for row, y in enumerate((-0.5, -0.15, 0.2)):
        outline = [
            (left, y),
            (middle, y + 0.16),
            (right, y),
            (right, y + 0.16),
            (middle, y + 0.32),
            (left, y + 0.16),
        ]
        canvas.polygon(outline, cloth[1 + row % 2])
