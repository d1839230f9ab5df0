"""``hotfoot train``."""

import shlex
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from hotfoot.cli.common import check_out, emit, use_cores
from hotfoot.cli.options import json_option, motion_option, music_option
from hotfoot.cli.types import ANY_PATH, FOLDER, JOBS, Recipe, VerbGroup
from hotfoot.errors import OptionError

_out = click.option("--out", required=True, type=ANY_PATH, help="Folder of the run.")


def _recipe_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--set``, ``--steps`` and ``--seed``."""
    for option in (
        click.option("--seed", type=int, help="Short for --set seed=N."),
        click.option("--steps", type=int, help="Short for --set steps=N."),
        click.option(
            "--set", "settings", multiple=True, metavar="FIELD=VALUE",
            help="Change a field of the recipe, like batch=64 or network.depth=4; repeats.",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


def _settings(texts: tuple[str, ...], **short: Any) -> dict[str, Any]:
    from hotfoot.training.recipes import parse_settings

    return {**parse_settings(texts), **{k: v for k, v in short.items() if v is not None}}


@click.group(
    cls=VerbGroup,
    epilog="Example: hotfoot train dancer default --motion M --music S --out runs/d1",
)
def command() -> None:
    """Train a VAE, a dance transformer or a baseline; an interrupted run resumes by itself.

    A recipe is a name, or a JSON file with fields that differ from the default recipe's.
    """


@command.command("vae")
@click.argument("recipe", type=Recipe("VAERecipe"), default="default")
@motion_option()
@_out
@click.option("--begin-with", help="A VAE's folder or a model whose VAE to begin with.")
@_recipe_options
@json_option
def train_vae_command(
    recipe: str, motion: Path, out: Path, begin_with: str | None, settings: tuple[str, ...],
    steps: int | None, seed: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Train a VAE of one-hot images on motion clips.

    The recipe "default" is linear: coordinates are read out of its latents; "drafted" is that of
    the model before; "decoder" trains the decoder of --begin-with, whose encoder is kept.
    """
    from hotfoot.training.distributed import check_alone
    from hotfoot.training.recipe_types import VAERecipe
    from hotfoot.training.recipes import recipe_with
    from hotfoot.training.vae import load_line_vae, save_vae, train_vae

    check_alone()
    check_out(out)
    chosen = recipe_with(VAERecipe, recipe, _settings(settings, steps=steps, seed=seed))
    use_cores()
    first = load_line_vae(begin_with) if begin_with else None
    save_vae(train_vae(chosen, motion, out, first), out / "vae")
    emit({"vae": str(out / "vae"), "steps": chosen.steps}, [str(out / "vae")], as_json)


@command.command("vae-error")
@click.argument("vae", default="default")
@motion_option()
@click.option(
    "--stretch", type=click.IntRange(1, 16), default=3, show_default=True,
    help="Image columns per frame (published VAE).",
)  # fmt: skip
@click.option(
    "--views",
    type=click.IntRange(1, 10_000),
    default=24,
    show_default=True,
    help="Number of views.",
)
@click.option(
    "--frames",
    type=click.IntRange(8, 4096),
    default=256,
    show_default=True,
    help="Frames of each view.",
)
@json_option
def vae_error_command(
    vae: str, motion: Path, stretch: int, views: int, frames: int, as_json: bool
) -> None:
    """What a VAE (its folder, or a model) leaves of held-out poses, in bins of 1/512 canvas."""
    from hotfoot.training.recipe_types import VAESource
    from hotfoot.training.vae import load_vae, measure_vae

    if frames % 8:
        raise OptionError(f"frames is {frames}", "Allowed: multiples of 8.")
    use_cores()
    found = measure_vae(load_vae(VAESource(source=vae, stretch=stretch)), motion, views, frames)
    emit(
        {"vae": vae, **asdict(found)},
        [f"mean {found.mean:.3f} bins, median {found.median:.3f}, p99 {found.p99:.2f}, "
         f"seen and unseen joints kept apart with AUC {found.seen_auc:.4f}"],
        as_json,
    )  # fmt: skip


