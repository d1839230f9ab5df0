"""Figures, videos, sheets, and folders for pose-to-video tools."""
