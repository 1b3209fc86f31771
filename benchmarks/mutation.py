"""Mutation score: how many small faults, planted one at a time, do the tests notice?

    pip install cosmic-ray
    nice python benchmarks/mutation.py --out benchmarks/results/mutation.json [--minutes 60]

Mutated are the modules of `engine`, `replays/simulation` and `replays/audit`, and of `signals` the fusion and
the live forecast.
Of all work items that cosmic-ray finds in them, `--mutants` are drawn by `--seed`, in an order that is drawn
too: what was done when time ran out is a sample as well. Left out of the draw, as no test can or should
notice them: annotations, aliases of types, imports, the decorators `overload` and `kernel`, and what is no
Python.

Each mutant is put into a copy of the source, and the tests that mirror its module run first, then the quick
tests of the rest, all in one process that stops at the first failure. For a module of the audit only the
audit's tests run, and whole audits only with `--whole-audits`: they take minutes for each mutant that
survives. The interpreters that are started import the same copy. A run that takes three times as long as one
without a mutant, and half a minute, is a timeout: counted apart, and as noticed in the score. The kernels of
a mutated module run as plain Python (and only the tests that call them run); all others are compiled, else no
market could be replayed in time. Slow tests, tests on real data, and all look-ahead tests but one are left
out.

What is done is kept in `--work`, and the same command goes on from there; `--minutes` and Ctrl-C stop it.
`--source` measures another checkout. `--only` tries a part of what was drawn: modules whose paths begin as
given, as in `newsvol/engine,newsvol/signals`. After tests were written, `--again` tries only what survived
in a results file, and writes what became of it beside the first numbers; it needs a `--work` of its own.
"""

import argparse
import ast
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from results_file import parser, publish

from newsvol.engine.hashes import text_hash
from newsvol.engine.provenance import machine, versions

HERE = Path(__file__).resolve().parent
AUDIT = "newsvol/replays/audit"
ROOMS = ("newsvol/engine", "newsvol/replays/simulation", AUDIT)
FILES = (
    "newsvol/signals/fusion.py",
    "newsvol/signals/ridge_nb.py",
    "newsvol/signals/experts_nb.py",
    "newsvol/signals/live.py",
    "newsvol/signals/volatility/live.py",
)
SILENT_DECORATORS = ("overload", "kernel")
TESTS = (
    "tests/engine",
    "tests/signals/test_fusion.py",
    "tests/signals/test_ridge_nb.py",
    "tests/signals/test_experts_nb.py",
    "tests/signals/volatility/test_contract.py",
    "tests/replays/simulation/test_session.py",
    "tests/replays/simulation",
    "tests/replays/test_golden.py",
    "tests/replays/test_replay.py",
    "tests/replays/test_returned_run.py",
    "tests/replays/runs",
    "tests/replays/evaluation/test_run_metrics.py",
    "tests/strategies",
    "tests/cli/test_recipe_options.py",
    "tests/replays/audit/test_look_ahead.py",
)
"""The quick tests, the likeliest to notice first."""

KERNEL_TESTS = (
    "tests/engine/test_queue.py",
    "tests/signals/test_ridge_nb.py",
    "tests/signals/test_experts_nb.py",
    "tests/signals/test_fusion.py",
    "tests/replays/simulation/test_session.py",
    "tests/replays/test_golden.py",
)
"""What runs for a kernel: what calls it. As plain Python it takes minutes over all of them."""

AUDIT_TESTS = (
    "tests/replays/audit/test_causes.py",
    "tests/replays/audit/test_setting.py",
    "tests/replays/audit/test_moments.py",
    "tests/replays/audit/test_observation.py",
    "tests/replays/audit/test_perturbation.py",
    "tests/replays/audit/test_watch.py",
    "tests/replays/audit/test_passes.py",
    "tests/replays/audit/test_worker.py",
    "tests/replays/audit/test_verdict.py",
)
"""What runs for a module of the audit, the quickest first."""

WHOLE_AUDITS = ("tests/replays/audit/test_audit.py", "tests/replays/audit")
"""What runs for it besides with `--whole-audits`, in minutes."""

LEFT_OUT = ("test_kernel.py", "not test_look_ahead or constant:250")
"""`test_kernel` starts many processes, and runs for mutants of its own module only."""

