"""A container of Azurite for each test."""

import pytest

from azstaging.journal.container import Container
from azurite import azurite, url

__all__ = ["azurite", "container", "url"]


@pytest.fixture
def container(url):
    return Container(url)
