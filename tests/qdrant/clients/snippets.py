"""The snippets of docs/CLIENTS.md, so that each is run by the suite that it names.

A snippet is a fenced block after the line `<!-- suite: NAME -->`, or after that line and empty ones.
"""

import re

from clients.environments import HERE

PAGE = HERE.parent.parent / "docs" / "CLIENTS.md"
SNIPPET = re.compile(r"^<!-- suite: (\w+) -->\n+```\w+\n(.*?)^```$", re.M | re.S)
HEADING = re.compile(r"^#+ (.*)$", re.M)


def of(suite: str) -> list[tuple[str, str]]:
    """The snippets of a suite, each under the heading that it stands below. Raises ValueError where there is none."""
    text = PAGE.read_text()
    found = []
    for snippet in SNIPPET.finditer(text):
        if snippet.group(1) == suite:
            headings = HEADING.findall(text[: snippet.start()])
            found.append((headings[-1], snippet.group(2)))
    if not found:
        raise ValueError(f"docs/CLIENTS.md has no snippet of the suite {suite}")
    return found
