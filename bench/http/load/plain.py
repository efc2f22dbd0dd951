"""HTTP over one socket that stays open, with as little of Python in between as can be.

For the answers themselves (recall), and for the time that HTTP adds to a search. Load comes from the generator.
"""

import json
import socket
import time
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 600


class HttpError(Exception):
    """An answer that is none, or not 200."""


class Connection:
    """One connection to `http://HOST:PORT`."""

    def __init__(self, url: str, headers: dict[str, str]):
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise HttpError(f"expected a URL as http://HOST:PORT, received {url}")
        self.address = (parts.hostname, parts.port or 80)
        fixed = {"Host": parts.netloc, "Content-Type": "application/json", **headers}
        self.head = "".join(f"{name}: {value}\r\n" for name, value in fixed.items())
        self.socket = socket.create_connection(self.address, TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """The raw request."""
        head = f"{method} {path} HTTP/1.1\r\n{self.head}Content-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    def timed(self, request: bytes) -> tuple[float, bytes]:
        """Seconds from the first byte sent to the last received, and the body of the answer."""
        started = time.perf_counter()
        self.socket.sendall(request)
        body = self._answer()
        return time.perf_counter() - started, body

    def json(self, method: str, path: str, value=None):
        """Sends and receives JSON."""
        body = b"" if value is None else value if isinstance(value, bytes) else json.dumps(value).encode()
        return json.loads(self.timed(self.request(method, path, body))[1] or b"null")

    def close(self) -> None:
        """Ends the connection."""
        self.socket.close()

    def _answer(self) -> bytes:
        while b"\r\n\r\n" not in self.buffer:
            self._receive()
        head, _, rest = self.buffer.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        self.buffer = rest
        while len(self.buffer) < length:
            self._receive()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        status = head.split(b" ", 2)[1]
        if not status.startswith(b"2"):
            raise HttpError(f"answered {status.decode()}: {body[:300].decode(errors='replace')}")
        return body

    def _receive(self) -> None:
        received = self.socket.recv(1 << 20)
        if not received:
            raise HttpError("the server closed the connection")
        self.buffer += received
