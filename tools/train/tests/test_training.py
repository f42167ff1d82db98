"""The training loop: plans, data order, averages, workers, and exact resumption."""

import tempfile
import threading
import unittest
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from tests.small_models import MAR, RandomLatents
from train.mar.model import Mar
from train.mar.training import MarLoss, masked_count
from train.training.average import Average
from train.training.checkpoint import load_average, load_checkpoint, load_fitting
from train.training.draw import Draw
from train.training.loop import Files, Limits, TrainingDivergedError, train
from train.training.muon import Muon, orthogonalised
from train.training.plan import Plan
from train.training.products import Linear, attend
from train.training.workers import Exchange

CPU = torch.device("cpu")


class Resumption(unittest.TestCase):
    def test_two_steps_and_two_more_after_a_restart_equal_four_steps_bit_by_bit(self) -> None:
        plan = Plan(
            batch=8, learning_rate=1e-2, steps=4, weight_decay=0.1, average_decay=0.9, muon_from=24, seed=11
        )
        with tempfile.TemporaryDirectory() as folder:

            def run(name: str, *stops: int) -> dict:
                path = Path(folder) / f"{name}.pt"
                for stop in stops:
                    # Other weights after the first start: they must come from the checkpoint.
                    torch.manual_seed(5 if not path.exists() else 99)
                    loss = MarLoss(RandomLatents(), plan.batch, 2)
                    train(
                        Mar(MAR),
                        loss,
                        plan,
                        Files(path),
                        settings={},
                        device=CPU,
                        limits=Limits(stop_after=stop),
                    )
                return load_checkpoint(path)

            whole, resumed = run("whole", 4), run("resumed", 2, 4)
        self.assertEqual(whole["step"], resumed["step"])
        for part in ("weights", "average"):
            for name, value in whole[part].items():
                self.assertTrue(torch.equal(value, resumed[part][name]), f"{part} {name}")
        kept = zip(whole["optimizer"]["parts"], resumed["optimizer"]["parts"], strict=True)
        for part, (before, after) in enumerate(kept):
            self.assertGreater(len(before["state"]), 0)
            for index, state in before["state"].items():
                for name, value in state.items():
                    self.assertTrue(torch.equal(value, after["state"][index][name]), f"{part} {index} {name}")

    def test_a_model_takes_over_the_weights_that_fit_and_keeps_its_own_where_none_do(self) -> None:
        torch.manual_seed(1)
        source = Mar(replace(MAR, vae_embed_dim=5)).state_dict()
        model = Mar(MAR)
        own = {name: value.clone() for name, value in model.state_dict().items()}
        taken = load_fitting(model, {**source, "unknown": torch.zeros(1)})
        self.assertIn("encoder_blocks.0.mlp.fc1.weight", taken)
        self.assertNotIn("z_proj.weight", taken)
        for name, value in model.state_dict().items():
            self.assertTrue(torch.equal(value, source[name] if name in taken else own[name]), name)

    def test_training_lowers_the_loss_of_a_task_that_can_be_learnt(self) -> None:
        target = torch.randn(8, 4, generator=torch.Generator().manual_seed(0))

        def loss(model: nn.Module, draw: Draw):
            x = draw.normal(32, 8)
            return (model(x) - x @ target).square().mean(), {}

        with tempfile.TemporaryDirectory() as folder:
            files = Files(Path(folder) / "linear.pt")
            torch.manual_seed(0)
            model = Linear(8, 4)
            before = float(loss(model, Draw(1, 0, 0, 1, CPU))[0])
            plan = Plan(batch=32, learning_rate=0.05, steps=200, average_decay=0.9)
            self.assertTrue(train(model, loss, plan, files, settings={}, device=CPU))
            load_average(model, load_checkpoint(files.checkpoint))
            self.assertLess(float(loss(model, Draw(1, 0, 0, 1, CPU))[0]), before / 100)

    def test_orthogonalising_brings_singular_values_to_about_one_and_keeps_the_directions(self) -> None:
        matrix = torch.randn(24, 40, generator=torch.Generator().manual_seed(0))
        for each in (matrix, matrix.T):
            left, _, right = torch.linalg.svd(each, full_matrices=False)
            found = left.T @ orthogonalised(each) @ right.T
            self.assertLess(float((found.diagonal() - 1).abs().max()), 0.4)
            self.assertLess(float((found - found.diagonal().diag()).abs().max()), 0.05)

    def test_a_matrix_that_a_step_does_not_reach_goes_on_by_its_momentum(self) -> None:
        matrix = nn.Parameter(torch.randn(6, 4, generator=torch.Generator().manual_seed(0)))
        optimizer = Muon([matrix], lr=0.1)
        for gradient in (torch.ones(6, 4), None, None):
            before = matrix.detach().clone()
            matrix.grad = gradient
            optimizer.step()
            self.assertGreater(float((matrix - before).abs().max()), 0)

    def test_a_loss_that_is_no_number_ends_the_training_with_an_error(self) -> None:
        def loss(model: nn.Module, draw: Draw):
            return model(draw.normal(4, 2)).sum() * float("nan"), {}

        with tempfile.TemporaryDirectory() as folder:
            files = Files(Path(folder) / "broken.pt")
            with self.assertRaises(TrainingDivergedError):
                limits = Limits(log_seconds=0)
                train(
                    Linear(2, 2), loss, Plan(4, 0.1, steps=3), files, settings={}, device=CPU, limits=limits
                )
            self.assertFalse(files.checkpoint.exists())


