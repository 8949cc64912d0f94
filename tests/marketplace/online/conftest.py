"""A Redis server of the tests' own, on a socket in a folder."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

Start = Callable[..., str]


@pytest.fixture(scope="session")
def redis_binary() -> str:
    found = shutil.which("redis-server") or "/usr/bin/redis-server"
    assert Path(found).exists(), "redis-server is not installed: make redis"
    return found


@pytest.fixture
def start_redis(redis_binary: str) -> Iterator[Start]:
    """Start a server of its own: ``start_redis("--maxmemory", "3mb")`` gives its address."""
    running: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory(prefix="proml-redis-") as folder:

        def start(*options: str) -> str:
            socket = Path(folder) / f"{len(running)}.sock"
            command = [redis_binary, "--port", "0", "--unixsocket", str(socket), "--save", ""]
            process = subprocess.Popen(
                [*command, "--dir", folder, *options], stdout=subprocess.DEVNULL
            )
            running.append(process)
            client = redis.Redis(unix_socket_path=str(socket))
            while True:
                assert process.poll() is None, "redis-server has ended"
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    time.sleep(0.01)
            client.close()
            return f"unix://{socket}"

        yield start
        for process in running:
            process.terminate()
            process.wait()
