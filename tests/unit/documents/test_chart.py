"""Charts: the same bytes each time, told apart without colour, and never in the way of a document without one."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import draw
import pytest
import sample_health as health

from maintkit.analysis.trend import Trend
from maintkit.documents import fonts
from maintkit.documents.model import Bars, Chart, Column, Document, Line, Table
from maintkit.documents.parts.health import growth
from maintkit.documents.render import FORMATS, pictures, render

DAY = date(2026, 10, 1)
TABLE = Table(columns=(Column(title="日期", width=1),), rows=())
BARS = Chart(
    title="各月故障", unit="起", note="各月的故障。", table=TABLE, labels=("2026-09", "2026-10"),
    bars=(Bars(name="P1", values=(0, 1)), Bars(name="P2", values=(2, 1)), Bars(name="P3", values=(0, 0))),
)  # fmt: skip
LINES = Chart(
    title="增长", unit="GiB", note="实测与推算。", table=TABLE,
    lines=(
        Line(name="实测", style="measured", points=((DAY, 1.0), (DAY + timedelta(days=30), 2.0))),
        Line(name="推算", style="expected", points=((DAY, 2.0), (DAY + timedelta(days=90), 3.0)),
             band=((DAY, 2.0, 2.0), (DAY + timedelta(days=90), 2.5, 4.0))),
        Line(name="近期", style="recent", points=((DAY, 2.0), (DAY + timedelta(days=90), 3.5)),
             band=((DAY, 2.0, 2.0), (DAY + timedelta(days=90), 3.0, 4.5))),
        Line(name="限 $5", style="limit", points=((DAY, 5.0),)),
    ),
)  # fmt: skip


def _charts(document: Document) -> list[Chart]:
    return [block for block in document.blocks if isinstance(block, Chart)]


@pytest.mark.parametrize("chart", [BARS, LINES], ids=["bars", "lines"])
def test_a_picture_is_the_same_each_time_and_bears_no_date_and_no_program(chart: Chart) -> None:
    """And it warns of nothing: every letter was found in the font."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, again = pictures.svg(chart), pictures.svg(chart)
        assert pictures.png(chart) == pictures.png(chart)
    assert first == again
    assert first.startswith("<svg ")
    assert not re.search(r"dc:date|matplotlib\.org|Matplotlib", first)
    assert b"Software" not in pictures.png(chart)


def test_shades_are_grey_and_parts_differ_by_hatch() -> None:
    """A print in black and white loses nothing: no colour has red, green and blue apart."""
    for drawn in (pictures.svg(BARS), pictures.svg(LINES)):
        colours = set(re.findall(r"#([0-9a-fA-F]{6})\b", drawn))
        assert colours
        assert all(len({one[0:2], one[2:4], one[4:6]}) == 1 for one in colours)
        assert "<pattern" in drawn
    # The two expectations and their ranges: two dash patterns, two hatches, beside the dots of the limit.
    assert len(set(re.findall(r"stroke-dasharray: ([0-9., ]+)", pictures.svg(LINES)))) == 3
    assert len(re.findall(r"<pattern", pictures.svg(LINES))) == 2


def test_what_the_font_cannot_draw_is_written_out() -> None:
    """A box would say nothing."""
    odd = replace(BARS, labels=("\ue123", "2026-10"))
    assert 0xE123 not in fonts.find().sans.characters
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pictures.svg(odd)


def test_a_chart_without_data_or_with_bars_of_two_lengths_is_refused() -> None:
    with pytest.raises(ValueError, match="has no data"):
        Chart(title="空", unit="", note="", table=TABLE)
    with pytest.raises(ValueError, match="not a value a label"):
        replace(BARS, labels=("2026-10",))


def test_without_a_chinese_font_the_values_stand_for_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Word and the page need no font to be written, and lose nothing but the picture."""
    document = draw.documents()["health"]
    values = _charts(document)[0].table.rows[-1][2].text
    monkeypatch.setenv(fonts.VARIABLE, str(tmp_path))
    paths = render(document, ["docx", "html"], tmp_path, "record")
    with zipfile.ZipFile(paths[0]) as word:
        body = word.read("word/document.xml").decode()
        assert not [name for name in word.namelist() if name.startswith("word/media/")]
    for text in (body, paths[1].read_text()):
        assert pictures.WITHOUT in text
        assert values in text


def test_a_document_with_charts_is_the_same_file_each_time(tmp_path: Path) -> None:
    document = draw.documents()["service-october"]
    first = [path.read_bytes() for path in render(document, FORMATS, tmp_path / "a", "record")]
    again = [path.read_bytes() for path in render(document, FORMATS, tmp_path / "b", "record")]
    assert first == again


def test_matplotlib_is_loaded_for_a_document_with_a_chart_alone() -> None:
    """It costs half a second, which neither the command line nor a document without a chart pays."""
    said = (
        "import sys, maintkit.cli.main, maintkit.cli.report, maintkit.documents.render.docx\n"
        "import maintkit.documents.render.html, maintkit.documents.render.pdf, maintkit.documents.render.xlsx\n"
        "print('matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_filesystems_that_meet_a_limit_first_are_drawn_with_their_range() -> None:
    """By hand: /var and then /data meet their warning limits in 37 days; / stands still; one has too few points."""
    charts = growth.charts(health.forecasts(), health.sample.HEADER.zone)
    assert [chart.title.removesuffix(" 存储增长") for chart in charts] == [
        "his-web1 /var",
        "his-db1 /data",
        "his-db1 /backup",
        "his-app1 /",
    ]
    assert [line.style for line in charts[1].lines] == ["measured", "expected", "limit", "limit"]
    assert [line.style for line in charts[2].lines] == ["measured", "expected", "recent", "limit", "limit"]
    data = health.forecasts()[0]
    assert isinstance(data.trend, Trend)
    (_, start), (_, end) = charts[1].lines[1].points
    assert start == pytest.approx(data.trend.level / health.GIB)
    assert end - start == pytest.approx(90 * 1.0)  # it grows by 1 GiB a day
    within = zip(charts[1].lines[1].band, (start, end), strict=True)
    assert all(low <= value <= high for (_, low, high), value in within)


def test_the_months_of_a_review_are_drawn_by_level() -> None:
    """September one P2 and one P3, October one P1, one P2, two P3 and one without a level; August none."""
    (chart,) = _charts(draw.documents()["service-october"])
    assert chart.labels == ("2026-08", "2026-09", "2026-10")
    assert {one.name: one.values for one in chart.bars} == {
        "P1": (0, 0, 1), "P2": (0, 1, 1), "P3": (0, 1, 2), "未定级": (0, 0, 1),
    }  # fmt: skip
