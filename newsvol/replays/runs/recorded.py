"""A recording and the replay that is to charge it: whether they are of the same, and what is said of it.

What was measured depends on the tape as far as it was replayed, the model, the forecaster, the fusion, the
strategies with their parameters, the first day, the seed, and the code of newsvol and of plug-ins. In all of
these a recording holds for what it was made of, and for nothing else. The `FREE` parts of a recipe may
differ, and so may the machine and its libraries: the manifest names those on which it was measured.
"""

from collections.abc import Callable
from typing import Any

from newsvol.engine.errors import InputError, RunError, first_line
from newsvol.engine.hashes import short_hash
from newsvol.engine.provenance import versions
from newsvol.models.config import parse_yaml
from newsvol.replays.runs.comparison import Difference, differences, flat
from newsvol.replays.runs.reader import Run
from newsvol.replays.runs.schema import RecordingPart
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.simulation.recording import Recording
from newsvol.replays.tapes.tape import Tape

FREE = ("name", "latency", "fill", "costs", "cash", "rebalance_band")
"""What a recipe may change of the recorded one: it is applied after the last decision, or only a name."""


def require_recording_of(
    source: Run,
    recording: Recording,
    tape: Tape,
    tape_hash: str,
    recipe: Recipe,
    model_hash: Callable[[], str | None],
    force: bool = False,
) -> RecordingPart:
    """Return what a run that charges `recording` says of it.

    Parameters
    ----------
    source, recording : Run, Recording
        Of one folder.
    tape : Tape
        What is replayed of the tape, up to the span's last day; `tape_hash` is of the whole one.
    model_hash : callable
        Gives the hash of the model that the recipe names; None where the tape has no headlines.
    force : bool
        Charge it whatever differs, and say what did.

    Raises
    ------
    RunError
        The recording is of something else: one line that tells every difference.
    """
    found = [*_inputs(recording, source, tape, tape_hash, recipe), *_models(source, recipe, model_hash)]
    told = tuple(f"{one.key}: {_told(one.first)} recorded, {_told(one.second)} here" for one in found)
    if told and not force:
        raise RunError(
            f"{recording.folder} is no recording of this replay: {'; '.join(told)}; replay what was "
            "recorded, or charge it all the same with --force (in Python: force=True); the run then says so"
        )
    about, earlier = source.manifest, source.manifest.recording
    return RecordingPart(
        folder=str(recording.folder),
        run_id=about.run_id,
        recording_hash=recording.content_hash(),
        # a recording of a recording was measured where the first one was
        latency=about.latency if earlier is None else earlier.latency,
        device=about.device if earlier is None else earlier.device,
        machine=about.machine if earlier is None else earlier.machine,
        versions=about.versions if earlier is None else earlier.versions,
        forced=(*(() if earlier is None else earlier.forced), *told),
    )


def _inputs(
    recording: Recording, source: Run, tape: Tape, tape_hash: str, recipe: Recipe
) -> list[Difference]:
    about = source.manifest
    recorded_tape, tape_here = about.tape.replayed_hash, tape.content_hash()
    if recorded_tape is None:  # by an earlier newsvol, which wrote down the whole tape's only
        recorded_tape, tape_here = about.tape_hash, tape_hash
    pairs = [
        Difference("tape", recorded_tape, tape_here),
        Difference("newsvol", about.versions.get("newsvol"), versions(())["newsvol"]),
    ]
    if about.recording_hash is not None:  # its files as they were written, and as they are
        pairs.append(Difference("files of the recording", about.recording_hash, recording.content_hash()))
    for what, plug_in in recipe.plug_ins().items():
        known = about.plug_ins.get(what)
        pairs.append(Difference(what, None if known is None else str(known), str(plug_in)))
    # the days that were seen are those of the tape; the last one says nothing else
    same_days = pairs[0].first == pairs[0].second and about.tape.replayed_hash is not None
    skipped = ("span.last",) if same_days else ()
    file = source.folder / "recipe.yaml"
    try:
        told = _defining(parse_yaml(source.recipe_text, str(file)), recipe)
    except (AttributeError, LookupError, TypeError) as error:  # whatever a mangled recipe runs into
        raise RunError(f"{file} is no recipe, so that nothing says what was recorded") from error
    here = _defining(parse_yaml(recipe.to_yaml(), "recipe"), recipe)
    by_key = [one for one in differences(told, here) if one.key not in skipped]
    return [one for one in pairs if one.first != one.second] + by_key


def _defining(content: Any, recipe: Recipe) -> dict[str, Any]:
    """Return by dotted key what of a recipe decides what is measured; of strategies, those of `recipe`."""
    parts = {key: value for key, value in content.items() if key not in (*FREE, "strategies")}
    named = {entry["name"] for entry in recipe.strategies}
    # a strategy waits for no other one: a recording holds for each that is in it
    for entry in content["strategies"]:
        if (name := entry["name"]) in named:
            given = ", ".join(f"{key} {value}" for key, value in entry.items() if key != "name")
            parts[f"strategies.{name}"] = given or "without parameters"
    keys = flat(parts)
    # of files the hashes count; of the device see `_models`
    for elsewhere in ("volatility.events", "volatility.exogenous.file", "sentiment.device"):
        keys.pop(elsewhere, None)
    return keys


def _models(source: Run, recipe: Recipe, model_hash: Callable[[], str | None]) -> list[Difference]:
    about, asked = source.manifest, recipe.sentiment.device
    device = about.device if about.recording is None else about.recording.device
    found = []
    if asked != "auto" and not device.startswith((asked, "none")):
        found.append(Difference("sentiment.device", device, asked))
    try:
        here = model_hash()
    except InputError as error:
        here = f"none to compare ({first_line(error)})"
    if here != about.model_hash:
        found.append(Difference("model", about.model_hash, here))
    return found


def _told(value: Any) -> str:
    if value is None:
        return "none"
    text = str(value)
    return f"sha256:{short_hash(text)}" if text.startswith("sha256:") else text
