"""Other ways to dance, trained on the same data, to compare our model with.

Each has a ``config`` with what :func:`~hotfoot.dancer.dance.dance` asks of a model and a method
``dance_plan`` that gives poses; each lives in a model folder, so that every command takes it.
"""
