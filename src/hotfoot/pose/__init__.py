"""Skeletons, pose sequences, and pose files."""
