"""Damage and distances."""

import unittest

import numpy as np
import torch

from train.judge.damage import DAMAGES, blur, damage, swap_tokens
from train.judge.distance import frechet_distance, kernel_distance
from train.pictures import to_tensor
from train.render import render
from train.training.draw import Draw

CPU = torch.device("cpu")


def pictures(count: int) -> torch.Tensor:
    return to_tensor(np.stack([render(9, index).pixels for index in range(count)]))


class Damage(unittest.TestCase):
    def test_every_kind_but_none_changes_a_picture(self) -> None:
        intact = pictures(12)
        for kind, name in enumerate(DAMAGES):
            damaged, amounts = damage(intact, torch.full((12,), kind), Draw(0, 0, 0, 1, CPU))
            named = {place for _, place in amounts.nonzero().tolist()}
            self.assertEqual(named, {kind} if kind else set())
            changed = (damaged != intact).flatten(1).any(1)
            # A swap in a plain sky may change nothing.
            self.assertTrue(changed.sum() >= 9 if name != "none" else not changed.any(), name)
            self.assertLessEqual(float(damaged.abs().max()), 1)

    def test_a_wider_blur_takes_more_contrast(self) -> None:
        intact = pictures(12)
        contrasts = [
            float(blur(intact, torch.full((12,), sigma)).diff(dim=3).abs().mean())
            for sigma in (0.01, 0.5, 1, 2)
        ]
        self.assertEqual(contrasts, sorted(contrasts, reverse=True))
        torch.testing.assert_close(blur(intact, torch.full((12,), 0.01)), intact, atol=1e-5, rtol=0)

    def test_swapping_tokens_moves_pixels_and_alters_none(self) -> None:
        intact = pictures(2)
        swapped = swap_tokens(intact, torch.tensor([0, 16]), Draw(0, 0, 0, 1, CPU))
        self.assertTrue(torch.equal(swapped[0], intact[0]))
        self.assertFalse(torch.equal(swapped[1], intact[1]))
        self.assertTrue(
            torch.equal(swapped[1].flatten(1).sort(1).values, intact[1].flatten(1).sort(1).values)
        )


class Distances(unittest.TestCase):
    def test_the_frechet_distance_of_normal_samples_is_what_their_moments_say(self) -> None:
        rng = np.random.Generator(np.random.PCG64(1))
        first = rng.normal(size=(4000, 3))
        second = rng.normal(size=(4000, 3)) * [1, 2, 1] + [0, 0, 3]
        # Squared distance of means 9, and (1 − 2)² for the deviations.
        self.assertAlmostEqual(frechet_distance(first, second), 10, delta=0.3)
        self.assertAlmostEqual(frechet_distance(first, first), 0, places=6)

    def test_the_kernel_distance_of_samples_of_one_distribution_is_zero_on_average(self) -> None:
        rng = np.random.Generator(np.random.PCG64(2))
        distances = [kernel_distance(rng.normal(size=(100, 4)), rng.normal(size=(80, 4))) for _ in range(40)]
        self.assertLess(abs(np.mean(distances)), 3 * np.std(distances) / np.sqrt(len(distances)))
        self.assertGreater(
            kernel_distance(rng.normal(size=(100, 4)), rng.normal(size=(100, 4)) + 1), max(distances)
        )


if __name__ == "__main__":
    unittest.main()
