"""An attempt is bounded, goes to the address that was checked, and follows nothing."""

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from receiver import receiving

from campaigns.webhooks.sending import Sender

ALLOWED = frozenset({"receiver.test", "127.0.0.1"})


async def here(_host, _port):
    return ["127.0.0.1"]


def post(url, *, resolve=here, allow=ALLOWED, **given):
    sender = Sender(allow=allow, resolve=resolve, **given)
    return asyncio.run(sender.post(url, b'{"a":1}', {"webhook-id": "evt_1"}))


def test_what_is_sent_arrives_at_the_checked_address_under_the_name_of_the_host():
    # `receiver.test` has no address: only what was checked can have been connected to.
    with receiving() as receiver:
        outcome = post(f"http://receiver.test:{receiver.port}/hook?x=1")
    assert (outcome.succeeded, outcome.status) == (True, 204)
    (message,) = receiver.messages
    assert (message.path, message.body) == ("/hook?x=1", b'{"a":1}')
    assert message.headers["host"] == f"receiver.test:{receiver.port}"
    assert message.headers["webhook-id"] == "evt_1"
    assert message.headers["content-type"] == "application/json"


def test_a_name_that_leads_elsewhere_by_the_time_of_delivery_is_not_connected_to():
    asked = []

    async def rebinding(host, _port):
        asked.append(host)
        return ["127.0.0.1"]

    with receiving() as receiver:
        outcome = post(
            f"https://crm.example:{receiver.port}/", resolve=rebinding, allow=frozenset()
        )
    assert asked == ["crm.example"]  # once: what was looked at cannot differ from what is used
    assert "not on the public internet" in outcome.problem
    assert receiver.messages == []


def test_a_redirect_is_not_followed():
    with receiving() as elsewhere, receiving() as receiver:
        receiver.answers, receiver.headers = [307], {"Location": elsewhere.url}
        outcome = post(receiver.url)
    assert (outcome.succeeded, outcome.status) == (False, 307)
    assert "redirect" in outcome.problem
    assert elsewhere.messages == []


@pytest.mark.parametrize(
    ("said", "waits_s"),
    [("120", 120), ("0", 0), ("Fri, 01 Jan 2038 00:00:00 GMT", 0), ("99999999999", 999999)],
)
def test_a_receiver_may_ask_for_time(said, waits_s):
    with receiving() as receiver:
        receiver.answers, receiver.headers = [503], {"Retry-After": said}
        outcome = post(receiver.url)
    assert (outcome.succeeded, outcome.status, outcome.retry_after_s) == (False, 503, waits_s)


def test_nobody_listening_is_no_error_of_ours():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        outcome = post(f"http://127.0.0.1:{closed.getsockname()[1]}/")
    assert "ConnectError" in outcome.problem


@asynccontextmanager
async def listening(receiver):
    """Receive, and do not wait for receivers that would never end: they are cancelled."""
    server = await asyncio.start_server(receiver, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


@pytest.mark.parametrize("sends", [b"", b"HTTP/1.1 200 OK\r\nx: "], ids=["nothing", "a header"])
def test_a_receiver_that_trickles_is_left_after_a_bounded_time(sends):
    async def trickle(reader, writer):
        try:
            await reader.read(1)
            writer.write(sends)
            while not reader.at_eof():
                writer.write(b"y" if sends else b"")
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def attempt():
        async with listening(trickle) as url:
            sender = Sender(allow=ALLOWED, resolve=here, patience_s=0.5)
            return await sender.post(url, b"{}", {})

    outcome = asyncio.run(attempt())
    assert outcome.problem == "no answer within 0.5 s"


def test_an_endless_answer_is_not_read():
    taken = []

    async def pour(reader, writer):
        await reader.read(1)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(b"y" * 65536)
                await writer.drain()
                taken.append(65536)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def attempt():
        async with listening(pour) as url:
            return await Sender(allow=ALLOWED, resolve=here).post(url, b"{}", {})

    assert asyncio.run(attempt()).succeeded
    assert sum(taken) < 50_000_000


def certificate(folder, *names):
    """A certificate for these names, signed by itself, as PEM with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    me = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    known = [
        x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
        for name in names
    ]
    signed = (
        x509.CertificateBuilder()
        .subject_name(me)
        .issuer_name(me)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(known), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.mark.parametrize(
    ("of", "is_believed"), [("receiver.test", True), ("127.0.0.1", False), ("other.test", False)]
)
def test_the_certificate_has_to_be_that_of_the_host(tmp_path, of, is_believed):
    path = certificate(tmp_path, of)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(path)
    with receiving(ours) as receiver:
        url = f"https://receiver.test:{receiver.port}/hook"
        outcome = post(url, tls=ssl.create_default_context(cafile=str(path)))
    assert outcome.succeeded is is_believed
    assert len(receiver.messages) == is_believed


def test_a_certificate_that_nobody_vouches_for_is_not_believed(tmp_path):
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(certificate(tmp_path, "receiver.test"))
    with receiving(ours) as receiver:
        outcome = post(f"https://receiver.test:{receiver.port}/hook")
    assert "ConnectError" in outcome.problem
    assert receiver.messages == []
