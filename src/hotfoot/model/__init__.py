"""The diffusion transformer and what conditions it."""
