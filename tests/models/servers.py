"""Real HTTP servers on loopback that behave well, or badly on purpose."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Site:
    """What a server has and how it behaves."""

    content: dict[str, bytes] = field(default_factory=dict)
    """Path -> body."""

    ranges: bool = True
    etag: str | None = '"one"'
    cut_after: list[int] = field(default_factory=list)
    """Bytes of the body after which the connection is dropped: one entry for each answer that suffers it."""

    busy: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Statuses (and headers) with which the first requests are turned away."""

    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """Paths and Range headers, in the order in which they came."""

    answer: Callable[[BaseHTTPRequestHandler], bool] | None = None
    """Answers itself and returns True, or lets the rest happen."""

    address: str = ""


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
            """Says nothing."""

        def send(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
            self.send_response(status)
            for key, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            cut = site.cut_after.pop(0) if site.cut_after and body else None
            if self.command != "HEAD":
                self.wfile.write(body[:cut])
            if cut is not None:
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            site.asked.append((self.path, self.headers.get("Range")))
            if site.answer is not None and site.answer(self):
                return
            if site.busy:
                self.send(*site.busy.pop(0))
            elif self.path in site.redirects:
                self.send(302, {"Location": site.redirects[self.path]})
            elif self.path.split("?")[0] not in site.content:
                self.send(404, {"Content-Type": "text/html"}, b"<html>not here</html>")
            else:
                self.give(site.content[self.path.split("?")[0]])

        def give(self, body: bytes) -> None:
            headers = {"ETag": site.etag} if site.etag else {}
            wanted = self.headers.get("Range")
            same = self.headers.get("If-Range") in (None, site.etag)
            if not (wanted and site.ranges and same):
                self.send(200, headers, body)
                return
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(body):
                self.send(416, {"Content-Range": f"bytes */{len(body)}"})
            else:
                headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
                self.send(206, headers, body[start:])

    return Handler


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """The site, at an address on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
