"""A process that has imported newsvol and no plug-in, and forks one child for each job.

    python -m newsvol.replays.audit.worker FD

Jobs come as lines of JSON on standard input; what was done is told as lines of JSON on the file descriptor
FD. A plug-in lives and dies in a child: nothing that it remembers is there for the next job.
"""

import ctypes
import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from newsvol.engine.errors import InputError, first_line
from newsvol.engine.plug_ins import PACKAGE, package_of
from newsvol.replays.audit.observation import Observation, load_observation
from newsvol.replays.audit.outside import other_outside
from newsvol.replays.audit.passes import Passes, fills_of
from newsvol.replays.audit.perturbation import YEARS, move_years, perturb
from newsvol.replays.audit.watch import Watch
from newsvol.replays.simulation.events import choose_events
from newsvol.replays.simulation.prior import choose_prior
from newsvol.replays.simulation.recipe import Recipe, load_recipe, parse_recipe, shape_recipe
from newsvol.replays.simulation.session import build_forecaster, tape_of_span
from newsvol.replays.tapes.calendar import trading_year
from newsvol.replays.tapes.tape import Tape, load_tape
from newsvol.signals.volatility.builtin import FORECASTERS
from newsvol.strategies.builtin import STRATEGIES
from newsvol.strategies.contract import unwrapped

Tell = Callable[[dict[str, Any]], None]

WARM_UP = timedelta(days=66)

_PR_SET_PDEATHSIG = 1
"""From Linux's sys/prctl.h."""


def main() -> None:
    """Get ready, then take jobs until the input ends."""
    told = os.fdopen(int(sys.argv[1]), "wb", buffering=0)

    def tell(what: dict[str, Any]) -> None:
        told.write(json.dumps(what).encode() + b"\n")

    _end_with_parent()
    setting = json.loads(sys.stdin.readline())
    sys.path[:] = setting["path"]
    tape, probs = load_tape(Path(setting["tape"])), np.load(setting["probs"], allow_pickle=False)
    _load_kernels(tape, probs)
    tell({"ready": True})
    for number, line in enumerate(sys.stdin):
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            _work(job, setting, tape, probs, partial(_tell_of_job, tell, number))
        _, status = os.waitpid(child, 0)
        tell({"ended": os.waitstatus_to_exitcode(status), "job": number})


def _end_with_parent() -> None:
    """Ask Linux to end this process when its parent ends, however that comes."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _work(job: dict[str, Any], setting: dict[str, Any], tape: Tape, probs: Any, tell: Tell) -> None:
    """Do one job in this child, and end it without a trace of it in the parent."""
    # a plug-in may change what it finds, so what is needed afterwards is at hand before
    end, save = os._exit, Observation.save
    try:
        _end_with_parent()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        own = Path(tempfile.mkdtemp(dir=setting["scratch"]))
        os.environ["TMPDIR"] = tempfile.tempdir = str(own)
        os.chdir(own)
        if "moment_ns" in job:
            rng = np.random.default_rng([job["seed"], job["moment_ns"]])
            tape, probs = perturb(tape, probs, job["moment_ns"], job["how"], rng, job["what"])
        done = _run(job, setting, tape, probs, tell)
        if isinstance(done, Observation):
            save(done, Path(job["out"]))
            tell({"done": True})
        else:
            tell({"done": True, "answer": done})
    except InputError as error:
        tell({"refused": str(error)})
    except BaseException as error:  # whatever a plug-in raises ends this child only
        trace = traceback.extract_tb(error.__traceback__)
        where = f"{Path(trace[-1].filename).name}:{trace[-1].lineno}" if trace else "?"
        tell({"failed": f"{type(error).__name__}: {first_line(error)} ({where})"})
    end(0)


def _tell_of_job(tell: Tell, job: int, what: dict[str, Any]) -> None:
    tell({**what, "job": job})


def _run(
    job: dict[str, Any], setting: dict[str, Any], tape: Tape, probs: Any, tell: Tell
) -> Observation | dict[str, float]:
    shape = shape_recipe(setting["content"], setting["where"])
    watch = Watch(plug_in_packages(shape), [Path(path) for path in setting["allowed"]])
    recipe = parse_recipe(setting["content"], setting["where"], Path(setting["folder"]))
    recipe = choose_prior(choose_events(recipe, tape), tape)
    watch.add_packages(_packages_loaded(recipe))
    seen = tape_of_span(tape, recipe)
    # a year of another century has other holidays, which no plug-in is to blame for
    hours_per_year = trading_year(seen.info.calendar, seen.sessions).hours
    if job["kind"] == "years":
        seen, recipe = move_years(seen), _of_other_years(recipe)
    if job["kind"] == "perturbed":
        rng = np.random.default_rng([job["seed"], job["moment_ns"], 1])
        recipe = other_outside(recipe, job["moment_ns"], rng, Path.cwd())
    passes = Passes(seen, recipe, probs[: len(seen.news)], hours_per_year)
    del tape
    if job["kind"] == "live":
        observed = passes.live(lambda done, total: _tell_some(tell, done, total))
    elif job["kind"] == "columns":
        own = passes.columns(None)
        weights = [one for one in own.series if one.column == "weight"]
        fills = [fill for one in weights for fill in fills_of(seen, recipe, one)]
        Observation((*own.series, *fills)).save(Path(job["own"]))
        observed = passes.columns(load_observation(Path(job["live"])))
    elif job["kind"] == "perturbed":
        observed = passes.columns(None)
    elif job["kind"] == "years":
        observed = passes.columns(load_observation(Path(job["live"])))
    else:
        return passes.ask_again(load_observation(Path(job["live"])), job["part"], job["row"])
    return Observation(observed.series, watch.acts(), observed.facts)


def _of_other_years(recipe: Recipe) -> Recipe:
    first = recipe.span.first
    if first is None:
        return recipe
    # the 29th of February is one in 28 years too
    moved = recipe.span.model_copy(update={"first": first.replace(year=first.year + YEARS), "last": None})
    return recipe.model_copy(update={"span": moved})


def _tell_some(tell: Tell, done: int, total: int) -> None:
    if done % 50 == 0 or done + 1 == total:
        tell({"progress": [done + 1, total]})


def plug_in_packages(recipe: Recipe) -> tuple[str, ...]:
    """Return the top-level packages of what the recipe names and newsvol does not bring; none is loaded."""
    values = [FORECASTERS.value_of(recipe.volatility.forecaster)]
    values += [STRATEGIES.value_of(str(entry.get("name"))) for entry in recipe.strategies]
    roots = {value.partition(":")[0].partition(".")[0].strip() for value in values if value}
    return tuple(sorted(roots - {PACKAGE}))


def _packages_loaded(recipe: Recipe) -> tuple[str, ...]:
    """Return the packages in which the loaded plug-ins stand."""
    strategies = [unwrapped(one) for one in recipe.build_strategies().values()]
    roots = {package_of(type(one)) for one in (build_forecaster(recipe), *strategies)}
    return tuple(sorted(roots - {PACKAGE, "builtins", "functools"}))


def _load_kernels(tape: Tape, probs: Any) -> None:
    """Run every kernel once on newsvol's own models, so that children find them loaded."""
    recipe = load_recipe(
        changes={
            "volatility.forecaster": "har-blend",
            "volatility.window": 60,
            "volatility.min_window": 30,
            "latency.model": "zero",
        }
    )
    few = tape.until(tape.days()[0] + WARM_UP)
    hours_per_year = trading_year(few.info.calendar, few.sessions).hours
    Passes(few, recipe, probs[: len(few.news)], hours_per_year).columns(None)


if __name__ == "__main__":
    main()
