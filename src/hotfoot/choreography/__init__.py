"""A procedural dancer: a song's structure in, a 3D dance on its counts out."""
