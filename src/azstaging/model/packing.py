"""JSON texts of one shape, packed against the first of them.

Ten thousand bodies differ in names and ids, and say all the rest alike: against the first one a
body of 8 kB is 300 bytes, where alone it is 2 kB; and it is faster both ways.
"""

import zlib

# What is packed begins with it; JSON never does.
MARK = b"x"
_LEVEL = 3
_WINDOW = 32_768
_MOST = 32
_HAS_MODEL = 0x20  # FDICT of RFC 1950: four bytes that name the dictionary follow
# Bodies that say these alike have one shape, nearly always; a miss costs size alone.
_TELLING = (b'"type":"', b'"instanceType":"')

# By what the body is of; and by the name that zlib gives them. Both only grow, to `_MOST`.
_models: dict[bytes, bytes] = {}
_by_name: dict[bytes, bytes] = {}


def pack(text: bytes) -> bytes:
    """Return a JSON text in few bytes; only this process can read them."""
    model = _model_of(text)
    if model is None:
        return zlib.compress(text, 1)
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, 0, model)
    return packer.compress(text) + packer.flush()


def unpack(data: bytes) -> bytes:
    """Return the text that was packed."""
    if not data[1] & _HAS_MODEL:
        return zlib.decompress(data)
    unpacker = zlib.decompressobj(zdict=_by_name[data[2:6]])
    return unpacker.decompress(data) + unpacker.flush()


def portable(data: bytes) -> bytes:
    """Return packed bytes as any process can read them."""
    return zlib.compress(unpack(data), 1) if data[1] & _HAS_MODEL else data


def _model_of(text: bytes) -> bytes | None:
    shape = b"\n".join(_value_after(name, text) for name in _TELLING)
    model = _models.get(shape)
    if model is None and len(_models) < _MOST:
        first = text[-_WINDOW:]
        # Named before it is offered: whoever packs against it can be read. Names may collide.
        if _by_name.setdefault(zlib.adler32(first).to_bytes(4, "big"), first) == first:
            model = _models.setdefault(shape, first)
    return model


def _value_after(name: bytes, text: bytes) -> bytes:
    at = text.find(name)
    return text[at + len(name) : text.find(b'"', at + len(name))] if at >= 0 else b""
