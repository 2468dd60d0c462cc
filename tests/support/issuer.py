"""An issuer of tokens on the loopback, with keys that it makes itself."""

import base64
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

ISSUER, AUDIENCE = "https://issuer.example", "shortlist"


def encoded(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class Issuer:
    """Publishes its keys at `url`, counts who asks, and signs what it is told to."""

    def __init__(self):
        self.asked = 0
        self.broken = False
        self.keys = {}
        self.published = []
        self.url = ""

    def add_rsa(self, kid, *, bits=2048, **about):
        self.keys[kid] = rsa.generate_private_key(public_exponent=65537, key_size=bits), "RS256"
        self._publish(kid, RSAAlgorithm, about)

    def add_ec(self, kid):
        self.keys[kid] = ec.generate_private_key(ec.SECP256R1()), "ES256"
        self._publish(kid, ECAlgorithm, {})

    def _publish(self, kid, algorithm, about):
        public = algorithm.to_jwk(self.keys[kid][0].public_key(), as_dict=True)
        self.published.append({**public, "kid": kid, "use": "sig", **about})

    def signed(self, header, **claims):
        """A token with whatever header, signed by the first key all the same."""
        body = self.token(**claims).split(".")[1]
        text = f"{encoded(json.dumps(header).encode())}.{body}"
        signature = RSAAlgorithm(RSAAlgorithm.SHA256).sign(text.encode(), self.keys["first"][0])
        return f"{text}.{encoded(signature)}"

    def token(self, kid="first", *, key=None, algorithm=None, **claims):
        """A token that is good for five minutes; a claim of `None` is left out."""
        own, own_algorithm = self.keys.get(kid, (None, None))
        told = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "crm",
            "exp": int(time.time()) + 300,
            "scope": "lists:read",
            **claims,
        }
        return jwt.encode(
            {name: value for name, value in told.items() if value is not None},
            key if key is not None else own,
            algorithm or own_algorithm,
            {"kid": kid},
        )


@contextmanager
def issuing():
    """An issuer with one RSA key, called `first`."""
    issuer = Issuer()
    issuer.add_rsa("first")

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            issuer.asked += 1
            body = b"{" if issuer.broken else json.dumps({"keys": issuer.published}).encode()
            self.send_response(503 if issuer.broken else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    issuer.url = f"http://127.0.0.1:{server.server_address[1]}/keys"
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
