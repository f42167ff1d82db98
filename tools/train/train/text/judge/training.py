"""Training of the judge of scenes."""

from __future__ import annotations

from random import Random

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ...judge.damage import DAMAGES, alter_unseen, damage
from ...judge.model import layout_of
from ...pictures import to_tensor
from ...training.draw import Draw
from ..scene.backgrounds import BACKGROUNDS
from ..scene.render import render_scene
from ..scene.scene import Scene, scene_at
from ..scene.sprites import Sprites
from .detect import Found, cell_targets
from .model import SceneJudge

_LAYOUT_WEIGHT = 2.0
_AMOUNT_WEIGHT = 20.0
_SIZE_WEIGHT = 1e-4
_PRESENT_WEIGHT = 60.0


def items_of(scene: Scene) -> list[Found]:
    """What is to be found in a scene."""
    return [Found(item.thing, item.colour, item.size, *item.cell) for item in scene.items]


class SceneJudgeLoss:
    """
    Things, backgrounds, damage and layout at once, in scenes that are rendered as they are asked for. Things are
    learnt in the first three quarters of a batch, whose pictures are altered as an eye hardly sees; the others are
    damaged. The judge is a ruler, not a pupil: it learns held-out combinations too.
    """

    def __init__(self, sprites: Sprites, seed: int, batch: int) -> None:
        """`seed`: of scenes that nothing else sees."""
        self._sprites = sprites
        self._seed = seed
        self._batch = batch

    def __call__(self, model: nn.Module, draw: Draw) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        assert isinstance(model, SceneJudge)
        share = self._batch // draw.workers
        first = draw.step * self._batch + draw.worker * share
        scenes = [
            scene_at(self._seed, index, self._sprites, held_out=Random(index).random() < 0.3)
            for index in range(first, first + share)
        ]
        pixels = np.stack(
            [render_scene(scene, self._sprites, self._seed, index) for index, scene in enumerate(scenes, first)]
        )
        pictures = to_tensor(pixels).to(draw.device)
        whole = share - share // 4
        kinds = torch.zeros(share, dtype=torch.int64, device=draw.device)
        kinds[whole:] = draw.integers(len(DAMAGES) - 1, share - whole) + 1
        damaged, amounts = damage(pictures, kinds, draw)
        findings = model(alter_unseen(damaged, draw))

        targets = cell_targets([items_of(scene) for scene in scenes[:whole]])
        targets = {name: value.to(draw.device) for name, value in targets.items()}
        picture, row, column = targets["places"].unbind(1)
        present_loss = _PRESENT_WEIGHT * _focal(findings.present[:whole], targets["present"])
        parts = {
            name: F.cross_entropy(getattr(findings, name)[picture, :, row, column], targets[name])
            for name in ("classes", "colours", "sizes")
        }
        backgrounds = torch.tensor([BACKGROUNDS.index(scene.background) for scene in scenes], device=draw.device)
        background_loss = F.cross_entropy(findings.backgrounds[:whole], backgrounds[:whole])
        damage_loss = F.cross_entropy(findings.damages, kinds)
        layout_loss = F.mse_loss(findings.layout, layout_of(damaged))
        amount_loss = F.mse_loss(findings.amounts, amounts)
        loss = present_loss + sum(parts.values()) + background_loss + damage_loss
        loss = loss + _LAYOUT_WEIGHT * layout_loss + _AMOUNT_WEIGHT * amount_loss
        loss = loss + _SIZE_WEIGHT * findings.features.square().mean()
        right = {
            name: (getattr(findings, name)[picture, :, row, column].argmax(1) == targets[name]).float().mean()
            for name in ("classes", "colours")
        }
        figures = {"present": present_loss.detach(), **right}
        return loss, {**figures, "damage": (findings.damages.argmax(1) == kinds).float().mean()}


def _focal(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross-entropy that leaves alone what is clear already (arXiv 1708.02002): most cells are clearly empty."""
    entropy = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return ((1 - (-entropy).exp()).square() * entropy).mean()
