from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from netlib.spec.cluster import Cluster
from netlib.spec.errors import NetlabError, UsageError
from netlib.tasks import rendezvous as module
from netlib.tasks.rendezvous import rendezvous


@pytest.fixture
def addresses() -> list[str]:
    """Of three workers, on ports that nobody has."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    found = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    return found


@pytest.fixture
def taken(addresses: list[str]) -> Iterator[str]:
    """The address of worker 0, which somebody has in the way in which gRPC has it, that others may share."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("", int(addresses[0].rpartition(":")[2])))
        held.listen()
        yield addresses[0]


def silent(text: str) -> None:
    raise AssertionError(text)


def test_all_go_on_when_all_are_there(addresses):
    came: list[int] = []

    def worker(index: int) -> None:
        time.sleep(0.3 * index)
        rendezvous(Cluster(tuple(addresses), index), 20, silent)
        came.append(index)

    threads = [threading.Thread(target=worker, args=(index,)) for index in range(2)]
    for each in threads:
        each.start()
    time.sleep(1.5)
    assert came == [], "the third is not there yet"
    with socket.create_server(("", int(addresses[2].rpartition(":")[2]))):
        for each in threads:
            each.join(10)
    assert sorted(came) == [0, 1]


def test_a_port_that_is_taken_is_told(addresses, taken):
    message = f"port {taken.rpartition(':')[2]} of worker 0 \\({taken}, from TF_CONFIG\\) is taken by another process"
    with pytest.raises(UsageError, match=message):
        rendezvous(Cluster(tuple(addresses), 0), 1, silent)


def test_a_worker_that_never_comes_is_named(addresses):
    said: list[str] = []
    began = time.monotonic()
    with pytest.raises(NetlabError) as caught:
        rendezvous(Cluster(tuple(addresses[:2]), 0), 1.2, said.append)
    assert time.monotonic() - began < 5
    assert caught.value.exit_code == 1
    assert f"worker 1 ({addresses[1]}: Connection refused) did not come within 1.2 s" in str(caught.value)
    assert "train.distribute.timeout" in str(caught.value)
    assert said == [f"waiting for worker 1 ({addresses[1]}), at most 1.2 s"]


def test_a_machine_that_is_not_known_yet_is_waited_for():
    with pytest.raises(NetlabError, match=r"worker 1 \(no-such-host\.invalid:1: .+\) did not come within 0\.5 s"):
        rendezvous(Cluster((f"127.0.0.1:{_free()}", "no-such-host.invalid:1"), 0), 0.5, lambda _: None)


def test_a_port_that_only_the_system_may_have(monkeypatch, addresses):
    def refuse(*_: object, **__: object) -> socket.socket:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module.socket, "create_server", refuse)
    with pytest.raises(UsageError, match="cannot be used: Permission denied; choose another port"):
        rendezvous(Cluster(tuple(addresses), 0), 1, silent)


def test_one_worker_waits_for_nobody():
    rendezvous(Cluster((f"127.0.0.1:{_free()}",), 0), 0.1, silent)


@pytest.mark.parametrize(("seconds", "words"), [(300.0, "5 minutes"), (90.0, "90 s"), (60.0, "60 s")])
def test_times_are_said(seconds, words):
    assert module._spoken(seconds) == words


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])
