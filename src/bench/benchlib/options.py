"""Command-line options and life cycle that all scripts have in common."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys

from benchlib import machine, servers

OPEN_FILES = 65536


def add_common(parser):
    group = parser.add_argument_group("what is measured")
    group.add_argument(
        "--pg-doorman", metavar="CMD", default=str(servers.PACKAGED),
        help="our program; the configuration file is appended (default: the packaged one)",
    )  # fmt: skip
    group.add_argument("--pgbouncer", metavar="CMD", default="pgbouncer")
    group.add_argument("--pg-bin", metavar="DIR", help="directory of initdb, postgres, pgbench")
    group.add_argument(
        "--extra", metavar="NAME=CMD", action="append", default=[],
        help="another pooler; {port}, {pg_port} and {pool} in CMD are filled in",
    )  # fmt: skip
    group.add_argument(
        "--variant", metavar="NAME=OPTIONS", action="append", default=[],
        help="pg_doorman once more, with these options for its virtual machine",
    )  # fmt: skip
    group.add_argument(
        "--build", metavar="NAME=CMD", action="append", default=[],
        help="another build of pg_doorman: what did a change bring?",
    )  # fmt: skip
    group.add_argument(
        "--more-transport", choices=("epoll", "io_uring"), default="epoll",
        help="transport of variants and other builds (default epoll)",
    )  # fmt: skip
    group.add_argument(
        "--candidates", metavar="NAME,...",
        help="only these of direct, pgbouncer, doorman-epoll, doorman-io_uring and what was added",
    )  # fmt: skip
    group.add_argument("--pool", type=int, default=20, help="servers per pooler (default 20)")
    group.add_argument(
        "--worker-threads", type=int, default=machine.describe()["cores"],
        help="event loops of pg_doorman (default: cores)",
    )  # fmt: skip
    group.add_argument(
        "--general", metavar="LINE", action="append", default=[],
        help="a further TOML line for the section [general] of pg_doorman's configuration",
    )  # fmt: skip
    group.add_argument(
        "--tls", action="store_true",
        help="clients come by TLS; poolers and PostgreSQL have the same certificate (needs openssl)",
    )  # fmt: skip
    parser.add_argument("--json", metavar="FILE", help="also write all figures to FILE")
    parser.add_argument("--keep", action="store_true", help="keep the temporary directory")


class Bench:
    """The temporary directory, PostgreSQL and the candidates; everything ends with the block."""

    def __init__(self, options, max_connections=200, scale=1):
        self.options = options
        self.stack = contextlib.ExitStack()
        self.max_connections, self.scale = max_connections, scale

    def __enter__(self):
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
        for sign in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, end_by_signal)
        if machine.raise_open_files(OPEN_FILES) < 4096:
            print("warning: the limit of open files is low; many clients will fail")
        self.directory = servers.work_directory()
        if not self.options.keep:
            self.stack.callback(shutil.rmtree, self.directory, ignore_errors=True)
        try:
            self.bin = servers.postgres_bin(self.options.pg_bin)
            self.certificate = None
            os.environ["PGSSLMODE"] = "require" if self.options.tls else "disable"
            if self.options.tls:
                self.certificate = servers.Certificate(self.directory)
            self.postgres = self.stack.enter_context(
                servers.Postgres(
                    self.directory, self.bin, self.max_connections, self.scale, self.certificate
                )
            )
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, kind, *_):
        # A second Ctrl+C must not leave half of the servers behind.
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, signal.SIG_IGN)
        self.stack.close()
        if self.options.keep:
            print(f"kept: {self.directory}")
        if kind is KeyboardInterrupt:
            print("interrupted; everything is stopped", file=sys.stderr)
            os._exit(130)

    @property
    def pgbench(self):
        return self.bin / "pgbench"

    def names(self):
        known = ["direct", "pgbouncer", "doorman-epoll", "doorman-io_uring"]
        for added in (self.options.variant, self.options.build, self.options.extra):
            known.extend(pairs(added))
        if not self.options.candidates:
            return known
        chosen = self.options.candidates.split(",")
        unknown = set(chosen) - set(known)
        if unknown:
            sys.exit(f"unknown candidates {sorted(unknown)}; there are {known}")
        return chosen

    def make(self, name):
        """A server that is not started yet; a new one at each call."""
        options, port = self.options, self.postgres.port
        attempt = self.directory / f"run-{len(list(self.directory.iterdir()))}"
        attempt.mkdir(mode=0o755)
        if name == "pgbouncer":
            return servers.PgBouncer(
                attempt, options.pgbouncer, port, options.pool, self.certificate
            )
        command, transport, environment = options.pg_doorman, options.more_transport, {}
        if name in pairs(options.extra):
            template = pairs(options.extra)[name]
            return servers.Extra(attempt, name, template, port, options.pool)
        if name in pairs(options.variant):
            environment["PG_DOORMAN_JAVA_OPTS"] = pairs(options.variant)[name]
        elif name in pairs(options.build):
            command = pairs(options.build)[name]
        else:
            transport = name.removeprefix("doorman-")
        return servers.PgDoorman(
            attempt, name, command, port, options.pool,
            transport, options.worker_threads, [*options.general, *self.tls_lines()], environment,
        )  # fmt: skip

    def tls_lines(self):
        if not self.certificate:
            return []
        return [
            f'tls_certificate = "{self.certificate.chain}"',
            f'tls_private_key = "{self.certificate.key}"',
        ]

    def start(self, names):
        """Starts the named candidates; one that is not installed or fails is left out, aloud."""
        started = {}
        for name in names:
            if name == "direct":
                started[name] = self.postgres
                continue
            try:
                started[name] = self.stack.enter_context(self.make(name))
            except (servers.NotInstalled, RuntimeError, TimeoutError) as problem:
                print(f"left out: {name}: {problem}", flush=True)
        return started

    def facts(self):
        facts = machine.describe()
        facts["postgres"] = version(self.bin / "postgres")
        facts["pgbouncer"] = version(self.options.pgbouncer)
        return facts


def end_by_signal(number, _):
    print(f"ended by {signal.Signals(number).name}", file=sys.stderr)
    sys.exit(128 + number)


def pairs(options):
    """Repeated NAME=VALUE options as a dictionary."""
    return dict(option.partition("=")[::2] for option in options)


def version(command):
    try:
        done = subprocess.run([str(command), "--version"], capture_output=True, text=True)
        return done.stdout.partition("\n")[0]
    except OSError:
        return None
