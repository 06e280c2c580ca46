"""Medians over rounds, ratios to the reference candidates, and the printed tables."""

import json
import statistics
import sys

FIGURES = (
    "tps",
    "cpu_us_per_tx",
    "p50_us",
    "p99_us",
    "p99_to_p50",
    "least_served_to_mean",
    "rss_kib",
)


def summarise(turns):
    """Median and spread (lowest, highest) of each figure over the turns of one candidate."""
    summary = {}
    for figure in FIGURES:
        values = [t[figure] for t in turns if t.get(figure) is not None]
        if values:
            summary[figure] = {
                "median": statistics.median(values),
                "low": min(values),
                "high": max(values),
            }
    return summary


def add_ratios(by_candidate):
    """TPS and CPU relative to PgBouncer's and PostgreSQL's own medians of the same scenario."""
    for summary in by_candidate.values():
        for reference in ("pgbouncer", "direct"):
            for figure in ("tps", "cpu_us_per_tx"):
                other = by_candidate.get(reference, {}).get(figure, {}).get("median")
                mine = summary.get(figure, {}).get("median")
                if other and mine:
                    summary[f"{figure}_to_{reference}"] = mine / other


def number(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def median(summary, figure):
    return summary.get(figure, {}).get("median")


def rows(by_candidate, failures):
    yield (
        "candidate", "TPS", "spread", "/pgb", "/direct", "CPU us/tx", "/pgb",
        "p50 ms", "p99 ms", "p99/p50", "least/mean", "RSS MB",
    )  # fmt: skip
    for name, summary in by_candidate.items():
        if not summary:
            yield (name, "failed: " + failures.get(name, "no turn")[:110])
            continue
        tps = summary["tps"]
        own_cpu = name != "direct"  # of all backends there, and they are not a pooler
        yield (
            name,
            number(tps["median"]),
            f"{number(tps['low'])}..{number(tps['high'])}",
            number(summary.get("tps_to_pgbouncer"), 2),
            number(summary.get("tps_to_direct"), 2),
            number(median(summary, "cpu_us_per_tx") if own_cpu else None, 1),
            number(summary.get("cpu_us_per_tx_to_pgbouncer") if own_cpu else None, 2),
            number(median(summary, "p50_us") / 1000, 2),
            number(median(summary, "p99_us") / 1000, 2),
            number(median(summary, "p99_to_p50"), 1),
            number(median(summary, "least_served_to_mean"), 2),
            number(median(summary, "rss_kib") / 1024 if own_cpu else None),
        )


def table(lines, out=sys.stdout):
    lines = [tuple(str(cell) for cell in line) for line in lines]
    full = [line for line in lines if len(line) == len(lines[0])]
    widths = [max(len(line[i]) for line in full) for i in range(len(lines[0]))]
    widths[0] = max(len(line[0]) for line in lines)
    for line in lines:
        first = line[0].ljust(widths[0])
        rest = [
            cell.rjust(width) if len(line) == len(lines[0]) else cell
            for cell, width in zip(line[1:], widths[1:])
        ]
        print("  " + "  ".join([first, *rest]).rstrip(), file=out, flush=True)


def save(path, document):
    if path:
        with open(path, "w") as file:
            json.dump(document, file, indent=1)
            file.write("\n")
        print(f"written: {path}")
