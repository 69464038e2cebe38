"""What stands on several machines, as processes on this one: servers, Debian's nginx with the configuration of the
tree, and Milvus Lite's own gRPC server, spoken to like a cluster. They can be killed, and come back to their port."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from errors import IndexUnavailable
from index.milvus.store import asking, connect
from settings import ROOT

NGINX = Path("/usr/sbin/nginx")
WAIT_S = 120.0
"""Two busy cores may take this long to start a server."""
_MAIN = """daemon off; master_process off; worker_rlimit_nofile 1024;
pid {folder}/nginx.pid; error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def resident_bytes(process: int) -> int:
    """Of a process's memory, what is resident now (proc(5))."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


class Program:
    """A process that can be killed, and frozen."""

    _process: subprocess.Popen[bytes]

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(30)

    def freeze(self) -> None:
        """As a machine that is there and does not answer. Back once all of it stands still: what was awake when the
        signal came may answer a question first."""
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOWAIT)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)


class AppServer(Program):
    """`python app.py` on a port it comes back to."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.port = free_port()
        self.log = folder / f"server-{self.port}.log"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BULLETIN_")},
            "BULLETIN_PORT": str(self.port), "BULLETIN_PROXIES": "127.0.0.1", "BULLETIN_THREADS": "1", **settings,
        }  # fmt: skip
        self.start()

    def start(self) -> None:
        with self.log.open("a") as file:
            self._process = subprocess.Popen(
                [sys.executable, "app.py"], cwd=ROOT, env=self._environment, stdout=file, stderr=file
            )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + WAIT_S
        while get(self.port, "/readyz")[0] != 200:
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def answered(self) -> int:
        """Questions of the API that this server has answered since it started."""
        lines = get(self.port, "/metrics")[1].decode().splitlines()
        counts = [line for line in lines if line.startswith("bulletin_questions_total{") and "chat" not in line]
        return sum(int(float(line.split()[-1])) for line in counts if 'outcome="answered"' in line or "refused" in line)


class Nginx(Program):
    """deploy/nginx.conf with the ports of two servers, and what else a test has to change in it."""

    def __init__(self, folder: Path, ports: tuple[int, int], changes: Mapping[str, str]) -> None:
        self.port = free_port()
        site = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
        own = {"listen 80": f"listen 127.0.0.1:{self.port}"}
        own |= {f"127.0.0.1:786{i}": f"127.0.0.1:{port}" for i, port in enumerate(ports, 1)}
        for name, value in {**own, **changes}.items():
            assert name in site, name
            site = site.replace(name, value)
        (folder / "site.conf").write_text(site, "utf-8")
        (folder / "nginx.conf").write_text(_MAIN.format(folder=folder), "utf-8")
        command = [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
        self._process = subprocess.Popen(command)
        while get(self.port, "/healthz")[0] == 0:
            assert self._process.poll() is None, (folder / "error.log").read_text()
            time.sleep(0.05)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


class LiteServer(Program):
    """Comes back to its port and its data."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self.uri = f"http://127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        """Returns once it answers."""
        command = [sys.executable, "-m", "milvus_lite", "server", "--data-dir", str(self._folder / "data")]
        with (self._folder / "milvus.log").open("a") as log:
            self._process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--port", str(self._port)], stdout=log, stderr=log
            )
        deadline = time.monotonic() + WAIT_S
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "milvus.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def _answers(self) -> bool:
        with contextlib.suppress(IndexUnavailable), asking("starting"):
            connect(self.uri).list_collections(timeout=5)
            return True
        return False

    @property
    def resident_mb(self) -> float:
        return resident_bytes(self._process.pid) / 2**20


@contextlib.contextmanager
def a_cluster(folder: Path) -> Iterator[LiteServer]:
    server = LiteServer(folder)
    try:
        yield server
    finally:
        server.thaw()
        server.kill()


def get(port: int, path: str) -> tuple[int, bytes]:
    """Status and body; status 0 when nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as reply:
            return int(reply.status), reply.read()
    except urllib.error.HTTPError as error:
        return int(error.code), error.read()
    except (OSError, http.client.HTTPException):
        return 0, b""


def post(port: int, path: str, body: Any, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of a request on a connection of its own; status 0 when it broke."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", path, json.dumps(body), {"content-type": "application/json", **headers})
        reply = connection.getresponse()
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
    except (OSError, http.client.HTTPException) as error:
        return 0, {}, repr(error).encode()
    finally:
        connection.close()
