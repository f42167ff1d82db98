"""Pictures of twelve classes at 64×64, drawn from random parameters that are returned with them."""

from .canvas import SIZE
from .picture import CLASS_NAMES, Picture, render

__all__ = ["CLASS_NAMES", "SIZE", "Picture", "render"]
