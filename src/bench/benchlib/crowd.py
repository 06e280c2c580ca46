"""Many clients of one thread that send whole batches of the extended protocol and check each answer.

A batch is made of bytes that were composed before, and is compared as a whole with the answer that
has to come; only what differs is looked at message by message.
"""

import collections
import selectors
import struct

from benchlib import wire

CHUNK = 1 << 16
NAMES = {"1": "ParseComplete", "2": "BindComplete", "3": "CloseComplete", "E": "ErrorResponse"}
NO_WORD = "closed without a word"


class Batch:
    """What is sent, up to and with its Sync, and what has to come."""

    def __init__(self):
        self.sent, self.expected, self.counts = [], [], collections.Counter()

    def parse(self, name, text):
        self.sent.append(wire.message(b"P", b"%s\0%s\0\0\0" % (name, text)))
        self._expect("1", b"1\0\0\0\4")

    def run(self, name, parameter, result):
        """Bind with one parameter as text, and Execute, of a statement with one column."""
        value = b"%d" % parameter
        head = b"\0%s\0\0\0\0\1" % name + struct.pack("!I", len(value))
        self.sent.append(wire.message(b"B", head + value + b"\0\0"))
        self.sent.append(b"E\0\0\0\x09\0\0\0\0\0")
        text = b"%d" % result
        self._expect("2", b"2\0\0\0\4")
        self._expect("D", wire.message(b"D", b"\0\1" + struct.pack("!I", len(text)) + text))
        self._expect("C", b"C\0\0\0\x0dSELECT 1\0")

    def close(self, name):
        self.sent.append(wire.message(b"C", b"S%s\0" % name))
        self._expect("3", b"3\0\0\0\4")

    def _expect(self, kind, message):
        self.counts[kind] += 1
        self.expected.append(message)

    def complete(self):
        self.sent.append(b"S\0\0\0\4")
        self.expected.append(wire.READY_IDLE)
        self.sent, self.expected = b"".join(self.sent), b"".join(self.expected)
        return self


class Tally:
    """What came, over all clients: messages by type, errors by SQLSTATE, answers that differ."""

    def __init__(self):
        self.counts, self.errors = collections.Counter(), collections.Counter()
        self.different, self.refused, self.first_error = 0, 0, None

    def add(self, batch, answer):
        if answer == batch.expected:
            self.counts.update(batch.counts)
        else:
            self.different += 1
            self.read(answer)

    def read(self, answer):
        at = 0
        while at + 5 <= len(answer):
            kind = chr(answer[at])
            end = at + 1 + struct.unpack_from("!I", answer, at + 1)[0]
            if kind == "E":
                self.errors[sqlstate(answer[at + 5 : end])] += 1
                self.first_error = self.first_error or wire.error_text(bytes(answer[at:end]))
            self.counts[kind] += 1
            at = end

    def refuse(self, answer):
        """The pooler has closed the connection."""
        self.refused += 1
        before = self.counts["E"]
        self.read(answer)
        if self.counts["E"] == before:
            self.errors[NO_WORD] += 1

    def document(self):
        named = {name: self.counts[kind] for kind, name in NAMES.items()}
        return {
            **named,
            "sqlstates": dict(self.errors),
            "first_error": self.first_error,
            "clients_refused": self.refused,
            "batches_with_another_answer": self.different,
        }


def sqlstate(fields):
    for field in bytes(fields).split(b"\0"):
        if field[:1] == b"C":
            return field[1:].decode(errors="replace")
    return "no SQLSTATE"


class Client:
    """One connection that is logged in."""

    def __init__(self, socket):
        self.socket, self.is_open = socket, True
        self.rest, self.answer = b"", bytearray()
        self.batches = self.batch = None
        socket.setblocking(False)

    def close(self):
        self.socket.close()
        self.is_open = False


def drive(clients, batches_of, tally):
    """Each client sends its batches, one after the answer to the other, all clients at once."""
    with selectors.DefaultSelector() as selector:
        left = 0
        for client in clients:
            if client.is_open:
                client.batches = iter(batches_of(client))
                selector.register(client.socket, selectors.EVENT_READ, client)
                left += 1
                left -= begin_next(selector, client)
        while left:
            events = selector.select(120)
            if not events:
                raise wire.WireError(f"{left} clients have had no answer for 120 s")
            for key, mask in events:
                left -= serve(selector, key.data, mask, tally)


def begin_next(selector, client):
    """Returns whether there was no further batch."""
    client.batch = next(client.batches, None)
    if client.batch is None:
        selector.unregister(client.socket)
        return True
    client.rest = memoryview(client.batch.sent)
    send(selector, client)
    return False


def send(selector, client):
    try:
        client.rest = client.rest[client.socket.send(client.rest) :]
    except BlockingIOError:
        pass
    except OSError:
        client.rest = b""  # closed; what it was told is still to be read
    wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.rest else 0)
    if selector.get_key(client.socket).events != wanted:
        selector.modify(client.socket, wanted, client)


def serve(selector, client, mask, tally):
    """Returns whether the client is done."""
    if mask & selectors.EVENT_WRITE:
        send(selector, client)
    if not mask & selectors.EVENT_READ:
        return False
    try:
        part = client.socket.recv(CHUNK)
    except BlockingIOError:
        return False
    except OSError:
        part = b""
    if not part:
        selector.unregister(client.socket)
        client.close()
        tally.refuse(client.answer)
        return True
    client.answer += part
    if not client.answer.endswith(wire.READY_IDLE):
        return False
    tally.add(client.batch, client.answer)
    client.answer = bytearray()
    return begin_next(selector, client)
