"""Many clients that log in and then say nothing."""

from benchlib import wire

CLIENTS_PER_ADDRESS = 5000
LOGINS_AT_ONCE = 100


def open_idle(port, count):
    """Logs in `count` clients that then say nothing, from as many loopback addresses as needed."""
    clients = []
    try:
        while len(clients) < count:
            batch = []
            for at in range(len(clients), min(count, len(clients) + LOGINS_AT_ONCE)):
                client = wire.open_socket(port, f"127.0.0.{2 + at // CLIENTS_PER_ADDRESS}")
                client.sendall(wire.startup_packet("postgres", "bench"))
                batch.append(client)
                clients.append(client)
            for client in batch:
                wire.read_until_ready(client)
    except BaseException:
        close_all(clients)
        raise
    return clients


def close_all(clients):
    for client in clients:
        client.close()
