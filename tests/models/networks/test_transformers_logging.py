"""Transformers keeps quiet within, and is as loud as before behind."""

from typing import Any

import pytest
import transformers

from newsvol.models.networks.transformers_logging import hushed

LOGGING: Any = transformers.logging


def settings() -> tuple[int, bool]:
    return LOGGING.get_verbosity(), LOGGING.is_progress_bar_enabled()


@pytest.fixture
def loud():
    before = settings()
    LOGGING.set_verbosity_info()
    LOGGING.enable_progress_bar()
    yield
    LOGGING.set_verbosity(before[0])
    (LOGGING.enable_progress_bar if before[1] else LOGGING.disable_progress_bar)()


def test_it_is_quiet_within_and_as_loud_as_before_behind(loud: None) -> None:
    before = settings()
    with hushed():
        assert settings() == (LOGGING.ERROR, False)
    assert settings() == before


def test_a_failure_within_does_not_leave_it_quiet(loud: None) -> None:
    before = settings()
    with pytest.raises(KeyError), hushed():
        raise KeyError
    assert settings() == before


def test_bars_that_were_off_stay_off(loud: None) -> None:
    LOGGING.disable_progress_bar()
    with hushed():
        pass
    assert not LOGGING.is_progress_bar_enabled()
