"""The border for configuration."""

from dataclasses import replace
from typing import Annotated

import pytest
from pydantic import Field

from hotfoot.errors import InputError, ModelError, OptionError
from hotfoot.validation import build, parse_json, read_json, to_json, validated


@validated
class Inner:
    width: Annotated[int, Field(ge=1, le=8)] = 4


@validated(kw_only=True)
class Outer:
    name: str
    inner: Inner = Inner()
    rate: Annotated[float, Field(gt=0)] = 30.0
    sizes: tuple[int, ...] = ()

    def __post_init__(self):
        if self.name == "bad":
            raise ValueError("name is 'bad': another one, please")


@validated(kw_only=True)
class Child(Outer):
    extra: int = 0


def test_what_is_right_comes_back_from_json():
    made = Child(name="a", inner=Inner(3), rate=25, sizes=(1, 2), extra=7)
    assert parse_json(Child, to_json(made), "x.json") == made
    assert replace(made, rate=24.0).rate == 24.0
    assert (Child.__name__, Child.__module__) == ("Child", __name__)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"name": 3}', "name is 3"), ('{}', "name is missing"),
        ('{"name": "a", "rate": "fast"}', "rate is 'fast'"),
        ('{"name": "a", "rate": NaN}', "rate is nan"),
        ('{"name": "a", "inner": {"width": 9}}', "inner.width is 9"),
        ('{"name": "a", "inner": {"depth": 1}}', "inner.depth is no known field"),
        ('{"name": "a", "color": 1}', "color is no known field"),
        ('{"name": "a", "sizes": [1, 2.5]}', "sizes.1 is 2.5"),
        ('{"name": "bad"}', "name is 'bad'"), ("{", "not valid JSON"), ("[]", "should be an object"),
        ("[" * 100_000, "not valid JSON"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_file(text, says):
    with pytest.raises(ModelError) as caught:
        parse_json(Child, text, "folder/config.json")
    assert says in caught.value.message
    assert caught.value.message.startswith("folder/config.json: ")
    assert caught.value.hint
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("make", [lambda: Inner(0), lambda: replace(Inner(), width=9)])
def test_from_python_a_wrong_field_is_an_option_error(make):
    with pytest.raises(OptionError, match="width"):
        make()


def test_named_values():
    assert build(Inner, {"width": 2}) == Inner(2)
    with pytest.raises(OptionError, match="unknown option 'depth'") as caught:
        build(Inner, {"depth": 2})
    assert "width" in caught.value.hint


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_json(Inner, tmp_path / "none.json", InputError)
