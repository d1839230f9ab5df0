"""Votes in SQLite, and win rates with intervals."""

import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from scipy.stats import binomtest

from hotfoot.errors import InputError, raising
from hotfoot.files import make_folder
from hotfoot.study.pairs import Pair

ASPECTS = {
    "rhythm": "Which one dances better to the rhythm?",
    "plausibility": "Which one moves more like a real body?",
    "realism": "Which one looks more like a real dancer?",
    "structure": "Which one follows the song better: its sections, its quiet and loud parts?",
}
CHOICES = ("first", "second", "same")
_MUST_PASS = 0.75
_COLUMNS = "rater, dance, first, second, is_check, aspect, choice"
Row = tuple[str, str, str, str, int, str, str]
"""Rater, dance, first, second, whether it is an attention check, aspect, choice."""


class Votes:
    """A file of votes. Safe for several raters at once; a rater's second vote replaces the first.

    InputError if the file is there and is something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        make_folder(path.parent)
        message = f"{path.name} is not a file of votes"
        with raising(InputError, sqlite3.DatabaseError, message, "Give another name."):
            with closing(sqlite3.connect(self.path, timeout=20)) as db, db:
                db.execute(
                    "CREATE TABLE IF NOT EXISTS votes (rater TEXT, dance TEXT, first TEXT,"
                    " second TEXT, is_check INTEGER, aspect TEXT, choice TEXT,"
                    " at TEXT DEFAULT CURRENT_TIMESTAMP,"
                    " PRIMARY KEY (rater, dance, first, second, is_check, aspect))"
                )
            self.rows()

    def add(self, rater: str, pair: Pair, answers: dict[str, str]) -> None:
        """Store a rater's answers about a pair, all or none.

        InputError if an aspect is missing or unknown, or a choice is.
        """
        if set(answers) != set(ASPECTS) or not set(answers.values()) <= set(CHOICES):
            raise InputError("a vote needs one choice for every aspect", f"{', '.join(CHOICES)}.")
        first, second = sorted((pair.first, pair.second))
        if first != pair.first:
            other = {"first": "second", "second": "first", "same": "same"}
            answers = {aspect: other[choice] for aspect, choice in answers.items()}
        shown = (rater, pair.name, first, second, int(pair.check))
        with closing(sqlite3.connect(self.path, timeout=20)) as db, db:
            db.executemany(
                f"INSERT OR REPLACE INTO votes ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(*shown, *answer) for answer in answers.items()],
            )

    def rows(self) -> list[Row]:
        """Everything."""
        with closing(sqlite3.connect(self.path, timeout=20)) as db, db:
            return list(db.execute(f"SELECT {_COLUMNS} FROM votes ORDER BY rater, dance, aspect"))


@dataclass(frozen=True)
class WinRate:
    """How often one model was preferred to another in one aspect.

    ``same`` counts as half a win for either; the interval (Wilson, 95 %) and the p-value (two-sided
    binomial) leave such votes out.
    """

    first: str
    second: str
    aspect: str
    rate: float
    low: float
    high: float
    p: float
    wins: int
    losses: int
    same: int


def attentive(rows: list[Row]) -> set[str]:
    """Raters who preferred the whole dance to the broken one in three quarters of the checks.

    Raters who were shown no check count as attentive.
    """
    right: dict[str, list[bool]] = defaultdict(list)
    for rater, *_, check, _, choice in rows:
        right[rater] += [choice == "first"] if check else []
    return {r for r, found in right.items() if sum(found) >= _MUST_PASS * len(found)}


def win_rates(rows: list[Row]) -> list[WinRate]:
    """Win rates per pair of models and aspect, votes of inattentive raters left out."""
    good = attentive(rows)
    counts: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for rater, _, first, second, check, aspect, choice in rows:
        if not check and rater in good:
            counts[first, second, aspect][choice] += 1
    out = []
    for compared, count in sorted(counts.items()):
        wins, losses, same = (count[c] for c in CHOICES)
        low, high, p = 0.0, 1.0, 1.0
        if wins + losses:
            test = binomtest(wins, wins + losses)
            low, high = map(float, test.proportion_ci(method="wilson"))
            p = float(test.pvalue)
        rate = (wins + same / 2) / (wins + losses + same)
        out.append(WinRate(*compared, rate, low, high, p, wins, losses, same))
    return out
