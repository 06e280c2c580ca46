"""The figures of a row of handovers, and how they are printed."""

import statistics

from benchlib import goals, pauses, report

LOWEST_IS_WORST = "TPS of the first second after, to steady"


def pause(kind, figure, when="pauses"):
    return lambda result: result[when].get(kind, {}).get(figure)


def plain(key):
    return lambda result: result[key]


# Name, where a result has it, decimals to print.
FIGURES = (
    ("longest pause ms", pause("all", "longest_ms"), 1),
    ("p99 over clients of longest pause ms", pause("all", "p99_ms"), 1),
    ("longest pause of a silent client ms", pause("silent", "longest_ms"), 1),
    ("longest login and query of a new client ms", pause("new clients", "longest_ms"), 1),
    ("ready to all moved ms", plain("ready_to_moved_ms"), 0),
    ("all moved to predecessor gone ms", plain("moved_to_gone_ms"), 0),
    ("signal to predecessor gone ms", plain("signal_to_gone_ms"), 0),
    (LOWEST_IS_WORST, plain("after_tps_to_steady"), 2),
    ("p99 of the first second after, to steady", plain("after_p99_to_steady"), 2),
    ("clients lost or refused", lambda r: r["lost_clients"] + r["failed_new_clients"], 0),
    ("control: longest pause before", pause("all", "longest_ms", "before"), 1),
    ("control: p99 of longest pause before", pause("all", "p99_ms", "before"), 1),
    ("control: longest pause without pooler", pause("direct", "longest_ms"), 1),
    ("control: longest delay of the ticker", pause("ticker", "longest_ms"), 1),
    ("control: cores used by the load", plain("load_cores"), 2),
    ("control: cores used by others", plain("other_cores"), 2),
)


def summarise(results):
    """Median and worst of each figure; None where a handover did not have it."""
    summary = {}
    for name, figure, _ in FIGURES:
        values = [figure(result) for result in results]
        if values:
            missing = None in values
            worst = min if name == LOWEST_IS_WORST else max
            summary[name] = {
                "median": None if missing else statistics.median(values),
                "worst": None if missing else worst(values),
            }
    return summary


def show_summary(name, document):
    lines = [(f"{name}, {len(document['handovers'])} handovers", "median", "worst", "goal")]
    for figure, _, digits in FIGURES:
        values = document["summary"][figure]
        goal = goals.HANDOVER.get(figure)
        lines.append(
            (
                figure,
                report.number(values["median"], digits),
                report.number(values["worst"], digits),
                f"{goal[0]} {goal[1]}" if goal else "",
            )
        )
    print()
    report.table(lines)


def show(title, result):
    print(f"\n{title}")
    report.table(pause_lines(result))
    report.table(second_lines(result))
    print(
        f"  clients lost: {result['lost_clients']}, refused: {result['failed_new_clients']}; cores"
        f" used: load {result['load_cores']:.2f}, others {result['other_cores']:.2f};"
        f" garbage collections of the load: {result['load_collections']}",
        flush=True,
    )
    for complaint in result["complaints"]:
        print(f"  {complaint[:140]}")


def pause_lines(result):
    yield ("pauses", "longest ms", "begun at ms", "p99 ms", "before: longest", "p99")
    for name, group in result["pauses"].items():
        before = result["before"].get(name, {})
        yield (
            name,
            report.number(group["longest_ms"], 1),
            report.number(group["longest_at_ms"]),
            report.number(group["p99_ms"], 1),
            report.number(before.get("longest_ms"), 1),
            report.number(before.get("p99_ms"), 1),
        )


def second_lines(result):
    steady = result["steady"]
    yield ("second", "TPS", "/steady", "p99 ms", "/steady", "longest ms")
    for second in [{"from": "steady", **steady}, *result["seconds"]]:
        yield (
            second["from"],
            report.number(second["tps"]),
            report.number(pauses.ratio(second["tps"], steady["tps"]), 2),
            report.number(second["p99_ms"], 1),
            report.number(pauses.ratio(second["p99_ms"], steady["p99_ms"]), 2),
            report.number(second["longest_ms"], 1),
        )


def story(result):
    """One handover in one line."""
    if result["failure"]:
        return f"failed: the predecessor {result['failure']}"
    log = ", ".join(f"'{text}' after {at:.0f}" for text, at in result["log_ms"].items())
    return (
        f"first moved after {report.number(result['moving_begins_ms'])} ms, all after"
        f" {report.number(result['all_moved_ms'])}, predecessor gone after"
        f" {result['signal_to_gone_ms']:.0f}; log: {log or 'nothing'}"
    )


def show_proof(proof):
    show(f"proof: stopped for {proof['stopped_ms']:.1f} ms", proof)
    if proof["problems"]:
        print(f"  NOT proven, {len(proof['problems'])} objections, such as {proof['problems'][0]}")
    else:
        print(
            "  proven: every busy client has paused that long, none of the"
            f" {proof['silent_clients_that_spoke']} silent ones that spoke meanwhile had an"
            " answer earlier",
            flush=True,
        )
