"""A client of /metrics that costs little itself: one connection, a request made before, no parser."""

import threading
import time

from benchlib import wire

CHUNK = 1 << 18


class ScrapeFailed(Exception):
    """The answer was not a page with a known length."""


class Scraper:
    """One connection that stays. `encoding` is what the client accepts: identity or gzip."""

    def __init__(self, port, encoding="identity"):
        self.request = (
            f"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: {encoding}\r\n\r\n"
        ).encode()
        self.socket = wire.open_socket(port)

    def page(self):
        self.socket.sendall(self.request)
        data = bytearray()
        length = None
        while length is None or len(data) < length:
            part = self.socket.recv(CHUNK)
            if not part:
                raise ScrapeFailed(f"closed by the peer after {len(data)} bytes")
            data += part
            head = data.find(b"\r\n\r\n") if length is None else -1
            if head >= 0:
                length = head + 4 + content_length(bytes(data[:head]))
                begin = head + 4
        return data[begin:]

    def timed(self):
        """Milliseconds from before the request is written to when the page is complete; its bytes."""
        begin = time.perf_counter()
        page = self.page()
        return (time.perf_counter() - begin) * 1000, len(page)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def content_length(head):
    lines = head.lower().split(b"\r\n")
    if b" 200 " not in lines[0] + b" ":
        raise ScrapeFailed(lines[0].decode(errors="replace"))
    for line in lines[1:]:
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    raise ScrapeFailed("no content-length")


class SteadyScrapes:
    """Scrapes at a steady rate while its block runs; a scrape that is late is not made up for."""

    def __init__(self, port, per_second):
        self.port, self.pause = port, 1 / per_second
        self.times, self.failure, self.cpu_seconds = [], None, 0.0
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        try:
            with Scraper(self.port) as scraper:
                due = time.perf_counter()
                while not self.done.wait(max(0.0, due - time.perf_counter())):
                    self.times.append(scraper.timed()[0])
                    due = max(due + self.pause, time.perf_counter() - self.pause)
        except (OSError, ScrapeFailed) as problem:
            self.failure = str(problem)
        self.cpu_seconds = time.thread_time()

    def __enter__(self):
        self.begin = time.perf_counter()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self.begin
        self.done.set()
        self.thread.join(30)

    def document(self):
        return {
            "per_second": len(self.times) / self.seconds,
            "ms": self.times,
            "cores_of_the_scraper": self.cpu_seconds / self.seconds,
        }
