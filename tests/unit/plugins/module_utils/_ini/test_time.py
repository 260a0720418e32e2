# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No file holds root up: a hostile one that is four times as large costs four times the time, and not sixteen times.

The times are those of the processor, the best of five, without the garbage collector (as timeit takes them), so that
other jobs on the machine change little. What is too large for anybody's settings is refused.
"""

from __future__ import annotations

import functools
import gc
import time
from typing import Any, Callable

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._ini.merge import merge, replace
from ansible_collections.devfleet.pip.plugins.module_utils._ini.request import build_request, sections_of_content
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import DIALECTS, PIP

ROUNDS = 5
TIMES = 4
ENOUGH = 1.4 * TIMES  # no more rounds are needed
TOO_MUCH = 2 * TIMES  # quadratic time is 4 * TIMES
START = "[global]\nk = 1\n"

# Lines that may each be as long as a line can be: `size` is their length.
LINES: dict[str, Callable[[int], str]] = {
    "a blank line": lambda size: " " * size,
    "an indent": lambda size: " " * size + "x",
    "blanks before the delimiter": lambda size: "a" + " " * size + "= 1",
    "odd blanks before the delimiter": lambda size: "a" + "\t\x0c\u3000" * (size // 3) + "= 1",
    "blanks behind the delimiter": lambda size: "a =" + " " * size + "1",
    "blanks in a value": lambda size: "a = b" + " " * size + "c",
    "blanks in a continuation": lambda size: " b" + " " * size + "c",
    "words in a key": lambda size: "a" * size + " = 1",
    "opening brackets": lambda size: "[" * size,
    "opening brackets and a delimiter": lambda size: "[" * size + "=",
    "closing brackets": lambda size: "[" + "]" * size,
    "pairs of brackets": lambda size: "[]" * (size // 2),
    "equals signs": lambda size: "a" + "=" * size,
    "colons": lambda size: "a" + ":" * size,
    "delimiters and blanks": lambda size: "a" + " = :" * (size // 4),
    "comment signs": lambda size: "#" * size,
    "comment signs and blanks": lambda size: "# ;" * (size // 3) + " new = 1",
    "blanks in a comment": lambda size: "# a" + " " * size + "b",
    "blanks in the key of a comment": lambda size: "# new" + " " * size + "= 1",
    "nothing but a word": lambda size: "a" * size,
    "NULs": lambda size: "a = " + "\0" * size,
    "BOMs": lambda size: "\ufeff" * size + "= 1",
    "a list in one line": lambda size: "a = " + "b " * (size // 2),
    "written line breaks": lambda size: "a = " + "\\nbb = " * (size // 7),
    "written line breaks in a path": lambda size: "a = C:" + "\\nb=" * (size // 4),
    "written line breaks before words": lambda size: "a = " + "\\n" + "b" * size,
    "written line breaks before brackets": lambda size: "a = " + "\\n[b" * (size // 4),
    "brackets behind a header": lambda size: "[h] # " + "[x] " * (size // 4),
    "words before equals signs": lambda size: "a = " + "b =c " * (size // 5),
    "dots": lambda size: "." * size + ":1",
    "line ends of other splitters": lambda size: "a = " + "\x85\u2028\x0b" * (size // 3),
}

# Many lines: `size` is their number.
FILES: dict[str, Callable[[int], str]] = {
    "continuation lines": lambda size: START + " x\n" * size,
    "items": lambda size: "[global]\nk =\n" + "".join(f" item-{number}\n" for number in range(size)),
    "comments in a value": lambda size: START + "# c\n" * size + " x\n",
    "comments below a list": lambda size: "[global]\nk =\n  x\n" + "    # c\n" * size,
    "comments of a key": lambda size: START + "# two\n# lines\n# lines\n" * size,
    "commented-out options": lambda size: START + "".join(f"# a{number} = 1\n" for number in range(size)),
    "blank lines": lambda size: START + "\n" * size,
    "blank lines in a value": lambda size: START + "\n" * size + " x\n",
    "options": lambda size: START + "".join(f"a{number} = 1\n" for number in range(size)),
    "sections": lambda size: START + "".join(f"[s{number}]\n" for number in range(size)),
    "sections of plus signs": lambda size: START + "".join(f"[{'+' * number}]\n" for number in range(int(size**0.5))),
    "indented sections": lambda size: START + "".join(f"{' ' * (number % 7)}[s{number}]\n" for number in range(size)),
    "one section repeated": lambda size: START + "[global]\nb = 1\n" * size,
    "two sections repeated": lambda size: START + "[a]\n x=1\n[b]\n" * size,
    "sections repeated": lambda size: START + "".join(f"[s{number}]\na = 1\n" for number in range(size)) * 2,
    "sections repeated below comments": lambda size: (
        START + " x\n" + "  # c\n" * size + "[a]\n[global]\na = 1\n" * size
    ),
    "one key repeated": lambda size: START + "k = 2\n" * size,
    "keys repeated": lambda size: START + "".join(f"a{number} = 1\n" for number in range(size)) * 2,
    "marked blocks": lambda size: START + "# BEGIN x\n# END x\n" * size,
    "marked blocks that have no end": lambda size: START + "".join(f"# BEGIN x{number}\n" for number in range(size)),
    "marked blocks in each other": lambda size: (
        START
        + "".join(f"# BEGIN x{number}\n" for number in range(size))
        + "".join(f"# END x{number}\n" for number in range(size))
    ),
    "items that are not indented": lambda size: START + "".join(f"h{number}.example:80\n" for number in range(size)),
    "comments behind values": lambda size: START + "".join(f"a{number} = 1 # c\n" for number in range(size)),
    "lines that end with CR": lambda size: "[global]\rk = 1\r" + " x\r" * size,
    "one line by CR and one by LF": lambda size: START + " x\r y\n" * size,
    "BOMs at the start of lines": lambda size: START + "".join(f"\ufeff{number} = 1\n" for number in range(size)),
    "lines of NULs": lambda size: START + " \0\n" * size,
    "lines without a delimiter": lambda size: "[global]\n" + "k\n" * size,
}

ASKS: dict[str, dict[str, Any]] = {
    "set": {
        "sections": {"global": {"k": 2, "new": 2, "newer": 2}, "other": {"k": 1}},
        "commented": "uncomment",
        "comments": {"global": {"new": "one\nlines", "newer": "other\nlines"}},
    },
    "repair": {"sections": {"global": {"k": ["new"]}}, "list_mode": "append", "repair": True},
    "purge": {"purge_sections": ["global"], "remove_empty_sections": True},
    "remove": {"remove": {"global": "*"}},
}


def seconds(work: Callable[[], Any]) -> float:
    gc.disable()
    start = time.process_time()
    try:
        work()
    except UserError as refusal:
        assert "Please report this" not in str(refusal)
    finally:
        taken = time.process_time() - start
        gc.enable()
    return taken


def is_linear(work: Callable[[int], Callable[[], Any]], size: int) -> None:
    """Check that the work on so many times the size takes about as many times the time."""
    small, large = work(size), work(TIMES * size)
    best_small = best_large = float("inf")
    for _round in range(ROUNDS):
        best_small, best_large = min(best_small, seconds(small)), min(best_large, seconds(large))
        if best_large <= ENOUGH * best_small:
            return
    assert best_large <= TOO_MUCH * best_small, f"{best_small:.4f} s, {best_large:.4f} s"


def merging(text: str, ask: dict[str, Any], dialect: str) -> Callable[[], Any]:
    return functools.partial(merge, text, build_request(DIALECTS[dialect], **ask), DIALECTS[dialect])


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_longer_lines_cost_as_much_as_they_are_longer(line: Callable[[int], str], dialect: str) -> None:
    is_linear(lambda size: merging(START + (line(size) + "\n") * 60, ASKS["set"], dialect), 3900)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_more_lines_cost_as_much_as_they_are_more(
    file: Callable[[int], str], ask: dict[str, Any], dialect: str
) -> None:
    is_linear(lambda size: merging(file(size), ask, dialect), 700)


def numbered(size: int, what: Any) -> dict[str, Any]:
    return {f"a{number}": what for number in range(size)}


LARGE_ASKS: dict[str, Callable[[int], dict[str, Any]]] = {
    "items that are appended": lambda size: {
        "sections": {"global": {"k": [f"new-{number}" for number in range(size)]}},
        "list_mode": "append",
    },
    "items that are set": lambda size: {"sections": {"global": {"k": [f"new-{number}" for number in range(size)]}}},
    "items that go": lambda size: {"remove": {"global": {"k": [f"item-{number}" for number in range(size - 1)]}}},
    "items that go while others come": lambda size: {
        "sections": {"global": {"k": [f"new-{number}" for number in range(size)]}},
        "remove": {"global": {"k": [f"item-{number}" for number in range(0, size, 2)]}},
        "list_mode": "append",
    },
    "keys with comments": lambda size: {
        "sections": {"global": numbered(size, "1")},
        "comments": {"global": numbered(size, "two\nlines")},
    },
    "keys that go": lambda size: {"remove": {"global": list(numbered(size, None))}},
    "sections that go": lambda size: {"remove": numbered(size, "*")},
    "sections that come": lambda size: {"sections": numbered(size, {"k": 1})},
}


@pytest.mark.parametrize("ask", LARGE_ASKS.values(), ids=LARGE_ASKS)
def test_a_large_request_for_a_large_file_costs_as_much_as_both(ask: Callable[[int], dict[str, Any]]) -> None:
    def work(size: int) -> Callable[[], Any]:
        comments = "# lines\n# x\n" * size
        text = FILES["items"](size) + comments + "".join(f"a{number} = 1\n# b{number} = 1\n" for number in range(size))
        return lambda: merge(text, build_request(PIP, **ask(size)), PIP)

    is_linear(work, 700)


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_content_costs_as_much_as_it_is_longer(file: Callable[[int], str]) -> None:
    def work(size: int) -> Callable[[], Any]:
        text = file(size)

        def read() -> None:
            replace(text, text, PIP)
            build_request(PIP, sections_of_content(text, PIP))

        return read

    is_linear(work, 700)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a = " + "b" * 16_000, "longer than 16,000 characters"),
        ("#" * 16_001, "longer than 16,000 characters"),
        (" " * 16_001, "longer than 16,000 characters"),
        ("a" + " " * 16_000 + "= 1", "longer than 16,000 characters"),
        ("a" + " " * 101 + "b = 1", "more than 100 blanks in a row"),
        ("a" + "\t\x0c\u3000\xa0" * 30 + "b = 1", "more than 100 blanks in a row"),
    ],
    ids=lambda value: value[:20].strip(),
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_line_that_is_too_long_is_refused_with_its_number(line: str, words: str, dialect: str) -> None:
    with pytest.raises(ini_document.LimitError) as refusal:
        merging(START + line + "\n", {}, dialect)()
    assert refusal.value.line == 3
    assert words in str(refusal.value) and "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("\n" * 10_000_001, "longer than 10,000,000 characters", 10_000_001),
        ("".join(f"[{number}]\n" for number in range(20_002)), "more than 20,000 sections", 20_002),
        ("[a]\n" + "".join(f"{number}=\n" for number in range(200_001)), "more than 200,000 options", 200_002),
    ],
    ids=("characters", "sections", "options"),
)
def test_a_text_that_is_too_large_is_refused(text: str, words: str, line: int) -> None:
    with pytest.raises(ini_document.LimitError, match=words) as refusal:
        ini_document.parse(text, PIP)
    assert refusal.value.line == line


@pytest.mark.parametrize(
    "ask",
    [
        {"sections": {"a": {"k": "x" * 16_001}}},
        {"sections": {"a": {"k": ["x" * 16_001]}}},
        {"sections": {"a": {"k": "x\n" + "y" * 16_001}}},
        {"sections": {"a": {"k" * 16_001: 1}}},
        {"sections": {"a" * 16_001: {"k": 1}}},
        {"sections": {"a": {"k" + " " * 101 + "l": 1}}},
        {"sections": {"a": {"k": 1}}, "comments": {"a": {"k": "x" * 16_001}}},
        {"remove": {"a": {"k": ["x" * 16_001]}}},
        {"remove": {"a": ["k" + " " * 101 + "l"]}},
    ],
    ids=range(9),
)
def test_a_play_asks_for_nothing_that_would_be_refused_in_a_file(ask: dict[str, Any]) -> None:
    with pytest.raises(UserError) as refusal:
        build_request(PIP, **ask)
    assert len(str(refusal.value)) < 200 and "\n" not in str(refusal.value)


def test_words_with_a_blank_between_them_are_a_key() -> None:
    assert ini_document.parse("a b " * 3_000 + "\n", ini_document.GENERIC).options[""]


@pytest.mark.parametrize(
    ("text", "ask"),
    [
        ("", {"sections": {"a": {"k": "x" * 15_999}}}),
        ("[a]\n" + " " * 9_000 + "b = 1\n", {"sections": {"a": {"k": "x" * 9_000}}}),
        ("x" * 16_000, {}),
    ],
    ids=("the key and the value", "the indent and the value", "the last line"),
)
def test_no_line_is_written_that_would_be_refused_the_next_time(text: str, ask: dict[str, Any]) -> None:
    with pytest.raises(UserError) as refusal:
        merge(text, build_request(PIP, **ask), PIP)
    assert "Please report" not in str(refusal.value)
