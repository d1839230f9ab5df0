"""Metrics of dance that can be trusted: with chance levels, intervals and known answers.

numpy and scipy only. Everything is in seconds and body heights, whatever the frame rate, canvas and
skeleton. ``motion`` prepares poses; ``synchrony``, ``response``, ``body``, ``realism`` and others
measure; ``measures`` puts one dance together, ``summary`` a set, ``report`` prints it; ``dances``
and ``video`` do all that for files; ``published`` reproduces what other projects compute.
"""
