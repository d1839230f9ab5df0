"""A procedural choreographer: an analyzed song in, joints of a 3D body that dances to it out.

Data flows through ``counts`` (the song in phrases of eight counts), ``arrange`` (moves for each
phrase, by ``styles``, from the table in ``moves``), ``dynamics`` (how large each is danced),
``key_track`` (key poses on beats), ``footwork`` and ``perform`` (movement between them, as a
``performer`` moves) to ``body`` (joints). What is danced is a ``phrases.Choreography``.
"""
