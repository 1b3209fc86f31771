"""What an audit found, in words."""

from dataclasses import dataclass

from newsvol.engine.clock import utc_second


@dataclass(frozen=True)
class Finding:
    """Something that was decided, and would not have been at the time; or that cannot be vouched for.

    Attributes
    ----------
    part : str
        ``strategy NAME``, ``forecaster NAME``, or the package of a plug-in.
    what : str
        What was found.
    cause : str
        The likely cause.
    column : str
        The column in which it was found, empty where it is none.
    first_ns : int or None
        When the first row that differs was known.
    rows, of : int
        Rows that differ, and rows compared.
    """

    part: str
    what: str
    cause: str = ""
    column: str = ""
    first_ns: int | None = None
    rows: int = 0
    of: int = 0

    @property
    def first(self) -> str:
        """The first stamp, UTC."""
        if self.first_ns is None:
            return ""
        return utc_second(self.first_ns)

    def __str__(self) -> str:
        text = f"{self.part}: {self.what}"
        if self.first_ns is not None:
            share = f"{100 * self.rows / max(self.of, 1):.{0 if self.rows > 0.1 * self.of else 2}f}%"
            text += f"; {self.column} from {self.first} on, {self.rows:,} of {self.of:,} rows ({share})"
        return f"{text}. {self.cause}" if self.cause else text
