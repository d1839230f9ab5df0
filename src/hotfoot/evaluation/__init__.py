"""Metrics of dance that can be trusted: with chance levels, intervals and known answers.

numpy and scipy only. Everything is in seconds and body heights, whatever the frame rate, canvas and
skeleton. ``motion`` prepares poses; ``synchrony``, ``response``, ``body`` and ``realism`` measure;
``compat`` reproduces what other projects publish; ``protocol`` and ``report`` run and print it all.
"""
