"""Butterflies: two pairs of mirrored wings with veins, spots and eyes."""

from __future__ import annotations

from random import Random

from .canvas import Canvas
from .colour import WHITE, colour_name, hsv, mix
from .drawing import Drawing
from .scenery import hills
from .shapes import scaled, smoothed


def butterfly(rng: Random) -> Drawing:
    """A butterfly seen from above, with 2–4 spots along each upper wing."""
    ground = rng.random()
    top = hsv(ground, rng.uniform(0.1, 0.4), rng.uniform(0.85, 1))
    canvas = Canvas(top, hsv(ground + 0.08, rng.uniform(0.2, 0.5), rng.uniform(0.6, 0.9)))
    meadow = rng.random() < 0.5
    if meadow:
        hills(canvas, rng, rng.uniform(0.5, 0.75))

    x, y, scale, tilt = (
        rng.uniform(-0.1, 0.1),
        rng.uniform(-0.1, 0.12),
        rng.uniform(0.85, 1.05),
        rng.uniform(-0.5, 0.5),
    )
    hue = rng.random()
    upper_colour = hsv(hue, rng.uniform(0.65, 0.95), rng.uniform(0.8, 1))
    lower_hue = hue + rng.choice([0.08, -0.08, 0.5])
    lower_colour = hsv(lower_hue, rng.uniform(0.6, 0.9), rng.uniform(0.75, 1))
    dark = hsv(hue + 0.05, 0.7, 0.2)
    height, width = rng.uniform(0.55, 0.72), rng.uniform(0.72, 0.9)
    upper = smoothed(
        [
            (0.03, -0.12),
            (0.25, -height),
            (0.62 * width + 0.1, -height - 0.06),
            (width, -0.42),
            (0.72 * width, -0.1),
            (0.04, 0.05),
        ]
    )
    drop = 0.62 * rng.uniform(0.9, 1.15)
    lower = smoothed(
        [
            (0.04, 0),
            (0.6 * width, 0.02),
            (0.72 * width, 0.28),
            (0.5 * width, drop),
            (0.24, 0.52),
            (0.03, 0.18),
        ]
    )
    spots, spot = rng.randint(2, 4), hsv(rng.random(), rng.uniform(0, 0.7), 1)
    veins, border = rng.randint(2, 3), rng.uniform(0.74, 0.84)

    for side in (-1, 1):
        canvas.place(x, y, scale, tilt, side)
        for wing, colour, root in ((lower, lower_colour, (0.1, 0.1)), (upper, upper_colour, (0.1, -0.1))):
            canvas.polygon(wing, dark)
            canvas.polygon(scaled(wing, border, *root), colour)
            canvas.polygon(scaled(wing, border * 0.55, *root), mix(colour, WHITE, 0.35))
            for index in range(veins):
                u, v = wing[int(len(wing) * (0.25 + 0.46 * index / veins))]
                canvas.line([(0.03, 0), (u * 0.95, v * 0.95)], 0.026, dark)
        for index in range(spots):
            t = index / (spots - 1)
            canvas.disc(0.3 * width + 0.45 * width * t, -0.5 * height - 0.22 + 0.26 * t * t, 0.065, spot)
        for radius, colour in ((0.115, dark), (0.08, spot), (0.04, dark)):
            canvas.disc(0.4 * width, 0.32, radius, colour)
        canvas.line([(0.02, -0.3), (0.1, -0.5), (0.2, -0.62)], 0.028, dark)
        canvas.disc(0.2, -0.62, 0.035, dark)

    canvas.place(x, y, scale, tilt)
    canvas.ellipse(0, 0.06, 0.06, 0.34, dark)
    canvas.ellipse(0, -0.3, 0.075, 0.085, dark)
    for index in range(3):
        canvas.line(
            [(-0.035, 0.0 + 0.11 * index), (0.035, 0.0 + 0.11 * index)], 0.03, mix(dark, upper_colour, 0.6)
        )

    upper_name, lower_name = colour_name(upper_colour), colour_name(lower_colour)
    wings = upper_name if upper_name == lower_name else f"{upper_name} and {lower_name}"
    return Drawing(
        canvas,
        {"colour": upper_name, "second_colour": lower_name, "spots": spots, "meadow": meadow},
        f"a butterfly with {wings} wings and {spots} spots on each",
    )
