#!/usr/bin/env python
# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change the core in small ways, and see whether a test of the changed file notices.

    tests/tools/mutation.py [--seed N] [--mutants N] [--threshold PERCENT] [--jobs N] [FILE ...]

FILE is a name such as _ini/merge.py; without one, each file of _ini, _host and _pip is tried. All work is done in
copies of this checkout. The seed decides which changes are tried. A change that no test notices is listed with its
line. Tests that hang notice it, too. The exit status is 1 where fewer than --threshold percent are noticed.
"""

from __future__ import annotations

import argparse
import ast
import copy
import functools
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Iterator, NamedTuple, Sequence

# Each run of the tests is forked from this process, and so finds these imported: they are slow.
import ansible.module_utils.basic  # noqa: F401  # see above
import hypothesis.stateful  # noqa: F401  # see above
import pytest  # noqa: F401  # see above

ROOT = Path(__file__).resolve().parents[2]
CORE = "plugins/module_utils/"
TESTS = "tests/unit/plugins/"
# A file is tested by tests/unit/plugins/module_utils/_x/test_NAME*.py. Where that is not all of it:
MORE_TESTS = {
    "_host/obstacles.py": ["tests/root/test_obstacles.py"],
    "_host/run_as.py": ["tests/root/test_run_as.py"],
    "_host/tree.py": [f"{TESTS}module_utils/_pip/test_cache.py", f"{TESTS}modules/test_pip_cache.py"],
    "_ini/document.py": [f"{TESTS}module_utils/_ini/test_{name}.py" for name in ("merge", "properties")],
    "_ini/merge.py": [f"{TESTS}module_utils/_ini/test_properties{of}.py" for of in ("_of_lists", "")],
    "_ini/request.py": [f"{TESTS}module_utils/_ini/test_merge.py", f"{TESTS}modules/test_ini_merge.py"],
    "_pip/environment_files.py": [f"{TESTS}modules/test_pip_environment.py"],
    "_pip/judge.py": [f"{TESTS}modules/test_pip_config.py", "-k", "judge"],
    "_pip/report.py": [f"{TESTS}modules/test_pip_info.py"],
    "_pip/smoke_test.py": [f"{TESTS}modules/test_pip_smoke_test.py"],
    **{
        f"_pip/{module.replace('pip_', '')}.py": [f"{TESTS}modules/test_{name}.py" for name in ("arguments", module)]
        for module in ("ini_merge", "pip_cache", "pip_config", "pip_environment")
    },
}
_PAIRS: list[tuple[Any, Any]] = [
    (ast.Eq, ast.NotEq), (ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Is, ast.IsNot), (ast.In, ast.NotIn),
    (ast.And, ast.Or), (ast.Add, ast.Sub), (ast.Mult, ast.FloorDiv), (ast.BitOr, ast.BitAnd), (ast.LShift, ast.RShift),
]  # fmt: skip
OTHERS = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}


class Mutant(NamedTuple):
    """One change: the node at ``position`` in the order of ast.walk() becomes ``new``."""

    position: int
    line: int
    new: ast.AST
    change: str


def with_fields(node: ast.AST, **fields: Any) -> ast.AST:
    """Return a copy of a node with other fields."""
    new = copy.deepcopy(node)
    vars(new).update(fields)
    return new


def without_one(node: ast.AST, *fields: str) -> Iterator[ast.AST]:
    """Yield copies of a node that lack one item, each in turn; ``fields`` are lists of the same length."""
    for index in range(len(getattr(node, fields[0]))):
        new = copy.deepcopy(node)
        for name in fields:
            del getattr(new, name)[index]
        yield new


def changes_of_constant(value: object) -> Iterator[ast.AST]:
    """Yield what a constant may become. The words of messages stay."""
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, str) and " " not in value.strip():
        yield ast.Constant(f"{value}x")


def changes_of_expression(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what an expression may become."""
    if isinstance(node, ast.Constant):
        yield from changes_of_constant(node.value)
    elif isinstance(node, ast.Compare):
        yield with_fields(node, ops=[OTHERS[type(node.ops[0])](), *node.ops[1:]])
    elif isinstance(node, (ast.BoolOp, ast.BinOp)) and type(node.op) in OTHERS:
        yield with_fields(node, op=OTHERS[type(node.op)]())
        yield from without_one(node, "values") if isinstance(node, ast.BoolOp) else ()
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield with_fields(node, body=node.orelse, orelse=node.body)
    elif isinstance(node, ast.comprehension):
        yield from without_one(node, "ifs")
    elif isinstance(node, (ast.Tuple, ast.List, ast.Set)) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        yield from without_one(node, "elts")
    elif isinstance(node, ast.Dict):
        yield from without_one(node, "keys", "values")
    elif isinstance(node, ast.Call):
        if len(node.args) > 1:
            yield with_fields(node, args=[node.args[1], node.args[0], *node.args[2:]])
        yield from without_one(node, "keywords")


