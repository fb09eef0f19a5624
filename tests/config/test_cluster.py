from __future__ import annotations

import json
from typing import Any

import pytest

from netlib.config.cluster import cluster_of, need_cluster, parse_tf_config
from netlib.config.slurm import expanded, from_slurm, tasks_per_node
from netlib.spec.cluster import host_and_port
from netlib.spec.errors import UsageError

WORKERS = ["10.0.0.1:2222", "10.0.0.2:2222", "10.0.0.3:2222"]
SLURM = {
    "SLURM_JOB_ID": "4711",
    "SLURM_PROCID": "3",
    "SLURM_STEP_NODELIST": "node[01-03,7]",
    "SLURM_STEP_TASKS_PER_NODE": "2(x2),1(x2)",
    "SLURMD_NODENAME": "node02",
}


def config(cluster: Any, kind: Any = "worker", index: Any = 0) -> str:
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})


def test_workers_and_which_of_them_this_is():
    found = parse_tf_config(config({"worker": WORKERS}, index=2))
    assert found.workers == tuple(WORKERS)
    assert (found.index, found.address, found.is_chief) == (2, "10.0.0.3:2222", False)
    assert found.others == {0: WORKERS[0], 1: WORKERS[1]}


@pytest.mark.parametrize("chief", ["chief", "master"])
def test_the_chief_is_worker_0(chief):
    """As Kubeflow's training operator writes a TFJob with a chief."""
    cluster = {chief: [WORKERS[0]], "worker": WORKERS[1:]}
    assert parse_tf_config(config(cluster, chief)).is_chief
    second = parse_tf_config(config(cluster, "worker", 0))
    assert (second.index, second.workers) == (1, tuple(WORKERS))


def test_a_chief_may_be_alone_and_numbers_may_be_texts():
    assert parse_tf_config(config({"chief": WORKERS[:1]}, "chief", "0")).workers == (WORKERS[0],)


def test_what_it_says_to_tensorflow_is_read_again():
    found = parse_tf_config(config({"chief": [WORKERS[0]], "worker": WORKERS[1:]}, "worker", 1))
    assert parse_tf_config(found.as_tf_config()) == found
    assert parse_tf_config(found.as_tf_config(0)).is_chief


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "TF_CONFIG is empty: unset it, or set it to the workers"),
        ("{'cluster': {}}", "TF_CONFIG is not JSON .*It looks like"),
        ("[" * 100_000, "TF_CONFIG is not JSON"),
        ("[]", "is not a mapping of 'cluster' and 'task'"),
        ("{}", "has no 'cluster' with the workers' addresses, got nothing"),
        (config({}), "has no 'cluster' with the workers' addresses"),
        (config([]), "has no 'cluster' with the workers' addresses"),
        (config({"worker": []}), "has a 'cluster' without a worker"),
        (config({"worker": "10.0.0.1:2222"}), "has no list of addresses as its 'worker', got '10.0.0.1:2222'"),
        (config({"worker": [2222]}), "has no list of addresses as its 'worker'"),
        (config({"wroker": WORKERS}, "wroker"), "a task type 'wroker' in its cluster; did you mean 'worker'"),
        (config({"worker": ["10.0.0.1"]}), "an address '10.0.0.1' of a worker, expected host:port"),
        (config({"worker": ["10.0.0.1:0"]}), "an address '10.0.0.1:0' of a worker"),
        (config({"worker": ["10.0.0.1:65536"]}), "an address '10.0.0.1:65536' of a worker"),
        (config({"worker": ["http://host:1"]}), "an address 'http://host:1' of a worker"),
        (config({"worker": ["::1:22"]}), "an address '::1:22' of a worker"),
        (config({"worker": [WORKERS[0], *WORKERS]}), "names 10.0.0.1:2222 twice: each worker has an address of its own"),
        (config({"chief": WORKERS[:1], "worker": WORKERS}), "names 10.0.0.1:2222 twice"),
        (config({"chief": WORKERS[:2]}), r"has 2 chiefs \(10.0.0.1:2222, 10.0.0.2:2222\), expected one"),
        (config({"worker": WORKERS}, "chief"), "says that this is a chief, and its cluster has worker"),
        (config({"worker": WORKERS}, "worker", 3), "says that this is worker 3, and its cluster has worker 0 to 2"),
        (config({"worker": WORKERS}, "worker", -1), "says that this is worker -1"),
        (config({"worker": WORKERS}, "worker", True), "says that this is worker true"),
        (config({"worker": WORKERS[:1]}, "worker", 1), "and its cluster has worker 0. It looks like"),
        (config({"worker": WORKERS}, "walker"), "a task type 'walker' in its task; did you mean 'worker'"),
        (json.dumps({"cluster": {"worker": WORKERS}}), "does not say which worker this is: expected a 'task'"),
        (json.dumps({"cluster": {"worker": WORKERS}, "task": {"type": "worker"}}), "does not say which worker this is"),
        (config({"worker": WORKERS, "ps": ["h:1"]}), "has 'ps' in its cluster: parameter servers are not used"),
        (config({"worker": WORKERS}, "evaluator"), "has 'evaluator' in its task: no process of its own evaluates"),
    ],
)  # fmt: skip
def test_mistakes_say_what_is_expected(text, message):
    with pytest.raises(UsageError, match=message):
        parse_tf_config(text)


