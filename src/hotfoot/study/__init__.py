"""Human preference: blind pairs on a local page, votes in SQLite, win rates with intervals.

``pairs`` chooses what is shown, ``votes`` stores and counts, ``server`` is the page.
"""
