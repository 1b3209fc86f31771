"""Teachers: asked once, and shared by the recipes that have the same ones."""

from pathlib import Path

from newsvol.models.serving.scorer import load_scorer


def test_recipes_with_the_same_teachers_share_them_and_nothing_else(run_with, tmp_path: Path) -> None:
    work, lines = tmp_path / "work", []
    run_with(work)
    (teachers,) = work.glob("teacher-*")
    before = (teachers / "1.npz").stat().st_mtime_ns
    results, _ = run_with(work, say=lines.append, epochs=2)
    assert "teacher with seed 1: done before" in lines
    assert (teachers / "1.npz").stat().st_mtime_ns == before
    assert len([*work.glob("student-*")]) == 2
    run_with(work, teacher={"seeds": [1, 2]})  # one more joins those that are done
    assert {file.name for file in teachers.glob("*.npz")} == {"1.npz", "2.npz"}
    run_with(work, teacher={"learning_rate": 1e-3})
    assert len([*work.glob("teacher-*")]) == 2
    assert results["teacher_over_seeds"]["seeds"] == [1]


def test_teachers_may_have_a_start_of_another_kind(run_with, tiny_mpnet: Path, tmp_path: Path) -> None:
    changes = {"start": str(tiny_mpnet), "layers": None}
    results, folder = run_with(tmp_path / "work", teacher=changes, origin="start")
    assert results["starts"].keys() >= {str(tiny_mpnet)}
    assert len(set(results["starts"].values())) == 2
    assert "teacher" in results["test"]
    assert load_scorer(folder, "cpu").probabilities(["profit rose"]).shape == (1, 3)


def test_a_recipe_without_a_teacher_asks_nobody(run_with) -> None:
    results, _ = run_with(recipe={"teacher": None, "unlabelled": []}, hard_weight=1, origin="start")
    assert set(results["test"]) == {"majority", "tfidf_logistic", "student"}
    assert "teacher_over_seeds" not in results
