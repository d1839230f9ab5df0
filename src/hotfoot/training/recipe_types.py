"""What training recipes say, field by field; every number has bounds."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from hotfoot.data.samples import DataFormat
from hotfoot.data.styles import STYLES
from hotfoot.model.codec import CodecConfig, Decoding
from hotfoot.model.config import LineVAEConfig, Sampling
from hotfoot.model.network_config import DiTConfig, EdgeConfig, preset
from hotfoot.timebase import FRAMES_PER_COLUMN
from hotfoot.validation import validated

_Steps = Annotated[int, Field(ge=1, le=100_000_000)]
_Rate = Annotated[float, Field(gt=0, lt=1)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Seed = Annotated[int, Field(ge=0, lt=2**31)]
_Frames = Annotated[int, Field(ge=16, le=4096, multiple_of=FRAMES_PER_COLUMN)]
_Batch = Annotated[int, Field(ge=1, le=65_536)]
_Shards = Annotated[int, Field(ge=1, le=100_000)]
_Count = Annotated[int, Field(ge=1, le=65_536)]
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
        decoder_only: keep the encoder, so that latents made with it stay valid.
        seed: of data and weights.
    """

    vae: LineVAEConfig = field(default_factory=LineVAEConfig)
    steps: _Steps = 3000
    lines: _Batch = 64
    frames: _Frames = 64
    learning_rate: _Rate = 2e-3
    kl_weight: Annotated[float, Field(ge=0, le=1e3)] = 1e-2
    still: _Share = 0.25
    clean: _Share = 0.0
    fast: _Share = 0.0
    posterior_noise: Annotated[float, Field(ge=0, le=10)] = 1.0
    decoder_only: bool = False
    seed: _Seed = 0


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
    motion_penalty: Annotated[float, Field(ge=0, le=1e3)] | None = 0.03
    motion_band: Annotated[int, Field(ge=1, le=4096)] | None = 32
    visible_above: Annotated[float, Field(gt=0, lt=1)] | None = None
    confidence_from: Literal["window", "column"] | None = None

    def apply(self, codec: CodecConfig) -> CodecConfig:
        """The codec with these changes."""
        return replace(codec, **given(self))


@validated
@dataclass(frozen=True, kw_only=True)
class NetworkChanges:
    """Fields of the network's configuration that differ from the preset's; None for the others.

    ``patch_rows`` is the height of a pose token in rows of the latent grid.
    """

    width: _Count | None = None
    depth: Annotated[int, Field(ge=1, le=128)] | None = None
    heads: _Count | None = None
    kv_heads: _Count | None = None
    mlp_width: _Count | None = None
    patch_rows: _Count | None = None
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
        changes = given(self)
        if "patch_rows" in changes:
            changes["patch"] = (changes.pop("patch_rows"), config.patch[1])
        if self.time_shared is False:
            changes = {"music_beside": False, **changes}
        return replace(config, **changes)


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
        time_mean: mean of the logit-normal times.
        music_noise: standard deviation of noise on music tokens' spectrum, against memorizing.
        seed: of data, weights and noise.
    """

    name: _Name = "my-model"
    license: Annotated[str, Field(max_length=200)] = ""
    credits: tuple[_Name, ...] = ()
    vae: VAESource = field(default_factory=VAESource)
    codec: CodecChanges = field(default_factory=CodecChanges)
    preset: Literal["debug", "mini", "small", "base", "edge", "paper"] = "small"
    network: NetworkChanges = field(default_factory=NetworkChanges)
    reference: bool = True
    confidence: Literal["binary", "values"] = "binary"
    framing: Literal["canvas", "body"] = "canvas"
    sampling: Sampling = field(default_factory=Sampling)
    styles: Annotated[tuple[str, ...], AfterValidator(_known_styles)] = (
        "freestyle", "hip-hop", "latin", "disco", "jumpstyle", "lyrical", "breakdance", "jazz",
        "indian",
    )  # fmt: skip
    energy: bool = True
    condition_dropout: _Share = 0.3
    music_dropout: _Share = 0.3
    procedural: _Share = 0.5
    composed: _Songs = 60
    frames: _Frames = 256
    overlap: Annotated[int, Field(ge=8, le=4096, multiple_of=FRAMES_PER_COLUMN)] = 16
    shards: _Shards = 24
    shard_size: Annotated[int, Field(ge=1, le=65_536)] = 256
    shards_ahead: _Shards = 6
    steps: _Steps = 2400
    batch: _Batch = 32
    learning_rate: _Rate = 8e-4
    warmup: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.998
    time_mean: Annotated[float, Field(ge=-5, le=5)] = 0.0
    music_noise: Annotated[float, Field(ge=0, le=10)] = 0.2
    seed: _Seed = 0

    def __post_init__(self) -> None:
        if not self.overlap < self.frames:
            raise ValueError(f"overlap {self.overlap}: must be below frames, {self.frames}")
        if self.framing == "body" and self.skeleton != "body-18":
            raise ValueError(f"framing body knows body-18 alone, skeleton is {self.skeleton}")
        if self.preset == "edge" and self.vae.source != "raw":
            raise ValueError(
                "preset edge dances raw coordinates: set vae.source=raw (--vae raw on the command "
                "line)"
            )
        if self.preset == "edge" and (given(self.network) or self.styles or self.energy):
            raise ValueError("preset edge has no network changes, styles or energy")

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


def given(changes: Any) -> dict[str, Any]:
    """Fields that are not None."""
    return {k: v for k, v in asdict(changes).items() if v is not None}
