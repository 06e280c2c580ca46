"""The load of `handover`: a Java program that keeps a thousand clients on one thread.

Python would be the slowest part of what it measures. The program is compiled at the start of each
run and writes down when each query was sent and answered; both sides read the same clock.
"""

import array
import contextlib
import glob
import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from benchlib.servers import LIBC, PR_SET_PDEATHSIG, REPOSITORY, NotInstalled

SOURCES = REPOSITORY / "src" / "bench" / "java" / "io" / "pgdoorman" / "bench" / "load"
MAIN = "io.pgdoorman.bench.load.Load"
JAVA_VERSION = 25
# The heap is taken at once and large enough for a run without a collection; JSSE makes garbage.
JAVA_OPTIONS = ("-XX:+UseSerialGC", "-XX:+AlwaysPreTouch", "-XX:-UsePerfData")
HEAP = ("-Xms384m", "-Xmx384m", "-Xmn192m")
HEAP_WITH_TLS = ("-Xms1536m", "-Xmx1536m", "-Xmn1200m")
TICKER, LOOP, NEW = -1, -2, -3
DIRECT_PAUSE_US = 2000
PRIORITY = -10
FIELDS = 3


class LoadFailed(Exception):
    """The load program ended or said something unexpected."""


@dataclass(frozen=True)
class Records:
    """What was noted since the last cut; times in nanoseconds of the monotonic clock."""

    records: list  # of (who, began, ended)
    lost: int
    new_failed: int
    collections: int
    complaints: list


class Load:
    """Runs while its block does. Clients are numbered: first the busy, then silent, then direct."""

    def __init__(
        self, directory, port, postgres_port, busy, silent, direct, think_us, tls=False
    ):
        self.directory = Path(directory)
        self.ports = (port, postgres_port)
        self.busy = range(busy)
        self.silent = range(busy, busy + silent)
        self.direct = range(busy + silent, busy + silent + direct)
        self.think_us, self.tls = think_us, tls
        self.process, self.complaints, self.before = None, [], (0, 0, 0)

    def __enter__(self):
        home = jdk()
        classes = self.directory / "load-classes"
        # Without package-info: its annotation comes from a library, and nothing here needs one.
        sources = [p for p in SOURCES.glob("*.java") if p.name != "package-info.java"]
        subprocess.run([home / "bin" / "javac", "-d", classes, *sources], check=True)
        self.log = self.directory / "load.log"
        numbers = (
            *self.ports, len(self.busy), len(self.silent), len(self.direct),
            self.think_us, DIRECT_PAUSE_US, str(self.tls).lower(),
        )  # fmt: skip
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [
                    home / "bin" / "java", *JAVA_OPTIONS, *(HEAP_WITH_TLS if self.tls else HEAP),
                    "-cp", classes, MAIN, *map(str, numbers),
                ],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                start_new_session=True, preexec_fn=prefer_and_die_with_parent,
            )  # fmt: skip
        try:
            there = int(self._answer("ready")[0])
            if abs(time.monotonic_ns() - there) > 1_000_000_000:
                raise LoadFailed("the clock of Java is not the monotonic one")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def speak(self, begin, end):
        """Each silent client sends one query at a random moment of its own between these two."""
        self._say(f"silent {begin} {end}")

    def cut(self):
        """Everything noted since the last cut. A query still unanswered lasts until now."""
        file = self.directory / "records"
        self._say(f"cut {file}")
        counts = tuple(int(word) for word in self._answer("cut"))
        now = time.monotonic_ns()
        numbers = array.array("q")
        numbers.frombytes(file.read_bytes())
        file.unlink()
        ended = (end or now for end in numbers[2::FIELDS])
        records = list(zip(numbers[::FIELDS], numbers[1::FIELDS], ended))
        grown = [count - before for count, before in zip(counts, self.before)]
        self.before = counts
        complaints, self.complaints = self.complaints, []
        return Records(records, *grown, complaints)

    def _say(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except OSError as broken:
            raise LoadFailed(self.log.read_text()[-2000:]) from broken

    def _answer(self, word):
        for line in self.process.stdout:
            words = line.split()
            if words[0] == word:
                return words[1:]
            self.complaints.append(line.strip())
        raise LoadFailed(self.log.read_text()[-2000:])


def prefer_and_die_with_parent():
    """In reality the clients have a machine of their own: they do not wait for a core here."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)


def jdk():
    """The home of a JDK that can compile the load; where the launcher of pg_doorman looks."""
    on_path = shutil.which("javac")
    homes = [
        os.environ.get("PG_DOORMAN_JAVA_HOME"), os.environ.get("JAVA_HOME"),
        on_path and Path(on_path).resolve().parent.parent,
        *glob.glob("/usr/lib/jvm/*"), *glob.glob("/opt/java/*"),
    ]  # fmt: skip
    for home in (Path(home) for home in homes if home):
        release = home / "release"
        if (home / "bin" / "javac").exists() and release.exists():
            version = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(), re.MULTILINE)
            if version and int(version[1]) >= JAVA_VERSION:
                return home
    raise NotInstalled(f"no JDK {JAVA_VERSION} or later: set JAVA_HOME")
