"""A webhook leads to public addresses by https, and nowhere else unless somebody listed it."""

import pytest

from gateway.domain.webhook_targets import (
    Target,
    networks_of,
    parse_target,
    refuse_addresses,
    signature_of,
)
from gateway.errors import InputError

HTTPS = Target(True, "hooks.example.org", 443, "/")
HTTP = Target(False, "127.0.0.1", 8080, "/")
LOOPBACK = networks_of("127.0.0.0/8, ::1/128")


def test_a_host_may_be_as_long_as_hosts_are_and_an_address() -> None:
    assert parse_target(f"https://{'a' * 63}.example.org./").host == f"{'a' * 63}.example.org."
    assert parse_target("https://[2606:2800:21f::1]:8443/").host == "2606:2800:21f::1"


def test_an_address_is_taken_apart() -> None:
    assert parse_target("https://Hooks.example.org:8443/a/b?c=d") == Target(
        True, "hooks.example.org", 8443, "/a/b?c=d"
    )
    assert parse_target("http://127.0.0.1") == Target(False, "127.0.0.1", 80, "/")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hooks.example.org/",
        "hooks.example.org",
        "https:///nowhere",
        "https://user:secret@hooks.example.org/",
        "https://hooks.example.org/#there",
        "https://hooks.example.org:0/",
        "https://hooks.example.org:99999/",
        "https://hooks.example.org/a b",
        "https://hooks.example.org/\r\nX-More: yes",
        "https://[::1",
        "https://h\u00f6ks.example.org/",
        "https://hooks..example.org/",
        "https://.example.org/",
        "https://./",
        f"https://{'a' * 64}.example.org/",
        f"https://{'.'.join(['a' * 63] * 4)}/",
        f"https://hooks.example.org/{'a' * 500}",
    ],
)
def test_what_is_no_such_address_is_refused(url: str) -> None:
    with pytest.raises(InputError):
        parse_target(url)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f::1", "::ffff:93.184.215.14", "192.88.100.1"]
)
def test_public_addresses_are_connected_to(address: str) -> None:
    refuse_addresses(HTTPS, [address], ())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - never bound to
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "64:ff9b:1::7f00:1",
        "64:ff9b:1:fffe::5db8:d70e",
        "::ffff:0:127.0.0.1",
        "::ffff:0:5db8:d70e",
        "::5db8:d70e",
        "::127.0.0.1",
        "fec0::1",
        "feff::1",
        "192.88.99.1",
        "ff02::1",
    ],
)
def test_private_addresses_are_refused_and_not_told(address: str) -> None:
    with pytest.raises(InputError) as refused:
        refuse_addresses(HTTPS, [address], ())

    assert address not in refused.value.message


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(InputError):
        refuse_addresses(HTTPS, ["93.184.215.14", "10.0.0.1"], ())


def test_a_name_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(InputError):
        refuse_addresses(HTTPS, [], ())


def test_a_listed_private_network_may_be_reached_by_https_only() -> None:
    networks = networks_of("10.1.0.0/16")

    refuse_addresses(HTTPS, ["10.1.2.3"], networks)
    with pytest.raises(InputError):
        refuse_addresses(HTTPS, ["10.2.0.1"], networks)
    with pytest.raises(InputError):
        refuse_addresses(Target(False, "inside", 80, "/"), ["10.1.2.3"], networks)


def test_plain_http_is_for_this_machine_where_it_is_listed() -> None:
    refuse_addresses(HTTP, ["127.0.0.1"], LOOPBACK)
    with pytest.raises(InputError):
        refuse_addresses(HTTP, ["127.0.0.1"], ())
    with pytest.raises(InputError):
        refuse_addresses(HTTP, ["93.184.215.14"], LOOPBACK)


def test_the_signature_is_over_the_time_and_the_body() -> None:
    # Computed with `openssl dgst -sha256 -hmac key` over `1700000000.{}`.
    assert signature_of("key", 1_700_000_000, b"{}") == (
        "9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae"
    )
    assert signature_of("key", 1_700_000_001, b"{}") != signature_of("key", 1_700_000_000, b"{}")
