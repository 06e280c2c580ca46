"""Looks into the running virtual machine with the tools of its own JDK."""

import os
import re
import shutil
import subprocess
from pathlib import Path

GENERATION = re.compile(r"\btotal (?P<total>\d+)K, used (?P<used>\d+)K")

# The serial collector moves everything only each fourth time (MarkSweepAlwaysCompactCount); else it
# leaves garbage where that takes little. It gives memory back in as many steps.
COLLECTIONS = 4


def java_tool(pid, tool):
    """The tool beside the very Java that runs the program, or the one on the path."""
    beside = Path(os.readlink(f"/proc/{pid}/exe")).parent / tool
    return str(beside if beside.exists() else shutil.which(tool) or tool)


def java_pid(server):
    for pid in server.pids():
        if Path(os.readlink(f"/proc/{pid}/exe")).name == "java":
            return pid
    raise RuntimeError(f"{server.name} runs no java")


def jcmd(pid, *command, seconds=60):
    done = subprocess.run(
        [java_tool(pid, "jcmd"), str(pid), *command],
        capture_output=True, text=True, timeout=seconds,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"jcmd {command[0]}: {done.stderr or done.stdout}")
    return done.stdout


def live_heap_kib(pid):
    """What is left on the heap after full collections; then what is free has been given back too."""
    return min(collect(pid) for _ in range(COLLECTIONS))


def collect(pid):
    jcmd(pid, "GC.run", seconds=300)
    text = jcmd(pid, "GC.heap_info")
    used = [int(match["used"]) for match in GENERATION.finditer(text)]
    if not used:
        raise RuntimeError(f"jcmd GC.heap_info tells no generation:\n{text}")
    return sum(used)


def largest_heap_mib(pid):
    """The limit the virtual machine was started with."""
    flags = jcmd(pid, "VM.flags")
    return int(re.search(r"-XX:MaxHeapSize=(\d+)", flags)[1]) >> 20
