from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from netlib.runs.available_memory import process_memory

MIB = 1 << 20


def put(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine with 1000 MiB free, on which the process has 100 MiB and 300 MiB of addresses."""
    put(tmp_path, proc__meminfo=f"MemTotal: 9999999 kB\nMemAvailable:   {1000 << 10} kB\n")
    put(tmp_path, proc__self__status=f"Name:\tx\nVmSize:\t {300 << 10} kB\nVmRSS:\t  {100 << 10} kB\n")
    put(tmp_path, proc__self__limits="Max cpu time   unlimited  unlimited  seconds\n")
    return tmp_path


def group(root: Path, path: str, limit: int | str, used: int, kept: int = 0) -> None:
    folder = root / "sys/fs/cgroup" / path
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {kept}\nactive_file 7\n")


def test_of_the_machine(root: Path) -> None:
    assert process_memory(root) == 1100 * MIB


def test_of_a_group_and_of_those_around_it_the_least_counts(root: Path) -> None:
    (root / "proc/self/cgroup").write_text("0::/outer/inner\n")
    group(root, "outer/inner", "max", 10 * MIB)
    assert process_memory(root) == 1100 * MIB
    group(root, "outer", 500 * MIB, 400 * MIB, kept=50 * MIB)
    assert process_memory(root) == 250 * MIB
    group(root, "outer/inner", 420 * MIB, 400 * MIB)
    assert process_memory(root) == 120 * MIB
    group(root, "outer/inner", 400 * MIB, 420 * MIB)
    assert process_memory(root) == 100 * MIB


def test_of_a_group_whose_path_is_that_outside_of_the_container(root: Path) -> None:
    (root / "proc/self/cgroup").write_text("0::/not/seen/here\n")
    group(root, ".", 200 * MIB, 150 * MIB)
    assert process_memory(root) == 150 * MIB


def test_of_a_group_of_the_first_version(root: Path) -> None:
    (root / "proc/self/cgroup").write_text("5:cpu,cpuacct:/a\n4:memory:/a\n")
    folder = root / "sys/fs/cgroup/memory/a"
    folder.mkdir(parents=True)
    (folder / "memory.limit_in_bytes").write_text(f"{300 * MIB}\n")
    (folder / "memory.usage_in_bytes").write_text(f"{250 * MIB}\n")
    (folder / "memory.stat").write_text(f"cache 1\ntotal_inactive_file {30 * MIB}\n")
    (folder.parent / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    (folder.parent / "memory.usage_in_bytes").write_text(f"{250 * MIB}\n")
    assert process_memory(root) == 180 * MIB


def test_of_a_limit_of_addresses(root: Path) -> None:
    (root / "proc/self/limits").write_text(
        f"Max address space         {350 * MIB}            unlimited            bytes\n"
    )
    assert process_memory(root) == 150 * MIB


def test_nothing_is_known_where_the_system_has_no_such_files(tmp_path: Path) -> None:
    assert process_memory(tmp_path) is None


def test_what_is_no_number_is_not_known(root: Path) -> None:
    (root / "proc/self/cgroup").write_bytes(b"0::/\xff\nnonsense\n")
    group(root, ".", "nonsense", 1)
    assert process_memory(root) == 1100 * MIB


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="needs /proc")
def test_a_limit_that_is_really_set_is_seen() -> None:
    code = """
import resource
from netlib.runs.available_memory import process_memory
resource.setrlimit(resource.RLIMIT_AS, (800 << 20, resource.RLIM_INFINITY))
print(process_memory())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 500 * MIB < int(done.stdout) < 800 * MIB
