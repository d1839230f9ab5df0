"""Metrics of dance that can be trusted: with chance levels, intervals and known answers.

Everything is in seconds and body heights, whatever the frame rate, canvas and skeleton.
"""
