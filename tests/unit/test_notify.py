"""Telling systemd that a service is ready."""

import socket

import pytest

from faafo import notify


@pytest.fixture
def listener():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.settimeout(10)
        yield listening


def test_whoever_waits_is_told(listener, tmp_path, monkeypatch):
    listener.bind(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    notify.ready()
    assert listener.recv(100) == b"READY=1"


def test_the_address_may_be_abstract(listener, tmp_path, monkeypatch):
    name = f"{tmp_path}/notify"
    listener.bind(f"\0{name}")
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    notify.ready()
    assert listener.recv(100) == b"READY=1"


def test_nobody_waits(monkeypatch, caplog):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify.ready()
    assert caplog.messages == []


def test_whoever_waited_is_gone(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    notify.ready()
    assert "notify" in caplog.text
