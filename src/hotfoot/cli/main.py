"""Entry point: verbs, errors to exit codes. Verbs are imported when they are called."""

import sys
from importlib import import_module

import click

from hotfoot._version import __version__
from hotfoot.errors import HotfootError

_VERBS = {
    "dance": "Poses for a whole song: video, keypoints, presets.",
    "render": "Draw a pose file as a video or a picture.",
    "convert": "Between pose formats; detects what it reads.",
    "pose": "Keypoints of a photo or a video.",
    "inspect": "What is in a song or a pose file.",
    "models": "Models that are installed.",
    "compose": "A song with an exact beat.",
    "evaluate": "Metrics of dances, with chance levels and intervals.",
    "study": "Blind pairs on a local page: what do people prefer?",
    "corpus": "Motion and songs for training and evaluation.",
    "train": "Train a VAE, a transformer or a baseline; resumes by itself.",
    "bench": "Speed and memory on this machine.",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        command: click.Command = import_module(f"hotfoot.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_VERBS.items()))


@click.group(
    cls=_LazyGroup,
    epilog="""\b
Examples:
  hotfoot dance
  hotfoot dance song.mp3 -o dance.mp4 --reference me.json --seed 1
\b
Completion of commands, options and names with TAB, for bash (zsh, fish alike):
  eval "$(_HOTFOOT_COMPLETE=bash_source hotfoot)"       # put it into ~/.bashrc""",
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
)
@click.version_option(__version__, prog_name="hotfoot")
def cli() -> None:
    """Music in, 2D dance poses out: skeleton videos and keypoints for pose-to-video models."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    0 done, 2 the input or an option is wrong, 130 Ctrl-C, 1 anything else.
    """
    try:
        # Commands return nothing, or click the code of Exit.
        return int(cli.main(args=arguments, prog_name="hotfoot", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return 2 if isinstance(error, click.UsageError) else 1
    except (KeyboardInterrupt, click.Abort):
        print("stopped; nothing half-written was left", file=sys.stderr)
        return 130
    except HotfootError as error:
        print(f"hotfoot: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        return 1
    except Exception as error:
        print(f"hotfoot: unexpected {type(error).__name__}: {error}", file=sys.stderr)
        print("  This is a bug; please report it with the command that you ran.", file=sys.stderr)
        return 1


def run() -> None:
    """Console entry point."""
    sys.exit(main())
