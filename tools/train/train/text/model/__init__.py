"""The text-to-image model: a text encoder of its own, and a masked autoregressive model in LightGen's form."""