def changes_of(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what a node may become."""
    if isinstance(node, (ast.If, ast.While)) and isinstance(node.test, (ast.Name, ast.Attribute, ast.Call)):
        yield with_fields(node, test=ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) != "None":
        yield ast.Return(ast.Constant(None))
    elif isinstance(node, (ast.AugAssign, ast.Raise, ast.Continue, ast.Break, ast.Delete)) or (
        isinstance(node, ast.Expr) and not isinstance(node.value, (ast.Constant, ast.Yield, ast.YieldFrom))
    ):
        yield ast.Pass()
    else:
        yield from changes_of_expression(node)


def left_alone(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the roots of what is not changed: annotations, names for types, docstrings, the words of messages."""
    for node in ast.walk(tree):
        yield from (part for name in ("annotation", "returns", "format_spec") if (part := getattr(node, name, None)))
        if isinstance(node, ast.JoinedStr):
            yield from (value for value in node.values if isinstance(value, ast.Constant))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name == "__slots__" or (isinstance(node.value, ast.Subscript) and name != name.lower()):
                yield node.value


def mutants_of(source: str) -> Iterator[Mutant]:
    """Yield all mutants of a file."""
    tree = ast.parse(source)
    kept = {node for root in left_alone(tree) for node in ast.walk(root)}
    for position, node in enumerate(ast.walk(tree)):
        line = getattr(node, "lineno", 0) or getattr(getattr(node, "target", None), "lineno", 0)
        for new in changes_of(node) if node not in kept else ():
            old, other = (ast.unparse(one).split("\n")[0] for one in (node, new))
            differs = next((index for index, pair in enumerate(zip(old, other)) if pair[0] != pair[1]), 0)
            what = "  →  ".join(text[max(differs - 50, 0) : differs + 70] for text in (old, other))
            yield Mutant(position, line, new, what)


def mutated(source: str, mutant: Mutant) -> str:
    """Return the source with one change made."""
    tree = ast.parse(source)
    old = next(node for position, node in enumerate(ast.walk(tree)) if position == mutant.position)

    class Replace(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            return mutant.new if node is old else self.generic_visit(node)

    return ast.unparse(ast.fix_missing_locations(Replace().visit(tree)))


def tests_pass(checkout: Path, arguments: Sequence[str], seconds: float, log: Path) -> bool:
    """Run tests in a child of this process, which has imported what takes long; tell whether they pass in time."""
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            output = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
            for descriptor in (1, 2):
                os.dup2(output, descriptor)
            os.chdir(checkout)
            os.environ["PYTHONPATH"] = str(checkout.parents[2])
            sys.path.insert(0, str(checkout.parents[2]))
            import pytest

            os._exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", *arguments]))
        finally:
            os._exit(3)
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) in (0, 5)  # 5: all of them ask pips
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def measure(file: str, seed: int, most: int) -> tuple[str, int, list[Mutant], float]:
    """Try mutants of one file; return its name, how many there were, those that nothing noticed, and the seconds."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        checkout, log = Path(directory) / "ansible_collections/devfleet/pip", Path(directory) / "log"
        shutil.copytree(
            ROOT, checkout, symlinks=True, ignore=shutil.ignore_patterns(".git", ".cache", ".venv", "*.pyc")
        )
        (checkout / ".cache").mkdir()
        (checkout / ".cache/pips").symlink_to(ROOT / ".cache/pips")
        target = checkout / CORE / file
        source = target.read_text()
        mirror = sorted((checkout / TESTS / "module_utils" / target.parent.name).glob(f"test_{target.stem}*.py"))
        runs = [["--without-pips", *map(str, mirror)]] if mirror else []
        if any(re.search("newest_pip|real_pips", test.read_text()) for test in mirror):  # these take longer
            runs.append([*map(str, mirror)])
        runs += [MORE_TESTS[file]] if file in MORE_TESTS else []
        timed = []
        for run in runs:
            begin = time.monotonic()
            if not tests_pass(checkout, run, 1800, log):
                raise RuntimeError(f"{file}: the tests fail without a change:\n{log.read_text()[-3000:]}")
            timed.append((time.monotonic() - begin, run))
        timed.sort()
        mutants = list(mutants_of(source))
        chosen = random.Random(f"{seed} {file}").sample(mutants, min(most, len(mutants)))
        survivors = []
        for mutant in chosen:
            target.write_text(mutated(source, mutant))
            for compiled in target.parent.glob(f"__pycache__/{target.stem}.*"):  # may look as new as the file
                compiled.unlink()
            if all(tests_pass(checkout, run, 30 + 5 * seconds, log) for seconds, run in timed):
                survivors.append(mutant)
    return file, len(chosen), sorted(survivors, key=lambda mutant: mutant.line), time.monotonic() - start


def main() -> int:
    """Print the score of each file, and the changes that nothing noticed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutants", type=int, default=20, help="of each file")
    parser.add_argument("--threshold", type=float, default=95)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    core = [path for package in ("_ini", "_host", "_pip") for path in sorted((ROOT / CORE / package).glob("[a-z]*.py"))]
    files = options.files or [f"{path.parent.name}/{path.name}" for path in core]
    start, tried, lost = time.monotonic(), 0, 0
    try_one = functools.partial(measure, seed=options.seed, most=options.mutants)
    with ProcessPoolExecutor(options.jobs) as pool:
        for file, count, survivors, seconds in pool.map(try_one, files):
            print(f"{file}: {count - len(survivors)} of {count} noticed, {seconds:.0f} s", flush=True)
            for mutant in survivors:
                print(f"    {CORE}{file}:{mutant.line}: {mutant.change}", flush=True)
            tried, lost = tried + count, lost + len(survivors)
    score = 100 * (tried - lost) / max(tried, 1)
    print(f"{tried - lost} of {tried} changes noticed: {score:.1f} %, in {(time.monotonic() - start) / 60:.0f} minutes")
    return int(score < options.threshold)


if __name__ == "__main__":
    sys.exit(main())
