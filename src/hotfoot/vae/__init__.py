"""Image VAEs of one-hot images, ours and published ones."""
