"""The masked autoregressive model with a diffusion head."""
