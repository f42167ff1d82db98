"""Renders, trains, judges and packs the embedded model."""