SEED = 7
KILLED, SURVIVED, TIMEOUT = "killed", "survived", "timeout"


@dataclass(frozen=True)
class Mutant:
    """One planted fault: which operator, at which of its places in a module."""

    module: str
    operator: str
    occurrence: int
    arguments: tuple[tuple[str, Any], ...]
    line: int
    definition: str

    @property
    def key(self) -> str:
        return f"{self.module}:{self.line} {self.operator} {self.occurrence} {json.dumps(self.arguments)}"

    def applied(self, source: str) -> str:
        """Return `source` with the fault in it."""
        mutated = mutate_code(source, get_operator(self.operator)(**dict(self.arguments)), self.occurrence)
        assert mutated is not None, f"{self.key} is not there"
        return str(mutated)


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant, after how long, and by which test."""

    key: str
    outcome: str
    seconds: float
    noticed_by: str
    before: str
    after: str


def mutated_modules(source: Path) -> list[str]:
    """Return the paths of the modules in scope, below `source`."""
    in_rooms = [file for room in ROOMS for file in sorted((source / room).glob("*.py"))]
    return [file.relative_to(source).as_posix() for file in in_rooms] + list(FILES)


def work_items(source: Path) -> tuple[list[Mutant], int]:
    """Return the mutants that are drawn from, in a fixed order, and how many were left out."""
    with use_db(":memory:", WorkDB.Mode.create) as found:
        init([source / module for module in mutated_modules(source)], found, {})
        specs = [spec for item in found.work_items for spec in item.mutations]
    silent = {module: list(_silent(source / module)) for module in mutated_modules(source)}
    kept = []
    for spec in specs:
        module = Path(spec.module_path).relative_to(source).as_posix()
        if any(begin <= spec.start_pos < end for begin, end in silent[module]):
            continue
        arguments = tuple(sorted(spec.operator_args.items()))
        kept.append(
            Mutant(
                module,
                spec.operator_name,
                spec.occurrence,
                arguments,
                spec.start_pos[0],
                spec.definition_name or "",
            )
        )
    kept.sort(key=lambda mutant: (mutant.module, mutant.operator, mutant.occurrence, mutant.arguments))
    return kept, len(specs) - len(kept)


def draw(source: Path, found: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """Return `count` of the mutants in an order that `seed` draws, passing over those that are no Python.

    cosmic-ray takes the stars and slashes of a signature for operators.
    """
    modules = {module: (source / module).read_text(encoding="utf-8") for module in mutated_modules(source)}
    drawn: list[Mutant] = []
    for mutant in random.Random(seed).sample(found, len(found)):
        if len(drawn) == count:
            break
        try:
            ast.parse(mutant.applied(modules[mutant.module]))
        except SyntaxError:
            continue
        drawn.append(mutant)
    return drawn


def _silent(file: Path) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the spans (line, column) of annotations, aliases of types, imports and silent decorators."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield _span(node)
        for name in ("annotation", "returns"):
            if (annotation := getattr(node, name, None)) is not None:
                yield _span(annotation)
        for decorator in getattr(node, "decorator_list", ()):
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if ast.unparse(called) in SILENT_DECORATORS:
                (line, column), end = _span(decorator)
                yield (line, column - 1), end  # with the @, where the work item begins
    for statement in tree.body:
        union = isinstance(statement, ast.Assign) and isinstance(statement.value, ast.BinOp)
        if union and isinstance(statement.value.op, ast.BitOr):
            yield _span(statement.value)


def _span(node: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def mirror(source: Path, module: str) -> list[str]:
    """Return the test files that mirror `module`; none for a module without any."""
    path = Path(module)
    folder = Path("tests", *path.parent.parts[1:])
    stems = dict.fromkeys([path.stem, path.stem.removesuffix("_nb").removesuffix("_python")])
    return [file.as_posix() for stem in stems if (source / (file := folder / f"test_{stem}.py")).is_file()]


def tests_of(module: str, whole_audits: bool) -> tuple[str, ...]:
    """Return the tests that run for `module` after those that mirror it."""
    if module.startswith(f"{AUDIT}/"):
        return (*AUDIT_TESTS, *WHOLE_AUDITS) if whole_audits else AUDIT_TESTS
    return KERNEL_TESTS if module.endswith("_nb.py") else TESTS


def baseline_of(module: str) -> str:
    """Return whose tests' duration bounds that of `module`."""
    if module.startswith(f"{AUDIT}/"):
        return AUDIT
    return module if module.endswith(("_nb.py", "engine/kernel.py")) else ""


