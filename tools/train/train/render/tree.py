"""Trees: round crowns through the seasons, and pines."""

from __future__ import annotations

from random import Random

from .canvas import Canvas
from .colour import RGB, hsv, mix
from .drawing import Drawing
from .scenery import clouds, hills, sky, sun
from .shapes import arc, box

_SNOW: RGB = (245, 250, 255)


def tree(rng: Random) -> Drawing:
    """A round tree, at times with fruit, or a pine, at times with snow."""
    ground = sky(rng)
    canvas = Canvas(ground.top, ground.bottom)
    sunny = rng.random() < 0.5
    if sunny:
        sun(canvas, rng.uniform(-0.8, 0.8), rng.uniform(-0.8, -0.5), 0.16, halo=False)
    clouds(canvas, rng, rng.randint(0, 2))
    hills(canvas, rng, rng.uniform(0.45, 0.68))
    bark = hsv(rng.uniform(0.05, 0.08), rng.uniform(0.45, 0.65), rng.uniform(0.3, 0.5))
    canvas.place(rng.uniform(-0.15, 0.15), rng.uniform(0.02, 0.12), rng.uniform(0.9, 1.08))

    if rng.random() < 2 / 3:
        season, hue = rng.choice(
            [
                ("summer", rng.uniform(0.24, 0.36)),
                ("summer", rng.uniform(0.24, 0.36)),
                ("autumn", rng.uniform(0.02, 0.13)),
                ("spring", rng.uniform(0.9, 0.97)),
            ]
        )
        leaf = hsv(hue, rng.uniform(0.55, 0.8), rng.uniform(0.55, 0.8))
        fruit = rng.random() < 0.35
        _round_tree(canvas, rng, bark, leaf, fruit)
        caption = f"a tree in {season}" + (" with fruit" if fruit else "")
        attributes = {"kind": "round", "season": season, "fruit": fruit, "snow": False}
    else:
        snow = rng.random() < 0.35
        _pine(canvas, rng, bark, snow)
        caption = "a pine" + (" with snow on its branches" if snow else "")
        attributes = {"kind": "pine", "season": "winter" if snow else "summer", "fruit": False, "snow": snow}
    return Drawing(canvas, {**attributes, "sun": sunny}, f"{caption} under {ground.name}")


def _round_tree(canvas: Canvas, rng: Random, bark: RGB, leaf: RGB, fruit: bool) -> None:
    trunk = [
        (-0.1, 0.72),
        (-0.075, 0.2),
        (-0.28, -0.1),
        (-0.2, -0.12),
        (0, 0.05),
        (0.2, -0.14),
        (0.28, -0.1),
        (0.08, 0.2),
        (0.11, 0.72),
    ]
    canvas.polygon(trunk, bark)
    with canvas.inside(canvas.mask(trunk)):
        for index in range(3):
            canvas.line(
                [(-0.05 + 0.05 * index, 0.7), (-0.04 + 0.04 * index, 0.1)], 0.024, mix(bark, (20, 10, 0), 0.5)
            )

    balls = [
        (0, -0.45, 0.42),
        (-0.36, -0.22, 0.28),
        (0.36, -0.24, 0.28),
        (-0.24, -0.58, 0.27),
        (0.25, -0.58, 0.27),
        (0, -0.15, 0.3),
    ]
    crown = []
    for x, y, radius in balls:
        radius *= rng.uniform(0.9, 1.08)
        crown.append(arc(x + rng.uniform(-0.06, 0.06), y + rng.uniform(-0.05, 0.05), radius, radius))
    for outline in crown:
        canvas.polygon(outline, leaf)
    mask = canvas.mask(*crown)
    with canvas.inside(mask):
        for _ in range(48):
            x, y = rng.uniform(-0.7, 0.7), rng.uniform(-0.9, 0.2)
            # Light falls from above: leaves turn from bright to dark on the way down.
            towards = (255, 255, 150) if rng.random() > (y + 0.9) / 1.1 else (0, 20, 20)
            canvas.ellipse(
                x,
                y,
                rng.uniform(0.05, 0.09),
                0.04,
                mix(leaf, towards, rng.uniform(0.15, 0.4)),
                rng.uniform(-1, 1),
            )
        if fruit:
            colour = hsv(rng.choice([0, 0.1, 0.95, 0.15]), 0.85, 0.95)
            for _ in range(9):
                canvas.disc(rng.uniform(-0.5, 0.5), rng.uniform(-0.75, 0.05), 0.055, colour)
    canvas.shade(mask, 0.35)


def _pine(canvas: Canvas, rng: Random, bark: RGB, snow: bool) -> None:
    canvas.polygon(box(-0.08, 0.3, 0.08, 0.72), bark)
    needle = hsv(rng.uniform(0.33, 0.45), rng.uniform(0.5, 0.75), rng.uniform(0.35, 0.6))
    tiers, spread = rng.randint(3, 5), rng.uniform(0.5, 0.65)
    for tier in range(tiers):
        share = 1 - tier / tiers
        foot, width = -0.85 + 1.3 * share, spread * (0.35 + 0.65 * share)
        top = foot - 0.62 * (0.6 + 0.4 * share)
        outline = [(0.0, top)] + [
            (width * (-1 + index / 4), foot + (0.06 if index % 2 else 0)) for index in range(9)
        ]
        mask = canvas.mask(outline)
        canvas.polygon(outline, mix(needle, (255, 255, 255), 0.05 * tier))
        with canvas.inside(mask):
            for _ in range(9):
                x, y = rng.uniform(-width, width), rng.uniform(top, foot)
                towards = (0, 20, 20) if rng.random() < 0.6 else (220, 255, 190)
                canvas.line([(x * 0.9, y - 0.08), (x, y)], 0.03, mix(needle, towards, 0.4))
            if snow:
                drifts = []
                for index in range(9):
                    droop = (0.06 if index % 2 else -0.02) + 0.025 * abs(index - 4)
                    drifts.append((width * 0.55 * (-1 + index / 4), top + 0.3 * (foot - top) + droop))
                canvas.polygon([(0.0, top - 0.05)] + drifts, _SNOW)
        canvas.shade(mask, 0.4)
