"""The page of an evaluation."""

import json
import re
from dataclasses import replace

import pytest
from evaluations import request_of
from report_pages import readable, tags, unpack

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import InputError
from newsvol.replays.evaluation.volatility.evaluation import Evaluation, evaluate
from newsvol.replays.report.evaluation.page import render_page
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.tapes.tape import Tape


@pytest.fixture(scope="module")
def page(found: Evaluation) -> str:
    return render_page(found)


def test_the_same_evaluation_gives_the_same_bytes(found: Evaluation, page: str) -> None:
    assert render_page(found) == page


def test_the_page_points_nowhere(page: str) -> None:
    assert not re.findall(r"""(?:src|href)\s*=|url\(|@import|https?://|//cdn""", readable(page))


def test_every_model_stands_in_the_table_with_its_loss(found: Evaluation, page: str) -> None:
    shown = readable(page)
    for name, score in found.board.models.items():
        assert name in shown
        assert f"{score.qlike:.4f}" in shown


def test_every_figure_has_a_place_and_every_place_a_figure(page: str) -> None:
    figures = json.loads(unpack(page, "figures"))
    places = set(re.findall(r'class="figure" id="([^"]+)"', page))
    assert places | set(re.findall(r'data-view="([^"]+)"', page)) == set(figures)


def test_a_made_up_market_and_what_was_left_out_are_told(found: Evaluation) -> None:
    left = replace(found, lineup=replace(found.lineup, left_out={"har-cj": "it was <odd>"}))
    shown = readable(render_page(left))
    assert "The market of this tape is made up" in shown
    assert "Left out: har-cj: it was &lt;odd&gt;" in shown


def test_a_name_from_outside_adds_no_element(found: Evaluation, page: str) -> None:
    odd = replace(found.tape.info, instrument="</title><img src=x onerror=alert(1)>")
    tape = Tape(found.tape.bars, found.tape.news, found.tape.sessions, odd)
    assert tags(render_page(replace(found, tape=tape))) == tags(page)


def test_without_news_and_without_a_confidence_set_the_rest_is_there(
    planted: tuple[Tape, FloatArray], recipe: Recipe
) -> None:
    def absent(*_: object) -> dict[str, float]:
        raise InputError("the Model Confidence Set needs arch")

    shown = readable(render_page(evaluate(planted[0], recipe, None, request_of(), confidence_set=absent)))
    assert "needs arch" in shown
    assert "News beside its placebos" not in shown
    assert "Every model beside its baselines" in shown
