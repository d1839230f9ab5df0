"""``hotfoot study``."""

import socket
from dataclasses import asdict
from pathlib import Path

import click

from hotfoot.cli.common import emit, progress_bars
from hotfoot.cli.options import json_option, seed_option
from hotfoot.cli.types import ANY_PATH, FOLDER, Number, Verb
from hotfoot.errors import DependencyError, InputError, OptionError


@click.command(
    cls=Verb,
    epilog="""\b
Examples:
  hotfoot study results/default results/retrieval --votes votes.sqlite
  hotfoot study --votes votes.sqlite --count""",
)
@click.argument("folders", nargs=-1, type=FOLDER)
@click.option(
    "--votes",
    "votes_path",
    required=True,
    type=ANY_PATH,
    help="SQLite file of votes; new votes are added.",
)
@click.option("--count", is_flag=True, help="Print win rates instead of serving the page.")
@click.option(
    "--pairs", "most", type=click.IntRange(1), default=20, show_default=True,
    help="At most so many pairs.",
)  # fmt: skip
@click.option(
    "--checks", type=click.IntRange(0), default=2, show_default=True,
    help="Attention checks among them.",
)  # fmt: skip
@click.option(
    "--seconds", type=Number(1, 600), default=12.0, show_default=True,
    help="Length of each video.",
)  # fmt: skip
@seed_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve on.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8765, show_default=True,
    help="Port to serve on.",
)  # fmt: skip
@json_option
def command(
    folders: tuple[Path, ...], votes_path: Path, count: bool, most: int, checks: int,
    seconds: float, seed: int, host: str, port: int, as_json: bool,
) -> None:  # fmt: skip
    """Serve a page of blind pairs, or count its votes.

    FOLDERS are results of hotfoot evaluate protocol, one per model; only dances that both have are
    shown.
    """
    if count:
        _count(votes_path, as_json)
        return
    try:
        import uvicorn

        from hotfoot.study.server import study_app
    except ImportError as error:
        raise DependencyError(
            "the page needs the packages starlette and uvicorn",
            "Install them: pip install 'hotfoot[study]'",
        ) from error
    from hotfoot.study.pairs import choose_pairs
    from hotfoot.study.votes import Votes

    votes = Votes(votes_path)
    listener = _listen(host, port)
    with progress_bars() as say:
        videos = votes_path.parent / f"{votes_path.stem}-videos"
        chosen = choose_pairs(
            list(folders), videos, seconds, most, checks, seed,
            lambda done, total: say("rendering", done, total),
        )  # fmt: skip
    app = study_app(chosen, votes, host)
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    url = f"http://{place}"
    emit(
        {"url": url, "pairs": len(chosen)}, [f"{len(chosen)} pairs on {url} (Ctrl-C to stop)"],
        as_json,
    )  # fmt: skip
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        raise OptionError(
            f"cannot serve on {host}:{port} ({error.strerror})", "Give another --host or --port."
        ) from error
    return listener


def _count(votes_path: Path, as_json: bool) -> None:
    from hotfoot.study.votes import Votes, attentive, win_rates

    if not votes_path.exists():
        raise InputError(f"no such file: {votes_path}", "Serve a study first.")
    rows = Votes(votes_path).rows()
    rates = win_rates(rows)
    raters = {r[0] for r in rows}
    out = sorted(raters - attentive(rows))
    lines = [
        f"{r.first} over {r.second}, {r.aspect}: {100 * r.rate:.0f} % "
        f"[{100 * r.low:.0f}, {100 * r.high:.0f}] p {r.p:.3f} "
        f"({r.wins} won, {r.losses} lost, {r.same} even)"
        for r in rates
    ]
    emit(
        {"raters": len(raters), "left_out": out, "win_rates": [asdict(r) for r in rates]},
        [f"{len(raters)} raters, {len(out)} left out by attention checks", *lines],
        as_json,
    )
