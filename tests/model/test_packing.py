"""What is packed comes back to the letter, in any thread, and in another process where it must."""

import json
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azstaging.model import packing
from azstaging.model.bodies import Body


def machine(number, *, kind="Microsoft.Compute/virtualMachines", filler=40):
    """Return the text of a body as a service would write it."""
    about = {f"setting{n}": f"value {n} of every machine" for n in range(filler)}
    body = {"id": f"/subscriptions/s/vm-{number}", "type": kind, "properties": about}
    return json.dumps(body, separators=(",", ":")).encode()


@pytest.fixture(autouse=True)
def _no_models(monkeypatch):
    monkeypatch.setattr(packing, "_models", {})
    monkeypatch.setattr(packing, "_by_name", {})


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=60))
def test_every_text_comes_back(texts):
    packed = [packing.pack(text) for text in texts]
    assert [packing.unpack(each) for each in packed] == texts
    assert [packing.unpack(packing.portable(each)) for each in packed] == texts
    assert all(each[:1] == packing.MARK for each in packed)


def test_bodies_alike_take_a_tenth_of_what_they_take_alone():
    texts = [machine(n) for n in range(50)]
    packed = [packing.pack(text) for text in texts]
    assert [packing.unpack(each) for each in packed] == texts
    alone = sum(len(packing.portable(each)) for each in packed)
    assert sum(map(len, packed[1:])) < alone / 5


def test_each_kind_has_a_model_of_its_own_and_there_are_not_many():
    for number in range(1_000):
        text = machine(number, kind=f"Microsoft.Invented/kind{number}", filler=3)
        assert packing.unpack(packing.pack(text)) == text
    assert len(packing._models) == 32


def test_a_text_beyond_the_window_comes_back():
    texts = [machine(n, filler=3_000) for n in range(3)]
    assert len(texts[0]) > 100_000
    assert [packing.unpack(packing.pack(text)) for text in texts] == texts


def test_two_models_of_one_name_are_not_mixed_up(monkeypatch):
    monkeypatch.setattr(packing.zlib, "adler32", lambda _data: 7)
    one, two = machine(1), machine(2, kind="Microsoft.Network/networkInterfaces", filler=50)
    packed = packing.pack(one), packing.pack(two)
    assert packing._by_name == {(7).to_bytes(4, "big"): one}
    assert packing.unpack(packed[1]) == two, "packed alone"


def test_threads_that_pack_the_first_of_a_kind_at_once_read_each_other():
    texts = [machine(n, kind=f"kind{n % 5}") for n in range(200)]
    with ThreadPoolExecutor(16) as pool:
        packed = list(pool.map(packing.pack, texts))
    assert [packing.unpack(each) for each in packed] == texts


def test_another_process_reads_a_body_that_was_handed_to_it():
    bodies = [Body(machine(n)) for n in range(3)]
    for body in bodies:
        body.pack()
    look = "import pickle, sys; print([b['id'] for b in pickle.load(sys.stdin.buffer)])"
    done = subprocess.run(
        [sys.executable, "-c", look], input=pickle.dumps(bodies), capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == str([f"/subscriptions/s/vm-{n}" for n in range(3)])
