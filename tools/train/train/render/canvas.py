"""A canvas in unit coordinates, smoothed by drawing at four times the size."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from .colour import RGB
from .shapes import Outline, Point, arc

SIZE = 64
"""Pixels along a side of a finished picture."""

_OVERSAMPLING = 4
_SIDE = SIZE * _OVERSAMPLING
_DOWN = Image.linear_gradient("L").resize((_SIDE, _SIDE))  # 0 at the top, 255 at the bottom
_RIGHT = _DOWN.transpose(Image.ROTATE_90)
_LEFT = _DOWN.transpose(Image.ROTATE_270)
_OUTWARD = Image.radial_gradient("L")  # 0 at the centre, 255 at the corners
_SHADOW: RGB = (10, 5, 32)


class Canvas:
    """
    A square picture whose corners are (−1, −1), top left, and (1, 1).

    Shapes are given in the coordinates of the current placement (see `place`); widths scale with it.
    """

    def __init__(self, top: RGB, bottom: RGB) -> None:
        """A canvas with a vertical gradient for a ground."""
        size = (_SIDE, _SIDE)
        self._image = Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), _DOWN)
        self._draw = ImageDraw.Draw(self._image)
        self.place()

    def place(
        self, x: float = 0.0, y: float = 0.0, scale: float = 1.0, rotation: float = 0.0, mirror: float = 1.0
    ) -> None:
        """Sets where (0, 0) lies, the scale, the turn (radians, clockwise) and x's factor (−1 mirrors)."""
        cosine, sine = math.cos(rotation) * scale, math.sin(rotation) * scale
        self._matrix = (cosine * mirror, -sine, sine * mirror, cosine, x, y)
        self._scale = scale

    def polygon(self, outline: Sequence[Point], colour: RGB) -> None:
        """Fills an outline."""
        self._draw.polygon(self._pixels_of(outline), fill=colour)

    def ellipse(
        self, x: float, y: float, radius_x: float, radius_y: float, colour: RGB, rotation: float = 0.0
    ) -> None:
        """Fills an ellipse."""
        self.polygon(arc(x, y, radius_x, radius_y, rotation=rotation), colour)

    def disc(self, x: float, y: float, radius: float, colour: RGB) -> None:
        """Fills a circle."""
        self.ellipse(x, y, radius, radius, colour)

    def line(self, points: Sequence[Point], width: float, colour: RGB) -> None:
        """Draws a line with round ends and joints."""
        ends = self._pixels_of(points)
        pixels = max(1, round(width * self._scale * _SIDE / 2))
        self._draw.line(ends, fill=colour, width=pixels, joint="curve")
        for x, y in (ends[0], ends[-1]):
            self._draw.ellipse((x - pixels / 2, y - pixels / 2, x + pixels / 2, y + pixels / 2), fill=colour)

    def mask(self, *outlines: Sequence[Point]) -> Image.Image:
        """The union of outlines, as `inside`, `shade` and `shade_ball` take it."""
        mask = Image.new("L", (_SIDE, _SIDE), 0)
        draw = ImageDraw.Draw(mask)
        for outline in outlines:
            draw.polygon(self._pixels_of(outline), fill=255)
        return mask

    @contextmanager
    def inside(self, mask: Image.Image) -> Iterator[None]:
        """What is drawn meanwhile shows inside of the mask only."""
        whole = self._image
        self._image = whole.copy()
        self._draw = ImageDraw.Draw(self._image)
        yield
        whole.paste(self._image, (0, 0), mask)
        self._image = whole
        self._draw = ImageDraw.Draw(whole)

    def shade(self, mask: Image.Image, strength: float, towards: str = "bottom") -> None:
        """
        Darkens the mask's inside from nothing at one edge to `strength` (0–1) at the other: bottom, right or
        left.
        """
        bounds = mask.getbbox()
        if bounds is None:
            return
        gradient = {"bottom": _DOWN, "right": _RIGHT, "left": _LEFT}[towards]
        self._darken(
            mask, gradient.resize((bounds[2] - bounds[0], bounds[3] - bounds[1])), bounds[:2], 0, strength
        )

    def shade_ball(self, mask: Image.Image, strength: float, light: Point = (-0.3, -0.3)) -> None:
        """
        Darkens the mask's inside like a ball that is lit from `light`, in halves of its extent from its
        middle.
        """
        bounds = mask.getbbox()
        if bounds is None:
            return
        width, height = bounds[2] - bounds[0], bounds[3] - bounds[1]
        gradient = _OUTWARD.resize((int(width * 1.9), int(height * 1.9)))
        left = int(bounds[0] - width * 0.45 + light[0] * width / 2)
        top = int(bounds[1] - height * 0.45 + light[1] * height / 2)
        self._darken(mask, gradient, (left, top), 40, strength)

    def colour_at(self, x: float, y: float) -> RGB:
        """The colour at a point of the whole canvas, whatever the placement."""
        position = tuple(min(_SIDE - 1, max(0, int((1 + value) * _SIDE / 2))) for value in (x, y))
        red, green, blue = self._image.getpixel(position)
        return red, green, blue

    def pixels(self) -> np.ndarray:
        """The finished picture: uint8 [64, 64, 3]."""
        return np.asarray(self._image.reduce(_OVERSAMPLING))

    def _darken(
        self, mask: Image.Image, gradient: Image.Image, corner: tuple, threshold: int, strength: float
    ) -> None:
        shadow = Image.new("L", (_SIDE, _SIDE), 0)
        shadow.paste(gradient, corner)
        shadow = ImageChops.multiply(shadow, mask)
        shadow = shadow.point([int(max(0, value - threshold) * strength) for value in range(256)])
        self._image.paste(_SHADOW, (0, 0), shadow)

    def _pixels_of(self, points: Sequence[Point]) -> Outline:
        a, b, c, d, x, y = self._matrix
        half = _SIDE / 2
        return [((1 + a * u + b * v + x) * half, (1 + c * u + d * v + y) * half) for u, v in points]
