"""Starts and stops what is measured: PostgreSQL, PgBouncer, pg_doorman and any other command.

All listen on 127.0.0.1 only, on free ports, with their files in one temporary directory. PostgreSQL
and PgBouncer refuse to run as root and get an unprivileged user then.
"""

import base64
import ctypes
import glob
import hashlib
import hmac
import os
import pwd
import shlex
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from benchlib import machine, wire

PR_SET_PDEATHSIG = 1
USER = "postgres"
# Logs in at the poolers by SCRAM, all others without a password.
SCRAM_USER = "scram_user"
PASSWORD = "not-used-elsewhere"
DATABASE = "bench"
REPOSITORY = Path(__file__).resolve().parents[3]
PACKAGED = REPOSITORY / "target" / "pg_doorman" / "bin" / "pg_doorman"
LIBC = ctypes.CDLL(None, use_errno=True)


class NotInstalled(Exception):
    """A program that a candidate needs is missing."""


def unprivileged_user():
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
            return name
        except KeyError:
            continue
    raise NotInstalled("neither user postgres nor nobody exists, and root may not run PostgreSQL")


def scram_secret(password, iterations=4096):
    """What PostgreSQL would store (RFC 5802)."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)

    def key(name):
        return hmac.digest(salted, name, "sha256")

    parts = salt, hashlib.sha256(key(b"Client Key")).digest(), key(b"Server Key")
    return "SCRAM-SHA-256${}:{}${}:{}".format(
        iterations, *(base64.b64encode(part).decode() for part in parts)
    )


class Certificate:
    """One for 127.0.0.1 that nobody has signed, readable by those who run the candidates."""

    def __init__(self, directory):
        self.chain, self.key = Path(directory) / "tls.crt", Path(directory) / "tls.key"
        if not shutil.which("openssl"):
            raise NotInstalled("no openssl, which --tls needs")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-keyout", self.key,
             "-out", self.chain],
            check=True, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        user = unprivileged_user()
        if user:
            shutil.chown(self.key, user)


class Server:
    """A child process with a port. Stops with the script, however the script ends."""

    name = "server"
    stop_signal = signal.SIGTERM

    def __init__(self, directory):
        self.directory = Path(directory) / self.name
        self.directory.mkdir(parents=True)
        self.port = machine.free_port()
        self.process = None

    def spawn(self, command, user=None, environment=None):
        def die_with_parent():
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

        if user:
            shutil.chown(self.directory, user)
        self.log = self.directory / "log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env={**os.environ, **(environment or {})},
                start_new_session=True,  # Ctrl+C reaches the script alone
                preexec_fn=die_with_parent,
                user=user,
                group=pwd.getpwnam(user).pw_gid if user else None,
                extra_groups=[] if user else None,
            )

    def wait_ready(self, seconds=30):
        def ready():
            if self.process.poll() is not None:
                text = self.log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{text}")
            return wire.can_log_in(self.port)

        machine.wait_until(ready, f"login at {self.name} (log: {self.log})", seconds)

    def pids(self):
        return machine.family(self.process.pid)

    def stop(self):
        if self.process is None:
            return
        for sign, seconds in ((self.stop_signal, 10), (signal.SIGKILL, 10)):
            try:
                os.killpg(self.process.pid, sign)
            except ProcessLookupError:
                pass
            try:
                self.process.wait(seconds)
                return
            except subprocess.TimeoutExpired:
                continue

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()


class Postgres(Server):
    """The server behind all poolers, and the candidate `direct`."""

    name = "direct"
    stop_signal = signal.SIGINT  # fast shutdown

    def __init__(self, directory, bin_directory, max_connections, scale, certificate=None):
        super().__init__(directory)
        self.certificate = certificate
        self.bin, self.max_connections, self.scale = bin_directory, max_connections, scale

    def start(self):
        user = unprivileged_user()
        data = self.directory / "data"
        if user:
            shutil.chown(self.directory, user)
        as_user = {"user": user, "extra_groups": []} if user else {}
        initdb = [self.bin / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8"]
        subprocess.run(
            [*initdb, "--locale=C", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, cwd=self.directory, **as_user,
        )  # fmt: skip
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.directory,
            "max_connections": self.max_connections,
            "shared_buffers": "256MB",
            "fsync": "off",
            "autovacuum": "off",  # a vacuum in one candidate's turn would be unfair to it
            "jit": "off",
        }
        if self.certificate:
            settings.update(
                ssl="on", ssl_cert_file=self.certificate.chain, ssl_key_file=self.certificate.key
            )
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        self.spawn([str(self.bin / "postgres"), "-D", str(data), *options], user)
        admin = {**os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": USER}
        machine.wait_until(lambda: self._accepts(admin), f"PostgreSQL (log: {self.log})")
        subprocess.run([self.bin / "createdb", DATABASE], check=True, env=admin)
        subprocess.run(
            [self.bin / "pgbench", "-i", "-q", "-s", str(self.scale), DATABASE],
            check=True, env=admin, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        subprocess.run([self.bin / "createuser", SCRAM_USER], check=True, env=admin)

    def _accepts(self, admin):
        return subprocess.run([self.bin / "pg_isready", "-q"], env=admin).returncode == 0

    def backend_pids(self):
        return self.pids()


class PgBouncer(Server):
    name = "pgbouncer"

    def __init__(self, directory, command, postgres_port, pool, certificate=None):
        super().__init__(directory)
        self.certificate = certificate
        self.command, self.postgres_port, self.pool = shlex.split(command), postgres_port, pool
        if not shutil.which(self.command[0]):
            raise NotInstalled(f"no {self.command[0]}: install pgbouncer, or give --pgbouncer CMD")

    def start(self):
        users = self.directory / "users"
        users.write_text(f'"{USER}" ""\n"{SCRAM_USER}" "{scram_secret(PASSWORD)}"\n')
        rules = self.directory / "hba"
        rules.write_text(
            f"host all {SCRAM_USER} 127.0.0.0/8 scram-sha-256\nhost all all 127.0.0.0/8 trust\n"
        )
        tls = ""
        if self.certificate:
            tls = (
                "client_tls_sslmode = allow\n"
                f"client_tls_cert_file = {self.certificate.chain}\n"
                f"client_tls_key_file = {self.certificate.key}\n"
            )
        config = self.directory / "pgbouncer.ini"
        config.write_text(
            f"""[databases]
{DATABASE} = host=127.0.0.1 port={self.postgres_port} dbname={DATABASE}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
listen_backlog = 1024
unix_socket_dir =
auth_type = hba
auth_hba_file = {rules}
auth_file = {users}
pool_mode = transaction
default_pool_size = {self.pool}
max_client_conn = 12000
ignore_startup_parameters = extra_float_digits
log_connections = 0
log_disconnections = 0
log_stats = 0
server_tls_sslmode = disable
{tls}"""
        )
        self.spawn([*self.command, str(config)], unprivileged_user())
        self.wait_ready()


class PgDoorman(Server):
    """Ours. `more` are further lines of the section [general]; `sections` come at the end."""

    sections = ""

    def __init__(
        self, directory, name, command, postgres_port, pool, transport, threads, more, environment
    ):
        self.name = name
        super().__init__(directory)
        self.command, self.postgres_port, self.pool = shlex.split(command), postgres_port, pool
        self.transport, self.threads, self.more = transport, threads, more
        self.environment = environment
        if not shutil.which(self.command[0]):
            raise NotInstalled(f"no {self.command[0]}: run mvn package, or give --pg-doorman CMD")

    def write_config(self):
        config = self.directory / "pg_doorman.toml"
        more = "\n".join(self.more)
        config.write_text(
            f'''[general]
host = "127.0.0.1"
port = {self.port}
backlog = 1024
admin_username = "admin"
admin_password = "not-used-in-benchmarks"
max_connections = 12000
worker_threads = {self.threads}
transport = "{self.transport}"
log_client_connections = false
log_client_disconnections = false
pg_hba = """
host all {SCRAM_USER} 127.0.0.0/8 scram-sha-256
host all all 127.0.0.0/8 trust
"""
{more}
[pools.{DATABASE}]
server_host = "127.0.0.1"
server_port = {self.postgres_port}
pool_mode = "transaction"
[[pools.{DATABASE}.users]]
username = "{USER}"
password = ""
pool_size = {self.pool}
[[pools.{DATABASE}.users]]
username = "{SCRAM_USER}"
password = "{scram_secret(PASSWORD)}"
pool_size = {self.pool}
{self.sections}'''
        )
        return config

    def launch(self, environment=None):
        both = {**self.environment, **(environment or {})}
        self.spawn([*self.command, str(self.write_config())], environment=both)

    def start(self):
        self.launch()
        self.wait_ready()


class Extra(Server):
    """Any other command; {port}, {pg_port} and {pool} in it are filled in."""

    def __init__(self, directory, name, template, postgres_port, pool):
        self.name = name
        super().__init__(directory)
        # No str.format: other braces belong to the command.
        for key, value in (("port", self.port), ("pg_port", postgres_port), ("pool", pool)):
            template = template.replace("{" + key + "}", str(value))
        self.template = template

    def launch(self, environment=None):
        self.spawn(["/bin/sh", "-c", "exec " + self.template], environment=environment)

    def start(self):
        self.launch()
        self.wait_ready(120)  # it may have to build itself first


def work_directory():
    """A directory the unprivileged user can enter. The caller removes it."""
    path = tempfile.mkdtemp(prefix="pg_doorman-bench-")
    os.chmod(path, 0o755)
    return Path(path)


def postgres_bin(given):
    """Where initdb and postgres are: the given place, the PATH, or Debian's newest version."""
    if given:
        return Path(given)
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    versions = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    if not versions:
        raise NotInstalled("no PostgreSQL server programs: give --pg-bin DIR")
    return Path(max(versions, key=lambda p: float(p.split("/")[4]))).parent
