"""One process replaced by the next, seen from outside: by its exit, its descriptors, its port."""

import contextlib
import ctypes
import os
import select
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchlib import machine
from benchlib.servers import LIBC

PR_SET_CHILD_SUBREAPER = 36
POLL_MS = 5
LISTEN = "0A"  # a state in /proc/net/tcp
DONE_TEXT = "Handover complete"
# Fewer descriptors than this may come and go for other reasons: servers, listeners, files.
NOISE = 10


@dataclass
class Times:
    """Moments in nanoseconds of the monotonic clock; None for what was not seen."""

    signal: int
    end: int = 0  # the predecessor is gone, or what was done instead is over
    moving: int | None = None
    moved: int | None = None
    log: dict = field(default_factory=dict)
    exit_code: int | None = None
    failure: str | None = None


def adopt_orphans():
    """Successors become children of this script when their predecessor ends, not of init."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(1), 0, 0, 0)


def sleep_until(moment):
    time.sleep(max(0, moment - time.monotonic_ns()) / 1e9)


def descriptors(pid):
    """How many the process has open; since Linux 6.2 the size of the directory tells."""
    try:
        directory = f"/proc/{pid}/fd"
        return os.stat(directory).st_size or len(os.listdir(directory))
    except OSError:
        return 0  # ended meanwhile


def listener(port):
    """The descendant of this script that listens on the port."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    for pid in machine.family(os.getpid()):
        with contextlib.suppress(OSError):
            for entry in os.scandir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    if os.readlink(entry.path) in inodes:
                        return pid
    raise RuntimeError(f"nobody listens on port {port}")


def hand_over(pid, log, clients, begin, limit_seconds, ready_text):
    """Sends SIGUSR2 at `begin` and watches the process `pid` until it has ended."""
    texts = ["Got SIGUSR2", DONE_TEXT] + ([ready_text] if ready_text else [])
    exited = select.poll()
    process = os.pidfd_open(pid)
    try:
        exited.register(process, select.POLLIN)
        before, position = descriptors(pid), log.stat().st_size
        sleep_until(begin)
        times = Times(signal=time.monotonic_ns())
        os.kill(pid, signal.SIGUSR2)
        deadline = times.signal + int(limit_seconds * 1e9)
        looked = times.signal
        while not exited.poll(POLL_MS):
            count, earlier, looked = descriptors(pid), looked, time.monotonic_ns()
            if times.moving is None and count < before - NOISE:
                times.moving = earlier
            if times.moved is None and count <= before - clients:
                times.moved = looked
            position = read_log(log, position, texts, times.log)
            if looked > deadline:
                times.end, times.failure = looked, f"still there after {limit_seconds} s"
                return times
        times.end = time.monotonic_ns()
        read_log(log, position, texts, times.log)
        times.exit_code = exit_code(process)
        times.moved = times.moved or times.end
        if times.exit_code:
            times.failure = f"ended with {times.exit_code}"
        return times
    finally:
        os.close(process)


def read_log(log, position, texts, seen):
    """Notes when each text was first seen; returns how far complete lines were read."""
    if log.stat().st_size == position:
        return position
    now = time.monotonic_ns()
    with open(log, "rb") as file:
        file.seek(position)
        new = file.read()
    complete = new[: new.rfind(b"\n") + 1].decode(errors="replace")
    for text in texts:
        if text in complete:
            seen.setdefault(text, now)
    return position + new.rfind(b"\n") + 1


def exit_code(process):
    """Of a child, which it may be by adoption; negative for a signal. It stays to be reaped."""
    with contextlib.suppress(ChildProcessError):
        ended = os.waitid(os.P_PIDFD, process, os.WEXITED | os.WNOWAIT)
        return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
    return None


def pause(pid, begin, milliseconds):
    """Stops the process for a while: what a handover must not look like."""
    sleep_until(begin)
    times = Times(signal=time.monotonic_ns())
    os.kill(pid, signal.SIGSTOP)
    stopped = time.monotonic_ns()
    sleep_until(stopped + int(milliseconds * 1e6))
    times.end = time.monotonic_ns()
    os.kill(pid, signal.SIGCONT)
    times.log = {"stopped": stopped}
    return times


def end_descendants(spare):
    """Ends what handovers have left: successors are nobody's child in Python's books."""
    rest = [pid for pid in machine.family(os.getpid()) if pid not in {os.getpid(), *spare}]
    for sign, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
        for pid in rest:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
        deadline = time.monotonic() + seconds
        while rest and time.monotonic() < deadline:
            rest = [pid for pid in rest if not reaped(pid)]
            time.sleep(0.02)


def reaped(pid):
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return not Path(f"/proc/{pid}").exists()
