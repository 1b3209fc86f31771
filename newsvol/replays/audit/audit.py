"""The audit: live pass, columns and other futures in processes of their own; the verdict in this one."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np

from newsvol.engine.clock import utc_second
from newsvol.engine.errors import InputError, TapeError
from newsvol.engine.progress import OnProgress, silent
from newsvol.replays.audit.causes import likely_cause, without_consequences
from newsvol.replays.audit.finding import Finding
from newsvol.replays.audit.moments import choose_moments
from newsvol.replays.audit.observation import Difference, Observation, differences, load_observation
from newsvol.replays.audit.passes import fills_of
from newsvol.replays.audit.perturbation import PERTURBATIONS, WHATS, YEARS, YEARS_NS
from newsvol.replays.audit.processes import Outcome, Worker
from newsvol.replays.audit.setting import without_measuring, write_setting
from newsvol.replays.simulation.prior import choose_prior, prior_notes, what_helps
from newsvol.replays.simulation.recipe import Recipe, shape_recipe
from newsvol.replays.simulation.session import tape_of_span
from newsvol.replays.tapes.tape import Tape

HASH_SEEDS = (1, 2)
MOMENTS = 50
FILES_NAMED = 3
SEED = 7

REMEDY = (
    "What it reads there the audit cannot change; if you know that it holds nothing from the future, "
    "say so with --allow-read PATH"
)

_WRITES = "writes into columns that others read too"


@dataclass(frozen=True)
class Request:
    """What is audited.

    Attributes
    ----------
    content, where, folder
        A recipe as `recipe_content` returns it: nothing that it names is loaded here.
    moments : int
        How often the future is changed.
    seed : int
        Draws the moments, the futures and the sentiment of the headlines.
    allowed : sequence of Path
        Files and folders that a plug-in may read.
    """

    content: Mapping[str, Any]
    where: str = "recipe"
    folder: Path = Path()
    moments: int = MOMENTS
    seed: int = SEED
    allowed: Sequence[Path] = ()


@dataclass(frozen=True)
class AuditReport:
    """The verdict.

    Attributes
    ----------
    parts : tuple of str
        What was audited.
    moments : int
    findings : tuple of Finding
        None means that nothing was found, within what an audit can see.
    notes : tuple of str
        What was checked in part only.
    rows : int
        Decisions and forecasts that were made again from their past.
    first_ns, last_ns : int or None
        When the first and the last of them were made; None where the live pass did not end.
    """

    parts: tuple[str, ...]
    moments: int
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    rows: int = 0
    first_ns: int | None = None
    last_ns: int | None = None


def audit(tape: Tape, request: Request, on_progress: OnProgress = silent) -> AuditReport:
    """Audit a recipe for look-ahead.

    Two interpreters that have imported newsvol and no plug-in fork a child for each pass: one walks forward
    in time and gives every tick and bucket its past; the other computes columns; then the future is changed
    at moments. What they say is compared here, where no plug-in ever was.

    Raises
    ------
    InputError
        The recipe is none, nothing is forecast, or a plug-in does not keep to its contract.
    """
    for path in request.allowed:
        if not path.exists():
            raise InputError(f"--allow-read {path}: there is no such file or folder")
    content = without_measuring(request.content)
    recipe = shape_recipe(content, request.where)
    seen = tape_of_span(tape, recipe)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newsvol-audit-")))
        setting = write_setting(
            scratch, tape, content, request.where, request.folder, request.allowed, request.seed
        )
        on_progress("Starting two interpreters", 0, 2)
        workers = [
            stack.enter_context(closing(Worker(scratch / f"worker{place}", setting, hash_seed)))
            for place, hash_seed in enumerate(HASH_SEEDS)
        ]
        for place, worker in enumerate(workers):
            worker.require_ready()
            on_progress("Starting two interpreters", place + 1, 2)
        return _Audit(seen, recipe, request, scratch, workers, on_progress).run()


@dataclass
class _Audit:
    tape: Tape
    recipe: Recipe
    request: Request
    scratch: Path
    workers: list[Worker]
    on_progress: OnProgress
    findings: list[Finding] = field(default_factory=list)

    def run(self) -> AuditReport:
        first, second = self.workers
        live = self._observe(
            first,
            {"kind": "live", "out": "live.npz"},
            lambda done, total: self.on_progress("Live pass", done, total),
        )
        if live is None:
            return self._report(None)
        self.on_progress("Columns", 0, 1)
        job = {"kind": "columns", "out": "columns.npz", "own": self._file("own"), "live": self._file("live")}
        columns = self._observe(second, job)
        self.on_progress("Columns", 1, 1)
        if columns is None:
            return self._report(live)
        own = load_observation(Path(self._file("own")))
        _require_forecasts(live, own, self.recipe)
        self._compare(live, columns)
        self._check_fills(own)
        self._move_years(columns)
        acts = [*live.acts, *columns.acts, *self._change_the_future(own)]
        self._tell_of(acts)
        return self._report(live)

    def _tell_of(self, acts: list[tuple[str, str]]) -> None:
        """Name what plug-ins did beside, each thing once; of files a few."""
        told: dict[tuple[str, str], list[str]] = {}
        for package, what in dict.fromkeys(acts):
            told.setdefault((package, " ".join(what.split()[:3])), []).append(what)
        for (package, _), whats in told.items():
            more = f" and {len(whats) - FILES_NAMED:,} more" if len(whats) > FILES_NAMED else ""
            reads = whats[0].startswith(("reads the file", "takes a tape"))
            cause = REMEDY if reads else ""
            self.findings.append(Finding(package, "; ".join(whats[:FILES_NAMED]) + more, cause))

    def _observe(
        self, worker: Worker, job: dict[str, Any], on_progress: Any = lambda _done, _total: None
    ) -> Observation | None:
        """Run a pass; None where it ended in a finding."""
        out = str(self.scratch / job["out"])
        outcome = worker.run({**job, "out": out}, on_progress)
        if outcome.refused is None and outcome.failed is None:
            return load_observation(Path(out))
        if outcome.refused is not None and _WRITES in outcome.refused:
            part, _, what = outcome.refused.partition(" writes into")
            self.findings.append(Finding(_part_of(part), f"writes into{what}"))
            return None
        raise InputError(outcome.refused or f"the recipe cannot be audited: {outcome.failed}")

    def _compare(self, live: Observation, columns: Observation) -> None:
        for one in without_consequences(differences(live, columns)):
            self.findings.append(
                Finding(
                    one.part,
                    f"{_said(one.expected)} from what was known then, {_said(one.found)} given all rows",
                    self._cause(live, columns, one),
                    one.column,
                    one.known_ns,
                    one.rows,
                    one.of,
                )
            )

    def _cause(self, live: Observation, columns: Observation, one: Difference) -> str:
        """Ask again for some of the rows, each in a process that was asked nothing before."""
        if not one.part.startswith(("strategy", "forecaster")) or one.part.endswith(" beside"):
            return ""
        if one.column == "order":
            return "Its weights differ by no more than sums round apart, and yet other orders come of it"
        series, votes = live.of(one.part, one.column), Counter[str]()
        said = columns.of(one.part, one.column)
        for row in one.places[:3]:
            job = {"kind": "ask", "part": one.part, "row": row, "live": self._file("live")}
            answer = self.workers[row % 2].run(job).answer
            votes[likely_cause(answer, float(series.values[row]), float(said.values[row]))] += 1
        lookback = live.facts.get(one.part, {}).get("lookback")
        cause = votes.most_common(1)[0][0] if votes else ""
        return cause.replace("LOOKBACK", f"{lookback:,}" if lookback else "?")

    def _check_fills(self, own: Observation) -> None:
        """Fill the orders here, where no plug-in was, and see that it was done so, and not too early."""
        for one in own.series:
            if one.column != "weight":
                continue
            expected = fills_of(self.tape, self.recipe, one)
            for found in expected:
                known = {series.key: series for series in own.series}.get(found.key)
                if known is None or differences(Observation((found,)), Observation((known,))):
                    self.findings.append(
                        Finding(
                            one.part, f"its {found.column} is not what its weights give", "", found.column
                        )
                    )

    def _move_years(self, columns: Observation) -> None:
        """Put the whole tape 28 years later: what a plug-in says then differs only if it goes by the year."""
        job = {"kind": "years", "out": "years.npz", "live": self._file("live")}
        later = self._observe(self.workers[0], job)
        if later is None:
            return
        of_plug_ins = [one for one in columns.series if not one.exact and one.part != "fused forecast"]
        moved = Observation(tuple(replace(one, known_ns=one.known_ns + YEARS_NS) for one in of_plug_ins))
        known = {(one.part, one.column) for one in self.findings}
        for one in without_consequences(differences(moved, later), known):
            if (one.part, one.column) not in known:
                self.findings.append(
                    Finding(
                        one.part,
                        f"says something else where everything is {YEARS} years later",
                        "It goes by the year: dates in its code are hindsight, unless they were announced "
                        "before (then give them as volatility.events)",
                        one.column,
                        one.known_ns - YEARS_NS,
                        one.rows,
                        one.of,
                    )
                )

    def _change_the_future(self, own: Observation) -> list[tuple[str, str]]:
        fused = own.of("fused forecast", "variance")
        decided = fused.known_ns[np.isfinite(fused.values)]
        rng = np.random.default_rng([self.request.seed, 1])
        moments = choose_moments(self.tape, decided, self.request.moments, rng)
        # every way with everything, then with bars alone and news alone
        ways = [(how, what) for what in WHATS for how in PERTURBATIONS]
        jobs = [
            {
                "kind": "perturbed",
                "moment_ns": int(moment_ns),
                "how": ways[place % len(ways)][0],
                "what": ways[place % len(ways)][1],
                "seed": self.request.seed,
                "out": self._file(f"future{place}"),
            }
            for place, moment_ns in enumerate(moments)
        ]
        acts: list[tuple[str, str]] = []
        changed: dict[tuple[str, str], list[tuple[dict[str, Any], Difference]]] = {}
        failures: dict[str, dict[str, Any]] = {}
        for done, (job, outcome) in enumerate(self._in_turn(jobs), start=1):
            self.on_progress("Changing the future", done, len(jobs))
            if outcome.refused or outcome.failed:
                failures.setdefault(str(outcome.refused or outcome.failed), job)
                continue
            file = Path(job["out"])
            other = load_observation(file)
            file.unlink()
            acts += other.acts
            found = differences(own, other, until_ns=job["moment_ns"])
            for one in without_consequences(found, strategies_follow=True):
                changed.setdefault((one.part, one.column), []).append((job, one))
        self._report_changes(changed, failures, len(jobs))
        return acts

    def _report_changes(
        self,
        changed: dict[tuple[str, str], list[tuple[dict[str, Any], Difference]]],
        failures: dict[str, dict[str, Any]],
        of: int,
    ) -> None:
        known = {(one.part, one.column) for one in self.findings}
        first = {key: min(cases, key=lambda case: case[1].known_ns) for key, cases in changed.items()}
        for one in without_consequences([difference for _, difference in first.values()], known):
            key = (one.part, one.column)
            if key in known:
                continue  # said already, with more rows
            job = first[key][0]
            at = utc_second(job["moment_ns"])
            self.findings.append(
                Finding(
                    one.part,
                    f"changed when the future of {job['what']} was changed ({job['how']}) after {at}, "
                    f"at {len(changed[key])} of {of} moments",
                    "It knows what comes later",
                    one.column,
                    one.known_ns,
                    one.rows,
                    one.of,
                )
            )
        for message, job in failures.items():
            self.findings.append(
                Finding(
                    "recipe",
                    f"fails when the future of {job['what']} is changed ({job['how']}) after "
                    f"{utc_second(job['moment_ns'])}: {message}",
                )
            )

    def _in_turn(self, jobs: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], Outcome]]:
        """Give each worker one job after the other; yield as they are done."""
        free: SimpleQueue[Worker] = SimpleQueue()
        for worker in self.workers:
            free.put(worker)

        def work(job: dict[str, Any]) -> Outcome:
            worker = free.get()
            try:
                return worker.run(job)
            finally:
                free.put(worker)

        with ThreadPoolExecutor(len(self.workers)) as pool:
            waiting: list[Future[Outcome]] = [pool.submit(work, job) for job in jobs]
            try:
                for job, future in zip(jobs, waiting, strict=True):
                    yield job, future.result()
            except BaseException:
                for future in waiting:
                    future.cancel()
                for worker in self.workers:
                    worker.close()
                raise

    def _report(self, live: Observation | None) -> AuditReport:
        names = [str(entry["name"]) for entry in self.recipe.strategies]
        parts = (self.recipe.volatility.forecaster, "fused", *names)
        notes = self._prior_notes()
        if live is not None:
            for part, facts in live.facts.items():
                if facts["rows"] < facts["of"]:
                    notes.append(
                        f"{part}: {facts['rows']:,} of {facts['of']:,} rows were decided live, evenly "
                        f"spread: its lookback of {facts['lookback']:,} makes each one long"
                    )
        made = (
            [one for one in live.series if one.column in ("weight", "variance")] if live is not None else []
        )
        known = [one.known_ns[np.isfinite(one.values)] for one in made]
        stamps = np.concatenate([*known, np.empty(0, dtype=np.int64)]).astype(np.int64)
        return AuditReport(
            parts,
            self.request.moments,
            tuple(self.findings),
            tuple(notes),
            len(stamps),
            int(stamps.min()) if len(stamps) else None,
            int(stamps.max()) if len(stamps) else None,
        )

    def _prior_notes(self) -> list[str]:
        # nothing of the recipe is loaded here, so its files are still where the recipe says
        volatility = self.recipe.volatility
        if isinstance(volatility.prior, Path):
            volatility = volatility.model_copy(update={"prior": self.request.folder / volatility.prior})
        recipe = self.recipe.model_copy(update={"volatility": volatility})
        return prior_notes(choose_prior(recipe, self.tape), self.tape)

    def _file(self, name: str) -> str:
        return str(self.scratch / f"{name}.npz")


def _require_forecasts(live: Observation, columns: Observation, recipe: Recipe) -> None:
    said = [one.of("fused forecast", "variance").values for one in (live, columns)]
    if not any(np.isfinite(values).any() for values in said):
        buckets = len(columns.of("history", "rv").values)
        raise TapeError(
            f"there is nothing to audit: {recipe.volatility.forecaster!r} makes no forecast on the "
            f"{buckets:,} buckets of the tape, or of its span; {what_helps(recipe)}"
        )


def _said(value: float) -> str:
    return "nothing" if np.isnan(value) else f"{value:.9g}"


def _part_of(text: str) -> str:
    return " ".join(word.strip("'") for word in text.split()[:2])
