"""A chart as a picture, by matplotlib, in shades and hatches that a black-and-white print keeps apart.

The same chart and the same font give the same bytes: no date, no program's name, no random ids.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter
from matplotlib.figure import Figure
from matplotlib.font_manager import FontPath, FontProperties
from matplotlib.ticker import MaxNLocator

from maintkit.documents.fonts import Face
from maintkit.documents.model import Chart, Line
from maintkit.documents.render.pictures import HEIGHT_CM, WIDTH_CM
from maintkit.documents.text import written_out

_DPI = 200
_EPOCH = date(1970, 1, 1)
_INCH = 2.54
_SIZE = 8.0  # points
_DASHES: Mapping[str, str] = {"expected": "--", "recent": "-."}
_HATCH: Mapping[str, str] = {"expected": "////", "recent": "...."}
_BARS = (("black", ""), ("white", "////"), ("#D9D9D9", ""), ("white", "...."))  # shade and hatch of each part


def svg(chart: Chart, face: Face) -> str:
    """The picture as one `<svg>` element, its letters as outlines: no font of the reader is asked for."""
    with _settings():
        target = io.StringIO()
        empty = {"Date": None, "Creator": None, "Format": None, "Type": None}
        _figure(chart, face).savefig(target, format="svg", metadata=empty)
    drawn = target.getvalue()
    return drawn[drawn.index("<svg") :]


def png(chart: Chart, face: Face) -> bytes:
    """The picture as PNG, for Word."""
    with _settings():
        target = io.BytesIO()
        _figure(chart, face).savefig(target, format="png", dpi=_DPI, metadata={"Software": None})
    return target.getvalue()


@contextmanager
def _settings() -> Iterator[None]:
    """The program's own, whatever a matplotlibrc of this machine says."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams["svg.hashsalt"] = "maintkit"
        mpl.rcParams["svg.fonttype"] = "path"
        mpl.rcParams["hatch.linewidth"] = 0.6
        mpl.rcParams["axes.unicode_minus"] = False
        yield


def _figure(chart: Chart, face: Face) -> Figure:
    letters = FontProperties(fname=FontPath(str(face.path), face.index), size=_SIZE)
    figure = Figure(figsize=(WIDTH_CM / _INCH, HEIGHT_CM / _INCH), layout="constrained")
    axes = figure.add_subplot()
    if chart.bars:
        _bars(axes, chart, face)
    else:
        for line in chart.lines:
            _line(axes, line, _drawable(line.name, face), letters)
        # matplotlib's dates have no types of their own.
        axes.xaxis.set_major_locator(AutoDateLocator(minticks=3, maxticks=6))  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(DateFormatter("%Y-%m-%d"))  # type: ignore[no-untyped-call]
    axes.set_ylabel(_drawable(chart.unit, face), fontproperties=letters)
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#CCCCCC", linewidth=0.4)
    axes.set_axisbelow(True)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontproperties(letters)
    axes.legend(prop=letters, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, borderaxespad=0)
    return figure


def _line(axes: Axes, line: Line, name: str, letters: FontProperties) -> None:
    days, values = [_number(day) for day, _ in line.points], [value for _, value in line.points]
    match line.style:
        case "limit":
            axes.axhline(values[0], color="black", linewidth=0.9, linestyle=(0, (1, 2)))
            axes.annotate(name, (0.0, values[0]), xycoords=("axes fraction", "data"), xytext=(3, 2),
                          textcoords="offset points", fontproperties=letters)  # fmt: skip
        case "measured":
            axes.plot(days, values, color="black", linewidth=1.0, marker="o", markersize=2.2, label=name)
        case _:
            axes.plot(days, values, color="#404040", linewidth=1.2, linestyle=_DASHES[line.style], label=name)
    if line.band:
        at, low, high = zip(*((_number(day), low, high) for day, low, high in line.band), strict=True)
        axes.fill_between(at, low, high, facecolor="#EEEEEE", edgecolor="#888888", hatch=_HATCH[line.style],
                          linewidth=0.4, label=f"{name} P10–P90")  # fmt: skip


def _number(day: date) -> float:
    """A day as matplotlib counts them."""
    return float((day - _EPOCH).days)


def _bars(axes: Axes, chart: Chart, face: Face) -> None:
    places = range(len(chart.labels))
    below = [0] * len(chart.labels)
    for number, part in enumerate(chart.bars):
        shade, hatch = _BARS[number % len(_BARS)]
        name = _drawable(part.name, face)
        axes.bar(places, part.values, 0.6, below, color=shade, hatch=hatch, edgecolor="black", label=name,
                 linewidth=[0.7 if value else 0.0 for value in part.values])  # fmt: skip
        below = [had + more for had, more in zip(below, part.values, strict=True)]
    axes.set_xticks(list(places), [_drawable(label, face) for label in chart.labels])
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_xlim(-0.6, max(len(chart.labels), 4) - 0.4)
    axes.set_ylim(top=max(*below, 4))


def _drawable(text: str, face: Face) -> str:
    """The text with what the face cannot draw written out; `$` would begin a formula."""
    shown = "".join(one if ord(one) in face.characters else written_out(one) for one in text)
    return shown.replace("$", r"\$")
