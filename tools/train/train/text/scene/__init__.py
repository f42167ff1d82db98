"""Scenes composed of Fluent 3-D emoji, with captions and everything that is known of them."""
