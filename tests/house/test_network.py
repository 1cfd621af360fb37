"""No test leaves this machine, and no library downloads behind our back."""

import os
import socket

import pytest

from tests.conftest import stays_home

OUTSIDE = [
    "192.0.2.1",
    "example.invalid",
    "2001:db8::1",
    "10.0.0.1",
    "128.0.0.1",
    "localhost.evil.invalid",
]
HOME = ["127.0.0.1", "127.8.8.8", "localhost", "::1", "", None, "/run/a.sock", b"/run/a.sock"]


@pytest.mark.parametrize("host", OUTSIDE)
def test_a_look_up_of_another_machine_is_refused(host: str):
    assert not stays_home((host, 80))
    with pytest.raises(PermissionError, match="tried to reach"):
        socket.getaddrinfo(host, 80)


def test_a_socket_to_another_machine_is_refused():
    with socket.socket() as out, pytest.raises(PermissionError, match=r"192\.0\.2\.1"):
        out.connect(("192.0.2.1", 80))
    with socket.socket(type=socket.SOCK_DGRAM) as out, pytest.raises(PermissionError):
        out.sendto(b"hello", ("192.0.2.1", 53))


@pytest.mark.parametrize("host", HOME, ids=repr)
def test_this_machine_may_be_named(host: object):
    assert stays_home((host, 80))
    assert stays_home(host)


def test_loopback_works():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_the_hub_is_offline():
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert os.environ["TRANSFORMERS_OFFLINE"] == "1"
