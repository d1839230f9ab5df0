import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from hotfoot.choreography.body import ANKLE_HEIGHT, INDEX, center_of_mass
from hotfoot.choreography.moves import LIBRARY
from hotfoot.pose.skeletons import get_skeleton
from tests.helpers.dancers import dance_alone

COCO = get_skeleton("coco-17").index
ANKLES = [COCO["left_ankle"], COCO["right_ankle"]]


@pytest.mark.parametrize("move", LIBRARY, ids=lambda m: m.name)
def test_one_foot_stands_still_unless_both_are_in_the_air(move):
    ankles = dance_alone(move.name)[0][:, ANKLES]
    speed = np.linalg.norm(np.diff(ankles[..., [0, 2]], axis=0), axis=-1) * 60
    low = ankles[1:, :, 1] < ANKLE_HEIGHT + 0.012
    standing = np.where(low, speed, np.inf).min(axis=1)
    on_floor = low.any(axis=1)
    jumps = move.keys[:, INDEX["hop"]].any()
    assert on_floor.mean() > (0.25 if jumps else 0.6)
    share = (standing[on_floor] < 0.08).mean()
    assert share > (0.6 if move.slides else 0.85), share


@pytest.mark.parametrize("name", ["lunge freeze", "touch the floor", "step touch", "point high"])
def test_the_center_of_mass_stays_over_the_feet(name):
    joints, _ = dance_alone(name)
    slow = gaussian_filter1d(center_of_mass(joints), 12, axis=0)[:, [0, 2]]
    ankles = joints[:, ANKLES][:, :, [0, 2]]
    low, high = ankles.min(axis=1) - 0.08, ankles.max(axis=1) + np.array([0.08, 0.2])
    outside = np.maximum(low - slow, 0) + np.maximum(slow - high, 0)
    assert outside.max() < 0.06


def test_the_center_of_mass_of_a_person_who_stands_is_in_the_belly():
    joints, _ = dance_alone("bounce", seconds=1.0)
    x, y, z = center_of_mass(joints).mean(axis=0)
    assert abs(x) < 0.02
    assert 0.85 < y < 1.1
    assert abs(z) < 0.08
    moved = center_of_mass(joints + np.float32(1)) - center_of_mass(joints)
    np.testing.assert_allclose(moved, 1, atol=1e-5)
