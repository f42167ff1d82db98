"""The embedded text-to-image model: composed scenes, captions, and a model in LightGen's form."""
