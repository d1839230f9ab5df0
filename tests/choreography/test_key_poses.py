import numpy as np

from hotfoot.choreography.body import CHANNELS, INDEX, neutral
from hotfoot.choreography.key_poses import FAMILIES, mirrored
from hotfoot.choreography.moves import LIBRARY, find


def test_there_are_forty_moves_in_every_family():
    assert len(LIBRARY) >= 40
    assert len({move.name for move in LIBRARY}) == len(LIBRARY)
    families = [move.family for move in LIBRARY]
    assert min(families.count(family) for family in FAMILIES) >= 5
    assert set(families) == set(FAMILIES)


def test_the_other_side_is_the_mirror_image():
    rest = neutral()
    np.testing.assert_array_equal(mirrored(rest), rest)
    keys = find("disco point").keys
    np.testing.assert_allclose(mirrored(mirrored(keys)), keys)
    turned = mirrored(keys)
    assert turned[0, INDEX["ly"]] == keys[0, INDEX["ry"]]
    assert turned[0, INDEX["look"]] == -keys[0, INDEX["look"]]
    assert len(CHANNELS) == keys.shape[1]


def test_what_moves_in_depth_is_danced_at_an_angle():
    """The angle turns path, feet and body together."""
    walk = find("walk ahead")
    yaw, path = walk.keys[:, INDEX["yaw"]], walk.keys[:, [INDEX["sx"], INDEX["sz"]]]
    np.testing.assert_allclose(yaw, 0.4)
    far = path[np.linalg.norm(path, axis=1) > 0.2]
    assert len(far) > 2
    np.testing.assert_allclose(np.arctan2(far[:, 0], far[:, 1]), 0.4, atol=1e-9)
    assert find("body wave").keys[0, INDEX["yaw"]] > 0.5
    assert find("grapevine").keys[0, INDEX["yaw"]] == 0
