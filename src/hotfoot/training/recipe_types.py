"""What training recipes say, field by field; every number has bounds."""

from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from hotfoot.data.samples import DataFormat
from hotfoot.data.styles import STYLES
from hotfoot.model.config import LineVAEConfig, Sampling
from hotfoot.model.network_config import DiTConfig, EdgeConfig, preset
from hotfoot.timebase import FRAMES_PER_COLUMN
from hotfoot.training.recipe_changes import CodecChanges, NetworkChanges, given
from hotfoot.validation import validated

_Steps = Annotated[int, Field(ge=1, le=100_000_000)]
_Rate = Annotated[float, Field(gt=0, lt=1)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Seed = Annotated[int, Field(ge=0, lt=2**31)]
_Frames = Annotated[int, Field(ge=16, le=4096, multiple_of=FRAMES_PER_COLUMN)]
_Batch = Annotated[int, Field(ge=1, le=65_536)]
_Shards = Annotated[int, Field(ge=1, le=100_000)]
_Weight = Annotated[float, Field(ge=0, le=1e3)]
_Songs = Annotated[int, Field(ge=0, le=10_000)]
_Name = Annotated[str, Field(min_length=1, max_length=200)]


def _known_styles(styles: tuple[str, ...]) -> tuple[str, ...]:
    wrong = [s for s in styles if s not in STYLES]
    if wrong or len(set(styles)) != len(styles):
        raise ValueError(f"each once, of: {', '.join(STYLES)}")
    return styles


@validated
@dataclass(frozen=True, kw_only=True)
class VAERecipe(DataFormat):
    """How a VAE is trained.

    Attributes:
        vae: shape of the network.
        steps: optimizer steps.
        lines: coordinate channels per step.
        frames: length of a line.
        learning_rate: peak; cosine to a hundredth.
        kl_weight: weight of the KL term.
        still: share of lines that end in a repeated value, as reference images do.
        clean: share of views without detector noise.
        fast: share of lines that are picked by their speed; fast limbs are rare and hard.
        posterior_noise: factor on the noise that the posterior puts on latents.
        framed: share of views in the square of the body; the rest are on canvases.
        read_weight: weight of the error of a linear VAE's read-out.
        robust: share of lines whose latents get more noise than the posterior's, 0.003 to 0.1, so
            that the decoder forgives what a diffusion model gets wrong in fine latents.
        decoder_only: keep the encoder, so that latents made with it stay valid.
        seed: of data and weights.
    """

    vae: LineVAEConfig = field(
        default_factory=lambda: LineVAEConfig(fold=512, latent_channels=8, blocks=3, linear=True)
    )
    steps: _Steps = 2000
    lines: _Batch = 112
    frames: _Frames = 64
    learning_rate: _Rate = 2e-3
    kl_weight: _Weight = 1e-4
    still: _Share = 0.15
    clean: _Share = 0.4
    fast: _Share = 0.2
    posterior_noise: Annotated[float, Field(ge=0, le=10)] = 1.0
    framed: _Share = 0.57
    read_weight: _Weight = 30.0
    robust: _Share = 0.4
    decoder_only: bool = False
    seed: _Seed = 0

    def __post_init__(self) -> None:
        if self.framed and self.skeleton != "body-18":
            raise ValueError("framed: the square of a body is known for skeleton body-18 only")


@validated
@dataclass(frozen=True, kw_only=True)
class VAESource:
    """Where a trained VAE is.

    Attributes:
        source: a model whose VAE is used, a folder of ``hotfoot train vae``, a published VAE's
            folder or hub name, or ``raw`` (coordinates as they are).
        kind: class of ``diffusers`` of a VAE on the hub; folders say it themselves.
        stretch: picture columns per frame, for published VAEs.
    """

    source: _Name = "default"
    kind: Literal["AutoencoderKL", "AutoencoderTiny"] | None = None
    stretch: Annotated[int, Field(ge=1, le=16)] = 3


@validated
@dataclass(frozen=True, kw_only=True)
class DiffusionRecipe(DataFormat):
    """How a dance transformer is trained, on what, and what the model is called.

    Attributes:
        name: of the model.
        license: of its weights; what the data's licenses forbid is added.
        credits: whom to credit, beside the data's.
        vae: that encodes poses.
        codec: how poses are drawn and decoded, where it differs from the VAE's own.
        preset: shape of the network.
        network: changes of the preset.
        reference: show the static reference pose; without it only known frames show the body.
        confidence: of keypoints: 0 and 1, or values in 0..1 as the data has them.
        framing: coordinates are shares of the canvas, or of a square around the reference's body
            (body-18 only).
        sampling: how the model likes to be sampled.
        styles: that the network is conditioned on; a sample has its own, or none.
        energy: whether it is conditioned on a sample's size of movement.
        condition_dropout: chance that a sample's style, and that its energy, is dropped.
        music_dropout: chance that a sample's music is dropped (paper: 0.3).
        dances: how many whole songs are danced in advance; samples are then drawn from these
            again and again, each by another body before another camera. 0 makes each sample anew.
        procedural: share of samples danced by the choreographer; the rest is retimed real motion.
        composed: songs that are composed besides the user's, for all tempi.
        frames: per sample, and per segment of a dance; a multiple of 8.
        overlap: known frames that a later segment begins with; a multiple of 8.
        shards: how many shards of samples are made.
        shard_size: samples per shard.
        shards_ahead: shards that exist before training begins.
        steps: optimizer steps.
        batch: samples per step.
        learning_rate: peak; cosine to a hundredth.
        warmup: steps.
        ema: decay of the averaged weights.
        time_mean: mean of the logit-normal times; which move is danced is decided above 0.95.
        time_std: their standard deviation.
        time_floor: errors weigh 1 / max(t, time_floor) squared.
        velocity_weight: of the error of frame differences, which is read out of a linear VAE's
            latents; without it a network hardly hears the music.
        bone_weight: of the error of bones, read out likewise.
        latent_power: how far fine latents are scaled up: 1 to unit variance, 0 not at all.
        music_noise: standard deviation of noise on music tokens' spectrum, against memorizing.
        seed: of data, weights and noise.
    """

    name: _Name = "my-model"
    license: Annotated[str, Field(max_length=200)] = ""
    credits: tuple[_Name, ...] = ()
    vae: VAESource = field(default_factory=VAESource)
    codec: CodecChanges = field(
        default_factory=lambda: CodecChanges(
            decoding="soft-argmax", motion_penalty=None, motion_band=None
        )
    )
    sampling: Sampling = field(
        default_factory=lambda: Sampling(
            steps=16,
            guidance=1.75,
            shift=4.0,
            style_draft=0.7,
            smoothing_s=0.02,
            smoothing_draft_s=0.02,
            post=("flicker", "smoothing", "energy", "proportions", "in-frame"),
        )
    )
    framing: Literal["canvas", "body"] = "body"
    preset: Literal["debug", "light", "mini", "small", "base", "edge", "paper"] = "light"
    network: NetworkChanges = field(default_factory=NetworkChanges)
    reference: bool = True
    confidence: Literal["binary", "values"] = "binary"
    styles: Annotated[tuple[str, ...], AfterValidator(_known_styles)] = ()
    energy: bool = False
    condition_dropout: _Share = 0.3
    music_dropout: _Share = 0.25
    dances: Annotated[int, Field(ge=0, le=1_000_000)] = 2000
    procedural: _Share = 0.35
    composed: _Songs = 60
    frames: _Frames = 256
    overlap: Annotated[int, Field(ge=8, le=4096, multiple_of=FRAMES_PER_COLUMN)] = 16
    shards: _Shards = 224
    shard_size: Annotated[int, Field(ge=1, le=65_536)] = 256
    shards_ahead: _Shards = 24
    steps: _Steps = 7500
    batch: _Batch = 16
    learning_rate: _Rate = 7e-4
    warmup: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.999
    time_mean: Annotated[float, Field(ge=-5, le=5)] = 1.6
    time_std: Annotated[float, Field(gt=0, le=5)] = 1.3
    time_floor: Annotated[float, Field(ge=0.01, le=1)] = 0.3
    velocity_weight: _Weight = 1.0
    bone_weight: _Weight = 1.0
    latent_power: _Share = 0.5
    music_noise: Annotated[float, Field(ge=0, le=10)] = 0.2
    seed: _Seed = 0

    def __post_init__(self) -> None:
        if not self.overlap < self.frames:
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
        if self.preset == "edge" and (given(self.network) or self.styles or self.energy):
            raise ValueError("preset edge has no network changes, styles or energy")

    @property
    def reads_movement(self) -> bool:
        """Whether anything is read out of latents in training."""
        return self.velocity_weight > 0 or self.bone_weight > 0

    def network_config(
        self, latent_channels: int, rows: int, music_width: int
    ) -> DiTConfig | EdgeConfig:
        """The network's configuration for a latent grid and a music encoder."""
        config = preset(self.preset, latent_channels, rows, music_width)
        if config.kind == "edge":
            return config
        return replace(self.network.apply(config), styles=self.styles, energy=self.energy)


@validated
@dataclass(frozen=True, kw_only=True)
class CodesRecipe:
    """How the baseline of quantized poses is trained; it knows BODY_18 at 30 fps only.

    Attributes:
        composed: songs that are composed besides the user's.
        frames: per sample.
        shards: of samples.
        shard_size: samples per shard.
        vq_steps: for each codebook.
        steps: for the transformer.
        batch: samples per step.
        learning_rate: of the transformer.
        seed: of data and weights.
    """

    composed: _Songs = 60
    frames: _Frames = 256
    shards: _Shards = 10
    shard_size: Annotated[int, Field(ge=1, le=65_536)] = 256
    vq_steps: _Steps = 600
    steps: _Steps = 1200
    batch: _Batch = 32
    learning_rate: _Rate = 6e-4
    seed: _Seed = 2
