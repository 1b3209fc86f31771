"""The blocks of a training recipe: sources, splits, fits, and what is done to a student."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from newsvol.models.labels import Label

Share = Annotated[float, Field(gt=0, lt=1)]
Layers = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)]


class Strict(BaseModel):
    """A block that cannot be changed and refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Strict):
    """A file of texts, named relative to the data folder.

    `text` is a column name, or a column position where a CSV file has no header. `label` names the column of
    labels and `labels` says what its words mean. `sample` keeps that many rows, drawn with the recipe's seed.
    `agreement` is for the folder of the PhraseBank: the least percentage of annotators that agree. Format
    ``newswire`` reads a folder of Reuters-21578.
    """

    file: str
    format: Literal["csv", "parquet", "phrasebank", "zip_lines", "newswire"] = "csv"
    agreement: Literal[50, 66, 75, 100] | None = None
    text: str | int = "text"
    label: str | None = None
    labels: dict[str, Label] = {}
    sample: Annotated[int, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _agrees_only_in_the_phrasebank(self) -> "Source":
        if self.agreement is not None and self.format != "phrasebank":
            raise ValueError("agreement is known for format phrasebank only")
        if self.format == "parquet" and isinstance(self.text, int):
            raise ValueError("a Parquet column has a name; text must be one, not a position")
        return self


class Augment(Strict):
    """Variations on the training sentences, for the teacher to label; see `augmenting.variations`.

    Attributes
    ----------
    copies : int
        Variations of each sentence.
    spliced : float
        Share whose second part comes from another sentence.
    replaced : float
        Share of words that give way to one of their `neighbours` nearest words.
    dropped : float
        Share of words that are left out.
    """

    copies: Annotated[int, Field(gt=0)]
    spliced: Annotated[float, Field(ge=0, le=1)] = 0.5
    replaced: Annotated[float, Field(ge=0, lt=1)] = 0.15
    dropped: Annotated[float, Field(ge=0, lt=1)] = 0.05
    neighbours: Annotated[int, Field(gt=0)] = 6


class Split(Strict):
    """How the evaluated source is divided, after duplicates are gone; the test share is what remains.

    Texts whose token sets overlap by `near_duplicate` (Jaccard) or more stay on one side. An extra text that
    overlaps a held-out one as much is left out, or with ``overlapping: refuse`` stops the run.
    """

    train: Share = 0.7
    validation: Share = 0.1
    near_duplicate: Annotated[float, Field(gt=0, le=1)] = 0.8
    overlapping: Literal["drop", "refuse"] = "drop"

    @model_validator(mode="after")
    def _leaves_a_test_part(self) -> "Split":
        if self.train + self.validation >= 0.99:
            raise ValueError("train + validation must leave at least 0.01 for the test split")
        return self


class Lora(Strict):
    """Low-rank adapters (Hu et al. 2021): W + (alpha / r) B A on the layers whose names end in a target.

    Pooler and classifier are trained whole. The adapters are merged before anything is saved.
    """

    r: Annotated[int, Field(gt=0)] = 16
    alpha: Annotated[int, Field(gt=0)] = 32
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.05
    targets: Annotated[tuple[str, ...], Field(min_length=1)] = (
        "query",
        "key",
        "value",
        "intermediate.dense",
        "output.dense",
    )


class Intermediate(Strict):
    """What a student imitates inside the teacher, beside its answers.

    Attributes
    ----------
    method : str
        ``hidden_attention``: hidden states by mean squared error and attention by divergence, as in TinyBERT
        (Jiao et al. 2020); widths and heads must be equal. ``relations``: query-query, key-key and
        value-value relations as in MiniLMv2 (Wang et al. 2021); widths may differ.
    layers : mapping of int to int
        Student layer to teacher layer, both from 0.
    relation_heads : int
        Into how many heads queries, keys and values are divided for `relations`.
    """

    method: Literal["hidden_attention", "relations"]
    layers: Annotated[dict[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]], Field(min_length=1)]
    weight: Annotated[float, Field(gt=0)] = 1.0
    relation_heads: Annotated[int, Field(gt=0)] = 12


class Prune(Strict):
    """Structured pruning: `share` of every layer's inner neurons and heads goes, then the rest recovers.

    What goes is chosen by first-order importance over `scored` training texts. `heads` is a share of its
    own for the heads; at 0 the student stays a plain BERT.
    """

    share: Share
    heads: Annotated[float, Field(ge=0, lt=1)] | None = None
    scored: Annotated[int, Field(gt=0)] = 512
    epochs: Annotated[float, Field(gt=0)] = 1.0
    learning_rate: Annotated[float, Field(gt=0)] = 1e-4


class Fit(Strict):
    """One fine-tuning.

    With `patience`, the validation part is scored after each epoch, training stops when macro-F1 has not
    risen for that many epochs, and the best epoch is kept. `head_learning_rate` is for pooler and classifier,
    which start from noise: at the rest's pace a short fit ends before they can say how sure they are.
    """

    epochs: Annotated[float, Field(gt=0)] = 3.0
    learning_rate: Annotated[float, Field(gt=0)] = 5e-5
    head_learning_rate: Annotated[float, Field(gt=0)] | None = None
    batch: Annotated[int, Field(gt=0)] = 32
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.1
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    class_weights: Literal["none", "balanced", "sqrt_balanced"] = "none"
    patience: Annotated[int, Field(gt=0)] | None = None
    lora: Lora | None = None


class Teacher(Fit):
    """An ensemble of networks, one per seed, whose mean probabilities are distilled.

    Attributes
    ----------
    start : str or None
        What the teachers start from, as for the recipe; None: from the recipe's own start.
    layers : sequence of int or None
        Layers of the start that are kept; None keeps all, and then the start may be of any kind that
        transformers can classify with.
    """

    seeds: Annotated[tuple[int, ...], Field(min_length=1)]
    start: str | None = None
    layers: Layers | None = None


class Student(Fit):
    """The network that is kept; its `layers` are indices into those of its origin.

    loss = hard_weight * CE(label) + (1 - hard_weight) * temperature^2 * CE(teacher at temperature)
    (Hinton, Vinyals & Dean 2015) + intermediate.weight * intermediate loss; a text without a label has no
    first term.

    Attributes
    ----------
    origin : str
        ``teacher``: sub-layers of the first teacher (of the start, where there is none); ``start``: of the
        start; ``scratch``: the start's shape with random weights; else a folder or hub name with the start's
        vocabulary.
    quantization_aware : bool
        The last fit sees its linear layers rounded to INT8 (torchao); what is saved are the weights behind.
    repeats : sequence of int
        Further seeds that are trained only to report how far results spread over seeds.
    """

    layers: Layers
    temperature: Annotated[float, Field(gt=0)] = 2.0
    hard_weight: Annotated[float, Field(ge=0, le=1)] = 0.5
    origin: str = "teacher"
    intermediate: Intermediate | None = None
    prune: Prune | None = None
    quantization_aware: bool = False
    repeats: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _rounds_what_it_serves(self) -> "Student":
        if self.quantization_aware and self.lora is not None and self.prune is None:
            raise ValueError(
                "quantization_aware rounds the weights under the adapters, not their sum; leave lora out"
            )
        return self
