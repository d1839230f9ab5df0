"""A reference pose from anything: a photo, a video's first good frame, a pose file, a figure."""

from pathlib import Path

from hotfoot.capture.estimators import PoseEstimator, make_estimator
from hotfoot.capture.people import is_photo, photo_pose, video_shots
from hotfoot.errors import PoseError
from hotfoot.pose.references import FIGURES, VIDEO_SUFFIXES, check_reference, load_reference
from hotfoot.pose.sequence import PoseSequence

_LONGEST_SIDE, _SEARCHED_S = 1280, 5.0


def open_reference(
    source: str | Path, estimator: PoseEstimator | None = None, skeleton: str = "body-18"
) -> PoseSequence:
    """One frame of a built-in figure, a pose file, a photo or a video.

    Of a video, the first frame of its first 5 seconds in which shoulders and hips are visible.
    Photos are larger than dance videos: their canvases, and videos', are scaled down to at most
    1280 pixels, with even sides.

    Args:
        source: name of a figure, or path.
        estimator: for photos and videos; MediaPipe by default.
        skeleton: of the result; points that the source lacks stay empty.

    Raises:
        PoseError: unknown, unreadable, nobody in it, or a body that cannot be danced by.
        DependencyError: a photo or video, and no estimator is installed.
    """
    path = Path(source)
    video = path.suffix.lower() in VIDEO_SUFFIXES
    if (str(source) in FIGURES and not path.exists()) or not (is_photo(path) or video):
        return load_reference(source, skeleton=skeleton)
    if not path.is_file():
        raise PoseError(f"no reference '{source}'", "Give the path of a photo or a pose file.")
    estimator = estimator or make_estimator("mediapipe")
    pose = _video_pose(path, estimator) if video else photo_pose(path, estimator)
    check_reference(pose, path.name)
    pose = pose.to_skeleton(skeleton)
    scale = min(1.0, _LONGEST_SIDE / max(pose.canvas))
    width, height = (max(2, 2 * round(side * scale / 2)) for side in pose.canvas)
    return pose.with_canvas((width, height))


def _video_pose(path: Path, estimator: PoseEstimator) -> PoseSequence:
    reason = PoseError(f"nobody is found in {path.name}", "Give a photo or a pose file.")
    for shot in video_shots(path, estimator, end_s=_SEARCHED_S):
        for i in range(len(shot.poses)):
            pose = shot.poses.frames(i, i + 1)
            try:
                check_reference(pose, path.name)
            except PoseError as error:
                reason = error
            else:
                return pose
    raise reason
