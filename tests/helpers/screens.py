"""Videos of painted people, for tests of what reads videos."""

from fractions import Fraction

import av
import cv2
import numpy as np

from tests.helpers.networks import colors

SIZE = 320

# COCO-17 of somebody who stands, in pixels of a picture of 320.
STANDING = np.array(
    [(160, 60), (166, 54), (154, 54), (172, 58), (148, 58), (190, 95), (130, 95), (205, 135),
     (115, 135), (210, 175), (110, 175), (178, 180), (142, 180), (180, 235), (140, 235), (182, 290),
     (138, 290)],
    np.float32,
)  # fmt: skip


def swaying(frames, fps=25.0, bpm=120.0):
    """COCO-17 [T, 17, 2]: the upper body sways by 30 pixels, arms go up and down."""
    t = np.arange(frames) / fps
    out = np.repeat(STANDING[None], frames, 0)
    side = 30 * np.sin(np.pi * t * bpm / 60)
    out[:, :11, 0] += side[:, None]
    out[:, 11:13, 0] += 0.5 * side[:, None]
    out[:, [9, 10], 1] -= (40 + 40 * np.sin(np.pi * t * bpm / 60))[:, None]
    return out


def painted(points, background=0):
    """A picture with a dot in each joint's color."""
    picture = np.full((SIZE, SIZE, 3), background, np.uint8)
    for (x, y), color in zip(points, colors(), strict=True):
        cv2.circle(picture, (round(float(x)), round(float(y))), 5, [int(v) for v in color], -1)
    return picture


def save_video(path, pictures, fps=25, samples=None, rate=24000, late_s=0.0, at=None):
    """Lossless pictures, and mono samples in -1..1 if given, which begin ``late_s`` later.

    ``at`` gives the pictures' times, in whole frames.
    """
    with av.open(str(path), "w") as container:
        video = container.add_stream("ffv1", rate=fps)
        video.width, video.height, video.pix_fmt = (
            pictures[0].shape[1],
            pictures[0].shape[0],
            "bgr0",
        )
        sound = container.add_stream("pcm_s16le", rate=rate) if samples is not None else None
        if sound is not None:
            sound.layout = "mono"
        for i, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="bgr0")
            frame.pts, frame.time_base = (i if at is None else at[i]), Fraction(1, fps)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if sound is not None:
            data = (np.clip(samples, -1, 1) * 32767).astype(np.int16)[None]
            for begin in range(0, data.shape[1], 4096):
                part = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(data[:, begin : begin + 4096]), format="s16", layout="mono"
                )
                part.sample_rate, part.pts = rate, begin + round(late_s * rate)
                part.time_base = Fraction(1, rate)
                container.mux(sound.encode(part))
            container.mux(sound.encode(None))
