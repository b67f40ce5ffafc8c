"""Reports on a blob URL: what is sent, and where a token never goes."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from azstaging.errors import ConfigurationError, ServiceError
from azstaging.journal.container import check_container_url
from azstaging.runbook.blobs import put_files


class Container(BaseHTTPRequestHandler):
    """Takes Put Blob; refuses what ends in ``refused``."""

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.puts.append((self.path.split("?")[0], dict(self.headers), body))
        self.send_response(403 if self.path.endswith("refused.csv") else 201)
        self.send_header("Content-Length", "0")
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Tue, 24 Nov 2026 00:00:00 GMT")
        self.end_headers()

    def log_message(self, *_arguments):
        """Stay quiet."""


@pytest.fixture
def store():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Container)
    server.puts = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


class NeverAsked:
    """A token for the cloud does not go to this machine."""

    def get_token(self, *scopes, **more):
        raise AssertionError(scopes, more)


def url_of(store, path):
    return f"http://127.0.0.1:{store.server_port}/{path}"


def test_each_file_is_put_whole_under_its_folder(store, tmp_path):
    (tmp_path / "engineer.html").write_bytes(b"<p>")
    (tmp_path / "items.csv").write_bytes(b"a,b\n")
    url = url_of(store, "account/reports/wave-7")
    check_container_url(url)
    put_files(url, sorted(tmp_path.iterdir()), credential=NeverAsked())
    assert [(path, body) for path, _, body in store.puts] == [
        ("/account/reports/wave-7/engineer.html", b"<p>"),
        ("/account/reports/wave-7/items.csv", b"a,b\n"),
    ]
    headers = store.puts[0][1]
    assert headers["x-ms-blob-type"] == "BlockBlob"
    assert headers["x-ms-blob-content-type"] == "text/html"
    assert headers["Authorization"].startswith("SharedKey account:"), "the storage emulator's own"


def test_a_refusal_names_the_file_and_what_is_needed(store, tmp_path):
    (tmp_path / "refused.csv").write_bytes(b"")
    with pytest.raises(
        ServiceError, match=r"refused.csv could not be written in .*/c/w \(HTTP 403"
    ) as caught:
        put_files(url_of(store, "a/c/w"), [tmp_path / "refused.csv"], credential=None)
    assert "Storage Blob Data Contributor" in caught.value.advice()


def test_a_blob_container_is_accepted():
    check_container_url("https://store.blob.core.windows.net/reports/wave-7")
    check_container_url("https://store.blob.core.usgovcloudapi.net/reports")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://store.blob.core.windows.net/reports?sv=1&sig=secret", "has a query or a login"),
        ("https://me:secret@store.blob.core.windows.net/reports", "has a query or a login"),
        ("http://store.blob.core.windows.net/reports", "is no blob container: https://ACCOUNT"),
        (
            "https://store.blob.core.windows.net.evil.example/reports",
            "is no blob container: https://ACCOUNT",
        ),
        ("ftp://store.blob.core.windows.net/reports", "is no blob container: https://ACCOUNT"),
        ("https://store.blob.core.windows.net/", "names no container"),
        ("http://127.0.0.1:1/account", "names no container"),
    ],
)
def test_another_place_is_refused_before_anything_is_sent(url, said):
    with pytest.raises(ConfigurationError, match=said) as caught:
        check_container_url(url)
    assert "secret" not in str(caught.value)