class Bench:
    """A copy of the source, in which one mutant at a time is tested."""

    def __init__(self, source: Path, tree: Path, whole_audits: bool) -> None:
        self._tree, self._whole_audits = tree, whole_audits
        if not tree.is_dir():
            tracked = subprocess.run(
                ["git", "-C", str(source), "ls-files", "-z"], check=True, capture_output=True, text=True
            ).stdout
            for name in tracked.rstrip("\0").split("\0"):
                if (source / name).is_file():
                    (tree / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(source / name, tree / name)
        for module in mutated_modules(source):  # a run that was killed may have left a mutant behind
            shutil.copy2(source / module, tree / module)

    def test(self, module: str, timeout_s: float | None = None) -> tuple[str, float, str]:
        """Run the tests for `module`; return outcome, seconds, and the test that failed."""
        mirrored = [file for file in mirror(self._tree, module) if file not in WHOLE_AUDITS]
        skipped = [] if module.endswith("engine/kernel.py") else [f"--ignore=tests/engine/{LEFT_OUT[0]}"]
        command = [
            *(sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "--tb=no"),
            *("-p", "no:cacheprovider", "-p", "mutation_plugin", "--hypothesis-profile", "mutation"),
            *("-m", "not slow and not real and not gpu", "-k", LEFT_OUT[1]),
            *skipped,
            *mirrored,
            *tests_of(module, self._whole_audits),
        ]
        environment = {
            **os.environ,
            "CI": "1",  # the same examples for every mutant
            "PYTHONPATH": os.pathsep.join([str(self._tree), str(HERE)]),
            "NEWSVOL_MUTATED": module.removesuffix(".py").replace("/", "."),
        }
        begun = time.monotonic()
        # a session of its own, so that what a test started ends with it
        running = subprocess.Popen(
            command,
            cwd=self._tree,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            said, _ = running.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            _end(running)
            return TIMEOUT, time.monotonic() - begun, ""
        except BaseException:
            _end(running)
            raise
        taken = time.monotonic() - begun
        if running.returncode == 0:
            return SURVIVED, taken, ""
        noticed = [line for line in said.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        test = noticed[0].split(" ", 1)[1].partition(" - ")[0] if noticed else said.strip()[-200:]
        assert running.returncode != 5, f"no tests ran: {said}"
        return KILLED, taken, test

    def try_mutant(self, mutant: Mutant, timeout_s: float) -> Outcome:
        """Plant `mutant`, run the tests, and put the source back."""
        file = self._tree / mutant.module
        source = file.read_text(encoding="utf-8")
        kept = file.stat()
        planted = mutant.applied(source)
        byte_code = (file.parent / "__pycache__").glob(f"{file.stem}.cpython-*.pyc")
        try:
            for stale in byte_code:  # it goes by size and second: a mutant may have both
                stale.unlink()
            file.write_text(planted, encoding="utf-8")
            outcome, seconds, noticed_by = self.test(mutant.module, timeout_s)
        finally:
            for stale in (file.parent / "__pycache__").glob(f"{file.stem}.cpython-*.pyc"):
                stale.unlink()
            file.write_text(source, encoding="utf-8")
            os.utime(file, ns=(kept.st_atime_ns, kept.st_mtime_ns))  # compiled kernels go by it
        before, after = _changed(source, planted)
        return Outcome(mutant.key, outcome, round(seconds, 1), noticed_by, before, after)


def _end(running: "subprocess.Popen[str]") -> None:
    """End the tests, and what they started: the audit's interpreters have sessions of their own."""
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], check=True, capture_output=True, text=True)
    parents = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    ended = [running.pid]
    for parent in ended:  # grows while it is walked
        ended += [child for child, of in parents if of == parent]
    for process in ended:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    running.communicate()


def _changed(before: str, after: str) -> tuple[str, str]:
    """Return the lines that differ, stripped."""
    old, new = before.split("\n"), after.split("\n")
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    end = 0
    while end < min(len(old), len(new)) - same and old[-1 - end] == new[-1 - end]:
        end += 1
    changed = (lines[same : len(lines) - end] for lines in (old, new))
    first, second = (" / ".join(line.strip() for line in lines) for lines in changed)
    return first, second


def survivors_of(results: dict[str, Any], source: Path, found: Sequence[Mutant]) -> list[Mutant]:
    """Return those of `found` that survived in `results` and are still in the source, wherever they moved."""
    survived = {(*_place(one), one["before"], one["after"]) for one in results["survivors"]}
    places = {key[:3] for key in survived}
    modules = {module: (source / module).read_text(encoding="utf-8") for module in mutated_modules(source)}
    left = {}
    for mutant in found:
        place = (mutant.module, mutant.definition, mutant.operator)
        if place in places:
            text = modules[mutant.module]
            key = (*place, *_changed(text, mutant.applied(text)))
            if key in survived:
                left.setdefault(key, mutant)
    return list(left.values())


def _place(survivor: dict[str, str]) -> tuple[str, str, str]:
    return survivor["where"].rpartition(":")[0], survivor["in"], survivor["operator"]


class Journal:
    """What was done, one line a mutant, kept while it goes on."""

    def __init__(self, file: Path, header: dict[str, Any]) -> None:
        self._file = file
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        if lines and json.loads(lines[0]) != header:
            raise SystemExit(
                f"{file} is of other sources, tests, seed or number of mutants; name another --work"
            )
        if not lines:
            file.write_text(json.dumps(header) + "\n", encoding="utf-8")
        self.done = {entry["key"]: Outcome(**entry) for entry in map(json.loads, lines[1:])}

    def add(self, outcome: Outcome) -> None:
        """Write `outcome` down."""
        self.done[outcome.key] = outcome
        with self._file.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(asdict(outcome)) + "\n")


