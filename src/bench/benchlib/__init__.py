"""What the benchmark scripts share: the machine, the servers under test, pgbench and the wire."""
