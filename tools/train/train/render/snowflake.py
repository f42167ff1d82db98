"""Snowflakes: six equal arms with branches around a core."""

from __future__ import annotations

import math
from random import Random

from .canvas import Canvas
from .colour import RGB, WHITE, colour_name, hsv, mix
from .drawing import Drawing
from .shapes import TURN, Outline, arc, star

_SHADOW = (0.02, 0.035)


def snowflake(rng: Random) -> Drawing:
    """A snowflake with 2–4 pairs of branches an arm, over a blue or violet ground."""
    night = rng.uniform(0.53, 0.75)
    top = hsv(night, rng.uniform(0.5, 0.85), rng.uniform(0.3, 0.75))
    canvas = Canvas(
        top, hsv(night + rng.uniform(-0.08, 0.12), rng.uniform(0.4, 0.8), rng.uniform(0.45, 0.95))
    )
    middle = canvas.colour_at(0, 0)
    for _ in range(rng.randint(8, 16)):
        haze = mix(middle, WHITE, rng.uniform(0.3, 0.7))
        canvas.disc(rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(0.02, 0.045), haze)

    x, y, scale, turn = (
        rng.uniform(-0.08, 0.08),
        rng.uniform(-0.08, 0.08),
        rng.uniform(0.82, 1.02),
        rng.uniform(0, 1.05),
    )
    ice = mix(WHITE, hsv(night, 0.35, 1), rng.uniform(0, 0.5))
    shadow = mix(middle, (10, 20, 70), 0.35)
    width, pairs = rng.uniform(0.05, 0.07), rng.randint(2, 4)
    branches = []
    for index in range(pairs):
        branches.append(
            (
                rng.uniform(0.2, 0.34) + 0.62 * index / pairs,
                rng.uniform(0.16, 0.34) * (1 - 0.35 * index / pairs),
            )
        )
    spread, length = rng.uniform(0.7, 1.15), rng.uniform(0.82, 0.92)
    core, tip = rng.choice(["hexagon", "star", "disc", "ring"]), rng.choice(["plain", "ball", "diamond"])
    for (dx, dy), colour in ((_SHADOW, shadow), ((0, 0), ice)):
        canvas.place(x + dx, y + dy, scale, turn)
        for index in range(6):
            _arm(canvas, index * TURN / 6, length, width, branches, spread, tip, colour)
        _core(canvas, core, width, colour, mix(colour, shadow, 0.6))

    return Drawing(
        canvas,
        {"core": core, "tips": tip, "branches": pairs, "ground": colour_name(top)},
        f"a snowflake with {pairs} pairs of branches on each arm and a {core} in the middle, "
        f"on {colour_name(top)}",
    )


def _arm(
    canvas: Canvas,
    angle: float,
    length: float,
    width: float,
    branches: list[tuple[float, float]],
    spread: float,
    tip: str,
    colour: RGB,
) -> None:
    cosine, sine = math.cos(angle), math.sin(angle)

    def at(along: float, across: float = 0.0) -> tuple[float, float]:
        return along * cosine - across * sine, along * sine + across * cosine

    canvas.line([(0, 0), at(length)], width, colour)
    for start, reach in branches:
        for side in (-1, 1):
            end = at(start + reach * math.cos(spread), side * reach * math.sin(spread))
            canvas.line([at(start), end], width * 0.75, colour)
    if tip == "ball":
        canvas.disc(*at(length), 0.065, colour)
    elif tip == "diamond":
        diamond: Outline = [at(length + 0.09), at(length, 0.065), at(length - 0.09), at(length, -0.065)]
        canvas.polygon(diamond, colour)


def _core(canvas: Canvas, core: str, width: float, colour: RGB, hollow: RGB) -> None:
    if core == "hexagon":
        canvas.polygon(arc(0, 0, 0.2, 0.2, segments=6), colour)
        canvas.polygon(arc(0, 0, 0.12, 0.12, segments=6), hollow)
    elif core == "star":
        canvas.polygon(star(0, 0, 0.26, 0.12, 6, 0.52), colour)
    elif core == "disc":
        canvas.disc(0, 0, 0.13, colour)
    else:
        canvas.line(arc(0, 0, 0.22, 0.22, segments=24), width * 0.8, colour)
