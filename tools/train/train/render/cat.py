"""Cats: faces, tabby, patched or plain."""

from __future__ import annotations

from random import Random

from .canvas import Canvas
from .colour import INK, RGB, WHITE, colour_name, hsv, mix
from .drawing import Drawing, with_article
from .shapes import arc, scaled


def cat(rng: Random) -> Drawing:
    """A cat's face, at times before a dotted wall."""
    ground = rng.random()
    top = hsv(ground, rng.uniform(0.25, 0.6), rng.uniform(0.8, 1))
    canvas = Canvas(top, hsv(ground + 0.05, rng.uniform(0.4, 0.7), rng.uniform(0.5, 0.8)))
    dotted = rng.random() < 0.5
    if dotted:
        dot = mix(canvas.colour_at(0, 0), WHITE, 0.25)
        for column in range(5):
            for row in range(5):
                canvas.disc(-0.9 + 0.45 * column + (0.22 if row % 2 else 0), -0.9 + 0.45 * row, 0.06, dot)

    canvas.place(
        rng.uniform(-0.1, 0.1), rng.uniform(0.0, 0.14), rng.uniform(0.9, 1.08), rng.uniform(-0.22, 0.22)
    )
    name, fur = rng.choice(
        [
            ("ginger", hsv(rng.uniform(0.06, 0.1), rng.uniform(0.55, 0.8), rng.uniform(0.85, 1))),
            ("grey", hsv(0.08, rng.uniform(0.05, 0.2), rng.uniform(0.45, 0.65))),
            ("black", hsv(0.6, 0.1, rng.uniform(0.22, 0.32))),
            ("white", hsv(0.1, 0.1, 0.96)),
            ("brown", hsv(0.07, 0.45, 0.6)),
        ]
    )
    light_fur = sum(fur) > 280
    stripe = mix(fur, (30, 15, 10), 0.5) if light_fur else mix(fur, WHITE, 0.3)
    belly, pink, outline = mix(fur, (255, 250, 240), 0.72), hsv(0.97, 0.4, 0.95), mix(fur, (25, 10, 15), 0.6)
    width, height = rng.uniform(0.62, 0.72), rng.uniform(0.52, 0.6)

    _ears(canvas, rng, width, height, fur, pink, outline)
    head = arc(0, 0, width, height)
    canvas.polygon(arc(0, 0, width + 0.03, height + 0.03), outline)
    mask = canvas.mask(head)
    canvas.polygon(head, fur)
    pattern = rng.choice(["tabby", "tabby", "patched", "plain"])
    patch = hsv(0.07, 0.7, 0.8) if rng.random() < 0.5 else stripe
    with canvas.inside(mask):
        if pattern == "patched":
            canvas.ellipse(rng.choice([-1, 1]) * 0.42, -0.25, 0.4, 0.38, patch)
        if pattern == "tabby":
            _stripes(canvas, width, height, stripe)
        canvas.ellipse(0, 0.3, 0.3, 0.26, belly)
    canvas.shade(mask, 0.25)

    eye_name, eye_hue = rng.choice(
        [("green", 0.3), ("green", 0.35), ("yellow", 0.14), ("blue", 0.55), ("amber", 0.1)]
    )
    iris = hsv(eye_hue, rng.uniform(0.55, 0.85), rng.uniform(0.75, 0.95))
    _eyes(canvas, rng, iris, outline)
    _muzzle(canvas, rng, belly, pink, outline, (250, 250, 250) if sum(fur) < 520 else outline)

    return Drawing(
        canvas,
        {"colour": name, "pattern": pattern, "eyes": eye_name, "dotted": dotted},
        f"a {pattern} {name} cat with {eye_name} eyes before {with_article(colour_name(top))} wall",
    )


def _ears(
    canvas: Canvas, rng: Random, width: float, height: float, fur: RGB, inner: RGB, outline: RGB
) -> None:
    for side in (-1, 1):
        tip = (side * width * rng.uniform(0.85, 1.02), -height - rng.uniform(0.2, 0.34))
        ear = [(side * width * 0.95, -0.1), tip, (side * 0.16, -height * 0.9)]
        x, y = sum(u for u, _ in ear) / 3, sum(v for _, v in ear) / 3
        canvas.polygon(scaled(ear, 1.08, x, y), outline)
        canvas.polygon(ear, fur)
        canvas.polygon(scaled(ear, 0.58, x, y), inner)


def _stripes(canvas: Canvas, width: float, height: float, colour: RGB) -> None:
    for x in (-0.17, 0, 0.17):
        canvas.polygon([(x - 0.05, -height - 0.02), (x + 0.05, -height - 0.02), (x * 0.6, -0.24)], colour)
    for side in (-1, 1):
        for index in range(3):
            y = -0.06 + 0.16 * index
            edge, tip = side * (width + 0.02), (side * (width - 0.26), 0.03 + 0.11 * index)
            canvas.polygon([(edge, y), (edge, y + 0.085), tip], colour)


def _eyes(canvas: Canvas, rng: Random, iris: RGB, outline: RGB) -> None:
    radius, pupil, apart = rng.uniform(0.13, 0.165), rng.uniform(0.035, 0.075), rng.uniform(0.26, 0.32)
    for side in (-1, 1):
        canvas.ellipse(side * apart, -0.08, radius + 0.025, radius * 0.95 + 0.025, outline)
        canvas.ellipse(side * apart, -0.08, radius, radius * 0.92, iris)
        canvas.ellipse(side * apart, -0.08, pupil, radius * 0.8, INK)
        canvas.disc(side * apart + 0.04, -0.13, 0.036, WHITE)


def _muzzle(canvas: Canvas, rng: Random, belly: RGB, pink: RGB, outline: RGB, whisker: RGB) -> None:
    for side in (-1, 1):
        canvas.ellipse(side * 0.12, 0.25, 0.14, 0.11, belly)
    canvas.polygon([(-0.085, 0.1), (0.085, 0.1), (0, 0.205)], pink)
    canvas.line([(0, 0.19), (0, 0.27)], 0.028, outline)
    for side in (-1, 1):
        canvas.line([(0, 0.27), (side * 0.07, 0.32), (side * 0.14, 0.29)], 0.028, outline)
        lift = rng.uniform(-0.05, 0.05)
        for index in range(3):
            canvas.line(
                [(side * 0.2, 0.2 + 0.05 * index), (side * 0.82, 0.1 + 0.13 * index + lift)], 0.024, whisker
            )
