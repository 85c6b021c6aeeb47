"""Keep records in files on this machine's disk while the database cannot be reached.

One file per process, locked for as long as the process lives: a file whose lock can be had
belongs to a dead process, and whoever gets the lock finishes its work.
"""

import fcntl
import hashlib
import logging
import os
import threading
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

log = logging.getLogger(__name__)

_LENGTH = 4
_HASH = 32
_LONGEST = 1 << 24


class SpoolFile:
    """One file of records, locked by us. Each record: length, SHA-256, bytes."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.size = 0
        self._descriptor = descriptor

    @classmethod
    def create(cls, folder: Path) -> "SpoolFile":
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            path = folder / f"{os.getpid()}-{uuid.uuid4().hex}.spool"
            file = cls(path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            if file._lock():
                return file._made_durable()
            file.release()  # another process took it, between creation and lock, for an orphan

    @classmethod
    def adopt(cls, path: Path) -> "SpoolFile | None":
        """The file of a dead process; None while somebody holds it or when it is gone."""
        try:
            file = cls(path, os.open(path, os.O_RDWR))
        except FileNotFoundError:
            return None
        if file._lock():
            return file
        file.release()
        return None

    def append(self, records: Sequence[bytes]) -> None:
        """Return when all records are on the disk; OSError if they are not."""
        group = b"".join(_framed(record) for record in records)
        try:
            self._write(group)
            os.fdatasync(self._descriptor)
        except OSError:
            # What follows half a record is never read: leave nothing half written behind.
            os.ftruncate(self._descriptor, self.size)
            raise
        self.size += len(group)

    def records(self) -> Iterator[bytes]:
        """All whole records; what a crash cut off was never acknowledged."""
        with self.path.open("rb") as file:
            while head := file.read(_LENGTH + _HASH):
                length = int.from_bytes(head[:_LENGTH], "big")
                record = file.read(length) if length <= _LONGEST else b""
                if len(record) != length or hashlib.sha256(record).digest() != head[_LENGTH:]:
                    log.warning("%s ends in a torn record", self.path, extra={"action": "spool"})
                    return
                yield record

    def remove(self) -> None:
        """Every record is safe elsewhere."""
        self.path.unlink(missing_ok=True)
        self.release()

    def release(self) -> None:
        os.close(self._descriptor)

    def _lock(self) -> bool:
        """True if the lock is ours and the file is still the one under that name."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return self.path.stat().st_ino == os.fstat(self._descriptor).st_ino
        except (BlockingIOError, FileNotFoundError):
            return False

    def _made_durable(self) -> "SpoolFile":
        """A new file survives a power cut only once its folder is on the disk too."""
        try:
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError:
            self.remove()
            raise
        return self

    def _write(self, group: bytes) -> None:
        written = 0
        while written < len(group):
            written += os.pwrite(self._descriptor, group[written:], self.size + written)


class Spool:
    """This process's file, and those it has to empty. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._current: SpoolFile | None = None
        self._full: list[SpoolFile] = []

    def append(self, records: Sequence[bytes]) -> None:
        """Return when all records are on the disk; OSError if that cannot be done."""
        with self._lock:
            if self._current is None:
                self._current = SpoolFile.create(self._folder)
            try:
                self._current.append(records)
            except OSError:
                self._set_aside()  # a disk that failed once may lie about this file
                raise

    def take(self) -> SpoolFile | None:
        """A file to empty: ``remove`` it when its records are safe, else give it ``back``.

        Records that come meanwhile go into another file, so none can fall between.
        """
        with self._lock:
            if not self._full:
                self._full.extend(self._orphans())
            if not self._full:
                self._set_aside()
            return self._full.pop(0) if self._full else None

    def back(self, file: SpoolFile) -> None:
        with self._lock:
            self._full.insert(0, file)

    def close(self) -> None:
        """Let go of all files; whoever comes next empties them."""
        with self._lock:
            self._set_aside()
            for file in self._full:
                file.release()
            self._full.clear()

    def _set_aside(self) -> None:
        file, self._current = self._current, None
        if file is not None and file.size:
            self._full.append(file)
        elif file is not None:
            file.remove()

    def _orphans(self) -> Iterator[SpoolFile]:
        for path in sorted(self._folder.glob("*.spool")):
            if file := SpoolFile.adopt(path):
                yield file


def _framed(record: bytes) -> bytes:
    return len(record).to_bytes(_LENGTH, "big") + hashlib.sha256(record).digest() + record
