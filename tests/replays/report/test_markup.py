"""Pieces of HTML: nothing from outside gets through unescaped."""

from report_pages import tags

from newsvol.replays.report.markup import Html, Row, figure, hover, table, text, verdicts

ODD = "<img src=x onerror=alert(1)> \"quoted\" & 'single'"


def test_text_is_escaped_and_markup_made_here_is_not() -> None:
    assert text(ODD) == "&lt;img src=x onerror=alert(1)&gt; &quot;quoted&quot; &amp; &#x27;single&#x27;"
    assert text(Html("<b>x</b>")) == str(Html("<b>x</b>")) == "<b>x</b>"
    assert text(1.5) == "1.5"


def test_hover_text_is_broken_and_cut() -> None:
    label = hover("word " * 200)
    assert len(label) < 300
    assert all(len(line) <= 70 for line in label.split("<br>"))
    assert label.endswith("…")


def test_hover_text_is_no_template_and_no_markup() -> None:
    assert hover("50%{y} <b>\n\tup</b>") == "50% {y} &lt;b&gt; up&lt;/b&gt;"


def test_a_table_marks_the_best_and_mutes_the_baselines() -> None:
    rows = [Row(["har", "0.30"], muted=True), Row(["fused", "0.28"], best=frozenset({1}))]
    made = table(["Model", "QLIKE"], rows, "Lower is better & fair")
    assert "<tr class=muted><th scope=row>har</th><td>0.30</td></tr>" in made
    assert "<tr><th scope=row>fused</th><td class=best>0.28</td></tr>" in made
    assert "<caption>Lower is better &amp; fair</caption>" in made


def test_no_cell_title_or_caption_adds_an_element() -> None:
    plain = table(["a", "b"], [Row(["c", "d"])], "e")
    assert tags(table([ODD, ODD], [Row([ODD, ODD])], ODD)) == tags(plain)


def test_a_figure_with_views_has_a_button_for_each_and_the_first_is_pressed() -> None:
    made = figure("vol", "Volatility & time", 300, [("per year", "vol"), ("per bucket", "vol-buckets")])
    assert made.count("<button") == 2
    assert 'data-view="vol" aria-pressed="true"' in made
    assert 'data-view="vol-buckets" aria-pressed="false"' in made
    assert "<button" not in figure("vol", "x", 300)


def test_a_sentence_that_says_not_is_set_apart() -> None:
    made = verdicts(["fused beats har", "fused does NOT beat diurnal", "NOTHING is said"])
    assert [part.partition('"')[0] for part in made.split('class="')[2:]] == ["won", "lost", "won"]
