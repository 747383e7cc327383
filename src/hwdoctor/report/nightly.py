"""`hwdoctor nightly` for people: on a terminal, and as Markdown for a bug report or a summary page.

One outline serves both, so that neither tells what the other keeps quiet.
"""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from hwdoctor.model.night import Night
from hwdoctor.report.console import joined, words
from hwdoctor.report.finding import INDENT
from hwdoctor.report.markdown import escaped
from hwdoctor.report.night_outline import VERDICTS, Section, facts, last_line, sections


def console(night: Night) -> RenderableType:
    """For a terminal."""
    word, style = VERDICTS[night.verdict]
    head = joined([Text("hwdoctor nightly"), Text(word, style=style)], ": ")
    parts: list[RenderableType] = [head, *(words(line) for line in facts(night))]
    for section in sections(night):
        parts += [Text(), words(section.heading, "label")]
        parts += [Padding(words(line), (0, 0, 0, INDENT)) for line in section.shown]
    parts += [Text(), words(last_line(night), "label")]
    return Group(*parts)


def markdown(night: Night) -> str:
    """For a bug report, a pull request or the summary page of a workflow."""
    word, _ = VERDICTS[night.verdict]
    lines = [f"## hwdoctor {escaped(night.hwdoctor)} nightly: {word}", ""]
    lines += [f"- {escaped(line)}" for line in facts(night)]
    for section in sections(night):
        lines += ["", *_markdown(section)]
    lines += ["", f"**{escaped(last_line(night))}**", ""]
    return "\n".join(lines)


def _markdown(section: Section) -> Iterator[str]:
    heading = escaped(section.heading)
    if section.folded:
        yield f"<details><summary>{heading}</summary>"
    else:
        yield f"### {heading}"
    yield ""
    yield from (f"- {escaped(line)}" for line in section.shown)
    if section.folded:
        yield from ["", "</details>"]
