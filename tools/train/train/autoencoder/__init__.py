"""The KL autoencoder between pictures and latents."""
