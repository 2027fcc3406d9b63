#!/usr/bin/env python3
"""Counts the texts in this folder without the code under test and writes expected.json.

Run it by hand after a text is added: python3 make_expected.py. The test run does not need Python.
It uses the standard library only. What it counts is the definition in samples/TextAnalysis/README.md:

  word       a maximal run of characters of the Unicode categories L* (letters) and Nd (digits)
  distinct   by the simple lower-case mapping, character by character (no context: a final sigma stays what it is);
             U+0130 keeps its form, as in .NET's invariant culture
  top        by count, then by UTF-16 code units
"""

import collections
import gzip
import hashlib
import json
import pathlib
import unicodedata

FOLDER = pathlib.Path(__file__).parent


def is_word(char):
    category = unicodedata.category(char)
    return category[0] == "L" or category == "Nd"


def lower(char):
    if char == "\u0130":
        return char
    low = char.lower()
    assert len(low) == 1, f"U+{ord(char):04X} has no simple lower-case form here"
    return low


def words(text):
    run = []
    for char in text:
        if is_word(char):
            run.append(lower(char))
        elif run:
            yield "".join(run)
            run.clear()
    if run:
        yield "".join(run)


def count(path):
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    text = data.decode("utf-8")
    unassigned = sorted({f"U+{ord(c):04X}" for c in text if unicodedata.category(c) == "Cn"})
    assert not unassigned, f"{path.name}: Unicode {unicodedata.unidata_version} does not know {unassigned}"
    counts = collections.Counter(words(text))
    top = sorted(counts.items(), key=lambda item: (-item[1], item[0].encode("utf-16-be")))[:20]
    return {
        "file": path.name,
        "bytes": len(data),
        "words": sum(counts.values()),
        "distinctWords": len(counts),
        "top": [{"word": word, "count": number} for word, number in top],
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def main():
    files = sorted(p for p in FOLDER.iterdir() if p.name.endswith((".txt", ".txt.gz")))
    result = [count(path) for path in files]
    (FOLDER / "expected.json").write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for entry in result:
        print(f"{entry['file']}: {entry['bytes']} bytes, {entry['words']} words, {entry['distinctWords']} distinct")


if __name__ == "__main__":
    main()
