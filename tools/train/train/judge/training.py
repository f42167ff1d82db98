"""Training of the judge."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ..pictures import PictureBatches, labels_of
from ..training.draw import Draw
from .damage import DAMAGES, alter_unseen, damage
from .model import Judge, layout_of

_DAMAGED = 0.5
_LAYOUT_WEIGHT = 2.0
_AMOUNT_WEIGHT = 20.0
_SIZE_WEIGHT = 1e-4


class JudgeLoss:
    """
    Class, kind and amount of damage and layout at once. Half of the pictures are damaged, all are altered
    unseen.
    """

    def __init__(self, pictures: PictureBatches, batch: int) -> None:
        self._pictures = pictures
        self._batch = batch
        self._labels = labels_of(pictures.size)

    def __call__(self, model: nn.Module, draw: Draw) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        assert isinstance(model, Judge)
        indices = draw.samples(self._batch, self._pictures.size)
        # By class, so that joined halves are mostly of one class.
        indices = indices[np.argsort(self._labels[indices], kind="stable")]
        labels = torch.from_numpy(self._labels[indices]).to(draw.device)
        pictures = self._pictures(indices, draw.uniform(len(indices)) < 0.5)
        kinds = torch.where(
            draw.uniform(len(indices)) < _DAMAGED, draw.integers(len(DAMAGES) - 1, len(indices)) + 1, 0
        )
        damaged, amounts = damage(pictures, kinds, draw)
        judgement = model(alter_unseen(damaged, draw))
        class_loss = F.cross_entropy(judgement.classes.float(), labels)
        damage_loss = F.cross_entropy(judgement.damages.float(), kinds)
        layout_loss = F.mse_loss(judgement.layout.float(), layout_of(damaged))
        amount_loss = F.mse_loss(judgement.amounts.float(), amounts)
        size = judgement.features.float().square().mean()
        seen = _LAYOUT_WEIGHT * layout_loss + _AMOUNT_WEIGHT * amount_loss
        loss = class_loss + damage_loss + seen + _SIZE_WEIGHT * size
        return loss, {
            "class": (judgement.classes.argmax(1) == labels).float().mean(),
            "damage": (judgement.damages.argmax(1) == kinds).float().mean(),
            "layout": layout_loss.detach(),
            "amount": amount_loss.detach(),
        }
