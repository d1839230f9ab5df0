"""Recipes, shards and the training loop."""
