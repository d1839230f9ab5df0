"""``hotfoot study``."""

import socket
from dataclasses import asdict
from functools import partial
from pathlib import Path

from click import IntRange, argument, option

from hotfoot.cli import options
from hotfoot.cli.common import emit, progress_bars
from hotfoot.cli.types import ANY_PATH, FOLDER, Number, verb
from hotfoot.errors import InputError, OptionError, needing, raising


@verb(
    "hotfoot study results/default results/retrieval --votes votes.sqlite",
    "hotfoot study --votes votes.sqlite --count",
)
@argument("folders", nargs=-1, type=FOLDER)
@option(
    "--votes", "votes_path", required=True, type=ANY_PATH,
    help="SQLite file of votes; new votes are added.",
)  # fmt: skip
@option("--count", is_flag=True, help="Print win rates instead of serving the page.")
@option("--pairs", "most", type=IntRange(1), default=20, help="At most so many pairs.")
@option("--checks", type=IntRange(0), default=2, help="Attention checks among them.")
@option("--seconds", type=Number(1, 600), default=12.0, help="Length of each video.")
@options.seed
@option("--host", default="127.0.0.1", help="Address to serve on.")
@option("--port", type=IntRange(1, 65535), default=8765, help="Port to serve on.")
def command(
    folders: tuple[Path, ...], votes_path: Path, count: bool, most: int, checks: int,
    seconds: float, seed: int, host: str, port: int,
) -> None:  # fmt: skip
    """Serve a page of blind pairs, or count its votes.

    FOLDERS are results of hotfoot evaluate protocol, one per model; only dances that both have are
    shown.
    """
    if count:
        _count(votes_path)
        return
    hint = "Install them: pip install 'hotfoot[study]'"
    with needing("the page needs the packages starlette and uvicorn", hint):
        import uvicorn

        from hotfoot.study.server import study_app
    from hotfoot.study.pairs import choose_pairs
    from hotfoot.study.votes import Votes

    votes = Votes(votes_path)
    listener = _listen(host, port)
    videos = votes_path.parent / f"{votes_path.stem}-videos"
    with progress_bars() as report:
        bar = partial(report, "rendering")
        pairs = choose_pairs(list(folders), videos, seconds, most, checks, seed, bar)
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    emit({"url": url, "pairs": len(pairs)}, f"{len(pairs)} pairs on {url} (Ctrl-C to stop)")
    app = study_app(pairs, votes, host)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    message = f"cannot serve on {host}:{port} ({{error}})"
    with raising(OptionError, OSError, message, "Give another --host or --port."):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    return listener


def _count(votes_path: Path) -> None:
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
        f"{len(raters)} raters, {len(out)} left out by attention checks", *lines,
    )  # fmt: skip
