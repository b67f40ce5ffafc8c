"""Signed packs: who vouches for a head and its files, checked offline and in place."""

import base64
import json
import zipfile
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

import azstaging
from azstaging.cli import main
from azstaging.errors import ConfigurationError
from azstaging.journal import Journal, signing, statement

KINDS = {
    "ecdsa": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
}


def key_pair(folder, name="signer", kind="ed25519"):
    key = KINDS[kind]()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub.pem"
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, spki))
    return private, public


@pytest.fixture
def keys(tmp_path):
    return key_pair(tmp_path)


@pytest.fixture
def filled(journal, estate, append):
    append(journal, *range(5))
    for name in ("approvals/a.dsse.json", "baselines/b.json", "evidence/e.bin"):
        (estate / name).parent.mkdir(parents=True, exist_ok=True)
        (estate / name).write_bytes(name.encode())
    return journal


@pytest.fixture
def pack(filled, keys, tmp_path):
    return filled.export(tmp_path / "pack.zip", sign=keys[0])


def entries(path):
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def rebuilt(path, contents):
    with zipfile.ZipFile(path, "w") as opened:
        for name, body in contents.items():
            opened.writestr(name, body)
    return path


def said(pack):
    envelope = json.loads(entries(pack)[statement.ENTRY])
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    return json.loads(base64.b64decode(envelope["payload"]))


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_signed_pack_verifies_with_its_key_only(filled, tmp_path, kind):
    private, public = key_pair(tmp_path, kind=kind)
    _, other = key_pair(tmp_path, "other", kind)
    pack = filled.export(tmp_path / "pack.zip", sign=private)
    good = Journal.verify_at(pack, key=public)
    assert (good.ok, good.signature, good.head) == (True, "good", filled.head[1])
    bad = Journal.verify_at(pack, key=other)
    assert (bad.ok, bad.signature) == (False, "")
    assert "No owner of the given key signed this statement" in bad.reason
    assert Journal.verify_at(pack).signature == "unchecked"


def test_the_statement_names_the_head_and_every_file(filled, pack):
    whole, contents = said(pack), entries(pack)
    assert whole["_type"] == "https://in-toto.io/Statement/v1"
    assert whole["predicateType"] == statement.PREDICATE_TYPE
    subjects = {each["name"]: each["digest"]["sha256"] for each in whole["subject"]}
    assert subjects.pop("journal head") == filled.head[1]
    del contents[statement.ENTRY]
    assert subjects == {name: sha256(body).hexdigest() for name, body in contents.items()}
    assert "approvals/a.dsse.json" in subjects
    assert whole["predicate"] == {
        "journal_id": filled.id,
        "count": 6,
        "head": filled.head[1],
        "tool": {"name": "azstaging", "version": azstaging.__version__},
    }


def test_a_pack_without_its_statement_fails_when_a_key_is_given(pack, keys, tmp_path):
    contents = entries(pack)
    del contents[statement.ENTRY]
    bare = rebuilt(tmp_path / "bare.zip", contents)
    assert Journal.verify_at(bare).ok
    result = Journal.verify_at(bare, key=keys[1])
    assert (result.ok, result.reason.endswith("it is not signed.")) == (False, True)


def test_a_statement_of_another_pack_is_refused(pack, filled, keys, tmp_path, append):
    append(filled, 9)
    later = filled.export(tmp_path / "later.zip", sign=keys[0])
    mixed = rebuilt(
        tmp_path / "mixed.zip",
        entries(later) | {statement.ENTRY: entries(pack)[statement.ENTRY]},
    )
    for key in (None, keys[1]):
        result = Journal.verify_at(mixed, key=key)
        assert not result.ok
        assert "what was signed is not what it holds" in result.reason


def test_a_file_changed_with_its_manifest_is_found_by_the_signature(pack, keys, tmp_path):
    contents = entries(pack)
    contents["evidence/e.bin"] = b"another"
    manifest = json.loads(contents["manifest.json"])
    for file in manifest["files"]:
        body = contents[file["name"]]
        file |= {"size_bytes": len(body), "sha256": sha256(body).hexdigest()}
    dumped = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    changed = rebuilt(tmp_path / "changed.zip", contents | {"manifest.json": dumped})
    assert not Journal.verify_at(changed, key=keys[1]).ok
    assert not Journal.verify_at(changed).ok


