import numpy as np
import pytest

from hotfoot.pose.camera import Camera, seen_from_ahead, turned
from tests.helpers.clips import dancer


def test_a_meter_at_the_origin_is_a_meter_and_half_as_long_twice_as_far():
    points = np.array([[[0, 1, 0], [1, 1, 0], [1, 2, -4]]], np.float32)
    picture = Camera(distance_m=4.0, height_m=1.0).project(points)
    np.testing.assert_allclose(picture[0], [[0, 0], [1, 0], [0.5, -0.5]], atol=1e-6)


def test_a_quarter_turn_brings_the_side_to_the_front():
    points = np.array([[[-1, 2, 0], [0, 2, 1]]], np.float32)
    np.testing.assert_allclose(turned(points, np.pi / 2)[0], [[0, 2, 1], [1, 2, 0]], atol=1e-6)
    np.testing.assert_allclose(turned(turned(points, 0.7), -0.7), points, atol=1e-6)


def test_roll_turns_the_picture():
    points = np.array([[[1, 1, 0], [0.3, 2, -1]]], np.float32)
    level = Camera(3.0, 1.0).project(points)
    tilted = Camera(3.0, 1.0, roll=0.4).project(points)
    angle = np.arctan2(tilted[..., 1], tilted[..., 0]) - np.arctan2(level[..., 1], level[..., 0])
    np.testing.assert_allclose(angle, 0.4, atol=1e-5)
    np.testing.assert_allclose(
        np.linalg.norm(tilted, axis=-1), np.linalg.norm(level, axis=-1), rtol=1e-6
    )


@pytest.mark.parametrize(("yaw", "hidden"), [(0.0, []), (np.pi, [0, 1, 2]), (np.pi / 2, [1, 3])])
def test_a_head_hides_what_is_behind_it(yaw, hidden):
    seen = seen_from_ahead(turned(dancer(0.2).joints, yaw))[0]
    assert np.flatnonzero(seen[:5] == 0).tolist() == hidden
