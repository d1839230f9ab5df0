"""``hotfoot train``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from hotfoot.cli.common import check_out, emit, use_cores
from hotfoot.errors import OptionError


@click.group(
    epilog="Example: hotfoot train dancer default --motion M --music S --vae default --out runs/d1"
)
def command() -> None:
    """Train a VAE, a dancer or a baseline; an interrupted run goes on where it stopped."""


@command.command("vae")
@click.argument("recipe", default="default")
@click.option("--motion", required=True, type=click.Path(path_type=Path), help="Folder of clips.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the run.")
@click.option("--begin-with", help="A VAE's folder or a model whose VAE to begin with.")
@click.option("--steps", type=int, help="Optimizer steps.")
@click.option("--seed", type=int, help="Of data and weights.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def train_vae_command(
    recipe: str, motion: Path, out: Path, begin_with: str | None, steps: int | None,
    seed: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Train a VAE of one-hot images on motion clips.

    RECIPE: default; decoder (goes on with the decoder of --begin-with, whose encoder is kept);
    hard-line; debug.
    """
    from hotfoot.model.vae import LineVAE
    from hotfoot.training.distributed import refuse_workers
    from hotfoot.training.recipes import vae_recipe
    from hotfoot.training.vae import load_vae, save_vae, train_vae

    refuse_workers()
    check_out(out)
    chosen = vae_recipe(recipe, steps=steps, seed=seed)
    use_cores()
    first = load_vae(begin_with) if begin_with else None
    if not isinstance(first, LineVAE | None):
        raise OptionError(f"{begin_with} has a VAE of another kind", "Give a VAE of hotfoot train.")
    model = train_vae(chosen, motion, out, first)
    save_vae(model, out / "vae")
    emit({"vae": str(out / "vae"), "steps": chosen.steps}, [str(out / "vae")], as_json)


@command.command("vae-error")
@click.argument("vae", default="default")
@click.option("--motion", required=True, type=click.Path(path_type=Path), help="Folder of clips.")
@click.option(
    "--stretch", default=3, show_default=True, help="Picture columns per frame (published VAE)."
)
@click.option("--films", default=24, show_default=True, help="How many.")
@click.option("--frames", default=256, show_default=True, help="Of each film.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def vae_error_command(
    vae: str, motion: Path, stretch: int, films: int, frames: int,
    as_json: bool,
) -> None:  # fmt: skip
    """What a VAE (its folder, or a model) leaves of held-out poses, in bins of 1/512 canvas."""
    from hotfoot.training.vae import load_vae, measure_vae

    if films < 1 or frames < 8 or frames % 8:
        raise OptionError(f"--films {films}, --frames {frames}", "From 1; a multiple of 8.")
    use_cores()
    found = measure_vae(load_vae(vae, stretch), motion, films, frames)
    emit(
        {"vae": vae, **asdict(found)},
        [f"mean {found.mean:.3f} bins, median {found.median:.3f}, p99 {found.p99:.2f}, "
         f"seen joints told from unseen with AUC {found.seen_auc:.4f}"],
        as_json,
    )  # fmt: skip


