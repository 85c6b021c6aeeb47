"""What browsers load besides pages is what we once looked at, and comes from here."""

import base64
import hashlib
import json
import re
from pathlib import Path

import console

STATIC = Path(console.__file__).parent / "static"
VENDOR = STATIC / "vendor"


def test_every_vendored_file_is_the_one_in_the_lock() -> None:
    entries = {entry["file"]: entry for entry in json.loads((VENDOR / "lock.json").read_text())}

    assert set(entries) == {path.name for path in VENDOR.iterdir()} - {"lock.json"}
    for name, entry in entries.items():
        found = base64.b64encode(hashlib.sha384((VENDOR / name).read_bytes()).digest()).decode()
        assert found == entry["sha384"], name
        assert entry["licence"]
        assert re.fullmatch(r"\d+\.\d+\.\d+", entry["version"])


def test_pages_load_nothing_from_elsewhere_and_hold_no_code() -> None:
    for template in (STATIC.parent / "templates").glob("**/*.html"):
        html = template.read_text()
        assert not re.search(r'(src|href)="(https?:)?//', html), template.name
        assert not re.search(r"<style|<script(?![^>]*src=)|\sstyle=|\son\w+=", html), template.name
