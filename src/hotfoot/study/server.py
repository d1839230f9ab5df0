"""The page: one pair after the other, blind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from hotfoot.errors import InputError
from hotfoot.study.pairs import Pair
from hotfoot.study.votes import ASPECTS, Votes

_PAGE = Path(__file__).with_name("page.html")


def study_app(pairs: list[Pair], votes: Votes) -> Starlette:
    """The web application of a study. The page never learns who dances on which side."""

    async def page(request: Request) -> Response:
        facts = {"pairs": len(pairs), "aspects": ASPECTS}
        text = _PAGE.read_text(encoding="utf-8")
        return HTMLResponse(text.replace("/*FACTS*/null", json.dumps(facts)))

    async def video(request: Request) -> Response:
        pair = _pair(request)
        if pair is None:
            return JSONResponse({"error": "no such pair"}, 404)
        first = request.path_params["side"] == "left"
        return FileResponse(
            pair.first_video if first != _swapped(pair) else pair.second_video,
            media_type="video/mp4",
        )

    async def vote(request: Request) -> Response:
        pair = _pair(request)
        if pair is None:
            return JSONResponse({"error": "no such pair"}, 404)
        # A page of another origin can send text, not JSON, without being asked first.
        if request.headers.get("content-type", "").split(";")[0] != "application/json":
            return JSONResponse({"error": "not a vote"}, 415)
        origin = request.headers.get("origin")
        if origin and urlsplit(origin).netloc != request.headers.get("host"):
            return JSONResponse({"error": "not from this page"}, 403)
        try:
            given: Any = await request.json()
            rater = str(given["rater"]).encode("utf-8", "replace").decode().strip()[:120]
            answers = {str(k): str(v) for k, v in dict(given["answers"]).items()}
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"error": "not a vote"}, 400)
        if not rater:
            return JSONResponse({"error": "a vote needs a name"}, 400)
        sides = ("second", "first") if _swapped(pair) else ("first", "second")
        meaning = {"left": sides[0], "right": sides[1], "same": "same"}
        try:
            votes.add(rater, pair, {k: meaning.get(v, v) for k, v in answers.items()})
        except InputError as error:
            return JSONResponse({"error": error.message}, 400)
        return JSONResponse({"saved": True})

    def _pair(request: Request) -> Pair | None:
        number = int(request.path_params["number"])
        return pairs[number] if 0 <= number < len(pairs) else None

    return Starlette(
        routes=[
            Route("/", page),
            Route("/video/{number:int}/{side}", video),
            Route("/vote/{number:int}", vote, methods=["POST"]),
        ]
    )


def _swapped(pair: Pair) -> bool:
    """Checks must not always have the whole dance on the left; other pairs are drawn by chance."""
    return pair.check and pair.number % 2 == 1
