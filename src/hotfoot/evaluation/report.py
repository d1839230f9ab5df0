"""Results as JSON, Markdown and one self-contained HTML page."""

import base64
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotfoot._version import __version__
from hotfoot.errors import DependencyError, InputError, OptionError
from hotfoot.evaluation.metrics import METRICS
from hotfoot.evaluation.statistics import NAN
from hotfoot.evaluation.summary import EvaluationResult, Summary
from hotfoot.files import check_writable, save_text

SCHEMA = 1
_FIELDS = ("value", "low", "high", "chance", "p", "real")
_PER_DANCE = (
    "coherence", "alignment", "energy", "speed", "stop_and_go", "jerk", "limb_error", "in_frame",
)  # fmt: skip


def to_json(results: list[EvaluationResult], command: str) -> dict[str, Any]:
    """Everything that was measured; NaN becomes null."""
    return {
        "schema": SCHEMA,
        "hotfoot_version": __version__,
        "command": command,
        "results": [
            {
                "name": r.name,
                "metrics": {
                    k: {f: _number(getattr(s, f)) for f in _FIELDS} | {"n": s.n}
                    for k, s in r.metrics.items()
                },
                "dances": [
                    {
                        "name": d.info.name, "song": d.song.name, "seed": d.info.seed,
                        "tempo": d.info.tempo, "tempo_bpm": _number(d.song.tempo_bpm),
                        "beats_from": d.song.beats_from,
                        "values": {k: _number(v) for k, v in d.values.items()},
                        "lag_curve": [round(float(v), 4) for v in d.lag_curve],
                    }
                    for d in r.dances
                ],
            }
            for r in results
        ],
    }  # fmt: skip


def read_results(path: Path) -> dict[str, Any]:
    """A results file.

    Raises:
        InputError: not one.
    """
    try:
        data = json.loads(path.read_text())
        if data["schema"] != SCHEMA or not data["results"]:
            raise KeyError("schema")
        str(data["command"])
        for row in data["results"]:
            row["name"], row["dances"]
            for key, summary in row["metrics"].items():
                if key in METRICS:
                    _summary_of(summary)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} does not hold results", "Give a results.json of hotfoot evaluate."
        ) from error
    return dict(data)


def compare_results(paths: list[Path]) -> dict[str, Any]:
    """Several results files as one; a name that comes twice keeps its last.

    Raises:
        InputError: one does not hold results, or none is given.
    """
    if not paths:
        raise InputError("there are no results to compare", "Give results.json files.")
    rows: dict[str, Any] = {}
    for part in map(read_results, paths):
        for row in part["results"]:
            rows[row["name"]] = row | {"command": row.get("command", part["command"])}
    return {
        "schema": SCHEMA,
        "hotfoot_version": __version__,
        "command": "\n".join(dict.fromkeys(r["command"] for r in rows.values())),
        "results": list(rows.values()),
    }


def _number(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None


def _summary_of(row: dict[str, Any]) -> Summary:
    known = {f: NAN if row.get(f) is None else float(row[f]) for f in _FIELDS}
    return Summary(n=int(row["n"]), **known)


def cell(summary: Summary) -> str:
    """``0.31 [0.22, 0.40] chance 0.0 p 0.002 real 0.35`` as far as it is known."""
    if not math.isfinite(summary.value):
        return "-"
    text = f"{summary.value:.3g}"
    if math.isfinite(summary.low):
        text += f" [{summary.low:.3g}, {summary.high:.3g}]"
    if math.isfinite(summary.chance):
        text += f" chance {summary.chance:.2g}"
    if math.isfinite(summary.p):
        text += f" p {'< 0.001' if summary.p < 0.001 else f'{summary.p:.3f}'}"
    if math.isfinite(summary.real):
        text += f" real {summary.real:.3g}"
    return text


def save_results(data: dict[str, Any], folder: Path) -> None:
    """Write ``results.json`` and ``results.md`` into a folder."""
    text = json.dumps(data, indent=1, allow_nan=False) + "\n"
    save_text(folder / "results.json", text)
    save_text(folder / "results.md", markdown(data))


def save_report(
    data: dict[str, Any], path: Path, sheets: list[tuple[str, NDArray[np.uint8]]] | None = None
) -> None:
    """Write a table (.md) or a page (.html), the page with contact sheets.

    Raises:
        OptionError: another suffix.
        DependencyError: matplotlib or jinja2 is not installed.
    """
    check_report(path)
    save_text(path, markdown(data) if path.suffix == ".md" else html(data, sheets))


def check_report(path: Path) -> None:
    """Raise OptionError or OutputError unless a report can be written there."""
    if path.suffix not in (".html", ".md"):
        raise OptionError(f"cannot write {path.name}", "Reports are .html or .md.")
    check_writable(path)


def markdown(data: dict[str, Any]) -> str:
    """A table: metrics down, rows of results across."""
    head = ["metric", "better", *[r["name"] for r in data["results"]]]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in _table(data)]
    return "\n".join(lines) + "\n"


