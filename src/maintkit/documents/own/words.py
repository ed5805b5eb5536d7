"""documents/words.yml: what a house calls things, and who signs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from maintkit.documents.own.chapters import CHAPTERS, RENAMED
from maintkit.sitefile import Problem, Problems, SiteModel, near

FILE = "words.yml"
ALL = "all"
Word = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\S(.*\S)?$")]
KINDS = (ALL, *CHAPTERS, "faq", "configuration-manual", "handover-list", "document-list")


class Signer(SiteModel):
    """One place to sign: the role, of which side, and the lines to fill in."""

    role: Word = Field(description="who signs, like 信息科负责人")
    of: Literal["hospital", "provider"]
    lines: tuple[Word, ...] = Field(
        default=("签名：", "日期：", "（盖章）"), min_length=1, max_length=5, description="a list of lines to fill in"
    )


class Signatures(SiteModel):
    """The sign-off of documents: the parties, side by side, and the sentence over them where it is another one."""

    parties: tuple[Signer, ...] = Field(min_length=2, max_length=4, description="a list of 2 to 4 with `role` and `of`")
    statement: str | None = Field(default=None, min_length=1, max_length=200, description="one sentence")

    @model_validator(mode="after")
    def _whole(self) -> Signatures:
        problems = []
        if {one.of for one in self.parties} != {"hospital", "provider"}:
            text = "one side does not sign"
            problems.append(Problem(at=("parties",), text=text, allowed="at least one of hospital and one of provider"))
        if len({len(one.lines) for one in self.parties}) > 1:
            text = "the parties have different numbers of lines"
            problems.append(Problem(at=("parties",), text=text, allowed="as many lines for each"))
        if problems:
            raise Problems(problems)
        return self


class Words(SiteModel):
    """words.yml. `labels` are chapters and labels of covers; `sign_off` is by kind of document, or `all`."""

    organisation: Word | None = Field(default=None, description="what stands over titles and in headers")
    labels: dict[str, Word] = Field(default_factory=dict, description="a label or chapter and its word here")
    sign_off: dict[str, Signatures] = Field(default_factory=dict, description="a kind of document and who signs it")

    @model_validator(mode="after")
    def _known(self) -> Words:
        problems = [*_unknown("labels", self.labels, RENAMED), *_unknown("sign_off", self.sign_off, KINDS)]
        seen: dict[str, str] = {}
        for label, word in self.labels.items():
            if word in seen or word in RENAMED:
                text = f"`{word}` is also the word for {seen.get(word, word)}"
                problems.append(Problem(at=("labels", label), text=text, allowed="a word of its own"))
            seen[word] = label
        if problems:
            raise Problems(problems)
        return self


def _unknown(where: str, said: Mapping[str, object], known: tuple[str, ...]) -> Iterator[Problem]:
    for name in said:
        if name not in known:
            allowed = ", ".join(known) if len(known) < 40 else "a chapter or a cover's label (docs/own-documents.md)"
            yield Problem(at=(where, name), text=f"no `{name}`{near(name, list(known))}", allowed=allowed)
