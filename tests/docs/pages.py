"""The pages of the documentation, and the blocks and links in them."""

import re
from pathlib import Path

import attrs

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted(DOCS.rglob("*.md")),
    *sorted((ROOT / "plugins").glob("*/README.md")),
]
"""All that a reader can get to from the README."""

NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

_FENCE = re.compile(r"```(\w*)")
_MARK = re.compile(r"<!-- (.+) -->")
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")


@attrs.frozen(kw_only=True)
class Block:
    """A fenced block; `mark` is the comment above it, which no reader sees.

    `<!-- file: NAME -->` writes the block to a file. `<!-- run -->` runs its commands and compares
    what they print. `<!-- raises -->` expects an error of ours. `<!-- printed -->` is what the
    python block before it prints, or the error it raises; `...` in it stands for anything.
    `<!-- needs: MODULE -->` runs a python block where that module is installed, and else compiles it.
    """

    page: Path
    line: int
    language: str
    text: str
    mark: str = ""

    @property
    def place(self):
        """Where it begins, as an editor opens it."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page):
    """Return the fenced blocks of a page, in order."""
    found, inside, mark = [], None, ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        fence = _FENCE.fullmatch(line.strip()) if line.startswith("```") else None
        if inside is None and fence:
            inside = (number, fence[1], [], mark)
        elif inside is not None and line == "```":
            start, language, lines, above = inside
            text = "".join(f"{one}\n" for one in lines)
            found.append(Block(page=page, line=start, language=language, text=text, mark=above))
            inside, mark = None, ""
        elif inside is not None:
            inside[2].append(line)
        elif line.strip():
            comment = _MARK.fullmatch(line.strip())
            mark = comment[1] if comment else ""
    assert inside is None, f"{page}:{inside[0]}: the block has no end"
    return found


def links(page):
    """Return the targets of the links of a page, those in blocks left out."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return _LINK.findall(re.sub(r"`[^`\n]*`", "", text))


def anchors(page):
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
