"""Clients that go through rounds of work, through a handover under this load, and through the same rounds again.

When all are half way a line is printed; a line of standard input says that the handover is done.
"""

import asyncio
import os
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

CLIENTS = 20
ROUNDS = 6
STATEMENTS = 12
ACCOUNTS = 50
HOST = os.environ["PGHOST"]
PORT = int(os.environ["PGPORT"])
USER = os.environ["PGUSER"]
DATABASE = os.environ["PGDATABASE"]


def equal(actual, expected):
    if actual != expected:
        raise AssertionError(f"{actual!r}, not {expected!r}")


def _await_handover():
    print("half way", flush=True)
    equal(sys.stdin.readline(), "go on\n")


def run_threads(connect):
    """connect(number) gives a client with round(number) and close()."""
    arrived = threading.Barrier(CLIENTS + 1)
    handed_over = threading.Event()

    def live(number):
        try:
            client = connect(number)
            for round_number in range(ROUNDS):
                client.round(round_number)
            arrived.wait(60)
            round_number = ROUNDS
            while not handed_over.is_set():
                client.round(round_number)
                round_number += 1
            for more in range(ROUNDS):
                client.round(round_number + more)
            client.close()
        except BaseException:
            arrived.abort()
            traceback.print_exc()
            os._exit(1)

    with ThreadPoolExecutor(CLIENTS) as threads:
        clients = [threads.submit(live, number) for number in range(CLIENTS)]
        arrived.wait(60)
        _await_handover()
        handed_over.set()
        for client in clients:
            client.result(60)
    print("done", flush=True)


def run_tasks(connect):
    """connect(number) is a coroutine that gives a client with coroutines round(number) and close()."""

    async def main():
        arrived = 0
        half_way = asyncio.Event()
        handed_over = asyncio.Event()

        async def live(number):
            nonlocal arrived
            client = await connect(number)
            for round_number in range(ROUNDS):
                await client.round(round_number)
            arrived += 1
            if arrived == CLIENTS:
                half_way.set()
            round_number = ROUNDS
            while not handed_over.is_set():
                await client.round(round_number)
                round_number += 1
            for more in range(ROUNDS):
                await client.round(round_number + more)
            await client.close()

        async def steer():
            await half_way.wait()
            await asyncio.to_thread(_await_handover)
            handed_over.set()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(steer())
            for number in range(CLIENTS):
                tasks.create_task(live(number))

    asyncio.run(asyncio.wait_for(main(), 120))
    print("done", flush=True)
