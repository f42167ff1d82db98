"""The text model's steps from nothing to a packed model; each leaves alone what is complete."""
