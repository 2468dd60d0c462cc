"""Messages go to the public internet over https, whatever a name leads to later."""

import asyncio

import pytest

from campaigns.webhooks.targets import UnfitTargetError, checked, is_public


def looked_at(url, *addresses, allow=()):
    async def resolve(_host, _port):
        return addresses

    return asyncio.run(checked(url, allow=frozenset(allow), resolve=resolve))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.10",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",  # shared by the customers of a provider
        "100.100.100.200",  # metadata of a cloud
        "169.254.169.254",  # metadata of most clouds
        "168.63.129.16",  # metadata of a cloud, behind a public number
        "192.0.0.192",  # metadata of a cloud
        "0.0.0.0",  # noqa: S104 - that is the point
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",  # metadata of a cloud
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "2002:7f00:1::",  # 6to4 of 127.0.0.1
        "64:ff9b::a9fe:a9fe",  # NAT64 of 169.254.169.254
        "2001:0:7f00:1::",  # Teredo by way of 127.0.0.1
        "no address",
    ],
)
def test_an_address_that_is_not_of_the_public_internet_is_refused(address):
    assert not is_public(address)
    with pytest.raises(UnfitTargetError, match="not on the public internet"):
        looked_at("https://crm.example/hook", address)


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700::1111"])
def test_an_address_of_the_public_internet_is_what_is_connected_to(address):
    target = looked_at("https://crm.example/hook?a=1", address)
    assert target == ("https", "crm.example", 443, b"/hook?a=1", address)


def test_one_private_address_among_public_ones_is_refused():
    with pytest.raises(UnfitTargetError, match="not on the public internet"):
        looked_at("https://crm.example", "93.184.215.14", "10.0.0.1")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://crm.example/hook", "https only"),
        ("ftp://crm.example/hook", "no https URL"),
        ("file:///etc/passwd", "no https URL"),
        ("crm.example/hook", "no https URL"),
        ("https://", "no https URL"),
        ("https://ann:secret@crm.example/", "a user, a password"),
        ("https://crm.example/#part", "a fragment"),
        ("https://crm.example:99999/", "no such port"),
        ("https://crm.example:0/", "no such port"),
        ("https://[::1", "no URL"),
        ("https://crm.example/\x00", "no URL"),
    ],
)
def test_what_is_no_https_url_is_refused(url, why):
    with pytest.raises(UnfitTargetError, match=why) as refused:
        looked_at(url, "93.184.215.14")
    assert "secret" not in str(refused.value)


def test_a_name_without_an_address_is_refused():
    with pytest.raises(UnfitTargetError, match="has no address"):
        looked_at("https://crm.example/hook")


def test_an_allowed_host_may_be_anywhere_and_without_tls():
    target = looked_at("http://Receiver.test:8080/", "127.0.0.1", allow=["receiver.test"])
    assert (target.port, target.address) == (8080, "127.0.0.1")


def test_that_one_host_is_allowed_allows_no_other():
    with pytest.raises(UnfitTargetError, match="not on the public internet"):
        looked_at("https://receiver.test.example/", "127.0.0.1", allow=["receiver.test"])


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:7f00:1]"]
)
def test_our_own_machine_is_refused_however_it_is_written(host):
    with pytest.raises(UnfitTargetError, match=r"not on the public internet|has no address"):
        asyncio.run(checked(f"https://{host}/hook"))