@command.command("dancer")
@click.argument("recipe", type=Recipe("DiffusionRecipe"), default="default")
@motion_option(required=False)
@music_option(required=False)
@click.option(
    "--corpus", multiple=True, type=FOLDER,
    help="Folder of hotfoot corpus build, instead; repeats.",
)  # fmt: skip
@click.option(
    "--vae",
    help="Short for --set vae.source=...: a trained VAE's folder, a published image VAE's folder "
    "(diffusers, TAEF2) or hub name, a model whose VAE is used, or raw (coordinates as they are).",
)
@click.option("--begin-with", help="A model whose weights to begin with instead of random ones.")
@_out
@_recipe_options
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda.")
@click.option(
    "--jobs", type=JOBS, default=1, show_default=True,
    help="Processes that prepare training data.",
)  # fmt: skip
@click.option(
    "--shard-weights",
    is_flag=True,
    help="Divide weights among the processes that torchrun started (FSDP), for large presets.",
)
@json_option
def train_dancer_command(
    recipe: str, motion: Path | None, music: Path | None, corpus: tuple[Path, ...],
    vae: str | None, begin_with: str | None, out: Path, settings: tuple[str, ...],
    steps: int | None, seed: int | None, device: str, jobs: int, shard_weights: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Train a dance transformer on motion paired with music, or on corpora on disk.

    The recipe "default" needs a linear VAE (hotfoot train vae default) and whole songs, "drafted"
    is that of the model before, "mini" is for ablations on CPUs, "edge" a baseline on raw
    coordinates. The result is a model folder, OUT/model, for hotfoot dance --model. Several GPUs or
    machines: torchrun --nproc-per-node N -m hotfoot train dancer ... (all processes must see the
    same OUT, and the data).
    """
    from hotfoot.data.sources import Data
    from hotfoot.generation.inputs import check_device
    from hotfoot.training.diffusion import DiffusionTraining, weights_of
    from hotfoot.training.distributed import join_processes, leave_processes
    from hotfoot.training.export import export_model
    from hotfoot.training.recipe_types import DiffusionRecipe
    from hotfoot.training.recipes import recipe_with
    from hotfoot.training.vae import load_vae

    check_out(out)
    check_device(device)
    changes = _settings(settings, steps=steps, seed=seed, **{"vae.source": vae})
    chosen = recipe_with(DiffusionRecipe, recipe, changes)
    data = Data(motion, music, corpus)
    encoder = load_vae(chosen.vae, chosen.codec)
    use_cores()
    first = weights_of(begin_with, encoder) if begin_with else None
    processes, device = join_processes(device, shard_weights)
    try:
        training = DiffusionTraining(chosen, data, encoder, out, device, first, processes, jobs)
        model = training.fit()
        if processes.rank == 0:
            typed = shlex.join(["hotfoot", *sys.argv[1:]])
            export_model(model, chosen, data, out / "model", typed)
    finally:
        leave_processes()
    if processes.rank == 0:
        emit({"model": str(out / "model"), "steps": chosen.steps}, [str(out / "model")], as_json)


@command.command("plan")
@click.argument("recipe", type=Recipe("DiffusionRecipe"), default="paper")
@click.option("--vae", help="As in hotfoot train dancer.")
@click.option("--gpus", type=click.IntRange(1, 100_000), default=8, show_default=True,
              help="Weights are divided among them.")  # fmt: skip
@json_option
def plan_command(recipe: str, vae: str | None, gpus: int, as_json: bool) -> None:
    """What training a dance transformer takes: parameters and memory per GPU. Allocates nothing."""
    import torch

    from hotfoot.generation.generator import build_network
    from hotfoot.training.diffusion import network_config
    from hotfoot.training.distributed import Processes, plan_memory
    from hotfoot.training.recipe_types import DiffusionRecipe
    from hotfoot.training.recipes import recipe_with
    from hotfoot.training.vae import load_vae

    chosen = recipe_with(DiffusionRecipe, recipe, {"vae.source": vae} if vae else None)
    config = network_config(chosen, load_vae(chosen.vae, chosen.codec))
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
        [f"{recipe}: {found.parameters / 1e6:.1f} M parameters, {tokens} tokens per sample",
         f"per GPU of {gpus}: {found.weights / 2**30:.1f} GiB for weights, gradients, optimizer, "
         f"average, {found.largest_block / 2**30:.2f} for the block at work, "
         f"{each * found.activations / 2**30:.1f} for {each} samples",
         f"together {total / 2**30:.1f} GiB"],
        as_json,
    )  # fmt: skip


@command.command("codes")
@motion_option()
@music_option()
@_out
@_recipe_options
@json_option
def train_codes_command(
    motion: Path, music: Path, out: Path, settings: tuple[str, ...], steps: int | None,
    seed: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Train the Bailando-style baseline: quantized poses and a causal transformer."""
    from hotfoot.data.sources import Data
    from hotfoot.generation.generator import save_codes
    from hotfoot.training.codes import train_codes
    from hotfoot.training.distributed import check_alone
    from hotfoot.training.recipe_types import CodesRecipe
    from hotfoot.training.recipes import recipe_with

    check_alone()
    check_out(out)
    recipe = recipe_with(CodesRecipe, "default", _settings(settings, steps=steps, seed=seed))
    use_cores()
    model = train_codes(recipe, Data(motion, music), out)
    save_codes(model, out / "model", f"# codes\n\nA baseline, trained with {recipe}\n")
    emit({"model": str(out / "model"), "steps": recipe.steps}, [str(out / "model")], as_json)


@command.command("retrieval")
@click.option("--poses", required=True, type=FOLDER, help="Folder of hotfoot corpus film.")
@click.option("--out", required=True, type=ANY_PATH, help="Folder of the model.")
@click.option("--name", default="retrieval", show_default=True, help="Name of the model.")
@json_option
def retrieval_command(poses: Path, out: Path, name: str, as_json: bool) -> None:
    """Make the baseline that dances real clips, retimed to the beat."""
    from hotfoot.baselines.retrieval import RetrievalGenerator, bank_of
    from hotfoot.generation.generator import save_retrieval
    from hotfoot.model.config import RetrievalConfig

    check_out(out)
    config = RetrievalConfig(name=name)
    bank = bank_of(poses, config)
    model = RetrievalGenerator(config, bank)
    card = f"# {name}\n\nReal clips, retimed. The licenses of the clips hold.\n"
    save_retrieval(model, out, card)
    emit({"model": str(out), "clips": len(bank)}, [str(out)], as_json)
