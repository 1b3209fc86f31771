"""Plug-ins that leak, by authors who had not seen the audit: each is found, whatever the seed."""

import pytest
from plug_in_folder import Leak, leaks, request_of

from newsvol.replays.audit.audit import audit
from newsvol.replays.tapes.synth import synthetic_tape

SEEDS = (1, 2, 3)
"""`make audit-full` takes twelve."""

MOMENTS = 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("leak", leaks(), ids=lambda leak: f"{leak.folder.name}-{leak.name}")
def test_a_leak_is_found_and_named(leak: Leak, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(leak.folder)
    report = audit(synthetic_tape(), request_of(leak.kind, leak.name, moments=MOMENTS, seed=seed))
    assert leak.part in {one.part for one in report.findings}, f"not found: {leak.what}"


def test_there_are_twenty_five_leaks_or_more_half_of_them_unseen() -> None:
    authors = [leak.folder.name for leak in leaks()]
    assert len(authors) >= 25
    assert authors.count("unseen") >= 12