def _table(data: dict[str, Any]) -> list[list[str]]:
    """Title, what is better, and a cell for each row of results; of metrics that any has."""
    out = []
    for key, metric in METRICS.items():
        found = [r["metrics"].get(key) for r in data["results"]]
        if any(found):
            title = metric.title + (f" ({metric.unit})" if metric.unit else "")
            better = {"one": "near 1"}.get(metric.better, metric.better)
            out.append([title, better, *(cell(_summary_of(f)) if f else "-" for f in found)])
    return out


_PAGE = """<!doctype html>
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
<div class="wide"><table><tr><th>metric</th><th>better</th>
{% for row in rows %}<th>{{ row.name }}</th>{% endfor %}</tr>
{% for line in lines %}<tr><td>{{ line[0] }}</td><td>{{ line[1] }}</td>
{% for c in line[2:] %}<td class="number">{{ c }}</td>{% endfor %}</tr>{% endfor %}</table></div>
{% for picture in pictures %}<figure><figcaption>{{ picture.title }}</figcaption>
<img alt="{{ picture.title }}" src="data:image/png;base64,{{ picture.data }}"></figure>{% endfor %}
{% for row in rows %}{% if row.dances %}<h2>{{ row.name }}</h2><div class="wide"><table>
<tr><th>dance</th><th>song</th><th>BPM</th>
{% for c in columns %}<th>{{ c }}</th>{% endfor %}</tr>
{% for d in row.dances %}<tr><td>{{ d.name }}</td><td>{{ d.song }}</td>
<td class="number">{{ "%.0f" % d.tempo_bpm if d.tempo_bpm else "-" }}</td>
{% for c in columns %}<td class="number">
{{- "%.3g" % d["values"][c] if d["values"].get(c) is not none else "-" -}}</td>{% endfor %}</tr>
{% endfor %}</table></div>{% endif %}{% endfor %}
</body></html>
"""


def html(data: dict[str, Any], sheets: list[tuple[str, NDArray[np.uint8]]] | None = None) -> str:
    """One page that needs nothing else: table, plots, per-song table, contact sheets (RGB).

    Raises:
        DependencyError: matplotlib or jinja2 is not installed.
    """
    try:
        import jinja2
        import matplotlib
    except ImportError as error:
        raise DependencyError(
            "reports need the packages jinja2 and matplotlib",
            "Install them: pip install 'hotfoot[report]'",
        ) from error
    matplotlib.use("Agg")
    rows = data["results"]
    pictures = _plots(rows)
    for name, sheet in sheets or []:
        pictures.append({"title": name, "data": _png(sheet)})
    template = jinja2.Environment(autoescape=True).from_string(_PAGE)
    return template.render(
        title="How the dances measure up", version=__version__, command=data["command"],
        rows=rows, lines=_table(data),
        pictures=pictures, columns=_PER_DANCE,
    )  # fmt: skip


def _plots(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    from matplotlib.figure import Figure

    pictures = []

    def add(title: str, figure: Figure) -> None:
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=110, bbox_inches="tight")
        pictures.append({"title": title, "data": base64.b64encode(buffer.getvalue()).decode()})

    curves = [
        (r["name"], np.array([d["lag_curve"] for d in r["dances"] if d["lag_curve"]])) for r in rows
    ]
    if any(len(c) for _, c in curves):
        figure = Figure(figsize=(8, 3))
        axis = figure.subplots()
        for name, curve in curves:
            if len(curve):
                lags = np.linspace(-0.5, 0.5, curve.shape[1])
                axis.plot(lags, curve.mean(axis=0), label=name)
        axis.axvline(0, color="0.7", lw=0.8, zorder=0)
        axis.set(xlabel="lag of the dance (s)", ylabel="beat alignment")
        axis.legend(frameon=False, fontsize=8)
        add("Beat alignment if the dance were moved by a lag; it should peak at zero", figure)
    keys = [k for k in _PER_DANCE if any(_values(r, k) for r in rows)]
    if keys:
        figure = Figure(figsize=(10, 2.4 * math.ceil(len(keys) / 4)))
        axes = np.atleast_1d(figure.subplots(math.ceil(len(keys) / 4), 4)).ravel()
        for axis, key in zip(axes, keys, strict=False):
            groups = [_values(r, key) for r in rows]
            axis.boxplot(groups, widths=0.6, showfliers=False)
            for i, group in enumerate(groups):
                beside = i + 1 + np.linspace(-0.15, 0.15, len(group))
                axis.plot(beside, group, ".", ms=3, alpha=0.5)
            axis.set_title(METRICS[key].title, fontsize=8)
            axis.set_xticks(range(1, len(rows) + 1), [r["name"] for r in rows], fontsize=6,
                            rotation=30)  # fmt: skip
            axis.tick_params(axis="y", labelsize=7)
        for axis in axes[len(keys) :]:
            axis.set_visible(False)
        figure.tight_layout()
        add("Distribution over dances", figure)
    return pictures


def _values(row: dict[str, Any], key: str) -> list[float]:
    return [d["values"][key] for d in row["dances"] if d["values"].get(key) is not None]


def _png(picture: NDArray[np.uint8]) -> str:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()
