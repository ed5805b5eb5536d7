"""A house's own files for its documents, as somebody would make them in Word and by hand."""

from __future__ import annotations

import io
from pathlib import Path

import docx
from docx.oxml.ns import qn
from docx.shared import Cm, RGBColor
from PIL import Image

from maintkit.documents.own.start import start

WORDS = """---
organisation: 第一人民医院信息中心
labels: {采购人: 甲方, 服务方: 乙方, 巡检结论: 总体结论}
sign_off:
  all:
    parties:
      - {role: 乙方工程师, of: provider}
      - {role: 值班长, of: hospital}
      - {role: 信息中心主任, of: hospital}
"""
LAYOUT = """---
fonts: {text: 仿宋, headings: 楷体}
chapters:
  inspection-record:
    order: [巡检结论, 异常事件与处理]
    leave_out: [与上期对比]
"""


def style(header: str = "受控文件　{title}") -> bytes:
    """The file to begin with, changed: wider margins, a blue heading, another header."""
    word = docx.Document(io.BytesIO(start()))
    section = word.sections[0]
    section.left_margin = section.right_margin = Cm(3)
    section.header.paragraphs[0].text = header
    word.styles["Heading 1"].font.color.rgb = RGBColor(0x1F, 0x4E, 0x79)
    word.styles["Normal"].element.rPr.rFonts.set(qn("w:eastAsia"), "仿宋")
    word.add_paragraph("正文不得进入文档")
    target = io.BytesIO()
    word.save(target)
    return target.getvalue()


def logo(width: int = 120, height: int = 40) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (width, height), (31, 78, 121)).save(target, "PNG")
    return target.getvalue()


def furnish(root: Path) -> Path:
    """All four files in the site at `root`."""
    place = root / "documents"
    place.mkdir(parents=True, exist_ok=True)
    (place / "words.yml").write_text(WORDS, encoding="utf-8")
    (place / "layout.yml").write_text(LAYOUT, encoding="utf-8")
    (place / "style.docx").write_bytes(style())
    (place / "logo.png").write_bytes(logo())
    return place
