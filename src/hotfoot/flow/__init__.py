"""Rectified flow: path, schedules, guidance, solvers."""
