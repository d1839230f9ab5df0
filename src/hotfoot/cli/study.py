"""``hotfoot study``."""

from __future__ import annotations

import socket
from dataclasses import asdict
from pathlib import Path

import click

from hotfoot.cli.common import emit, progress_bars
from hotfoot.errors import DependencyError, InputError, OptionError


@click.command(
    epilog="""\b
Examples:
  hotfoot study results/default results/retrieval --votes votes.sqlite
  hotfoot study --votes votes.sqlite --count"""
)
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--votes",
    "votes_path",
    required=True,
    type=click.Path(path_type=Path),
    help="SQLite file of votes; goes on where it is.",
)
@click.option("--count", is_flag=True, help="Print win rates instead of serving the page.")
@click.option("--pairs", "most", default=20, show_default=True, help="At most so many pairs.")
@click.option("--checks", default=2, show_default=True, help="Attention checks among them.")
@click.option("--seconds", default=12.0, show_default=True, help="Of each video.")
@click.option("--seed", default=0, show_default=True, help="Which pairs, which sides.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to serve.")
@click.option("--port", default=8765, show_default=True, help="Where to serve.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    folders: tuple[Path, ...], votes_path: Path, count: bool, most: int, checks: int,
    seconds: float, seed: int, host: str, port: int, as_json: bool,
) -> None:  # fmt: skip
    """Serve a page of blind pairs, or count its votes.

    FOLDERS are results of hotfoot evaluate protocol, one per model; only dances that both have
    are shown.
    """
    from hotfoot.study.votes import Votes, attentive, win_rates

    if count:
        if not votes_path.exists():
            raise InputError(f"no such file: {votes_path}", "Serve a study first.")
        rows = Votes(votes_path).rows()
        rates = win_rates(rows)
        raters = {r[0] for r in rows}
        out = sorted(raters - attentive(rows))
        emit(
            {"raters": len(raters), "left_out": out, "win_rates": [asdict(r) for r in rates]},
            [
                f"{len(raters)} raters, {len(out)} left out by attention checks",
                *(
                    f"{r.first} over {r.second}, {r.aspect}: {100 * r.rate:.0f} % "
                    f"[{100 * r.low:.0f}, {100 * r.high:.0f}] p {r.p:.3f} "
                    f"({r.wins} won, {r.losses} lost, {r.same} even)"
                    for r in rates
                ),
            ],
            as_json,
        )
        return
    if most < 1 or checks < 0 or not 1 <= seconds <= 600 or seed < 0 or not 0 < port < 65536:
        raise OptionError(
            "an option is out of range",
            "Allowed: --pairs 1 or more, --checks and --seed 0 or more, --seconds 1 to 600, "
            "--port 1 to 65535.",
        )
    try:
        import uvicorn

        from hotfoot.study.server import study_app
    except ImportError as error:
        raise DependencyError(
            "the page needs the packages starlette and uvicorn",
            "Install them: pip install 'hotfoot[study]'",
        ) from error
    from hotfoot.study.pairs import choose_pairs

    votes = Votes(votes_path)
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        raise OptionError(
            f"cannot serve on {host}:{port} ({error.strerror})", "Give another --host or --port."
        ) from error
    with progress_bars() as say:
        videos = votes_path.parent / f"{votes_path.stem}-videos"
        chosen = choose_pairs(
            list(folders), videos, seconds, most, checks, seed,
            lambda done, total: say("rendering", done, total),
        )  # fmt: skip
    app = study_app(chosen, votes, host)
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    click.echo(f"{len(chosen)} pairs on http://{place} (Ctrl-C to stop)")
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