class DataOrder(unittest.TestCase):
    def test_an_epoch_sees_every_sample_once_whatever_the_number_of_workers(self) -> None:
        for workers in (1, 2):
            seen = [
                Draw(4, step, worker, workers, CPU).samples(8, 40)
                for step in range(5)
                for worker in range(workers)
            ]
            self.assertEqual(sorted(np.concatenate(seen)), list(range(40)))

    def test_a_batch_that_spans_two_epochs_goes_on_in_the_next_order(self) -> None:
        seen = np.concatenate([Draw(4, step, 0, 1, CPU).samples(6, 10) for step in range(5)])
        for epoch in range(3):
            self.assertEqual(sorted(seen[10 * epoch : 10 * epoch + 10]), list(range(10)))
        self.assertNotEqual(list(seen[:10]), list(seen[10:20]))

    def test_workers_share_the_masked_count_but_no_noise(self) -> None:
        first, second = Draw(4, 3, 0, 2, CPU), Draw(4, 3, 1, 2, CPU)
        self.assertEqual(masked_count(256, first.shared), masked_count(256, second.shared))
        self.assertFalse(torch.equal(first.normal(8), second.normal(8)))

    def test_as_many_tokens_are_masked_as_at_a_random_moment_of_sampling(self) -> None:
        counts = [masked_count(256, Draw(1, step, 0, 1, CPU).shared) for step in range(2000)]
        self.assertTrue(all(16 <= count <= 256 for count in counts))
        # The mean of cos(πu/2).
        self.assertAlmostEqual(np.mean(counts) / 256, 2 / np.pi, delta=0.02)


class Plans(unittest.TestCase):
    def test_the_rate_rises_then_falls_to_its_floor(self) -> None:
        plan = Plan(batch=1, learning_rate=2.0, steps=1000, warmup=0.1, floor=0.05)
        rates = [plan.rate(plan.progress(step, 0)) for step in range(1001)]
        self.assertAlmostEqual(max(rates), 2.0)
        self.assertEqual(rates.index(max(rates)), 100)
        self.assertEqual(rates[100:], sorted(rates[100:], reverse=True))
        self.assertAlmostEqual(rates[-1], 0.1)

    def test_steps_or_minutes_end_a_plan_whichever_come_first(self) -> None:
        plan = Plan(batch=1, learning_rate=1, steps=10, minutes=2)
        self.assertEqual(plan.progress(5, 0), 0.5)
        self.assertEqual(plan.progress(5, 1.5), 0.75)
        self.assertEqual(plan.progress(20, 0), 1)

    def test_the_average_of_constant_weights_is_those_weights(self) -> None:
        model = Linear(3, 2)
        average = Average(model, 0.9)
        for step in range(1, 5):
            average.update(step)
        torch.testing.assert_close(average.weights["weight"], model.weight.detach())


class Workers(unittest.TestCase):
    def test_workers_end_with_the_same_mean_gradient(self) -> None:
        exchange = Exchange(2, 6)
        models = [Linear(2, 2), Linear(2, 2)]

        def work(worker: int) -> None:
            for value in models[worker].parameters():
                value.grad = torch.full_like(value, float(worker + 1))
            exchange.average(worker, list(models[worker].parameters()))

        threads = [threading.Thread(target=work, args=(worker,)) for worker in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for model in models:
            for value in model.parameters():
                self.assertTrue(torch.equal(value.grad, torch.full_like(value, 1.5)))


class Products(unittest.TestCase):
    def test_linear_equals_the_plain_product_for_any_number_of_rows(self) -> None:
        torch.manual_seed(0)
        layer = Linear(24, 10)
        for shape in ((1, 24), (15, 24), (16, 24), (3, 7, 24), (1000, 24)):
            x = torch.randn(shape, dtype=torch.float64)
            expected = x @ layer.weight.double().t() + layer.bias.double()
            torch.testing.assert_close(layer(x.float()).double(), expected, atol=1e-5, rtol=1e-5)

    def test_attention_is_the_softmax_of_scaled_products_to_bfloat16(self) -> None:
        torch.manual_seed(0)
        queries, keys, values = torch.randn(3, 2, 3, 20, 16)
        weights = torch.softmax(queries @ keys.transpose(2, 3) / 4, dim=3)
        torch.testing.assert_close(attend(queries, keys, values), weights @ values, atol=0.03, rtol=0.03)


if __name__ == "__main__":
    unittest.main()
