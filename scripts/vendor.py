"""Fetch the prebuilt files the console's pages use, as console/static/vendor/lock.json has them.

python scripts/vendor.py            every file anew, refused when its hash is another
python scripts/vendor.py --lock     write the hashes of what is there now into the lock
"""

import base64
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path
from urllib.request import urlopen

VENDOR = Path(__file__).parents[1] / "console" / "static" / "vendor"
LOCK = VENDOR / "lock.json"


def main() -> None:
    entries = json.loads(LOCK.read_text())
    for entry in entries:
        content = fetched(entry)
        found = sha384(content)
        if "--lock" in sys.argv:
            entry["sha384"] = found
        elif found != entry["sha384"]:
            sys.exit(f"{entry['file']}: sha384 {found}, expected {entry['sha384']}")
        (VENDOR / entry["file"]).write_bytes(content)
        print(f"{entry['file']}  {entry['name']} {entry['version']}  {len(content)} bytes")
    LOCK.write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n")


def fetched(entry: dict[str, str]) -> bytes:
    """The file out of the package the registry serves."""
    name, version = entry["name"], entry["version"]
    base = name.rpartition("/")[2]
    url = f"https://registry.npmjs.org/{name}/-/{base}-{version}.tgz"
    with urlopen(url) as answer, tarfile.open(fileobj=io.BytesIO(answer.read())) as package:
        member = package.extractfile(f"package/{entry['path']}")
        assert member is not None, f"{name} has no {entry['path']}"
        return member.read()


def sha384(content: bytes) -> str:
    return base64.b64encode(hashlib.sha384(content).digest()).decode()


if __name__ == "__main__":
    main()
