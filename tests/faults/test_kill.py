"""Logs that are killed under load, a hundred times: nothing that they promised is lost, and they never fork.

`SIGSTEAD_KILLS=500 scripts/test clients` kills them a thousand times, 500 on each store.
"""

import os
import random
import signal
import time

import pytest

from faults.load import Load, Memory
from faults.promises import check_promises
from stack import Stack, free_port

KILLS = int(os.environ.get("SIGSTEAD_KILLS", "50"))


@pytest.mark.parametrize("engine", ["SQLite", "Postgres"])
def test_nothing_acknowledged_is_lost(engine, binary, postgres, tmp_path):
    database = postgres.new_database() if engine == "Postgres" else None
    ports = {name: free_port() for name in Stack.PORTS}
    memory, chance = Memory(), random.Random(1)
    for life in range(KILLS):
        stack = Stack.up(binary, tmp_path / "data", database, ports)
        with Load(stack.urls["log"], memory, life):
            time.sleep(chance.uniform(0.05, 0.3))
            stack.stop(signal.SIGKILL)
    with Stack.up(binary, tmp_path / "data", database, ports) as stack:
        check_promises(stack, memory, at_least=KILLS)
