"""The process: where it may listen, what it must not load, what it logs, how it stops."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from records.errors import CannotServe
from serving.server import is_loopback, listen
from tests.browser.sample_college import MARK, SampleCollege

_SERVE = """
import sys
from datetime import date
from pathlib import Path
from records.home import open_home
from records.settings import Settings
from serving.server import serve
serve(open_home(Settings(home=Path(sys.argv[1]))), host="127.0.0.1", port=int(sys.argv[2]), behind_proxy=False,
      today=lambda: date(2025, 11, 18))
"""
ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_other_machines_are_refused_without_a_proxy() -> None:
    with pytest.raises(CannotServe) as refused:
        listen("0.0.0.0", 0, behind_proxy=False)
    assert str(refused.value) == (
        "0.0.0.0 is not this machine: names would cross the network unencrypted. "
        "Serve on 127.0.0.1 behind a TLS proxy and add --behind-proxy."
    )


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("10.1.1.1", False), ("x.th", False)],
)
def test_what_this_machine_is(host: str, here: bool) -> None:
    assert is_loopback(host) is here


def test_a_port_in_use_is_said_in_a_sentence() -> None:
    with listen("127.0.0.1", 0, behind_proxy=False) as first:
        port = first.getsockname()[1]
        with pytest.raises(CannotServe) as refused:
            listen("127.0.0.1", port, behind_proxy=False)
    assert str(refused.value) == (
        f"Port {port} on 127.0.0.1 is in use. Stop the other program or choose another: zerodrop serve --port {port + 1}"
    )


def test_the_service_loads_no_training_library() -> None:
    heavy = ("pandas", "pyarrow", "numba", "lightgbm", "mlflow", "shap", "sklearn")
    program = f"import sys, serving.app, serving.server; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_only_records_speaks_sql() -> None:
    for file in (ROOT / "serving").rglob("*.py"):
        assert "sqlalchemy" not in file.read_text(), file


def test_the_real_process_answers_logs_templates_and_stops_when_told(college: SampleCollege) -> None:
    port = free_port()
    home = college.home.settings.home
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(home), str(port)], stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert _answer(f"http://127.0.0.1:{port}/readyz") == 200
        assert _answer(f"http://127.0.0.1:{port}/students/{college.students['kru.a'][0]}?q=x") == 200
    finally:
        process.send_signal(signal.SIGTERM)
        errors = process.communicate(timeout=20)[1]
    lines = [json.loads(line) for line in errors.splitlines()]
    assert lines[0]["event"] == "serving"
    assert [(line["route"], line["status"]) for line in lines[1:]] == [
        ("/readyz", 200),
        ("/students/{student_id}", 303),
        ("/login", 200),
    ]
    assert MARK not in errors
    assert str(college.students["kru.a"][0]) not in errors
    assert process.returncode in (0, -signal.SIGTERM)
    assert not os.path.exists(f"/proc/{process.pid}/fd")


def _answer(address: str) -> int:
    """The status, once the process is up."""
    until = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return int(answer.status)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
