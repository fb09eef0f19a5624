"""Who may import whom: the walls between the rooms, read from the sources and proved in fresh processes."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("spec", "config", "nn", "data", "runs", "report", "scoring", "training", "tasks")

MAY_IMPORT = {
    "spec": set(),
    "config": {"spec", "data"},
    "nn": {"spec"},
    "data": {"spec"},
    "runs": {"spec"},
    "report": {"spec"},
    "scoring": {"spec"},
    "training": {"nn", "data", "runs", "report", "scoring", "spec"},
    "tasks": {"report", "training", "runs", "data", "nn", "config", "scoring", "spec"},
    # The command parses, calls one task and prints: with the task, only rooms without TensorFlow.
    "cli": {"tasks", "report", "config", "runs", "spec"},
}
NEVER = {
    "spec": {"tensorflow", "keras", "rich", "typer"},
    "config": {"tensorflow", "keras", "rich", "typer"},
    "runs": {"tensorflow", "keras", "rich", "typer"},
    "report": {"tensorflow", "keras", "numpy", "polars", "typer"},
    "scoring": {"tensorflow", "keras", "polars", "rich", "typer"},
    "data": {"keras", "rich", "typer"},
    "nn": {"polars", "rich", "typer"},
    "training": {"polars", "rich", "typer"},
    "tasks": {"rich", "typer"},
    "cli": {"tensorflow", "keras", "numpy", "polars", "rich"},
}
NOT_AT_MODULE_LEVEL = {"spec": {"numpy", "polars", "PIL"}, "config": {"numpy", "polars", "PIL"}, "cli": {"netlib"}}
WITHOUT_TENSORFLOW = ("spec", "config", "runs", "report", "scoring")


def files(room: str) -> list[Path]:
    return sorted((ROOT / "cli" / "netlab" if room == "cli" else ROOT / "netlib" / room).rglob("*.py"))


def modules(room: str) -> list[str]:
    return [".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in files(room)]


def imports(tree: ast.AST, *, everywhere: bool = True) -> Iterator[str]:
    """The dotted names that are imported when the module runs; with `everywhere`, also those inside functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import of {node.module}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif everywhere or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from imports(node, everywhere=everywhere)


def rooms_imported(file: Path) -> set[str]:
    parts = [name.split(".") for name in imports(ast.parse(file.read_text()))]
    return {
        part[1] if part[0] == "netlib" else "cli" for part in parts if part[0] in ("netlib", "netlab") and len(part) > 1
    }


def test_every_folder_of_netlib_is_a_room():
    folders = {path.name for path in (ROOT / "netlib").iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert folders == set(ROOMS) == set(MAY_IMPORT) - {"cli"}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_it_may(room):
    assert files(room)
    for file in files(room):
        unlawful = rooms_imported(file) - MAY_IMPORT[room] - {room}
        assert not unlawful, f"{file.relative_to(ROOT)} imports {unlawful}"


@pytest.mark.parametrize("room", NEVER)
def test_a_room_keeps_out_what_does_not_belong_there(room):
    for file in files(room):
        found = {name.partition(".")[0] for name in imports(ast.parse(file.read_text()))}
        assert not found & NEVER[room], f"{file.relative_to(ROOT)} imports {found & NEVER[room]}"


@pytest.mark.parametrize("room", NOT_AT_MODULE_LEVEL)
def test_what_is_slow_is_imported_only_where_it_is_used(room):
    for file in files(room):
        found = {name.partition(".")[0] for name in imports(ast.parse(file.read_text()), everywhere=False)}
        assert not found & NOT_AT_MODULE_LEVEL[room], f"{file.relative_to(ROOT)}: {found & NOT_AT_MODULE_LEVEL[room]}"


def test_the_vocabulary_does_not_know_the_language_that_is_made_of_it():
    for file in sorted((ROOT / "netlib" / "spec").glob("*.py")):
        names = imports(ast.parse(file.read_text()))
        backwards = {name for name in names if name.startswith(("netlib.spec.language", "netlib.spec.schema"))}
        assert not backwards, f"{file.relative_to(ROOT)} imports {backwards}"


def test_no_two_modules_import_each_other():
    graph = {}
    known = {module for room in ROOMS for module in modules(room)}
    for room in ROOMS:
        for module, file in zip(modules(room), files(room), strict=True):
            names = set(imports(ast.parse(file.read_text()), everywhere=False))
            graph[module] = {n if n in known else n.rpartition(".")[0] for n in names} & known - {module}
    while graph:  # takes away what imports nothing that is left, until only cycles are left
        leaves = [module for module, imported in graph.items() if not imported & graph.keys()]
        assert leaves, f"these import each other: {sorted(graph)}"
        for module in leaves:
            del graph[module]


def test_the_reader_of_imports_sees_what_it_must():
    typed = "if TYPE_CHECKING:\n    import c\n"
    source = f"import a.b\n{typed}def f():\n    from d import e\ntry:\n    import g\nexcept ImportError:\n    pass\n"
    assert list(imports(ast.parse(source))) == ["a.b", "d.e", "g"]
    assert list(imports(ast.parse(source), everywhere=False)) == ["a.b", "g"]


def fresh_process(code: str) -> list[str]:
    """What is in `sys.modules` after the code has run in a new process."""
    code = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("room", WITHOUT_TENSORFLOW)
def test_every_module_of_a_plain_room_is_imported_without_tensorflow(room):
    names = modules(room)
    loaded = set(fresh_process("\n".join(f"import {name}" for name in names)))
    assert set(names) <= loaded
    assert not loaded & {"tensorflow", "keras", "jax", "torch"}
    if room in NOT_AT_MODULE_LEVEL:
        assert not loaded & NOT_AT_MODULE_LEVEL[room]


def test_importing_netlib_imports_nothing_else():
    loaded = fresh_process("import netlib")
    assert [name for name in loaded if name.partition(".")[0] in ("netlib", "pydantic", "yaml", "numpy")] == ["netlib"]
