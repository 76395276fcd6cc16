"""The memory that a process may still take, from control groups and its own limits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from seldon_runtime.process.free_memory import free_bytes, group_limits

MIB = 1024 * 1024


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize(
    ("groups", "files", "limits"),
    [
        (
            "0::/pod/app\n",
            {"pod/app/memory.max": "100\n", "pod/memory.max": "max\n", "memory.max": "300\n"},
            [100, 300],
        ),
        ("0::/\n", {"memory.max": "100\n"}, [100]),
        ("0::/../of/the/host\n", {"memory.max": "100\n"}, [100]),
        ("9:name=systemd:/x\n4:memory:/pod\n0::/\n", {"memory/pod/memory.limit_in_bytes": "100\n"}, [100]),
        ("4:cpu,memory:/pod\n", {"memory/memory.limit_in_bytes": "200\n"}, [200]),
        ("", {}, []),
    ],
    ids=["v2", "v2 in a container", "v2 with a path of the host", "v1", "v1 in a container", "none"],
)
def test_every_control_group_around_the_process_counts(
    tmp_path: Path, groups: str, files: dict[str, str], limits: list[int]
) -> None:
    for name, text in files.items():
        write(tmp_path / name, text)
    assert list(group_limits(groups, tmp_path)) == limits


def test_workers_share_what_is_there() -> None:
    alone, shared = free_bytes(), free_bytes(workers=4)
    assert 0 < shared < alone / 3


def test_the_supervisor_takes_its_part_before_the_workers_share() -> None:
    script = (
        "from seldon_runtime.process.free_memory import free_bytes; print(free_bytes() - 2 * free_bytes(2))"
    )
    here = b"x" * 64 * MIB  # this process is the parent
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(ended.stdout) > len(here)


def test_the_address_space_of_the_process_counts() -> None:
    script = """
import resource
from seldon_runtime.process.free_memory import free_bytes
limit = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize() + 100 * 1024 * 1024
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
print(free_bytes())
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert 90 * MIB < int(ended.stdout) <= 100 * MIB
