# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of an API server, one object at a time: a page of a thousand pods has megabytes, and its objects far more."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..._domain.errors import BadAnswer
from ..bounds import CHUNK, MOST_BYTES, AnswerTooLarge, read_bounded
from .answers import CHECK_SERVER, Pages, bad_answers, read_answer

# A thousand objects of etcd's largest size, which is a megabyte and a half.
_MOST_OF_A_PAGE = 24 * MOST_BYTES
_ITEMS = "items"
_BLANKS = re.compile(r"[ \t\r\n]+")
_MARKS = frozenset(" \t\r\n,:]}")


class ObjectStream:
    """The entries of the list `items` of a JSON object, from its bytes as they come; the other fields are kept."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.fields: dict[str, Any] = {}
        self._chunks = iter(chunks)
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._json = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._size = 0
        self._is_whole = False

    def entries(self) -> Iterator[Any]:
        """Every entry. Raises ValueError for other bytes, AnswerTooLarge for too many of them."""
        self._expect("{")
        is_first = True
        while self._look() != "}":
            if not is_first:
                self._expect(",")
            is_first = False
            key = self._value()
            self._expect(":")
            if key == _ITEMS and self._look() == "[":
                self.fields[_ITEMS] = True
                yield from self._list()
            else:
                self.fields[str(key)] = self._value()
        self._expect("}")
        if self._look():
            raise ValueError("something follows the object")

    def _list(self) -> Iterator[Any]:
        self._expect("[")
        is_first = True
        while self._look() != "]":
            if not is_first:
                self._expect(",")
            is_first = False
            yield self._value()
        self._expect("]")

    def _value(self) -> Any:
        """The next value, once the mark behind it came: until then a number may go on in the next bytes."""
        self._look()
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except ValueError:
                if self._is_whole:
                    raise
            else:
                if self._is_whole or self._text[end : end + 1] in _MARKS:
                    self._at = end
                    return value
            # Twice as much, so that a long value is not decoded again and again.
            self._fill(len(self._text) - self._at)

    def _look(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            blank = _BLANKS.match(self._text, self._at)
            self._at = blank.end() if blank else self._at
            if self._at < len(self._text) or self._is_whole:
                return self._text[self._at : self._at + 1]
            self._fill(1)

    def _expect(self, mark: str) -> None:
        if self._look() != mark:
            raise ValueError(f"no {mark} where JSON requires it")
        self._at += 1

    def _fill(self, least: int) -> None:
        """Read so many characters or more, and drop what is decoded."""
        parts = [self._text[self._at :]]
        self._at = 0
        missing = least
        while missing > 0 and not self._is_whole:
            chunk = next(self._chunks, None)
            self._is_whole = chunk is None
            self._size += len(chunk or b"")
            part = self._utf8.decode(chunk or b"", final=self._is_whole)
            parts.append(part)
            missing -= len(part)
        self._text = "".join(parts)
        if len(self._text) > MOST_BYTES or self._size > _MOST_OF_A_PAGE:
            raise AnswerTooLarge("the answer is larger than any list of Kubernetes")


def read_page(
    request: Callable[[], Any], words: str, credentials: str, take: Callable[[Mapping[str, Any]], object], pages: Pages
) -> str | None:
    """Give each object of a page to `take`; returns the token of the next page. `credentials` are for messages.

    Raises the error of the status, and BadAnswer for a page that is not whole.
    """
    answer = request()
    try:
        if answer.status >= 300:
            read_answer(answer.status, read_bounded(answer.stream(CHUNK, decode_content=True)), words, credentials,
                        is_read=True)  # fmt: skip
        stream = ObjectStream(answer.stream(CHUNK, decode_content=True))
        names = []
        with bad_answers(words):
            for one in stream.entries():
                metadata = one["metadata"]
                names.append({"metadata": {key: metadata.get(key) for key in ("namespace", "name")}})
                take(one)
            if _ITEMS not in stream.fields:
                raise KeyError(_ITEMS)
            more = pages.after({"metadata": stream.fields.get("metadata"), _ITEMS: names})
    except BaseException:
        answer.close()
        raise
    finally:
        answer.release_conn()
    if more is not None and (endless := pages.why_endless()):
        raise BadAnswer(words, endless, CHECK_SERVER)
    return more
