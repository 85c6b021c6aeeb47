import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.spool import Spool


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def spool(folder: Path) -> Iterator[Spool]:
    spool = Spool(folder)
    yield spool
    spool.close()


def drained(spool: Spool) -> list[bytes]:
    """Every record of every file, each file removed once it is read."""
    records = []
    while file := spool.take():
        records += list(file.records())
        file.remove()
    return records


@contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """The disk is full for files of more than ``size`` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_what_went_in_comes_out_in_order(spool: Spool, folder: Path) -> None:
    spool.append([b"one", b""])
    spool.append(["三".encode() * 10_000])

    assert drained(spool) == [b"one", b"", "三".encode() * 10_000]
    assert list(folder.iterdir()) == []


def test_an_empty_spool_has_nothing_to_take_and_no_files(spool: Spool, folder: Path) -> None:
    assert spool.take() is None
    assert not folder.exists()


def test_nobody_else_may_read_it(spool: Spool, folder: Path) -> None:
    spool.append([b"secret"])

    assert folder.stat().st_mode & 0o777 == 0o700
    assert only_file(folder).stat().st_mode & 0o777 == 0o600


def test_records_that_come_while_a_file_is_emptied_go_into_another(spool: Spool) -> None:
    spool.append([b"before"])
    file = spool.take()
    assert file
    spool.append([b"meanwhile"])

    assert list(file.records()) == [b"before"]
    file.remove()
    assert drained(spool) == [b"meanwhile"]


def test_a_file_given_back_is_taken_again_first(spool: Spool) -> None:
    spool.append([b"first"])
    file = spool.take()
    assert file
    spool.append([b"second"])
    spool.back(file)

    assert drained(spool) == [b"first", b"second"]


@pytest.mark.parametrize("cut", [1, 3, 4, 35, 36, 40])
def test_a_torn_tail_is_ignored(spool: Spool, folder: Path, cut: int) -> None:
    spool.append([b"whole"])
    whole = only_file(folder).stat().st_size
    spool.append([b"torn by a power cut"])
    os.truncate(only_file(folder), whole + cut)

    assert drained(spool) == [b"whole"]


def test_a_record_whose_bytes_changed_is_not_believed(spool: Spool, folder: Path) -> None:
    spool.append([b"whole", b"changed"])
    path = only_file(folder)
    path.write_bytes(path.read_bytes().replace(b"changed", b"chanGed"))

    assert drained(spool) == [b"whole"]


def test_a_living_process_is_left_alone(spool: Spool, folder: Path) -> None:
    spool.append([b"mine"])
    other = Spool(folder)

    assert other.take() is None
    assert drained(spool) == [b"mine"]
    other.close()


def test_a_closed_spool_is_emptied_by_the_next_process(spool: Spool, folder: Path) -> None:
    other = Spool(folder)
    other.append([b"left behind"])
    other.close()

    assert drained(spool) == [b"left behind"]
    assert list(folder.iterdir()) == []


KEEPS_AND_HANGS = """
import sys
from pathlib import Path
from bot.spool import Spool
spool = Spool(Path(sys.argv[1]))
spool.append([b"acknowledged"])
print("kept", flush=True)
sys.stdin.read()
"""


def test_a_killed_process_s_file_is_adopted_once(spool: Spool, folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KEEPS_AND_HANGS, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"kept\n"
        assert spool.take() is None  # it lives
        process.send_signal(signal.SIGKILL)
        process.wait()
    other = Spool(folder)
    mine, theirs = drained(spool), drained(other)
    other.close()

    assert mine == [b"acknowledged"]
    assert theirs == []


def test_a_crash_before_the_file_is_removed_loses_nothing(spool: Spool, folder: Path) -> None:
    other = Spool(folder)
    other.append([b"one", b"two"])
    file = other.take()
    assert file
    assert list(file.records()) == [b"one", b"two"]
    other.back(file)
    other.close()  # its records may already be in the database: they have the same ids there

    assert drained(spool) == [b"one", b"two"]


def test_a_full_disk_is_an_error_and_leaves_nothing_half_written(
    spool: Spool, folder: Path
) -> None:
    spool.append([b"kept"])
    size = only_file(folder).stat().st_size
    with no_file_over(size + 50), pytest.raises(OSError, match="File too large"):
        spool.append([b"fits", b"does not fit" * 100])
    spool.append([b"after"])

    assert drained(spool) == [b"kept", b"after"]


def test_a_folder_that_cannot_be_is_an_error_until_it_can(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    spool = Spool(tmp_path / "data" / "spool")
    with pytest.raises(OSError, match="directory"):
        spool.append([b"refused"])
    (tmp_path / "data").unlink()
    spool.append([b"kept"])

    assert drained(spool) == [b"kept"]
    spool.close()


def test_threads_that_append_and_drain_together_lose_nothing(spool: Spool) -> None:
    def work(name: int) -> None:
        for number in range(100):
            spool.append([f"{name}/{number}".encode()])

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    found = []
    while any(thread.is_alive() for thread in threads):
        found += drained(spool)
    found += drained(spool)

    assert sorted(found) == sorted(f"{n}/{i}".encode() for n in range(4) for i in range(100))
