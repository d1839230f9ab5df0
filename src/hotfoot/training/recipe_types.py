"""What training recipes say, field by field; every number has bounds."""

from dataclasses import asdict, field, replace
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from hotfoot.data.samples import DataFormat
from hotfoot.data.styles import STYLES
from hotfoot.model.codec import CodecConfig, Decoding
from hotfoot.model.config import LineVAEConfig, Sampling
from hotfoot.model.network_config import DiTConfig, EdgeConfig, preset
from hotfoot.music.encoders import get_encoder
from hotfoot.timebase import FRAMES_PER_COLUMN
from hotfoot.validation import validated

_Count = Annotated[int, Field(ge=1, le=65_536)]
_Steps = Annotated[int, Field(ge=1, le=100_000_000)]
_Rate = Annotated[float, Field(gt=0, lt=1)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Noise = Annotated[float, Field(ge=0, le=10)]
_Seed = Annotated[int, Field(ge=0, lt=2**31)]
_Frames = Annotated[int, Field(ge=16, le=4096, multiple_of=FRAMES_PER_COLUMN)]
_Shards = Annotated[int, Field(ge=1, le=100_000)]
_Weight = Annotated[float, Field(ge=0, le=1e3)]
_Songs = Annotated[int, Field(ge=0, le=10_000)]
_Name = Annotated[str, Field(min_length=1, max_length=200)]


def _known_styles(styles: tuple[str, ...]) -> tuple[str, ...]:
    wrong = [s for s in styles if s not in STYLES]
    if wrong or len(set(styles)) != len(styles):
        raise ValueError(f"each once, of: {', '.join(STYLES)}")
    return styles


def _given(changes: Any) -> dict[str, Any]:
    return {k: v for k, v in asdict(changes).items() if v is not None}


@validated(kw_only=True)
class CodecChanges:
    """Fields of :class:`CodecConfig` that differ from the VAE's own; None for those that do not.

    How lines are drawn (profile_sigma, polarity, value_range) is free for published VAEs only;
    ours draw what they were trained on.
    """

    profile_sigma: Annotated[float, Field(ge=0, le=32)] | None = None
    polarity: Literal["light", "dark"] | None = None
    value_range: tuple[float, float] | None = None
    # Stiffer than for detected poses: a generated column holds more than one place.
    decoding: Decoding | None = "lattice"
    motion_penalty: _Weight | None = 0.03
    motion_band: Annotated[int, Field(ge=1, le=4096)] | None = 32
    visible_above: Annotated[float, Field(gt=0, lt=1)] | None = None
    confidence_from: Literal["window", "column"] | None = None

    def apply(self, codec: CodecConfig) -> CodecConfig:
        """The codec with these changes."""
        return replace(codec, **_given(self))


@validated(kw_only=True)
class NetworkChanges:
    """Fields of :class:`DiTConfig` that differ from the preset's; None for the others."""

    width: _Count | None = None
    depth: Annotated[int, Field(ge=1, le=128)] | None = None
    heads: _Count | None = None
    kv_heads: _Count | None = None
    mlp_width: _Count | None = None
    patch_rows: _Count | None = None  # height of a pose token in rows of the latent grid
    rope_axes: tuple[_Count, _Count, _Count] | None = None
    rope_theta: Annotated[float, Field(gt=1, le=1e9)] | None = None
    time_shared: bool | None = None
    refiners: Annotated[int, Field(ge=0, le=16)] | None = None
    prediction: Literal["velocity", "data"] | None = None
    embed_hidden: Annotated[int, Field(ge=0, le=65_536)] | None = None
    music_beside: bool | None = None
    music_modulates: bool | None = None
    joint_adaln: bool | None = None
    timestep_width: _Count | None = None

    def apply(self, config: DiTConfig) -> DiTConfig:
        """The configuration with these changes."""
        changes = _given(self)
        if "patch_rows" in changes:
            changes["patch"] = (changes.pop("patch_rows"), config.patch[1])
        if self.time_shared is False:
            changes = {"music_beside": False, "music_modulates": False, **changes}
        return replace(config, **changes)


@validated(kw_only=True)
class VAERecipe(DataFormat):
    """How a VAE is trained."""

    vae: LineVAEConfig = field(  # shape of the network
        default_factory=lambda: LineVAEConfig(fold=512, latent_channels=8, blocks=3, linear=True)
    )
    steps: _Steps = 2000
    lines: _Count = 112  # coordinate channels per step
    frames: _Frames = 64  # length of a line
    learning_rate: _Rate = 2e-3  # peak; cosine to a hundredth
    kl_weight: _Weight = 1e-4
    still: _Share = 0.15  # share of lines that end in a repeated value, as reference images do
    clean: _Share = 0.4  # share of views without detector noise
    fast: _Share = 0.2  # share of lines picked by their speed; fast limbs are rare and hard
    posterior_noise: _Noise = 1.0  # factor on the noise that the posterior puts on latents
    framed: _Share = 0.57  # share of views in the square of the body; the rest are on canvases
    read_weight: _Weight = 30.0  # of the error of a linear VAE's read-out
    # Share of lines whose latents get more noise than the posterior's, 0.003 to 0.1, so that the
    # decoder forgives what a diffusion model gets wrong in fine latents.
    robust: _Share = 0.4
    decoder_only: bool = False  # keep the encoder, so that latents made with it stay valid
    seed: _Seed = 0  # of data and weights

    def __post_init__(self) -> None:
        if self.framed and self.skeleton != "body-18":
            raise ValueError("framed: the square of a body is known for skeleton body-18 only")


@validated(kw_only=True)
class VAESource:
    """A model whose VAE is used, a folder of ``hotfoot train vae``, a published VAE, or ``raw``."""

    source: _Name = "default"
    kind: Literal["AutoencoderKL", "AutoencoderTiny"] | None = None  # needed on the hub only
    stretch: Annotated[int, Field(ge=1, le=16)] = 3  # picture columns per frame, if published


@validated(kw_only=True)
class DiffusionRecipe(DataFormat):
    """How a dance transformer is trained, on what, and what the model is called."""

    name: _Name = "my-model"
    license: Annotated[str, Field(max_length=200)] = ""  # what the data's forbid is added
    credits: tuple[_Name, ...] = ()  # beside the data's
    vae: VAESource = field(default_factory=VAESource)
    codec: CodecChanges = field(
        default_factory=lambda: CodecChanges(
            decoding="soft-argmax", motion_penalty=None, motion_band=None
        )
    )
    sampling: Sampling = field(  # how the model likes to be sampled
        default_factory=lambda: Sampling(
            steps=16,
            guidance=3.0,
            shift=4.0,
            draft=0.6,
            style_draft=0.7,
            smoothing_s=0.02,
            smoothing_draft_s=0.02,
            post=("flicker", "smoothing", "energy", "proportions", "in-frame"),
        )
    )
    # Coordinates are shares of the canvas, or of a square around the reference's body.
    framing: Literal["canvas", "body"] = "body"
    preset: Literal["debug", "light", "mini", "small", "base", "edge", "paper"] = "light"
    network: NetworkChanges = field(default_factory=NetworkChanges)  # of the preset
    reference: bool = True  # show the static pose; without it only known frames show the body
    confidence: Literal["binary", "values"] = "binary"  # of keypoints: 0 and 1, or as in the data
    # Styles that the network is conditioned on; a sample has its own, or none.
    styles: Annotated[tuple[str, ...], AfterValidator(_known_styles)] = ()
    energy: bool = False  # whether it is conditioned on a sample's size of movement
    condition_dropout: _Share = 0.3  # chance that a sample's style, and that its energy, is dropped
    music_dropout: _Share = 0.25  # chance that a sample's music is dropped (paper: 0.3)
    # Whole songs that are danced in advance; samples are drawn from these again and again, each by
    # another body before another camera. 0 makes each sample anew.
    dances: Annotated[int, Field(ge=0, le=1_000_000)] = 2000
    procedural: _Share = 0.35  # share danced by the choreographer; the rest is retimed real motion
    composed: _Songs = 60  # songs that are composed besides the user's, for all tempi
    frames: _Frames = 256  # per sample, and per segment of a dance
    # Known frames that a later segment begins with.
    overlap: Annotated[int, Field(ge=8, le=4096, multiple_of=FRAMES_PER_COLUMN)] = 16
    shards: _Shards = 224  # how many are made
    shard_size: _Count = 256  # samples in each
    shards_ahead: _Shards = 24  # that exist before training begins
    steps: _Steps = 7500
    batch: _Count = 16  # samples per step
    learning_rate: _Rate = 7e-4  # peak; cosine to a hundredth
    warmup: Annotated[int, Field(ge=0, le=1_000_000)] = 100  # steps
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.999  # decay of the averaged weights
    # Mean and spread of the logit-normal times; which move is danced is decided above 0.95.
    time_mean: Annotated[float, Field(ge=-5, le=5)] = 1.6
    time_std: Annotated[float, Field(gt=0, le=5)] = 1.3
    time_floor: Annotated[float, Field(ge=0.01, le=1)] = 0.3  # errors weigh 1 / max(t, it) squared
    # Of errors that are read out of a linear VAE's latents: of frame differences, without which a
    # network hardly hears the music, and of bones.
    velocity_weight: _Weight = 1.0
    bone_weight: _Weight = 1.0
    latent_power: _Share = 0.5  # how far fine latents are scaled up: 1 to unit variance, 0 not
    music_noise: _Noise = 0.2  # on music tokens' spectrum (standard deviation), to not memorize it
    seed: _Seed = 0  # of data, weights and noise

    def __post_init__(self) -> None:
        if self.overlap >= self.frames:
            raise ValueError(f"overlap {self.overlap}: must be below frames, {self.frames}")
        if self.framing == "body" and self.skeleton != "body-18":
            raise ValueError(f"framing body knows body-18 alone, skeleton is {self.skeleton}")
        if self.bone_weight and self.skeleton != "body-18":
            raise ValueError("bone_weight: bones are those of body-18; set it to 0")
        if self.preset == "edge" and self.vae.source != "raw":
            raise ValueError(
                "preset edge dances raw coordinates: set vae.source=raw (--vae raw on the command "
                "line)"
            )
        if self.preset == "edge" and (_given(self.network) or self.styles or self.energy):
            raise ValueError("preset edge has no network changes, styles or energy")

    @property
    def reads_movement(self) -> bool:
        """Whether anything is read out of latents in training."""
        return self.velocity_weight > 0 or self.bone_weight > 0

    def network_config(self, latent_channels: int, rows: int) -> DiTConfig | EdgeConfig:
        """The network's configuration for a latent grid."""
        config = preset(self.preset, latent_channels, rows, get_encoder(self.music).width)
        if config.kind == "edge":
            return config
        return replace(self.network.apply(config), styles=self.styles, energy=self.energy)


@validated(kw_only=True)
class CodesRecipe:
    """How the baseline of quantized poses is trained; it knows BODY_18 at 30 fps only."""

    composed: _Songs = 60  # songs that are composed besides the user's
    frames: _Frames = 256  # per sample
    shards: _Shards = 10  # of samples
    shard_size: _Count = 256  # samples in each
    vq_steps: _Steps = 600  # for each codebook
    steps: _Steps = 1200  # for the transformer
    batch: _Count = 32  # samples per step
    learning_rate: _Rate = 6e-4  # of the transformer
    seed: _Seed = 2  # of data and weights
