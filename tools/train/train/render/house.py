"""Houses: walls of brick, planks or logs under tiled roofs."""

from __future__ import annotations

import math
from random import Random

from .canvas import Canvas
from .colour import RGB, WHITE, colour_name, hsv, mix
from .drawing import Drawing
from .scenery import clouds, hills, sky
from .shapes import Outline, arc, box

_FRAME: RGB = (250, 248, 240)
_FOOT = 0.68


def house(rng: Random) -> Drawing:
    """A house on a hill, with a door, one or two windows, and often a chimney."""
    ground = sky(rng)
    canvas = Canvas(ground.top, ground.bottom)
    clouds(canvas, rng, rng.randint(0, 3))
    hills(canvas, rng, rng.uniform(0.42, 0.6))
    canvas.place(rng.uniform(-0.12, 0.12), rng.uniform(0.0, 0.12), rng.uniform(0.88, 1.05))

    width, wall_height, roof_height = rng.uniform(0.5, 0.68), rng.uniform(0.42, 0.55), rng.uniform(0.38, 0.58)
    eaves = _FOOT - 2 * wall_height + 0.2
    wall_colour = hsv(
        rng.choice([0.02, 0.08, 0.12, 0.55, 0.95, 0.3]),
        rng.choice([0.15, 0.3, 0.55]),
        rng.uniform(0.75, 0.97),
    )
    roof_colour = hsv(
        rng.choice([0, 0.02, 0.06, 0.6, 0.75, 0.45]), rng.uniform(0.5, 0.8), rng.uniform(0.45, 0.75)
    )
    dark = mix(roof_colour, (20, 10, 20), 0.5)

    chimney = rng.random() < 0.75
    if chimney:
        _chimney(canvas, rng, eaves, roof_height, dark)
    material = rng.choice(["brick", "brick", "planks", "logs"])
    _wall(canvas, rng, material, width, eaves, wall_colour)
    gabled = rng.random() < 0.65
    _roof(canvas, rng, gabled, width, eaves, roof_height, roof_colour, dark)

    door_x = rng.choice([0, -0.25, 0.25])
    door = hsv(rng.random(), 0.6, rng.uniform(0.35, 0.7))
    canvas.polygon(box(door_x - 0.13, _FOOT - 0.38, door_x + 0.13, _FOOT), mix(door, WHITE, 0.65))
    canvas.polygon(box(door_x - 0.1, _FOOT - 0.35, door_x + 0.1, _FOOT), door)
    canvas.disc(door_x + 0.06, _FOOT - 0.16, 0.028, (250, 220, 90))

    lit, glass = rng.choice(
        [(False, hsv(0.55, 0.35, 0.95)), (True, hsv(0.14, 0.55, 1)), (False, hsv(0.58, 0.5, 0.5))]
    )
    windows = [-0.6 * width, 0.6 * width] if door_x == 0 else [-door_x * 1.15]
    for x in windows:
        _window(canvas, x, _FOOT - 0.34, 0.11 if door_x == 0 else 0.16, glass)
    if gabled and rng.random() < 0.5:
        canvas.disc(0, eaves - roof_height * 0.4, 0.105, _FRAME)
        canvas.disc(0, eaves - roof_height * 0.4, 0.07, glass)

    roof_name = colour_name(roof_colour)
    light = " with light in its windows" if lit else ""
    return Drawing(
        canvas,
        {
            "material": material,
            "wall": colour_name(wall_colour),
            "roof": roof_name,
            "chimney": chimney,
            "windows": len(windows),
            "lit": lit,
        },
        f"a {material.rstrip('s')} house with a {roof_name} roof{light} under {ground.name}",
    )


def _chimney(canvas: Canvas, rng: Random, eaves: float, roof_height: float, cap: RGB) -> None:
    x, top = rng.choice([-1, 1]) * 0.3, eaves - roof_height * 0.95
    canvas.polygon(box(x - 0.08, top, x + 0.08, eaves), hsv(0.02, 0.5, 0.55))
    canvas.polygon(box(x - 0.1, top - 0.05, x + 0.1, top + 0.02), cap)
    if rng.random() < 0.6:
        for index in range(3):
            canvas.disc(x + 0.06 * index, top - 0.12 - 0.1 * index, 0.05 + 0.018 * index, (238, 238, 242))


def _wall(canvas: Canvas, rng: Random, material: str, width: float, eaves: float, colour: RGB) -> None:
    wall = box(-width, eaves, width, _FOOT)
    mask = canvas.mask(wall)
    joint = mix(colour, (60, 30, 30), 0.33)
    canvas.polygon(wall, colour)
    with canvas.inside(mask):
        if material == "planks":
            for index in range(11):
                x = -width + index * 0.14
                canvas.line([(x, eaves), (x, _FOOT)], 0.026, joint)
        else:
            for row in range(8):
                y = eaves + row * 0.14
                canvas.line([(-width, y), (width, y)], 0.028, joint)
                if material == "brick":
                    for column in range(7):
                        x = -width + column * 0.26 + (0.13 if row % 2 else 0)
                        canvas.line([(x, y), (x, y + 0.14)], 0.026, joint)
    canvas.shade(mask, 0.3, rng.choice(["right", "left"]))


def _roof(
    canvas: Canvas,
    rng: Random,
    gabled: bool,
    width: float,
    eaves: float,
    height: float,
    colour: RGB,
    dark: RGB,
) -> None:
    reach = width + rng.uniform(0.1, 0.18)
    ridge: Outline = (
        [(0, eaves - height)]
        if gabled
        else [(-width * 0.6, eaves - height * 0.85), (width * 0.6, eaves - height * 0.85)]
    )
    roof: Outline = [(-reach, eaves + 0.04)] + ridge + [(reach, eaves + 0.04)]
    mask = canvas.mask(roof)
    canvas.polygon(roof, colour)
    with canvas.inside(mask):
        for row in range(6):
            for column in range(-6, 7):
                x = column * 0.18 + (0.09 if row % 2 else 0)
                tile = arc(x, eaves - 0.03 - row * 0.13, 0.09, 0.08, end=math.pi, segments=6)
                canvas.line(tile, 0.026, dark)
    canvas.shade(mask, 0.25)
    canvas.line([roof[0], roof[-1]], 0.04, dark)


def _window(canvas: Canvas, x: float, y: float, half: float, glass: RGB) -> None:
    canvas.polygon(box(x - half - 0.03, y - 0.145, x + half + 0.03, y + 0.125), _FRAME)
    canvas.polygon(box(x - half, y - 0.115, x + half, y + 0.095), glass)
    canvas.line([(x, y - 0.115), (x, y + 0.095)], 0.028, _FRAME)
    canvas.line([(x - half, y - 0.01), (x + half, y - 0.01)], 0.028, _FRAME)
