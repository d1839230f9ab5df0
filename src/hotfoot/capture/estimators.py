"""Third-party pose estimators by name."""

from pathlib import Path

from hotfoot.capture.blazepose import MediaPipe
from hotfoot.capture.dwpose import DWPose
from hotfoot.capture.interface import PoseEstimator
from hotfoot.errors import OptionError

ESTIMATORS = ("mediapipe", "dwpose")
CAPTURED_SKELETONS = ("body-18", "body-hands-60")


def make_estimator(
    name: str, weights: Path | None = None, device: str = "cpu", skeleton: str = "body-18"
) -> PoseEstimator:
    """An estimator by name.

    Args:
        name: one of :data:`ESTIMATORS`.
        weights: for dwpose, a folder with a YOLOX and a DWPose (or RTMPose) ``.onnx`` file.
        device: cpu or cuda, for dwpose.
        skeleton: one of :data:`CAPTURED_SKELETONS`; hands need dwpose's whole-body network.

    Raises:
        OptionError: unknown name or skeleton, or an estimator without hands.
        DependencyError: the library behind it is missing.
        InputError: no weights, or a network without hands.
    """
    if name not in ESTIMATORS:
        raise OptionError(f"unknown estimator '{name}'", f"Known: {', '.join(ESTIMATORS)}.")
    if skeleton not in CAPTURED_SKELETONS:
        raise OptionError(f"skeleton '{skeleton}'", f"Allowed: {', '.join(CAPTURED_SKELETONS)}.")
    if name == "dwpose":
        return DWPose(weights, device, skeleton)
    if skeleton != "body-18":
        raise OptionError("mediapipe does not find hands", "Use the estimator dwpose.")
    return MediaPipe()