@command.command("dancer")
@click.argument("recipe", default="default")
@click.option("--motion", type=click.Path(path_type=Path), help="Folder of clips, with --music.")
@click.option("--music", type=click.Path(path_type=Path), help="Folder of songs, with --motion.")
@click.option(
    "--corpus", multiple=True, type=click.Path(path_type=Path),
    help="Folder of hotfoot corpus build, instead; repeats.",
)  # fmt: skip
@click.option(
    "--vae",
    "vae_source",
    default="default",
    show_default=True,
    help="A trained VAE's folder, a published image VAE's (diffusers, TAEF2), a model whose VAE is "
    "used, or raw (coordinates as they are).",
)
@click.option(
    "--stretch", default=3, show_default=True, help="Picture columns per frame (published VAE)."
)
@click.option("--begin-with", help="A model whose weights to begin with instead of random ones.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the run.")
@click.option("--steps", type=int, help="Optimizer steps.")
@click.option("--learning-rate", type=float, help="Its peak.")
@click.option("--shards", type=int, help="Shards of training segments.")
@click.option("--batch", type=int, help="Segments per step.")
@click.option("--styles", help="That the model may be asked for, separated by commas.")
@click.option("--seed", type=int, help="Of data and weights.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda.")
@click.option(
    "--jobs", default=1, show_default=True, help="Processes that make training data meanwhile."
)
@click.option(
    "--shard-weights",
    is_flag=True,
    help="Divide weights among the processes that torchrun started (FSDP), for large presets.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def train_dancer_command(
    recipe: str, motion: Path | None, music: Path | None, corpus: tuple[Path, ...],
    vae_source: str, stretch: int,
    begin_with: str | None, out: Path, steps: int | None, learning_rate: float | None,
    shards: int | None, batch: int | None, styles: str | None, seed: int | None, device: str,
    jobs: int, shard_weights: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Train a dance transformer on motion paired with music, or on corpora on disk.

    RECIPE: default, base-gpu, paper, unshared-index, velocity, debug; for ablations mini,
    mini-unshared-index, mini-no-reference, mini-short (for published VAEs, which are slow) and edge
    (a baseline, with --vae raw). The result is a model folder, OUT/model, for hotfoot dance
    --model. Several GPUs or machines: torchrun --nproc-per-node N -m hotfoot train dancer ...
    (all processes must see the same OUT, and the data).
    """
    from hotfoot.data.sources import Data
    from hotfoot.generation.generator import load_diffusion
    from hotfoot.generation.inputs import check_device
    from hotfoot.training.diffusion import export_model, train_dancer
    from hotfoot.training.distributed import start_workers, stop_workers
    from hotfoot.training.recipes import dancer_recipe
    from hotfoot.training.vae import fingerprint, load_vae

    check_out(out)
    check_device(device)
    if not 1 <= jobs <= 256:
        raise OptionError(f"--jobs is {jobs}", "Allowed: 1 to 256.")
    chosen = dancer_recipe(
        recipe,
        steps=steps,
        learning_rate=learning_rate,
        shards=shards,
        batch=batch,
        seed=seed,
        styles=_styles(styles),
    )
    if chosen.preset == "edge" and vae_source != "raw":
        raise OptionError("this baseline dances raw coordinates", "Add --vae raw.")
    vae = load_vae(vae_source, stretch)
    use_cores()
    first = None
    if begin_with:
        other = load_diffusion(begin_with)
        if fingerprint(other.vae) != fingerprint(vae):
            raise OptionError(
                f"{begin_with} was trained on another VAE's latents",
                f"Add --vae {begin_with}, or leave out --begin-with.",
            )
        first = other.dit.state_dict()
    workers, device = start_workers(device, shard_weights)
    try:
        dit, statistics = train_dancer(
            chosen, Data(motion, music, corpus), vae, out, device, first, workers, jobs
        )
        if workers.main:
            export_model(dit, vae, statistics, chosen, out / "model")
    finally:
        stop_workers()
    if workers.main:
        emit({"model": str(out / "model"), "steps": chosen.steps}, [str(out / "model")], as_json)


def _styles(text: str | None) -> tuple[str, ...] | None:
    from hotfoot.data.styles import STYLES

    if text is None:
        return None
    chosen = tuple(name.strip() for name in text.split(",") if name.strip())
    wrong = [name for name in chosen if name not in STYLES]
    if wrong or len(set(chosen)) != len(chosen):
        raise OptionError(f"--styles is '{text}'", f"Each once, of: {', '.join(STYLES)}.")
    return chosen


@command.command("plan")
@click.argument("recipe", default="paper")
@click.option("--vae", "vae_source", default="default", show_default=True, help="As for dancer.")
@click.option("--gpus", default=8, show_default=True, help="Weights are divided among them.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def plan_command(recipe: str, vae_source: str, gpus: int, as_json: bool) -> None:
    """What training a dance transformer takes: parameters and memory per GPU. Allocates nothing."""
    import torch

    from hotfoot.generation.generator import build_network
    from hotfoot.model.network_config import DiTConfig
    from hotfoot.training.diffusion import dit_config
    from hotfoot.training.distributed import Workers, plan_memory
    from hotfoot.training.recipes import dancer_recipe
    from hotfoot.training.vae import load_vae

    if not 1 <= gpus <= 100_000:
        raise OptionError(f"--gpus is {gpus}", "Allowed: 1 to 100000.")
    chosen = dancer_recipe(recipe)
    config = dit_config(chosen, load_vae(vae_source))
    if not isinstance(config, DiTConfig):
        raise OptionError(f"{recipe} is no transformer of this kind", "Name another recipe.")
    with torch.device("meta"):
        model = build_network(config)
    columns = chosen.frames // 8
    tokens = columns // config.patch[1] * (config.rows // config.patch[0]) + columns
    found = plan_memory(model, gpus, tokens, config.width, config.heads)
    each = Workers(0, gpus).rows(chosen.batch).stop
    total = found.total(each)
    emit(
        {"recipe": recipe, "gpus": gpus, "tokens": tokens, "segments_per_gpu": each,
         "bytes_per_gpu": total, **asdict(found)},
        [f"{recipe}: {found.parameters / 1e6:.1f} M parameters, {tokens} tokens per segment",
         f"per GPU of {gpus}: {found.weights / 2**30:.1f} GiB for weights, gradients, optimizer, "
         f"average, {found.largest_block / 2**30:.2f} for the block at work, "
         f"{each * found.activations / 2**30:.1f} for {each} segments",
         f"together {total / 2**30:.1f} GiB"],
        as_json,
    )  # fmt: skip


@command.command("codes")
@click.option("--motion", required=True, type=click.Path(path_type=Path), help="Folder of clips.")
@click.option("--music", required=True, type=click.Path(path_type=Path), help="Folder of songs.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the run.")
@click.option("--steps", type=int, help="Steps of the transformer.")
@click.option("--seed", type=int, help="Of data and weights.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def train_codes_command(
    motion: Path, music: Path, out: Path, steps: int | None, seed: int | None, as_json: bool
) -> None:
    """Train the Bailando-style baseline: quantized poses and a causal transformer."""
    from hotfoot.data.sources import Data
    from hotfoot.generation.generator import save_codes
    from hotfoot.training.codes import train_codes
    from hotfoot.training.distributed import refuse_workers
    from hotfoot.training.recipes import codes_recipe

    refuse_workers()
    check_out(out)
    recipe = codes_recipe(steps=steps, seed=seed)
    use_cores()
    model = train_codes(recipe, Data(motion, music), out)
    save_codes(model, out / "model", f"# codes\n\nA baseline, trained with {recipe}\n")
    emit({"model": str(out / "model"), "steps": recipe.steps}, [str(out / "model")], as_json)


@command.command("retrieval")
@click.option(
    "--films", required=True, type=click.Path(path_type=Path), help="Folder of hotfoot corpus film."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the model.")
@click.option("--name", default="retrieval", show_default=True, help="Of the model.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def retrieval_command(films: Path, out: Path, name: str, as_json: bool) -> None:
    """Make the baseline that dances real clips, retimed to the beat."""
    from hotfoot.baselines.retrieval import RetrievalGenerator, bank_of
    from hotfoot.generation.generator import save_retrieval
    from hotfoot.model.config import RetrievalConfig

    check_out(out)
    model = RetrievalGenerator(RetrievalConfig(name=name), bank_of(films))
    save_retrieval(
        model, out, f"# {name}\n\nReal clips, retimed. The licenses of the clips hold.\n"
    )
    emit({"model": str(out), "films": len(model.bank)}, [str(out)], as_json)
