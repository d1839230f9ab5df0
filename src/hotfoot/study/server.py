"""The page: one pair after the other, blind."""

import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hotfoot.errors import InputError
from hotfoot.study.pairs import Pair
from hotfoot.study.votes import ASPECTS, Votes

_PAGE = Path(__file__).with_name("page.html")
_LOCAL = {"127.0.0.1", "localhost", "::1"}
_EVERY_ADDRESS = {"0.0.0.0", "::"}


def study_app(pairs: list[Pair], votes: Votes, host: str = "127.0.0.1") -> Starlette:
    """The web application of a study. The page never learns whose dance is on which side.

    Args:
        pairs: what is shown.
        votes: where answers are stored.
        host: where it is served; requests for other hosts than this and the local names are
            refused, so that no other site can reach it by pointing its own name here (DNS
            rebinding). At "0.0.0.0" and "::", numeric addresses are allowed: they cannot be
            pointed elsewhere.
    """
    study = _Study(pairs, votes)
    routes = [
        Route("/", study.page),
        Route("/video/{number:int}/{side}", study.video),
        Route("/vote/{number:int}", study.vote, methods=["POST"]),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(_AllowedHosts, host=host)],
        exception_handlers={HTTPException: _as_json},  # type: ignore[dict-item]
    )


class _AllowedHosts:
    """Answers 400 to requests for other hosts (starlette's own check does not know IPv6)."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self.app = app
        self.allowed = _LOCAL | {host.strip("[]").lower()}
        self.any_address = host in _EVERY_ADDRESS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._allows(Request(scope).headers.getlist("host")):
            response = JSONResponse({"error": "this page is not served under that name"}, 400)
            await response(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _allows(self, hosts: list[str]) -> bool:
        try:
            (host,) = hosts
            name = urlsplit(f"//{host}").hostname or ""
            if name in self.allowed:
                return True
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return self.any_address


def _as_json(_: Request, error: HTTPException) -> Response:
    return JSONResponse({"error": error.detail}, error.status_code)


@dataclass(frozen=True)
class _Study:
    pairs: list[Pair]
    votes: Votes

    async def page(self, request: Request) -> Response:
        facts = {"pairs": len(self.pairs), "aspects": ASPECTS}
        text = _PAGE.read_text(encoding="utf-8")
        return HTMLResponse(text.replace("/*FACTS*/null", json.dumps(facts)))

    async def video(self, request: Request) -> Response:
        pair = self._pair(request)
        first = (request.path_params["side"] == "left") != _swapped(pair)
        return FileResponse(
            pair.first_video if first else pair.second_video, media_type="video/mp4"
        )

    async def vote(self, request: Request) -> Response:
        pair = self._pair(request)
        rater, answers = await _read_vote(request)
        sides = ("second", "first") if _swapped(pair) else ("first", "second")
        meaning = {"left": sides[0], "right": sides[1], "same": "same"}
        try:
            self.votes.add(rater, pair, {k: meaning.get(v, v) for k, v in answers.items()})
        except InputError as error:
            raise HTTPException(400, error.message) from error
        return JSONResponse({"saved": True})

    def _pair(self, request: Request) -> Pair:
        number = int(request.path_params["number"])
        if not 0 <= number < len(self.pairs):
            raise HTTPException(404, "no such pair")
        return self.pairs[number]


async def _read_vote(request: Request) -> tuple[str, dict[str, str]]:
    """The rater and the answers by aspect, from a JSON request of this page."""
    # A page of another origin can send text, not JSON, without being asked first.
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        raise HTTPException(415, "not a vote")
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, "not from this page")
    try:
        given: Any = await request.json()
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
