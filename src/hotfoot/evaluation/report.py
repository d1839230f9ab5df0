"""Results as JSON, Markdown and one self-contained HTML page."""

import base64
import io
import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotfoot._version import __version__
from hotfoot.errors import MALFORMED, InputError, needing, raising
from hotfoot.evaluation.metrics import METRICS
from hotfoot.evaluation.summary import EvaluationResult
from hotfoot.files import save_text

SCHEMA = 1
_PER_DANCE = (
    "coherence", "alignment", "energy", "speed", "stop_and_go", "jerk", "limb_error", "in_frame",
)  # fmt: skip


def to_json(result: EvaluationResult, command: str) -> dict[str, Any]:
    """Everything that was measured; NaN becomes null."""
    metrics = {
        key: {k: v if k == "n" else _number(v) for k, v in asdict(summary).items()}
        for key, summary in result.metrics.items()
    }
    dances = [
        {
            "name": d.info.name, "song": d.song.name, "seed": d.info.seed,
            "tempo": d.info.tempo, "tempo_bpm": _number(d.song.tempo_bpm),
            "beats_from": d.song.beats_from,
            "values": {k: _number(v) for k, v in d.values.items()},
            "lag_curve": [round(float(v), 4) for v in d.lag_curve],
        }
        for d in result.dances
    ]  # fmt: skip
    return _results([{"name": result.name, "metrics": metrics, "dances": dances}], command)


def _results(rows: list[dict[str, Any]], command: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA, "hotfoot_version": __version__, "command": command, "results": rows
    }  # fmt: skip


