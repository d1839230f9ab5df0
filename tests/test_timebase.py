import pytest

from hotfoot.timebase import FRAMES_PER_COLUMN, frames_in


@pytest.mark.parametrize(
    ("seconds", "fps", "frames"),
    [(10, 30, 300), (0.01, 30, 1), (0, 30, 1), (10.02, 30, 301), (1.25, 2, 3), (10, 23.976, 240)],
)
def test_frames_are_rounded_and_at_least_one(seconds, fps, frames):
    assert frames_in(seconds, fps) == frames


def test_a_column_is_eight_frames():
    assert FRAMES_PER_COLUMN == 8
