"""Everything that a model folder's ``config.json`` may say, checked field by field."""

from dataclasses import field
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from hotfoot.model.codec import CodecConfig
from hotfoot.model.network_config import NetworkConfig
from hotfoot.pose.skeletons import ModelSkeleton, get_skeleton
from hotfoot.timebase import FRAMES_PER_COLUMN
from hotfoot.validation import validated

SCHEMA: Final = 2  # of config.json, which this package writes and reads
Solver = Literal["euler", "midpoint", "heun"]
UNSTATED = "not stated"  # the license of weights of which nobody has said one
PostStep = Literal[
    "flicker", "smoothing", "loudness", "energy", "proportions", "in-frame", "beat-lock"
]  # fmt: skip
_Bins = Annotated[int, Field(ge=8, le=4096)]
_Sigma = Annotated[float, Field(ge=0, le=32)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Frames = Annotated[int, Field(ge=8, le=65_536, multiple_of=FRAMES_PER_COLUMN)]
_Name = Annotated[str, Field(min_length=1, max_length=200)]


@validated
class LineVAEConfig:
    """Shape of our VAE, which sees one coordinate channel at a time.

    Where ``linear``, latents are linear in the image (the patch embedding alone), coordinates are
    read out of them linearly, and the decoder begins with lines drawn where the read-out says; one
    row only. A diffusion model learns such latents fast, and sees movement in them.
    """

    bins: _Bins = 512
    fold: Annotated[int, Field(ge=1, le=4096)] = 64  # bins per latent row
    latent_channels: Annotated[int, Field(ge=1, le=256)] = 4  # per coordinate channel
    width: Annotated[int, Field(ge=8, le=4096, multiple_of=8)] = 96
    blocks: Annotated[int, Field(ge=0, le=64)] = 4  # in the encoder, and again in the decoder
    profile_sigma: _Sigma = 1.0  # of the lines that it was trained on, in bins
    linear: bool = False
    kind: Literal["lines"] = "lines"

    def __post_init__(self) -> None:
        if self.bins % self.fold:
            raise ValueError(f"fold {self.fold}: must divide the {self.bins} bins")
        if self.linear and self.fold != self.bins:
            raise ValueError(f"fold {self.fold}: a linear VAE has one row of {self.bins} bins")

    @property
    def rows(self) -> int:
        """Height of the latent grid."""
        return self.bins // self.fold


@validated
class RawConfig:
    """Coordinates as they are, the ablation of the one-hot image; bins and lines of its images."""

    bins: _Bins = 512
    profile_sigma: _Sigma = 1.0
    kind: Literal["raw"] = "raw"
    latent_channels: ClassVar[int] = 2 * FRAMES_PER_COLUMN  # positions, and whether they are seen
    rows: ClassVar[int] = 1


@validated
class PublishedVAEConfig:
    """A published image VAE, a class of ``diffusers`` or TAEF2; its weights stay where they are."""

    kind: Literal["AutoencoderKL", "AutoencoderTiny", "TAEF2"]
    source: _Name  # folder, also relative to the model's, or hub name
    stretch: Annotated[int, Field(ge=1, le=16)] = 3  # picture columns per frame


VAEConfig = Annotated[LineVAEConfig | RawConfig | PublishedVAEConfig, Field(discriminator="kind")]


@validated
class Sampling:
    """How a model likes to be sampled; options of a request override it.

    ``draft`` is the share of the way from noise to data that the choreographer's draft takes over:
    0 begins with noise alone, 1 keeps the draft. ``style_draft`` is the same where a style is asked
    for that only drafts know. What begins from noise alone is smoothed over time with a standard
    deviation of ``smoothing_s`` seconds, a draft alone with ``smoothing_draft_s`` (None: as from
    noise), in proportion between them: a network is rougher the less there is to lead it.
    """

    steps: Annotated[int, Field(ge=1, le=1000)] = 10
    guidance: Annotated[float, Field(ge=0, le=20)] = 1.0  # weight of the music; 1 is none
    shift: Annotated[float, Field(gt=0, le=100)] = 1.0  # above 1 for more steps near noise
    solver: Solver = "euler"
    draft: _Share = 0.0
    style_draft: _Share = 0.0
    smoothing_s: Annotated[float, Field(ge=0, le=2)] = 0.06
    smoothing_draft_s: Annotated[float, Field(ge=0, le=2)] | None = None
    # Repairs that run afterwards, in order.
    post: tuple[PostStep, ...] = ("flicker", "smoothing", "loudness", "proportions", "beat-lock")

    def smoothing(self, draft: float) -> float:
        """Seconds of smoothing for what begins from this much of a draft, 0 to 1."""
        led = self.smoothing_s if self.smoothing_draft_s is None else self.smoothing_draft_s
        return (1 - draft) * self.smoothing_s + draft * led


@validated(kw_only=True)
class GeneratorConfig:
    """What the pipeline asks of any generator."""

    name: _Name
    license: _Name = UNSTATED  # of the weights
    credits: tuple[str, ...] = ()  # whom to credit for the data that it was trained on
    skeleton: ModelSkeleton = "body-18"
    fps: Annotated[float, Field(ge=1, le=240)] = 30.0
    frames: _Frames = 256  # of a segment
    overlap: _Frames = 16  # known frames that a later segment begins with
    music: _Name = "spectral-1"  # the encoder
    sampling: Sampling = field(default_factory=Sampling)
    schema: Literal[2] = SCHEMA
    takes_initial_poses: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not self.overlap < self.frames:
            raise ValueError(f"overlap {self.overlap}: must be below frames, {self.frames}")

    @property
    def points(self) -> int:
        """Keypoints of the skeleton."""
        return len(get_skeleton(self.skeleton))

    @property
    def styles(self) -> tuple[str, ...]:
        """Styles that it is conditioned on."""
        return ()


@validated(kw_only=True)
class DiffusionConfig(GeneratorConfig):
    """A VAE and a transformer that generates its latents.

    With ``framing`` canvas, coordinates are shares of the canvas, with body of a square around the
    reference's body.
    """

    codec: CodecConfig
    vae: VAEConfig
    dit: NetworkConfig
    latent_mean: tuple[Annotated[float, Field(ge=-1e6, le=1e6)], ...]  # per channel of the VAE
    latent_std: tuple[Annotated[float, Field(gt=1e-6, le=1e6)], ...]
    reference: bool = True  # whether it is shown the static reference pose
    framing: Literal["canvas", "body"] = "canvas"
    kind: Literal["diffusion"] = "diffusion"
    takes_initial_poses: ClassVar[bool] = True

    def __post_init__(self) -> None:
        GeneratorConfig.__post_init__(self)
        mean, std = len(self.latent_mean), len(self.latent_std)
        if mean != std or not mean or self.dit.latent_channels % mean:
            raise ValueError(
                f"latent_mean and latent_std have {mean} and {std} numbers: expected one for each "
                "latent channel of the VAE"
            )
        if isinstance(self.vae, PublishedVAEConfig):
            return  # its shape is known when it is loaded
        shape = (2 * self.points * self.vae.latent_channels, self.vae.rows)
        if shape != (self.dit.latent_channels, self.dit.rows):
            raise ValueError(
                f"dit has latent_channels {self.dit.latent_channels} and rows {self.dit.rows}, the "
                f"VAE makes {shape[0]} and {shape[1]} of {self.skeleton}"
            )
        if self.vae.bins != self.codec.bins:
            raise ValueError(f"codec has {self.codec.bins} bins, the VAE {self.vae.bins}")

    @property
    def styles(self) -> tuple[str, ...]:
        """Styles that the transformer is conditioned on."""
        return self.dit.styles


@validated(kw_only=True)
class CodesConfig(GeneratorConfig):
    """Shape of the quantized-codes baseline (Bailando-style)."""

    music_width: Annotated[int, Field(ge=1, le=32_768)]
    codes: Annotated[int, Field(ge=2, le=65_536)] = 512  # entries of each codebook
    code_width: Annotated[int, Field(ge=1, le=4096)] = 64
    width: Annotated[int, Field(ge=1, le=8192)] = 192
    depth: Annotated[int, Field(ge=1, le=128)] = 6
    heads: Annotated[int, Field(ge=1, le=128)] = 3
    skeleton: Literal["body-18"] = "body-18"
    kind: Literal["codes"] = "codes"

    def __post_init__(self) -> None:
        GeneratorConfig.__post_init__(self)
        if self.width % self.heads:
            raise ValueError(f"width {self.width}: must be a multiple of heads, {self.heads}")


@validated(kw_only=True)
class RetrievalConfig(GeneratorConfig):
    """The baseline that joins real clips."""

    skeleton: Literal["body-18"] = "body-18"
    kind: Literal["retrieval"] = "retrieval"


AnyConfig = Annotated[DiffusionConfig | CodesConfig | RetrievalConfig, Field(discriminator="kind")]
