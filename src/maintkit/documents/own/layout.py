"""documents/layout.yml: fonts, the size of the logo, and the order of chapters."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from maintkit.documents.own.chapters import CHAPTERS, MAY_BE_LEFT_OUT
from maintkit.sitefile import Problem, Problems, SiteModel, near

FILE = "layout.yml"
# Names of fonts as programs show them: nothing that ends a value in XML, CSS or a style sheet.
Family = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[\w .\-]+$")]


class Fonts(SiteModel):
    """Fonts of the reader's machine, for Word, Excel and HTML; the PDF carries those of the machine that draws it."""

    text: Family | None = Field(default=None, description="a font for text, like 仿宋")
    headings: Family | None = Field(default=None, description="a font for headings and labels, like 黑体")


class Chapters(SiteModel):
    """The chapters of a kind: those named come first, in this order; the others follow as they are."""

    order: tuple[str, ...] = Field(default=(), description="a list of chapters, without their numbers")
    leave_out: tuple[str, ...] = Field(default=(), description="a list of chapters, without their numbers")


class Layout(SiteModel):
    """layout.yml. `chapters` are by kind of document."""

    fonts: Fonts = Field(default=Fonts(), description="`text` and `headings`")
    logo_cm: float = Field(default=1.5, ge=0.5, le=4, description="the height of logo.png, 0.5 to 4 cm")
    chapters: dict[str, Chapters] = Field(default_factory=dict, description="a kind of document and its chapters")

    @model_validator(mode="after")
    def _known(self) -> Layout:
        problems: list[Problem] = []
        for kind, said in self.chapters.items():
            if kind not in CHAPTERS:
                text = f"no document of kind `{kind}` has chapters to order{near(kind, list(CHAPTERS))}"
                problems.append(Problem(at=("chapters", kind), text=text, allowed=", ".join(CHAPTERS)))
                continue
            problems += _names(kind, "order", said.order, CHAPTERS[kind])
            free = tuple(name for name in CHAPTERS[kind] if name in MAY_BE_LEFT_OUT)
            problems += _names(kind, "leave_out", said.leave_out, free)
        if problems:
            raise Problems(problems)
        return self


def _names(kind: str, key: str, said: tuple[str, ...], known: tuple[str, ...]) -> list[Problem]:
    problems = []
    for place, name in enumerate(said):
        at, allowed = ("chapters", kind, key, place), ", ".join(known) or "nothing"
        if name in said[:place]:
            problems.append(Problem(at=at, text=f"`{name}` stands twice", allowed="once"))
        elif name not in known and name in CHAPTERS[kind]:
            problems.append(Problem(at=at, text=f"`{name}` must not be left out", allowed=allowed))
        elif name not in known:
            problems.append(Problem(at=at, text=f"no chapter `{name}`{near(name, list(known))}", allowed=allowed))
    return problems
