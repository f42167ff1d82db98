"""Outlines as lists of points, in whatever coordinates their arguments are in."""

from __future__ import annotations

import math
from collections.abc import Sequence

Point = tuple[float, float]
Outline = list[Point]

TURN = 2 * math.pi


def arc(
    x: float,
    y: float,
    radius_x: float,
    radius_y: float,
    *,
    rotation: float = 0.0,
    start: float = 0.0,
    end: float = TURN,
    segments: int = 28,
) -> Outline:
    """Points of an ellipse from angle `start` to `end` (radians, clockwise), both included."""
    cosine, sine = math.cos(rotation), math.sin(rotation)
    points = []
    for index in range(segments + 1):
        angle = start + (end - start) * index / segments
        u, v = radius_x * math.cos(angle), radius_y * math.sin(angle)
        points.append((x + cosine * u - sine * v, y + sine * u + cosine * v))
    return points


def box(left: float, top: float, right: float, bottom: float) -> Outline:
    """An upright rectangle."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def star(x: float, y: float, outer: float, inner: float, tips: int, rotation: float = 0.0) -> Outline:
    """A star whose tips and notches alternate at `outer` and `inner` from the centre."""
    points = []
    for index in range(2 * tips):
        angle = rotation + math.pi * index / tips
        radius = outer if index % 2 == 0 else inner
        points.append((x + radius * math.cos(angle), y + radius * math.sin(angle)))
    return points


def scaled(outline: Sequence[Point], factor: float, x: float = 0.0, y: float = 0.0) -> Outline:
    """The outline drawn `factor` times as large about (x, y)."""
    return [(x + (u - x) * factor, y + (v - y) * factor) for u, v in outline]


def smoothed(outline: Sequence[Point], rounds: int = 3) -> Outline:
    """A closed outline with its corners cut off `rounds` times (Chaikin's scheme)."""
    points = list(outline)
    for _ in range(rounds):
        cut = []
        for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1]):
            cut.append((ax * 0.75 + bx * 0.25, ay * 0.75 + by * 0.25))
            cut.append((ax * 0.25 + bx * 0.75, ay * 0.25 + by * 0.75))
        points = cut
    return points
