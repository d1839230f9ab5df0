"""The page: one pair after the other, blind."""

import ipaddress
import json
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from hotfoot.errors import InputError
from hotfoot.study.pairs import Pair
from hotfoot.study.votes import ASPECTS, Votes

_PAGE = Path(__file__).with_name("page.html")


def study_app(pairs: list[Pair], votes: Votes, host: str = "127.0.0.1") -> Starlette:
    """The web application of a study. The page never learns whose dance is on which side.

    Requests for other hosts than ``host``, where it is served, and the local names are refused, so
    that no other site can reach it by pointing its own name here (DNS rebinding). At "0.0.0.0" and
    "::", numeric addresses are allowed: they cannot be pointed elsewhere.
    """

    def pair_of(request: Request) -> Pair:
        number = int(request.path_params["number"])
        if not 0 <= number < len(pairs):
            raise HTTPException(404, "no such pair")
        return pairs[number]

    async def page(request: Request) -> Response:
        facts = json.dumps({"pairs": len(pairs), "aspects": ASPECTS})
        return HTMLResponse(_PAGE.read_text(encoding="utf-8").replace("/*FACTS*/null", facts))

    async def video(request: Request) -> Response:
        pair = pair_of(request)
        first = (request.path_params["side"] == "left") != _swapped(pair)
        shown = pair.first_video if first else pair.second_video
        return FileResponse(shown, media_type="video/mp4")

    async def vote(request: Request) -> Response:
        pair = pair_of(request)
        rater, answers = await _read_vote(request)
        sides = ("second", "first") if _swapped(pair) else ("first", "second")
        meaning = {"left": sides[0], "right": sides[1], "same": "same"}
        try:
            votes.add(rater, pair, {k: meaning.get(v, v) for k, v in answers.items()})
        except InputError as error:
            raise HTTPException(400, error.message) from error
        return JSONResponse({"saved": True})

    async def refuse_others(request: Request, answer: RequestResponseEndpoint) -> Response:
        if not _is_served(request.headers.getlist("host"), host):
            return JSONResponse({"error": "this page is not served under that name"}, 400)
        return await answer(request)

    routes = [
        Route("/", page),
        Route("/video/{number:int}/{side}", video),
        Route("/vote/{number:int}", vote, methods=["POST"]),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=refuse_others)],
        exception_handlers={HTTPException: _as_json},  # type: ignore[dict-item]
    )


def _is_served(asked: list[str], host: str) -> bool:
    """Whether these Host headers ask for this host (starlette's own check does not know IPv6)."""
    try:
        (one,) = asked
        name = urlsplit(f"//{one}").hostname or ""
        if name in ("127.0.0.1", "localhost", "::1", host.strip("[]").lower()):
            return True
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return host in ("0.0.0.0", "::")


def _as_json(_: Request, error: HTTPException) -> Response:
    return JSONResponse({"error": error.detail}, error.status_code)


async def _read_vote(request: Request) -> tuple[str, dict[str, str]]:
    """The rater and the answers by aspect, from a JSON request of this page."""
    # A page of another origin can send text, not JSON, without being asked first.
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        raise HTTPException(415, "not a vote")
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, "not from this page")
    try:
        given = await request.json()
        rater = str(given["rater"]).encode("utf-8", "replace").decode().strip()[:120]
        answers = {str(k): str(v) for k, v in dict(given["answers"]).items()}
    except (ValueError, KeyError, TypeError) as error:
        raise HTTPException(400, "not a vote") from error
    if not rater:
        raise HTTPException(400, "a vote needs a name")
    return rater, answers


def _swapped(pair: Pair) -> bool:
    """Checks must not always have the whole dance on the left; other pairs are drawn at random."""
    return pair.check and pair.number % 2 == 1
