"""Human preference: blind pairs on a local page, votes in SQLite, win rates with intervals."""
