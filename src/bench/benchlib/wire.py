"""The little of the protocol that raw clients need: log in, send a query, read to the end."""

import socket
import struct

PROTOCOL_3_0 = 196608
READY_IDLE = b"Z\x00\x00\x00\x05I"
READY_IN_TRANSACTION = b"Z\x00\x00\x00\x05T"
CHUNK = 1 << 20


class WireError(Exception):
    """The peer answered with an error, closed the connection, or broke the protocol."""


def startup_packet(user, database):
    body = struct.pack("!I", PROTOCOL_3_0)
    for text in ("user", user, "database", database, "application_name", "bench"):
        body += text.encode() + b"\0"
    body += b"\0"
    return struct.pack("!I", len(body) + 4) + body


def message(kind, body):
    return kind + struct.pack("!I", len(body) + 4) + body


def query(sql):
    return message(b"Q", sql.encode() + b"\0")


def open_socket(port, source="", timeout=30, host="127.0.0.1"):
    """A TCP connection; `source` is another loopback address when one has too few ports."""
    client = socket.socket()
    client.settimeout(timeout)
    if source:
        # The port is chosen at connect, when the destination is known: otherwise ports run out.
        no_port = getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24)
        client.setsockopt(socket.IPPROTO_IP, no_port, 1)
        client.bind((source, 0))
    try:
        client.connect((host, port))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        client.close()
        raise
    return client


def error_text(data):
    """The fields of the first ErrorResponse in `data` that a person wants to read."""
    at = data.find(b"E")
    fields = [f for f in data[at + 5 :].split(b"\0") if f[:1] in (b"C", b"M")]
    return ", ".join(f[1:].decode(errors="replace") for f in fields[:2])


def read_until_ready(client):
    """Reads small answers; returns all bytes up to and with an idle ReadyForQuery."""
    data = b""
    while True:
        part = client.recv(65536)
        if not part:
            raise WireError(f"closed by the peer after {len(data)} bytes: {error_text(data)}")
        data += part
        kinds = message_kinds(data)
        if kinds and kinds[-1] == "Z":
            if "E" in kinds:
                raise WireError(error_text(data))
            return data
        if "E" in kinds:
            raise WireError(error_text(data))


def message_kinds(data):
    """Type letters of the complete messages in `data`."""
    kinds, at = "", 0
    while at + 5 <= len(data):
        end = at + 1 + struct.unpack_from("!I", data, at + 1)[0]
        if end > len(data):
            return kinds
        kinds += chr(data[at])
        at = end
    return kinds


def log_in(port, user="postgres", database="bench", source="", timeout=30):
    client = open_socket(port, source, timeout)
    try:
        client.sendall(startup_packet(user, database))
        read_until_ready(client)
    except (OSError, WireError):
        client.close()
        raise
    return client


def run(client, sql):
    client.sendall(query(sql))
    return read_until_ready(client)


def can_log_in(port):
    """Whether a login succeeds now; for waiting until a server is up."""
    try:
        log_in(port, timeout=5).close()
        return True
    except (OSError, WireError):
        return False