def test_addresses_in_two_parts():
    assert host_and_port("worker-0.svc:2222") == ("worker-0.svc", 2222)
    assert host_and_port("[::1]:80") == ("::1", 80)
    assert parse_tf_config(config({"worker": ["[::1]:80"]})).workers == ("[::1]:80",)


def test_nobody_is_named():
    assert cluster_of({}) is None
    with pytest.raises(UsageError, match=r"nothing says who the workers are.*netlab launch --workers 2 CONFIG"):
        need_cluster({})


def test_tasks_of_slurm_are_workers():
    found = cluster_of(SLURM)
    assert found is not None
    nodes = [
        ("node01", 16711),
        ("node01", 16712),
        ("node02", 16711),
        ("node02", 16712),
        ("node03", 16711),
        ("node7", 16711),
    ]
    assert found.workers == tuple(f"{node}:{port}" for node, port in nodes)
    assert (found.index, found.address, found.source) == (3, "node02:16712", "Slurm")


def test_tf_config_goes_before_slurm():
    found = cluster_of({**SLURM, "TF_CONFIG": config({"worker": WORKERS})})
    assert found is not None
    assert found.workers == tuple(WORKERS)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"SLURM_STEP_NODELIST": ""}, r"job 4711 of Slurm's, but no step of it \(SLURM_STEP_NODELIST is not set\).*srun netlab"),
        ({"SLURM_PROCID": "6"}, r"SLURM_PROCID is 6, and SLURM_STEP_TASKS_PER_NODE .* has 6 tasks"),
        ({"SLURM_PROCID": "two"}, "SLURM_PROCID cannot be understood: 'two'; set TF_CONFIG"),
        ({"SLURM_STEP_TASKS_PER_NODE": "2(x3)"}, "has 4 nodes .* has 3"),
        ({"SLURM_STEP_TASKS_PER_NODE": "2x3"}, "SLURM_STEP_TASKS_PER_NODE cannot be understood"),
        ({"SLURM_STEP_NODELIST": "node[1-"}, "SLURM_STEP_NODELIST cannot be understood"),
        ({"SLURM_STEP_NODELIST": "node[1-x]"}, "SLURM_STEP_NODELIST cannot be understood"),
        ({"SLURM_STEP_NODELIST": "n[0-999999999]"}, "SLURM_STEP_NODELIST cannot be understood"),
        ({"SLURMD_NODENAME": "node01"}, "Slurm runs task 3 on node01, expected node02: give srun --distribution=block"),
    ],
)  # fmt: skip
def test_what_slurm_says_and_cannot_be(changed, message):
    with pytest.raises(UsageError, match=message):
        from_slurm({**SLURM, **changed})


@pytest.mark.parametrize(
    ("nodes", "names"),
    [
        ("login", ["login"]),
        ("a,b-1,c[3]", ["a", "b-1", "c3"]),
        ("node[01-03,7]", ["node01", "node02", "node03", "node7"]),
        ("node[08-11]", ["node08", "node09", "node10", "node11"]),
        ("r[1-2]n[1,3]-ib", ["r1n1-ib", "r1n3-ib", "r2n1-ib", "r2n3-ib"]),
    ],
)
def test_lists_of_nodes(nodes, names):
    assert [*expanded(nodes)] == names


def test_tasks_of_nodes():
    assert [*tasks_per_node("2(x3),1")] == [2, 2, 2, 1]
