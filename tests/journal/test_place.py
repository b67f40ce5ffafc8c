"""Where a journal may live."""

import pytest

from azstaging.errors import ConfigurationError
from azstaging.journal import Journal, place
from azstaging.journal.place import Place, file_system_of

MOUNTS = """\
rootfs / rootfs rw 0 0
/dev/sda1 / ext4 rw 0 0
filer:/estates /mnt/filer nfs4 rw 0 0
//server/share /mnt/with\\040blank cifs rw 0 0
/dev/sdb1 /mnt/filer/local xfs rw 0 0
short line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/estate", "ext4"),
        ("/mnt/filer", "nfs4"),
        ("/mnt/filer/estate", "nfs4"),
        ("/mnt/filer2/estate", "ext4"),
        ("/mnt/filer/local/estate", "xfs"),
        ("/mnt/with blank/estate", "cifs"),
        ("/", "ext4"),
    ],
)
def test_the_longest_mount_point_and_the_latest_mount_count(path, kind):
    assert file_system_of(path, MOUNTS) == kind


def test_nothing_is_told_without_mounts():
    assert file_system_of("/home", "") == ""


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "fuse.blobfuse2"])
def test_a_network_file_system_is_refused(estate, tmp_path, append, monkeypatch, kind):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/x {tmp_path.resolve()} {kind} rw 0 0\n")
    monkeypatch.setattr(place, "_MOUNTS", mounts)
    with pytest.raises(ConfigurationError, match=f"network file system \\({kind}\\)"):
        append(Journal.open(estate), 1)
    assert not estate.exists()


@pytest.mark.parametrize("kind", ["ext4", "xfs", "overlay", "tmpfs", "9p"])
def test_a_local_one_is_not(estate, tmp_path, append, monkeypatch, kind):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"disk {tmp_path.resolve()} {kind} rw 0 0\n")
    monkeypatch.setattr(place, "_MOUNTS", mounts)
    with Journal.open(estate) as journal:
        assert len(append(journal, 1)) == 1


def test_a_place_is_a_host_and_a_resolved_path(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "estate")
    (tmp_path / "estate").mkdir()
    assert Place.of(tmp_path / "link") == Place.of(tmp_path / "estate")
    assert str(Place(host="h", path="/p")) == "/p on h"