def _number(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None


def read_results(path: Path) -> dict[str, Any]:
    """A results file; InputError if it is none."""
    hint = "Give a results.json of hotfoot evaluate."
    with raising(InputError, MALFORMED, f"{path} does not hold results", hint):
        data = json.loads(path.read_text())
        rows = data["results"]
        if data["schema"] != SCHEMA or not rows or not all("dances" in row for row in rows):
            raise KeyError("schema")
        str(data["command"])
        markdown(data)  # uses what else every row must have
    return dict(data)


def compare_results(paths: list[Path]) -> dict[str, Any]:
    """Several results files as one, of equal names the last; InputError for no results."""
    if not paths:
        raise InputError("there are no results to compare", "Give results.json files.")
    rows: dict[str, Any] = {}
    for part in map(read_results, paths):
        for row in part["results"]:
            rows[row["name"]] = row | {"command": row.get("command", part["command"])}
    commands = dict.fromkeys(row["command"] for row in rows.values())
    return _results(list(rows.values()), "\n".join(commands))


def cell(summary: dict[str, Any]) -> str:
    """``0.31 [0.22, 0.40] chance 0.0 p 0.002 real 0.35`` as far as it is known."""
    names = ("value", "low", "high", "chance", "p", "real")
    value, low, high, chance, p, real = (summary.get(name) for name in names)
    if value is None:
        return "-"
    text = f"{value:.3g}"
    if low is not None:
        text += f" [{low:.3g}, {high:.3g}]"
    if chance is not None:
        text += f" chance {chance:.2g}"
    if p is not None:
        text += f" p {'< 0.001' if p < 0.001 else f'{p:.3f}'}"
    return text if real is None else f"{text} real {real:.3g}"


def save_results(data: dict[str, Any], folder: Path) -> None:
    """Write ``results.json`` and ``results.md`` into a folder."""
    save_text(folder / "results.json", json.dumps(data, indent=1, allow_nan=False) + "\n")
    save_text(folder / "results.md", markdown(data))


def save_report(
    data: dict[str, Any], path: Path, sheets: list[tuple[str, NDArray[np.uint8]]] | None = None
) -> None:
    """Write a table (.md) or a page (see :func:`html`)."""
    save_text(path, markdown(data) if path.suffix.lower() == ".md" else html(data, sheets))


def markdown(data: dict[str, Any]) -> str:
    """A table: metrics down, rows of results across."""
    table = _table(data)
    head, *rest = ("| " + " | ".join(row) + " |\n" for row in table)
    return "".join([head, "|" + "---|" * len(table[0]) + "\n", *rest])


def _table(data: dict[str, Any]) -> list[list[str]]:
    """Title, what is better, and a cell for each row of results; of metrics that any has."""
    out = [["metric", "better", *(r["name"] for r in data["results"])]]
    for key, metric in METRICS.items():
        found = [r["metrics"].get(key) for r in data["results"]]
        if any(found):
            title = metric.title + (f" ({metric.unit})" if metric.unit else "")
            out.append([title, metric.better, *(cell(f or {}) for f in found)])
    return out


_PAGE = """{% macro table(rows) %}<div class="wide"><table>
<tr>{% for text in rows[0] %}<th>{{ text }}</th>{% endfor %}</tr>
{% for row in rows[1:] %}<tr>{% for text in row %}
<td{% if loop.index > 2 %} class="number"{% endif %}>{{ text }}</td>{% endfor %}</tr>
{% endfor %}</table></div>{% endmacro %}<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
table { border-collapse: collapse; font-size: 13px; margin: 1rem 0; }
.wide { overflow-x: auto; }
th, td { border-bottom: 1px solid #8884; padding: .25rem .6rem; text-align: left;
  white-space: nowrap; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 1.5rem 0; } figure img { max-width: 100%; background: #fff; }
pre { background: #8882; padding: .6rem; overflow-x: auto; }
</style></head><body>
<h1>{{ title }}</h1>
<p>hotfoot {{ version }}. Values are means with 95&nbsp;% bootstrap intervals over songs. Scores of
synchrony are chance-corrected: 0 is what a dance reaches that does not follow the music, 1 is
perfect; p says how likely chance gives as much; real is what real dances have.</p>
<pre>{{ command }}</pre>
{{ table(metrics) }}
{% for picture in pictures %}<figure><figcaption>{{ picture.title }}</figcaption>
<img alt="{{ picture.title }}" src="data:image/png;base64,{{ picture.data }}"></figure>{% endfor %}
{% for name, rows in dances.items() %}<h2>{{ name }}</h2>{{ table(rows) }}{% endfor %}
</body></html>
"""


def html(data: dict[str, Any], sheets: list[tuple[str, NDArray[np.uint8]]] | None = None) -> str:
    """One page that needs nothing else: table, plots, per-song table, contact sheets (RGB).

    DependencyError if matplotlib or jinja2 is not installed.
    """
    hint = "Install them: pip install 'hotfoot[report]'"
    with needing("reports need the packages jinja2 and matplotlib", hint):
        import jinja2
        import matplotlib
    from PIL import Image

    matplotlib.use("Agg")
    rows = data["results"]
    pictures = [_picture(name, Image.fromarray(x).save, optimize=True) for name, x in sheets or []]
    return jinja2.Environment(autoescape=True).from_string(_PAGE).render(
        title="How the dances measure up", version=__version__, command=data["command"],
        metrics=_table(data), dances={row["name"]: _dances(row) for row in rows if row["dances"]},
        pictures=_plots(rows) + pictures,
    )  # fmt: skip


def _dances(row: dict[str, Any]) -> list[list[str]]:
    """A table of the dances of a row of results, with its head."""
    out = [["dance", "song", "BPM", *_PER_DANCE]]
    for d in row["dances"]:
        bpm = f"{d['tempo_bpm']:.0f}" if d["tempo_bpm"] else "-"
        values = (cell({"value": d["values"].get(key)}) for key in _PER_DANCE)
        out.append([d["name"], d["song"], bpm, *values])
    return out


def _picture(title: str, save: Callable[..., object], **options: Any) -> dict[str, str]:
    """What the page shows of a figure or picture, by its function that saves it."""
    buffer = io.BytesIO()
    save(buffer, format="png", **options)
    return {"title": title, "data": base64.b64encode(buffer.getvalue()).decode()}


def _plots(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    from matplotlib.figure import Figure

    figures = {}
    curves = {r["name"]: [d["lag_curve"] for d in r["dances"] if d["lag_curve"]] for r in rows}
    if any(curves.values()):
        figure = Figure(figsize=(8, 3))
        axis = figure.subplots()
        for name, curve in curves.items():
            if curve:
                axis.plot(np.linspace(-0.5, 0.5, len(curve[0])), np.mean(curve, axis=0), label=name)
        axis.axvline(0, color="0.7", lw=0.8, zorder=0)
        axis.set(xlabel="lag of the dance (s)", ylabel="beat alignment")
        axis.legend(frameon=False, fontsize=8)
        figures["Beat alignment if the dance were moved by a lag; it should peak at zero"] = figure
    values = {key: [_values(r, key) for r in rows] for key in _PER_DANCE}
    values = {key: groups for key, groups in values.items() if any(groups)}
    if values:
        height = math.ceil(len(values) / 4)
        figure = Figure(figsize=(10, 2.4 * height))
        axes = figure.subplots(height, 4).ravel()
        for axis, (key, groups) in zip(axes, values.items(), strict=False):
            axis.boxplot(groups, widths=0.6, showfliers=False)
            for i, group in enumerate(groups):
                beside = i + 1 + np.linspace(-0.15, 0.15, len(group))
                axis.plot(beside, group, ".", ms=3, alpha=0.5)
            axis.set_title(METRICS[key].title, fontsize=8)
            axis.set_xticks(range(1, len(rows) + 1), [r["name"] for r in rows], fontsize=6,
                            rotation=30)  # fmt: skip
            axis.tick_params(axis="y", labelsize=7)
        for axis in axes[len(values) :]:
            axis.set_visible(False)
        figure.tight_layout()
        figures["Distribution over dances"] = figure
    look = {"dpi": 110, "bbox_inches": "tight"}
    return [_picture(title, figure.savefig, **look) for title, figure in figures.items()]


def _values(row: dict[str, Any], key: str) -> list[float]:
    return [d["values"][key] for d in row["dances"] if d["values"].get(key) is not None]
