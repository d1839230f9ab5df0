from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfoot.pose.framing import SPAN, Framing, body_framing, completed, kept_inside
from hotfoot.pose.references import figure_pose

SHARES = st.floats(0.05, 0.95)


@given(
    center=st.tuples(SHARES, SHARES), size=st.tuples(SHARES, SHARES), at=st.tuples(SHARES, SHARES)
)
def test_a_framing_is_undone_and_holds_what_lies_beyond_at_its_edge(center, size, at):
    framing = Framing(center, size)
    inside = np.array([at], np.float32)
    np.testing.assert_allclose(framing.into(framing.out_of(inside)), inside, atol=1e-5)
    beyond = np.array([[center[0] + size[0], center[1] - size[1]]], np.float32)
    np.testing.assert_allclose(framing.into(beyond), [[1, 0]], atol=1e-6)
    assert Framing().into(inside) is inside


def test_the_square_of_a_body_is_around_its_hips_and_measures_its_trunk_and_leg():
    pose = figure_pose("average")
    k = pose.keypoints[0].astype(float)
    hips = (k[8] + k[11]) / 2
    legs = np.linalg.norm(k[8] - k[9]) + np.linalg.norm(k[9] - k[10])
    framing = body_framing(pose)
    np.testing.assert_allclose(framing.center * np.array(pose.canvas), hips, rtol=1e-5)
    side = SPAN * (np.linalg.norm(k[1] - hips) + legs)
    np.testing.assert_allclose(framing.size * np.array(pose.canvas), side, rtol=1e-5)


@pytest.mark.parametrize("hidden", [(9, 10, 12, 13), (1,), (3, 4, 6, 7)])
def test_a_body_that_is_cut_off_has_nearly_the_square_of_the_whole_one(hidden):
    pose = figure_pose("average")
    cut = replace(pose, confidence=pose.confidence * ~np.isin(np.arange(18), hidden))
    whole, part = np.array(body_framing(pose).size), np.array(body_framing(cut).size)
    assert (part <= whole + 1e-6).all()
    assert (part >= 0.85 * whole).all()


def test_unseen_joints_are_where_the_average_figure_has_them():
    pose = figure_pose("average")
    hidden = replace(pose, confidence=pose.confidence * ~np.isin(np.arange(18), (4, 14)))
    full = completed(hidden)
    assert (full.confidence == 1).all()
    np.testing.assert_allclose(full.keypoints, pose.keypoints, atol=0.01)


def test_a_body_comes_back_before_it_leaves_the_picture():
    t = np.arange(300)
    xy = np.full((300, 18, 2), 0.5, np.float32)
    xy[..., 0] += 0.7 * np.sin(t / 40)[:, None] + np.linspace(-0.02, 0.02, 18)
    xy[:, 4, 0] = 3.0  # not seen
    shown = np.arange(18) != 4
    out = kept_inside(xy, shown, 30.0)
    assert out[:, shown, 0].min() > 0
    assert out[:, shown, 0].max() < 1
    still = np.full((300, 18, 2), 0.5, np.float32)
    np.testing.assert_array_equal(kept_inside(still, shown, 30.0), still)
