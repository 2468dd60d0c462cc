"""Whoever is named is told; what goes wrong there changes nothing."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from pipeline.retraining.notify import notify


def test_a_command_reads_the_record(tmp_path):
    copy = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read())"
    command = [sys.executable, "-c", copy, str(tmp_path / "told.json")]
    assert notify('{"exit_code": 5}', command=command) == []
    assert (tmp_path / "told.json").read_text() == '{"exit_code": 5}'


def test_the_record_is_posted_to_an_address():
    told = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self):
            told.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert notify("{}", webhook=f"http://127.0.0.1:{server.server_port}/hook") == []
        thread.join()
    assert told == ["{}"]


def test_a_command_that_fails_is_told_of(tmp_path):
    (failed,) = notify("{}", command=[sys.executable, "-c", "raise SystemExit('no mail')"])
    assert failed.endswith("ended with 1: no mail")
    (missing,) = notify("{}", command=[str(tmp_path / "nowhere")])
    assert "No such file" in missing


def test_only_addresses_of_the_web_are_posted_to():
    assert notify("{}", webhook="file:///etc/passwd") == [
        "retrain.webhook: file:///etc/passwd is no http address"
    ]
