"""The same chunks on Ray: where it is installed on a real one, of two workers."""

from pathlib import Path

import numpy as np
import pytest
from counted_chunks import CountedChunks

from newsvol.engine.errors import InputError, ModelError
from newsvol.models.serving.bulk import score_chunks
from newsvol.models.serving.ray_cluster import Cluster, Worker, require_ray, score_on_cluster
from newsvol.models.serving.scorer import load_scorer
from newsvol.models.text.files import chunked

TEXTS = [f"profit {n} rose {'sharply ' * (n % 7)}" for n in range(240)]
MODEL = "student"  # in FP32 texts are padded to the longest of their batch: other chunks, other bits
HERE = Cluster("local", workers=2)


def test_ray_that_is_not_installed_is_asked_for() -> None:
    with pytest.raises(InputError, match=r"--cluster needs ray: pip install 'newsvol\[cluster\]'"):
        require_ray(find=lambda _: None)


def test_an_actor_scores_as_the_model_does_here() -> None:
    here = load_scorer(MODEL, "cpu", threads=1)
    actor = Worker(MODEL, here.model_hash)
    np.testing.assert_array_equal(actor.score(TEXTS[:5]), here.probabilities(TEXTS[:5]))


def test_an_actor_with_other_weights_says_so() -> None:
    actor = Worker(MODEL, "sha256:0")
    assert "is another model there" in actor.problem()
    with pytest.raises(ModelError, match="is another model there"):
        actor.score(TEXTS[:5])


def test_an_actor_without_the_folder_says_so(tmp_path: Path) -> None:
    assert "nowhere" in Worker(str(tmp_path / "nowhere"), "sha256:0").problem()


@pytest.mark.slow
def test_ray_gives_the_bits_of_local_workers_in_order_and_reads_no_further_than_needed() -> None:
    import ray

    chunks = CountedChunks(TEXTS)
    scored = score_on_cluster(chunks, load_scorer(MODEL, "cpu"), MODEL, HERE)
    first = next(scored)
    assert chunks.taken < 10
    whole = [first, *scored]
    assert not ray.is_initialized()
    local = list(score_chunks(chunked(TEXTS, 8), MODEL, workers=2))
    assert [texts for texts, _ in whole] == [texts for texts, _ in local]
    for (_, ours), (_, theirs) in zip(whole, local, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.slow
def test_what_ray_cannot_do_is_one_line_and_leaves_no_ray() -> None:
    import ray

    scorer = load_scorer(MODEL, "cpu")
    for cluster, message in (
        (Cluster("127.0.0.1:1"), r"no Ray at 127\.0\.0\.1:1: .*; name HOST:PORT of one .*, or local"),
        (Cluster("local", 1, start_s=0.0), "0 of 1 workers started within 0 s on the 1 CPUs at local"),
    ):
        with pytest.raises(InputError, match=message) as caught:
            next(score_on_cluster([TEXTS], scorer, MODEL, cluster))
        assert "\n" not in str(caught.value)
        assert not ray.is_initialized()