def _print_line(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _baselines(bench: Bench, modules: Sequence[str], kept: Path) -> dict[str, float]:
    """Return how long the tests take without a mutant, by module where the tests are its own."""
    seconds: dict[str, float] = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
    for module in modules:
        key = baseline_of(module)
        if key in seconds:
            continue
        # the kernels are compiled in it, which makes the limit wider
        outcome, seconds[key], test = bench.test(module)
        if outcome != SURVIVED:
            raise SystemExit(f"the tests fail without a mutant: {test}")
        kept.write_text(json.dumps(seconds), encoding="utf-8")
        _print_line(f"without a mutant: {seconds[key]:.0f} s for {key or 'other modules'}")
    return seconds


def _identity(source: Path) -> str:
    files = subprocess.run(
        ["git", "-C", str(source), "ls-files", "newsvol", "tests"], check=True, capture_output=True, text=True
    ).stdout.split("\n")
    contents = [(name, (source / name).read_bytes().hex()) for name in files if (source / name).is_file()]
    return text_hash(json.dumps(contents))


def summary(drawn: Sequence[Mutant], done: dict[str, Outcome]) -> dict[str, Any]:
    """Return the score, its parts by module, and every mutant that nothing noticed."""
    tried = [(mutant, done[mutant.key]) for mutant in drawn if mutant.key in done]
    counts = Counter(found.outcome for _, found in tried)
    by_module: dict[str, Counter[str]] = {}
    for mutant, found in tried:
        by_module.setdefault(mutant.module, Counter())[found.outcome] += 1
    return {
        "drawn": len(drawn),
        "tried": len(tried),
        **{outcome: counts[outcome] for outcome in (KILLED, SURVIVED, TIMEOUT)},
        "score_pct": round(100 * (1 - counts[SURVIVED] / len(tried)), 1) if tried else None,
        "modules": {
            module: {outcome: found[outcome] for outcome in (KILLED, SURVIVED, TIMEOUT)}
            for module, found in sorted(by_module.items())
        },
        "seconds": {
            "total": round(sum(found.seconds for _, found in tried)),
            **{
                outcome: {"median": statistics.median(taken), "share_pct": _share(taken, tried)}
                for outcome in (KILLED, SURVIVED, TIMEOUT)
                if (taken := [found.seconds for _, found in tried if found.outcome == outcome])
            },
        },
        **{
            title: [
                {
                    "where": f"{mutant.module}:{mutant.line}",
                    "in": mutant.definition,
                    "operator": mutant.operator,
                    "before": found.before,
                    "after": found.after,
                }
                for mutant, found in sorted(tried, key=lambda pair: (pair[0].module, pair[0].line))
                if found.outcome == outcome
            ]
            for title, outcome in (("survivors", SURVIVED), ("timeouts", TIMEOUT))
        },
    }


def _share(taken: list[float], tried: list[tuple[Mutant, Outcome]]) -> float:
    return round(100 * sum(taken) / sum(found.seconds for _, found in tried), 1)


def _options() -> argparse.Namespace:
    asked = parser(__doc__, data=False)
    asked.add_argument("--source", type=Path, default=HERE.parent, help="git checkout that is measured")
    asked.add_argument(
        "--work", type=Path, help="folder of copies and journal (build/mutation of the source)"
    )
    asked.add_argument("--mutants", type=int, default=400)
    asked.add_argument("--seed", type=int, default=SEED)
    asked.add_argument("--workers", type=int, default=1, help="copies that are tested at a time")
    asked.add_argument("--again", type=Path, help="results file: only its survivors are tried")
    asked.add_argument(
        "--whole-audits", action="store_true", help="for the audit's modules, whole audits too"
    )
    asked.add_argument("--only", default="", help="try only those drawn whose module's path begins so")
    asked.add_argument("--minutes", type=float, default=float("inf"), help="begin no mutant after these")
    return asked.parse_args()


def main() -> None:
    """Draw the mutants, test those that are not done, print, and write the results file."""
    options = _options()
    begun = time.monotonic()
    source = options.source.resolve()
    work = (options.work or source / "build" / "mutation").resolve()
    work.mkdir(parents=True, exist_ok=True)

    found, left_out = work_items(source)
    first = None if options.again is None else json.loads(options.again.read_text(encoding="utf-8"))
    drawn = (
        survivors_of(first, source, found) if first else draw(source, found, options.mutants, options.seed)
    )
    header = {"source": _identity(source), "seed": options.seed, "mutants": len(drawn)}
    journal = Journal(work / "journal.jsonl", header)
    wanted = tuple(options.only.split(","))
    todo = [one for one in drawn if one.key not in journal.done and one.module.startswith(wanted)]
    benches: SimpleQueue[Bench] = SimpleQueue()
    for number in range(options.workers if todo else 0):
        bench = Bench(source, work / f"tree-{number}", options.whole_audits)
        modules = list(dict.fromkeys(mutant.module for mutant in todo))
        seconds = _baselines(bench, modules, work / f"baseline-{number}.json")
        benches.put(bench)

    def try_one(mutant: Mutant) -> None:
        if time.monotonic() - begun > 60 * options.minutes:
            return
        bench = benches.get()
        try:
            outcome = bench.try_mutant(mutant, 30 + 3 * seconds[baseline_of(mutant.module)])
        finally:
            benches.put(bench)
        journal.add(outcome)
        where = f"{mutant.module}:{mutant.line}"
        _print_line(f"{len(journal.done)}/{len(drawn)} {outcome.outcome} {outcome.seconds:.0f} s {where}")

    pool = ThreadPoolExecutor(options.workers)
    try:
        for _ in pool.map(try_one, todo):
            pass
    except KeyboardInterrupt:
        _print_line("stopping after the mutants at hand; the same command goes on from there")
    finally:
        pool.shutdown(cancel_futures=True)
    commit = subprocess.run(
        ["git", "-C", str(source), "describe", "--always", "--dirty", "--abbrev=12"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    if first is not None:
        again = summary(drawn, journal.done)
        left = first["survived"] - again[KILLED] - again[TIMEOUT]
        score_pct = round(100 * (1 - left / first["tried"]), 1)
        publish({**first, "again": {"commit": commit, "score_pct_of_all": score_pct, **again}}, options.out)
        return
    result = {
        "command": "python benchmarks/mutation.py --out benchmarks/results/mutation.json",
        "commit": commit,
        "seed": options.seed,
        "only": options.only or None,
        "work_items": len(found),
        "left_out": left_out,
        "tests": {"modules": list(TESTS), "audit": list(AUDIT_TESTS), "kernels": list(KERNEL_TESTS)},
        **summary(drawn, journal.done),
        "machine": machine(),
        "versions": versions(("cosmic-ray", "pytest", "hypothesis", "numpy", "numba")),
    }
    publish(result, options.out)


if __name__ == "__main__":
    main()
