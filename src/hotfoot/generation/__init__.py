"""The product: load a model, plan a song, generate, stitch, edit, save."""
