"""The server that is tested."""

import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

TIMEOUT_SECONDS = 30


class Refused(Exception):
    """The server cannot be tested; the message says why, and what to do."""


@dataclass(frozen=True)
class Target:
    """Where the API is, and the key for it. The key goes to suites in their environment, never on a command line."""

    url: str
    title: str
    version: str
    key: str | None = field(repr=False)

    @classmethod
    def open(cls, url: str, key_file: Path | None) -> "Target":
        """Asks the server who it is. Raises Refused when it does not answer."""
        url = url.rstrip("/")
        if not url.startswith(("http://", "https://")):
            raise Refused(f"expected a URL that begins with http:// or https://, received {url}")
        key = key_file.read_text().strip() if key_file else None
        said = _get(url + "/", key)
        return cls(url, str(said.get("title")), str(said.get("version")), key)

    def collections(self) -> list[str]:
        """The names of the collections that the server has."""
        said = _get(self.url + "/collections", self.key)
        return [collection["name"] for collection in said["result"]["collections"]]

    def environment(self) -> dict[str, str]:
        """The variables by which suites and the snippets of docs/CLIENTS.md find the server."""
        found = {**os.environ, "ROSE_FOREST_URL": self.url}
        found.pop("ROSE_FOREST_KEY", None)
        return {**found, "ROSE_FOREST_KEY": self.key} if self.key else found


def _get(url: str, key: str | None) -> dict:
    request = urllib.request.Request(url, headers={"api-key": key} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Refused(f"{url} answers {error.code}: {error.read(300).decode(errors='replace')}") from None
    except (OSError, ValueError) as error:
        raise Refused(f"{url} does not answer: {error}. Is the server running?") from None
