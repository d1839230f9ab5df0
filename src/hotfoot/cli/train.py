"""``hotfoot train``."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from click import IntRange, argument, option

from hotfoot.cli import options
from hotfoot.cli.common import check_frames, check_out, emit, typed, use_cores
from hotfoot.cli.types import ANY_PATH, FOLDER, JOBS, Recipe, VerbGroup
from hotfoot.errors import OptionError

_run_options = options.together(
    option("--out", required=True, type=ANY_PATH, help="Folder of the run."),
    option(
        "--set", "settings", multiple=True, metavar="FIELD=VALUE",
        help="Change a field of the recipe, like batch=64 or network.depth=4; repeats.",
    ),
    option("--steps", type=int, help="Short for --set steps=N."),
    option("--seed", type=int, help="Short for --set seed=N."),
)  # fmt: skip


def _recipe(kind: str, recipe: str, texts: tuple[str, ...], short: dict[str, Any]) -> Any:
    """A recipe of the class of this name, with what ``--set`` and the options short for it say."""
    from hotfoot.training import recipes

    settings = {**recipes.parse_settings(texts), **options.given(short)}
    return recipes.recipe_with(getattr(recipes, kind), recipe, settings)


@click.group(
    cls=VerbGroup,
    epilog="Example: hotfoot train dancer default --motion M --music S --out runs/d1",
)
def command() -> None:
    """Train a VAE, a dance transformer or a baseline; an interrupted run resumes by itself.

    A recipe is a name, or a JSON file with fields that differ from the default recipe's.
    """


@command.command("vae")
@argument("recipe", type=Recipe("VAERecipe"), default="default")
@options.motion
@option("--begin-with", help="A VAE's folder or a model whose VAE to begin with.")
@_run_options
def train_vae_command(
    recipe: str, motion: Path, out: Path, begin_with: str | None, settings: tuple[str, ...],
    **short: int | None,
) -> None:  # fmt: skip
    """Train a VAE of one-hot images on motion clips.

    The recipe "default" is linear: coordinates are read out of its latents; "drafted" is that of
    the model before; "decoder" trains the decoder of --begin-with, whose encoder is kept.
    """
    from hotfoot.training.distributed import check_alone
    from hotfoot.training.vae import load_line_vae, save_vae, train_vae

    check_alone()
    check_out(out)
    chosen = _recipe("VAERecipe", recipe, settings, short)
    use_cores()
    first = load_line_vae(begin_with) if begin_with else None
    save_vae(train_vae(chosen, motion, out, first), out / "vae")
    emit({"vae": str(out / "vae"), "steps": chosen.steps}, str(out / "vae"))


@command.command("vae-error")
@argument("vae", default="default")
@options.motion
@option(
    "--stretch", type=IntRange(1, 16), default=3, help="Image columns per frame (published VAE)."
)
@option("--views", type=IntRange(1, 10_000), default=24, help="Number of views.")
@option("--frames", type=IntRange(8, 4096), default=256, help="Frames of each view.")
def vae_error_command(vae: str, motion: Path, stretch: int, views: int, frames: int) -> None:
    """What a VAE (its folder, or a model) leaves of held-out poses, in bins of 1/512 canvas."""
    from hotfoot.training.recipe_types import VAESource
    from hotfoot.training.vae import load_vae, measure_vae

    check_frames(frames)
    use_cores()
    found = measure_vae(load_vae(VAESource(source=vae, stretch=stretch)), motion, views, frames)
    emit(
        {"vae": vae, **asdict(found)},
        f"mean {found.mean:.3f} bins, median {found.median:.3f}, p99 {found.p99:.2f}, "
        f"seen and unseen joints kept apart with AUC {found.seen_auc:.4f}",
    )


@command.command("dancer")
@argument("recipe", type=Recipe("DiffusionRecipe"), default="default")
@options.data(required=False)
@option(
    "--corpus", multiple=True, type=FOLDER, help="Folder of hotfoot corpus build, instead; repeats."
)
@option(
    "--vae",
    help="Short for --set vae.source=...: a trained VAE's folder, a published image VAE's folder "
    "(diffusers, TAEF2) or hub name, a model whose VAE is used, or raw (coordinates as they are).",
)
@option("--begin-with", help="A model whose weights to begin with instead of random ones.")
@_run_options
@option("--device", default="cpu", help="cpu, cuda.")
@option("--jobs", type=JOBS, default=1, help="Processes that prepare training data.")
@option(
    "--shard-weights", is_flag=True,
    help="Divide weights among the processes that torchrun started (FSDP), for large presets.",
)  # fmt: skip
def train_dancer_command(
    recipe: str, motion: Path | None, music: Path | None, corpus: tuple[Path, ...],
    vae: str | None, begin_with: str | None, out: Path, settings: tuple[str, ...],
    device: str, jobs: int, shard_weights: bool, **short: int | None,
) -> None:  # fmt: skip
    """Train a dance transformer on motion paired with music, or on corpora on disk.

    The recipe "default" needs a linear VAE (hotfoot train vae default) and whole songs, "drafted"
    is that of the model before, "mini" is for ablations on CPUs, "edge" a baseline on raw
    coordinates. The result is a model folder, OUT/model, for hotfoot dance --model. Several GPUs or
    machines: torchrun --nproc-per-node N -m hotfoot train dancer ... (all processes must see the
    same OUT, and the data).
    """
    from hotfoot.data.sources import Data
    from hotfoot.generation.options import check_device
    from hotfoot.training.diffusion import DiffusionTraining, export_model, weights_of
    from hotfoot.training.distributed import join_processes, leave_processes
    from hotfoot.training.vae import load_vae

    check_out(out)
    check_device(device)
    chosen = _recipe("DiffusionRecipe", recipe, settings, {**short, "vae.source": vae})
    data = Data(motion, music, corpus)
    encoder = load_vae(chosen.vae, chosen.codec)
    use_cores()
    first = weights_of(begin_with, encoder) if begin_with else None
    processes, device = join_processes(device, shard_weights)
    try:
        training = DiffusionTraining(chosen, data, encoder, out, device, first, processes, jobs)
        model = training.fit()
        if processes.rank == 0:
            export_model(model, chosen, data, out / "model", typed())
    finally:
        leave_processes()
    if processes.rank == 0:
        emit({"model": str(out / "model"), "steps": chosen.steps}, str(out / "model"))


@command.command("plan")
@argument("recipe", type=Recipe("DiffusionRecipe"), default="paper")
@option("--vae", help="As in hotfoot train dancer.")
@option("--gpus", type=IntRange(1, 100_000), default=8, help="Weights are divided among them.")
def plan_command(recipe: str, vae: str | None, gpus: int) -> None:
    """What training a dance transformer takes: parameters and memory per GPU. Allocates nothing."""
    import torch

    from hotfoot.generation.generator import build_network
    from hotfoot.training.distributed import Processes, plan_memory
    from hotfoot.training.vae import load_vae

    chosen = _recipe("DiffusionRecipe", recipe, (), {"vae.source": vae})
    codec = load_vae(chosen.vae, chosen.codec)
    config = chosen.network_config(codec.latent_channels(2 * chosen.points), codec.rows)
    if config.kind != "dit":
        raise OptionError(f"{recipe} is no transformer of this kind", "Name another recipe.")
    with torch.device("meta"):
        model = build_network(config)
    columns = chosen.frames // 8
    tokens = columns // config.patch[1] * (config.rows // config.patch[0]) + columns
    found = plan_memory(model, gpus, tokens, config.width, config.heads)
    each = Processes(0, gpus).rows(chosen.batch).stop
    total = found.total(each)
    emit(
        {"recipe": recipe, "gpus": gpus, "tokens": tokens, "samples_per_gpu": each,
         "bytes_per_gpu": total, **asdict(found)},
        f"{recipe}: {found.parameters / 1e6:.1f} M parameters, {tokens} tokens per sample",
        f"per GPU of {gpus}: {found.weights / 2**30:.1f} GiB for weights, gradients, optimizer, "
        f"average, {found.largest_block / 2**30:.2f} for the block at work, "
        f"{each * found.activations / 2**30:.1f} for {each} samples",
        f"together {total / 2**30:.1f} GiB",
    )  # fmt: skip


@command.command("codes")
@options.data()
@_run_options
def train_codes_command(
    motion: Path, music: Path, out: Path, settings: tuple[str, ...], **short: int | None
) -> None:
    """Train the Bailando-style baseline: quantized poses and a causal transformer."""
    from hotfoot.data.sources import Data
    from hotfoot.generation.generator import save_codes
    from hotfoot.training.codes import train_codes
    from hotfoot.training.distributed import check_alone

    check_alone()
    check_out(out)
    recipe = _recipe("CodesRecipe", "default", settings, short)
    use_cores()
    model = train_codes(recipe, Data(motion, music), out)
    save_codes(model, out / "model", f"# codes\n\nA baseline, trained with {recipe}\n")
    emit({"model": str(out / "model"), "steps": recipe.steps}, str(out / "model"))


@command.command("retrieval")
@option("--poses", required=True, type=FOLDER, help="Folder of hotfoot corpus film.")
@option("--out", required=True, type=ANY_PATH, help="Folder of the model.")
@option("--name", default="retrieval", help="Name of the model.")
def retrieval_command(poses: Path, out: Path, name: str) -> None:
    """Make the baseline that dances real clips, retimed to the beat."""
    from hotfoot.baselines.retrieval import RetrievalGenerator, bank_of
    from hotfoot.generation.generator import save_retrieval
    from hotfoot.model.config import RetrievalConfig

    check_out(out)
    config = RetrievalConfig(name=name)
    bank = bank_of(poses, config)
    card = f"# {name}\n\nReal clips, retimed. The licenses of the clips hold.\n"
    save_retrieval(RetrievalGenerator(config, bank), out, card)
    emit({"model": str(out), "clips": len(bank)}, str(out))
