"""A file is replaced whole; what is no plain file is left alone."""

import os

import pytest

from azstaging.cli.estate_config import write_config
from azstaging.emulator.sample import sample_estate
from azstaging.errors import ConfigurationError
from azstaging.files import write_all, write_whole
from azstaging.run import utc_now


def test_a_link_and_a_folder_are_left_alone(tmp_path):
    target = tmp_path / "target"
    target.write_text("precious")
    link = tmp_path / "link"
    link.symlink_to(target)
    for path in (link, tmp_path):
        with pytest.raises(ConfigurationError, match="no plain file"):
            write_whole(path, b"new", what="plan")
    assert target.read_text() == "precious"
    assert link.is_symlink()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_left_alone(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ConfigurationError, match="no plain file"):
        write_whole(pipe, b"new")
    assert pipe.is_fifo()


def test_a_refused_file_changes_none_of_the_others(tmp_path):
    (tmp_path / "b").mkdir()
    with pytest.raises(ConfigurationError):
        write_all(tmp_path, {"a": b"new", "b": b"new"}, what="report")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b"]


def test_a_configuration_of_ones_own_is_not_replaced(tmp_path):
    file = tmp_path / "azstaging.toml"
    file.write_text('mine = "precious"\n')
    with pytest.raises(ConfigurationError, match="left alone"):
        write_config(file, sample_estate(), arm_endpoint="http://127.0.0.1:1", now=utc_now())
    assert [path.name for path in tmp_path.iterdir()] == ["azstaging.toml"]
    file.unlink()
    for _ in range(2):
        write_config(file, sample_estate(), arm_endpoint="http://127.0.0.1:1", now=utc_now())
    assert "expected.csv" in file.read_text()
