"""Errors for users."""

import pickle

import pytest

from hotfoot import errors

OWN = [t for t in vars(errors).values() if getattr(t, "__module__", "") == errors.__name__]
TYPES = [t for t in OWN if isinstance(t, type)]


@pytest.mark.parametrize("error_type", TYPES)
def test_errors_come_back_whole_from_other_processes(error_type):
    error = error_type("what happened", "what to do")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is error_type
    assert (again.message, again.hint) == ("what happened", "what to do")
    assert str(again) == "what happened\nwhat to do"
    assert again.exit_code == (2 if issubclass(error_type, errors.InputError) else 1)


def test_an_error_needs_a_hint():
    with pytest.raises(TypeError, match="hint"):
        errors.InputError("what happened")
