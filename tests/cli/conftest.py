import pytest

from hotfoot.cli.main import main


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Call ``hotfoot`` in an empty folder: exit code, what is printed, what is complained of."""
    monkeypatch.chdir(tmp_path)

    def go(*arguments):
        code = main([str(a) for a in arguments])
        out = capsys.readouterr()
        return code, out.out, out.err

    return go


@pytest.fixture
def refused(run):
    """Call ``hotfoot`` with something wrong: exit code 2, a short message, no traceback."""

    def go(*arguments):
        code, out, err = run(*arguments)
        assert code == 2, err
        assert "Traceback" not in err
        assert out == ""
        assert err.startswith(("hotfoot: ", "Usage: "))
        return err

    return go
