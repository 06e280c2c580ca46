"""What the kernel tells about processes and this machine. Everything is read from /proc."""

import contextlib
import os
import platform
import resource
import socket
import threading
import time
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# utime and stime in /proc/PID/stat, counted after the parenthesised command name (proc(5)).
UTIME, STIME, PARENT = 11, 12, 1
# cutime and cstime: of children that have ended and were waited for.
CHILDREN_UTIME, CHILDREN_STIME = 13, 14


def raise_open_files(wanted):
    """Lifts the limit of open files for this process and its children; returns what was reached."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in ((wanted, max(wanted, hard)), (min(wanted, hard), hard)):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
            break
        except (ValueError, OSError):
            continue  # only a privileged process may lift the hard limit
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def free_port(host="127.0.0.1"):
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def stat_fields(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def family(pid):
    """The process and its descendants: a launcher need not have replaced itself by the program."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parents.setdefault(int(stat_fields(entry)[PARENT]), []).append(int(entry))
            except OSError:
                continue  # ended meanwhile
    found, queue = [], [pid]
    while queue:
        found.append(queue.pop())
        queue.extend(parents.get(found[-1], []))
    return found


def cpu_seconds(pids, with_ended=False):
    """User plus system time of all threads, also of ended ones; if asked, of ended children too."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):  # ended meanwhile
            fields = stat_fields(pid)
            if with_ended:
                ticks += int(fields[CHILDREN_UTIME]) + int(fields[CHILDREN_STIME])
            ticks += int(fields[UTIME]) + int(fields[STIME])
    return ticks / TICKS_PER_SECOND


def memory_kib(pids, key="VmRSS"):
    """Sum of one line of /proc/PID/status: VmRSS, or RssAnon for what no file backs."""
    total = 0
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):  # ended meanwhile
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith(key + ":"):
                    total += int(line.split()[1])
    return total


class CoresUsed:
    """How many cores one process has used, and all that this script did not start."""

    def __init__(self, pid):
        self.pid = pid
        self.begin = self._look()

    def _look(self):
        # The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal.
        ticks = [int(field) for field in Path("/proc/stat").read_text().split(None, 9)[1:9]]
        busy = (sum(ticks) - ticks[3] - ticks[4]) / TICKS_PER_SECOND
        ours = cpu_seconds(family(os.getpid()), with_ended=True)
        return time.monotonic(), cpu_seconds([self.pid]), busy - ours

    def until_now(self):
        seconds, process, others = (now - then for now, then in zip(self._look(), self.begin))
        return {"load_cores": process / seconds, "other_cores": max(0.0, others / seconds)}


class MemoryWatch:
    """Samples the resident set while a block runs; `peak` is the largest value seen, in KiB."""

    def __init__(self, pids, seconds=0.02):
        self.pids, self.seconds = pids, seconds
        self.first = self.peak = self.last = memory_kib(pids)
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._sample, daemon=True)

    def _sample(self):
        while not self.done.wait(self.seconds):
            self._look()

    def _look(self):
        self.last = memory_kib(self.pids)
        self.peak = max(self.peak, self.last)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
        self._look()


def wait_until(condition, what, seconds=30, pause=0.02):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(pause)


def describe():
    """Facts a reader of the figures needs."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = next(
        int(line.split()[1])
        for line in Path("/proc/meminfo").read_text().splitlines()
        if line.startswith("MemTotal")
    )
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": memory // 1024,
        "kernel": platform.release(),
        "load_before": os.getloadavg()[0],
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
