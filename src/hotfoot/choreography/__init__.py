"""A procedural choreographer: an analyzed song in, joints of a 3D body that dances to it out.

Data flows through ``counts`` (the song in phrases of eight counts), ``arrange`` (moves for each
phrase, by style, from the table in ``moves``), ``dynamics`` (how large each is danced), ``perform``
(a performer's key poses on beats), ``key_track`` and ``footwork`` (movement between them) to
``body`` (joints). What is danced is a ``phrases.Choreography``.
"""
