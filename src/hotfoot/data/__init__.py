"""Training data from motion and music: clips, cameras, pairing, segments."""
