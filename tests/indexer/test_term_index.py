"""What is written of terms is found again by Whoosh's own reader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.filetables import OrderedHashReader

from indexer.engines.whoosh.term_index import TermIndex


@contextmanager
def _written(folder: Path, *batches: list[bytes]) -> Iterator[OrderedHashReader]:
    storage = FileStorage(str(folder))
    index = TermIndex(storage.create_file("terms"))
    for keys in filter(None, batches):
        index.add_all_of(keys, b"".join(_value(key) for key in keys), 4)
    index.close()
    with closing(OrderedHashReader.open(storage, "terms")) as reader:
        yield reader


def _value(key: bytes) -> bytes:
    return (int(key) * 3).to_bytes(4, "big")


@pytest.mark.parametrize("count", [1, 2, 7, 300, 1_500, 40_000])
def test_every_term_is_found_and_no_other(tmp_path: Path, count: int) -> None:
    keys = [b"%06d" % (2 * at + 1) for at in range(count)]
    with _written(tmp_path, keys[: count // 3], keys[count // 3 :]) as reader:
        assert all(reader[key] == _value(key) for key in keys)
        assert not any(b"%06d" % (2 * at) in reader for at in range(count))
        assert list(reader.keys()) == keys
        assert reader.closest_key(b"%06d" % count) == b"%06d" % (count | 1)


def test_no_term_at_all_can_be_read(tmp_path: Path) -> None:
    with _written(tmp_path) as reader:
        assert list(reader.keys()) == []


def test_terms_that_do_not_come_in_order_are_refused(tmp_path: Path) -> None:
    with closing(FileStorage(str(tmp_path)).create_file("terms")) as file:
        index = TermIndex(file)
        index.add_all_of([b"2", b"3"], _value(b"2") + _value(b"3"), 4)
        with pytest.raises(ValueError, match="order"):
            index.add_all_of([b"3"], _value(b"3"), 4)
