"""One turn of pgbench against one candidate, and what was measured in it."""

import glob
import os
import re
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from benchlib import machine
from benchlib.servers import DATABASE, PASSWORD, SCRAM_USER, USER

SCRIPTS = {
    # One round trip without any table: as little work in PostgreSQL as there can be.
    "select": "\\set aid random(1, 100000)\nSELECT :aid\n",
    "table": "\\set aid random(1, 100000)\n"
    "SELECT abalance FROM pgbench_accounts WHERE aid = :aid\n",
    "transaction": "\\set aid random(1, 100000)\nBEGIN;\n"
    "SELECT abalance FROM pgbench_accounts WHERE aid = :aid;\nSELECT :aid;\nEND;\n",
    # Eight tables, each found by its key: planning costs many times what running does.
    "join": "\\set aid random(1, 100000)\n"
    "SELECT a.abalance, b.bbalance, t.tbalance FROM pgbench_accounts a "
    "JOIN pgbench_branches b ON b.bid = a.bid JOIN pgbench_tellers t ON t.tid = a.bid "
    "JOIN pgbench_accounts c ON c.aid = a.aid JOIN pgbench_branches d ON d.bid = c.bid "
    "JOIN pgbench_tellers e ON e.tid = c.bid JOIN pgbench_accounts f ON f.aid = c.aid "
    "JOIN pgbench_branches g ON g.bid = f.bid WHERE a.aid = :aid\n",
}
PROGRESS = re.compile(r"progress: ([\d.]+) s, ([\d.]+) tps")
TPS = re.compile(r"^tps = ([\d.]+) \((.*)\)", re.MULTILINE)
KILL_AFTER_SECONDS = 60


@dataclass(frozen=True)
class Scenario:
    """`mode` is a query mode of pgbench; with `connect` each transaction logs in anew.

    With a `rate` so many transactions a second begin, whatever the answers take.
    """

    mode: str
    clients: int
    connect: bool = False
    script: str = "select"
    user: str = USER
    rate: int = 0

    @property
    def name(self):
        login = "scram" if self.user == SCRAM_USER else "connect"
        kind = f"{login}-{self.mode}" if self.connect else self.mode
        suffix = "" if self.script == "select" else f"-{self.script}"
        return f"{kind}{suffix}-{self.clients}"


def scenario_of(text, script):
    """`MODE:CLIENTS`, where the mode is one of pgbench's, `connect` or `scram`."""
    mode, _, clients = text.partition(":")
    connect = mode in ("connect", "scram")
    user = SCRAM_USER if mode == "scram" else USER
    return Scenario("simple" if connect else mode, int(clients), connect, script, user)


class TurnFailed(Exception):
    """pgbench reported an error; the text is its first complaint."""


def run_turn(pgbench, scenario, server, seconds, directory, observe=None, every=1):
    """Measures `scenario` against `server`; a dict of plain numbers, see docs/benchmarks.md.

    `observe` is called at each progress report, `every` so many seconds, and adds its own numbers
    to those per transaction; without it that is CPU time.
    """
    log_prefix = Path(directory) / "turn"
    for old in glob.glob(f"{log_prefix}*"):
        os.unlink(old)
    script = Path(directory) / f"{scenario.script}.sql"
    script.write_text(SCRIPTS[scenario.script])
    threads = min(scenario.clients, machine.describe()["cores"], 4)
    command = [
        pgbench, "-n", "-h", "127.0.0.1", "-p", server.port, "-U", scenario.user,
        "-M", scenario.mode, "-c", scenario.clients, "-j", threads, "-T", seconds,
        "-P", every, "-l", f"--log-prefix={log_prefix}", "-f", script,
    ]  # fmt: skip
    if scenario.connect:
        command.append("-C")
    if scenario.rate:
        command += ["-R", scenario.rate]
    pids = server.pids()
    observe = observe or (lambda: {"cpu_us_per_tx": machine.cpu_seconds(pids) * 1e6})
    process = subprocess.Popen(
        [str(part) for part in [*command, DATABASE]],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, errors="replace", env={**os.environ, "PGPASSWORD": PASSWORD},
    )  # fmt: skip
    watchdog = threading.Timer(seconds + KILL_AFTER_SECONDS, process.kill)
    watchdog.start()
    try:
        marks, complaints = follow_progress(process, observe)
        output = process.stdout.read()
        code = process.wait()
    finally:
        watchdog.cancel()
        if process.poll() is None:
            process.kill()
            process.wait()
    rates = {label: float(number) for number, label in TPS.findall(output)}
    if code != 0 or not rates:
        raise TurnFailed(complaints[0] if complaints else f"pgbench ended with {code}")
    including = next((r for label, r in rates.items() if "including" in label), None)
    excluding = next((r for label, r in rates.items() if "including" not in label), including)
    result = per_transaction([mark for mark in marks if mark[0] < seconds])
    result["tps"] = including if scenario.connect else excluding
    result["reports"] = [rate for _, rate, _ in marks]
    result.update(read_log(f"{log_prefix}.*", scenario.clients))
    result["rss_kib"] = machine.memory_kib(pids)
    return result


def follow_progress(process, observe):
    """Reads pgbench's progress to its end: (marks of time, rate and what was seen, complaints)."""
    marks, complaints = [], []
    for line in process.stderr:
        match = PROGRESS.match(line)
        if match:
            marks.append((float(match[1]), float(match[2]), observe()))
        elif len(complaints) < 100 and ("error" in line or "fatal" in line or "ERROR" in line):
            complaints.append(line.strip())
    return marks, complaints


def per_transaction(marks):
    """Growth of each observed counter between the first and last mark, per transaction between.

    The logins before and the disconnects after are thereby left out.
    """
    transactions = sum(
        rate * (at - before) for (before, _, _), (at, rate, _) in zip(marks, marks[1:])
    )
    if not transactions:
        return {}
    first, last = marks[0][2], marks[-1][2]
    return {key: (last[key] - first.get(key, 0)) / transactions for key in last}


def read_log(pattern, clients):
    """Latency and fairness from the per-transaction log: client, number, microseconds, ..."""
    latencies, served = [], [0] * clients
    for name in glob.glob(pattern):
        with open(name) as log:
            for line in log:
                client, _, time, _ = line.split(" ", 3)
                latencies.append(int(time))
                served[int(client)] += 1
        os.unlink(name)
    if not latencies:
        raise TurnFailed("no transaction ended")
    latencies.sort()
    p50, p99 = percentile(latencies, 0.50), percentile(latencies, 0.99)
    return {
        "transactions": len(latencies),
        "p50_us": p50,
        "p99_us": p99,
        "p99_to_p50": p99 / max(p50, 1),
        "max_us": latencies[-1],
        "least_served_to_mean": min(served) * clients / sum(served),
    }


def percentile(ordered, share):
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