def test_every_flipped_byte_of_the_statement_is_noticed(pack, keys, tmp_path):
    contents = entries(pack)
    envelope = contents[statement.ENTRY]
    inside = range(envelope.index(b"payload"), envelope.rindex(b'"') - 1)
    for position in range(inside.start, inside.stop, 29):
        flipped = bytearray(envelope)
        flipped[position] ^= 1
        changed = rebuilt(tmp_path / "f.zip", contents | {statement.ENTRY: bytes(flipped)})
        assert not Journal.verify_at(changed, key=keys[1]).ok, position


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b'{"payload":"e30=","payloadType":"x"}'])
def test_what_is_no_statement_is_said_so(pack, keys, tmp_path, body):
    broken = rebuilt(tmp_path / "b.zip", entries(pack) | {statement.ENTRY: body})
    for key in (None, keys[1]):
        result = Journal.verify_at(broken, key=key)
        assert not result.ok
        assert "statement" in result.reason


def test_a_statement_of_another_predicate_is_refused(pack, keys, tmp_path):
    other = said(pack) | {"predicateType": "https://example.com/other/v1"}
    envelope = signing.sign(other, payload_type=statement.PAYLOAD_TYPE, key=keys[0])
    changed = rebuilt(tmp_path / "c.zip", entries(pack) | {statement.ENTRY: envelope})
    assert not Journal.verify_at(changed, key=keys[1]).ok


def test_a_pack_signed_by_an_older_version_still_verifies(pack, keys, tmp_path):
    older = said(pack)
    older["predicate"]["tool"]["version"] = "0.0.1"
    envelope = signing.sign(older, payload_type=statement.PAYLOAD_TYPE, key=keys[0])
    made = rebuilt(tmp_path / "o.zip", entries(pack) | {statement.ENTRY: envelope})
    assert Journal.verify_at(made, key=keys[1]).signature == "good"


def test_what_cannot_be_signed_leaves_no_pack(filled, keys, tmp_path):
    private, public = keys
    (tmp_path / "out").mkdir()
    out = tmp_path / "out" / "pack.zip"
    for key in (public, tmp_path / "missing.pem", "azurekms://elsewhere.example.com/keys/k"):
        with pytest.raises(ConfigurationError) as refused:
            filled.export(out, sign=key)
        assert "PRIVATE" not in str(refused.value)
    with pytest.raises(ConfigurationError, match="only a pack is signed"):
        filled.export(out.with_suffix(".jsonl"), sign=private)
    assert list(out.parent.iterdir()) == []


def test_a_key_proves_nothing_about_a_folder(filled, keys):
    with pytest.raises(ConfigurationError, match="only a pack is"):
        filled.verify(key=keys[1])


def test_a_private_key_given_as_public_one_is_refused_without_showing_it(pack, keys):
    with pytest.raises(ConfigurationError) as refused:
        Journal.verify_at(pack, key=keys[0])
    assert "PRIVATE" not in str(refused.value)


def test_the_commands_sign_and_verify(filled, estate, keys, tmp_path, capsys):
    filled.close()
    out = str(tmp_path / "e.zip")
    private, public = map(str, keys)

    def run(*arguments):
        code = main(["journal", *arguments])
        return code, "".join(capsys.readouterr())

    code, told = run("export", str(estate), "--out", out, "--sign", private)
    assert (code, "holds 6 records, signed." in told) == (0, True), told
    code, told = run("verify", out, "--key", public)
    assert (code, "signed by the given key" in told) == (0, True), told
    code, told = run("verify", out)
    assert (code, "signature not checked" in told) == (0, True), told
    _, other = key_pair(tmp_path, "other")
    code, told = run("verify", out, "--key", str(other))
    assert (code, told.startswith("broken: The pack does not verify")) == (1, True), told
