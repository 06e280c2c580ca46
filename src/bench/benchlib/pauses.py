"""What the records of `benchlib.load` say about one handover: pauses, rates, the control."""

from benchlib.load import LOOP, NEW, TICKER
from benchlib.pgbench import percentile

MS = 1e6
SECOND = 1_000_000_000


def evaluate(load, cut, times, steady_begin, window_end):
    """A dict of plain numbers; see docs/benchmarks.md for what they mean."""
    length = min(window_end - times.signal, times.signal - steady_begin)
    busy = [record for record in cut.records if record[0] in load.busy]
    steady = rate(busy, steady_begin, times.signal)
    seconds, at = [], -1
    while times.signal + at * SECOND < times.end:
        begin = times.signal + at * SECOND
        seconds.append({"from": f"{at:+d}", **rate(busy, begin, begin + SECOND)})
        at += 1
    after = rate(busy, times.end, times.end + SECOND)
    during = [r for r in cut.records if r[1] < window_end and r[2] > times.signal]
    earlier = [r for r in cut.records if r[2] <= times.signal and r[2] > times.signal - length]
    return {
        "pauses": pauses(load, during, times.signal),
        "before": pauses(load, earlier, times.signal),
        "steady": steady,
        "seconds": [*seconds, {"from": "gone", **after}],
        "after_tps_to_steady": ratio(after["tps"], steady["tps"]),
        "after_p99_to_steady": ratio(after["p99_ms"], steady["p99_ms"]),
        "lost_clients": cut.lost,
        "failed_new_clients": cut.new_failed,
        "complaints": cut.complaints[:10],
        "load_collections": cut.collections,
    }


def pauses(load, records, origin):
    """Of each kind of client: the longest pause of all, and the p99 over the clients of each one's
    longest. A new client has one; the ticker and the loop count as if each of theirs had its own.
    """
    longest, single = {}, {NEW: [], TICKER: [], LOOP: []}
    for who, began, ended in records:
        pause = (ended - began, began)
        if who in single:
            single[who].append(pause)
        elif pause > longest.get(who, (0, 0)):
            longest[who] = pause
    pooled = [pause for who, pause in longest.items() if who not in load.direct]
    groups = {
        "all": pooled,
        "busy": [longest[who] for who in load.busy if who in longest],
        "silent": [longest[who] for who in load.silent if who in longest],
        "new clients": single[NEW],
        "direct": [longest[who] for who in load.direct if who in longest],
        "ticker": single[TICKER],
        "loop": single[LOOP],
    }
    return {name: worst(group, origin) for name, group in groups.items() if group}


def worst(group, origin):
    group = sorted(group)
    length, began = group[-1]
    return {
        "count": len(group),
        "longest_ms": length / MS,
        "longest_at_ms": (began - origin) / MS,
        "p99_ms": percentile(group, 0.99)[0] / MS,
    }


def rate(records, begin, end):
    """Transactions that were completed in this time, per second, and the p99 of their latency."""
    latencies = sorted(ended - began for _, began, ended in records if begin <= ended < end)
    return {
        "tps": len(latencies) * SECOND / (end - begin),
        "p99_ms": percentile(latencies, 0.99) / MS if latencies else None,
        "longest_ms": latencies[-1] / MS if latencies else None,
    }


def ratio(value, reference):
    return value / reference if value is not None and reference else None


def unseen(load, records, stopped, end):
    """What speaks against it that the load saw a process stopped between these two moments.

    Each busy client must have had a pause about as long, and no query sent meanwhile may have been
    answered before the end. Those that go to PostgreSQL itself must not have noticed.
    """
    slack = 5 * MS  # a signal stops the threads of a process one after the other
    problems = []
    longest = {}
    for who, began, ended in records:
        if who in load.direct or who < 0:
            continue
        if stopped + slack < began < end and ended < end:
            problems.append(f"client {who} was answered {(end - ended) / MS:.1f} ms too early")
        if ended > stopped and began < end:
            longest[who] = max(longest.get(who, 0), ended - began)
    for who in load.busy:
        if longest.get(who, 0) < end - stopped - slack:
            problems.append(f"busy client {who} paused for {longest.get(who, 0) / MS:.1f} ms only")
    silent = sum(1 for who, began, _ in records if who in load.silent and stopped < began < end)
    if load.silent and not silent:
        problems.append("no silent client spoke meanwhile")
    return problems, silent
