"""The autoencoder, the MAR model and its sampler."""

import unittest

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from tests.small_models import MAR, random_autoencoder, random_mar
from train.autoencoder.config import AutoencoderConfig
from train.autoencoder.linear_start import start_linear
from train.autoencoder.model import Autoencoder
from train.autoencoder.normalise import normalise
from train.mar.compiled import compile_mar
from train.mar.config import MAR_SIZES
from train.mar.diffusion_loss import DiffusionLoss
from train.mar.model import Mar
from train.mar.sample import Sampling, cosine_counts, sample
from train.mar.schedule import schedule
from train.pictures import signal_to_noise, to_tensor
from train.render import render
from train.training.device import has_bfloat16_units
from train.training.draw import Draw

CPU = torch.device("cpu")


class AutoencoderLatents(unittest.TestCase):
    def test_normalising_scales_channels_by_what_pixels_owe_them_and_keeps_the_pictures(self) -> None:
        model = random_autoencoder()
        with torch.no_grad():
            # Of the first channel four times as much reaches the pixels as would.
            model.post_quant_conv.weight[:, 0] *= 4
        pictures = torch.rand(12, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
        with torch.no_grad():
            mean, log_variance = model.encode(pictures)
            before = model.decode(mean)
            spread = (0.5 * log_variance).exp() / mean.std((0, 2, 3))[:, None, None]
            normalise(model, pictures)
            mean, log_variance = model.encode(pictures)
            after = model.decode(mean)
        deviation = mean.std((0, 2, 3))
        torch.testing.assert_close(mean.mean((0, 2, 3)), torch.zeros(6), atol=5e-3, rtol=0)
        self.assertAlmostEqual(float(deviation.square().mean()), 1, places=2)
        self.assertGreater(float(deviation[0]), 1.4 * float(deviation[1:].mean()))
        # The decoder's attention may round to bfloat16.
        torch.testing.assert_close(after, before, atol=3e-3, rtol=3e-3)
        relative = (0.5 * log_variance).exp() / deviation[:, None, None]
        torch.testing.assert_close(relative, spread, atol=3e-3, rtol=3e-3)


class LinearStart(unittest.TestCase):
    def test_an_untrained_autoencoder_codes_as_well_as_principal_components_do(self) -> None:
        pictures = to_tensor(np.stack([render(1, index).pixels for index in range(96)]))
        model = Autoencoder(AutoencoderConfig())
        start_linear(model, pictures)
        with torch.no_grad():
            mean, _ = model.encode(pictures)
            decoded = model.decode(mean)
        blocks = functional.pixel_unshuffle(pictures, 4).permute(0, 2, 3, 1).reshape(-1, 48)
        centred = blocks - blocks.mean(0)
        basis = torch.linalg.eigh(torch.cov(centred.T))[1][:, -16:]
        best = centred @ basis @ basis.T + blocks.mean(0)
        self.assertGreater(signal_to_noise(decoded, pictures), signal_to_noise(best, blocks) - 0.3)
        self.assertTrue(torch.allclose(mean.std((0, 2, 3)), torch.ones(16), atol=0.1))

    def test_a_layout_that_linear_codes_cannot_pass_is_refused(self) -> None:
        pictures = torch.zeros(1, 3, 32, 32)
        for config in (AutoencoderConfig(ch_mult=(1, 2)), AutoencoderConfig(z_channels=40)):
            with self.assertRaises(ValueError):
                start_linear(Autoencoder(config), pictures)


class Transformer(unittest.TestCase):
    def test_conditions_depend_on_known_tokens_and_the_class_alone(self) -> None:
        model = random_mar()
        tokens, other = torch.randn(
            2, 2, MAR.length, MAR.vae_embed_dim, generator=torch.Generator().manual_seed(1)
        )
        known = torch.tensor([[3, 7], [0, 15]])
        mixed = other.clone()
        for row in range(2):
            mixed[row, known[row]] = tokens[row, known[row]]
        with torch.no_grad():
            condition = model.class_condition(torch.tensor([1, 2]))
            z = model.conditions(tokens, condition, known)
            self.assertTrue(torch.equal(z, model.conditions(mixed, condition, known)))
            self.assertFalse(torch.allclose(z, model.conditions(other, condition, known)))
            self.assertFalse(torch.allclose(z, model.conditions(tokens, condition.flip(0), known)))

    @unittest.skipUnless(has_bfloat16_units(CPU), "models are compiled on CPUs with AMX only")
    def test_compiling_changes_no_condition_and_no_gradient(self) -> None:
        plain, compiled = random_mar(), random_mar()
        compile_mar(compiled)
        tokens = torch.randn(2, MAR.length, MAR.vae_embed_dim, generator=torch.Generator().manual_seed(1))
        for known_count in (1, 5, 12):
            known = torch.arange(known_count).repeat(2, 1)
            found = []
            for model in (plain, compiled):
                model.zero_grad()
                z = model.conditions(tokens, model.class_condition(torch.tensor([1, 2])), known)
                out = model.diffloss.net(tokens[0], torch.arange(MAR.length), z[0])
                (z.sin().sum() + out.sin().sum()).backward()
                gradients = [value.grad for value in model.parameters() if value.grad is not None]
                found.append([z, out, *gradients])
            for expected, actual in zip(*found, strict=True):
                # Attention rounds to bfloat16, elsewhere where it is fused.
                scale = float(expected.detach().abs().max())
                torch.testing.assert_close(actual, expected, atol=0.01 * scale, rtol=0)

    def test_no_size_is_over_ten_million_parameters(self) -> None:
        for name, config in MAR_SIZES.items():
            self.assertLessEqual(sum(value.numel() for value in Mar(config).parameters()), 10_000_000, name)


class Noise(unittest.TestCase):
    def test_fewer_steps_keep_the_levels_of_the_timesteps_they_stand_for(self) -> None:
        full = schedule()
        for steps in (1, 2, 10, 50, 1000):
            fewer = schedule(steps)
            np.testing.assert_allclose(fewer.signal, full.signal[fewer.timesteps])
            np.testing.assert_allclose(fewer.signal**2 + fewer.noise**2, 1)
            self.assertEqual(len(fewer.timesteps), steps)

    def test_the_posterior_of_two_levels_is_that_of_jointly_normal_variables(self) -> None:
        s = schedule(20)
        for step in range(1, 20):
            kept = s.signal[step] / s.signal[step - 1]
            added = 1 - kept**2
            precision = 1 / s.noise[step - 1] ** 2 + kept**2 / added
            self.assertAlmostEqual(np.exp(s.smallest_log_variance[step]) * precision, 1)
            self.assertAlmostEqual(
                s.posterior_start[step], s.signal[step - 1] / s.noise[step - 1] ** 2 / precision
            )
            self.assertAlmostEqual(s.posterior_noisy[step], kept / added / precision)

    def test_the_loss_of_a_head_that_knows_the_noise_is_its_bound_alone(self) -> None:
        loss = DiffusionLoss(MAR)
        tokens = torch.randn(500, MAR.vae_embed_dim)

        class Knowing(nn.Module):
            def forward(self, x: torch.Tensor, timesteps: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
                signal, noise = loss.table[timesteps][..., :1], loss.table[timesteps][..., 1:2]
                # v = −1: the smallest variance, which is the posterior's own.
                return torch.cat([(x - signal * tokens) / noise, torch.full_like(x, -1.0)], dim=-1)

        loss.net = Knowing()
        _, figures = loss(tokens, torch.zeros(500, 32), 3, Draw(0, 0, 0, 1, CPU))
        self.assertLess(float(figures["epsilon"]), 1e-4)
        # Whatever is left comes from the few tokens at step 0, whose likelihood is very high.
        self.assertLess(float(figures["bound"]), 1e-3)


class Sampler(unittest.TestCase):
    def test_every_token_is_counted_once(self) -> None:
        for length, steps in ((256, 64), (256, 256), (256, 1), (16, 9)):
            counts = cosine_counts(length, steps)
            self.assertEqual((sum(counts), len(counts), min(counts) > 0), (length, steps, True))
            self.assertLessEqual(counts[0], counts[-1])

    def test_a_head_that_knows_the_token_gives_it_whatever_the_steps(self) -> None:
        model = random_mar()
        goal = torch.linspace(-2, 2, MAR.vae_embed_dim)

        class Knowing(nn.Module):
            def forward(self, x: torch.Tensor, timesteps: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
                full = schedule()
                signal = torch.from_numpy(full.signal).float()[timesteps][:, None]
                noise = torch.from_numpy(full.noise).float()[timesteps][:, None]
                return torch.cat([(x - signal * goal) / noise, torch.zeros_like(x)], dim=1)

        model.diffloss.net = Knowing()
        for steps, head_steps in ((1, 10), (4, 25), (16, 3)):
            tokens = sample(model, torch.tensor([0, 5]), Sampling(steps, head_steps, guidance=2), seed=1)
            torch.testing.assert_close(tokens, goal.expand_as(tokens), atol=1e-3, rtol=1e-3)

    def test_no_x0_exceeds_its_channels_limit(self) -> None:
        limits = [0.1 * (1 + channel) for channel in range(MAR.vae_embed_dim)]
        tokens = sample(random_mar(), torch.tensor([0, 5]), Sampling(4, 10, limits=limits), seed=1)
        self.assertTrue(bool((tokens.abs() <= torch.tensor(limits) + 1e-5).all()))


if __name__ == "__main__":
    unittest.main()
