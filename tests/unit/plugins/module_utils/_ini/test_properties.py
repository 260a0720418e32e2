# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every file and every request, tried on many of them.

INI_EXAMPLES says how many examples each test tries (`make properties` tries 20,000, other ones each time).
Left alone, it is a number that takes seconds, and the examples are the same every time.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._ini.document import (
    IniError,
    check_repeats,
    decode,
    encode,
    parse,
)
from ansible_collections.devfleet.pip.plugins.module_utils._ini.merge import Merged, merge
from ansible_collections.devfleet.pip.plugins.module_utils._ini.request import build_request, sections_of_content
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import DIALECTS
from ansible_collections.devfleet.pip.tests.unit.plugins.module_utils._ini import oracle
from ansible_collections.devfleet.pip.tests.unit.plugins.module_utils._ini import strategies as ini

EXAMPLES = os.environ.get("INI_EXAMPLES")
tried = settings(
    max_examples=int(EXAMPLES or 100),
    derandomize=EXAMPLES is None,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
dialects = st.sampled_from(sorted(DIALECTS))


def ask_for(ask: ini.Ask, dialect: str, text: str) -> Merged:
    """Merge; requests that contradict themselves are no subject here."""
    try:
        request = build_request(DIALECTS[dialect], **ask)
    except UserError:
        reject()
    return merge(text, request, DIALECTS[dialect])


def merge_readable(ask: ini.Ask, dialect: str, text: str) -> Merged:
    """Merge into a file that a parser reads, or is to be repaired; what may be refused is no subject here."""
    assume(oracle.read(text, dialect, ask["repair"]) is not None)
    try:
        return ask_for(ask, dialect, text)
    except UserError as error:
        assert oracle.may_be_refused(str(error), dialect), str(error)
        reject()


@given(ini.files, dialects)
@tried
def test_what_was_parsed_is_rendered_byte_for_byte(text: str, dialect: str) -> None:
    try:
        document = parse(text, DIALECTS[dialect])
    except IniError as error:
        assert error.line is not None and oracle.read(text, dialect) is None
    else:
        assert document.render() == text


@given(st.one_of(st.binary(max_size=60), ini.files.map(encode)))
@tried
def test_every_byte_survives_decoding(content: bytes) -> None:
    try:
        text = decode(content)
    except IniError:
        assert b"\0" in content or content[:2] in (b"\xff\xfe", b"\xfe\xff")
    else:
        assert encode(text) == content


@given(ini.files, dialects)
@tried
def test_the_view_is_that_of_pythons_parser_or_both_refuse(text: str, dialect: str) -> None:
    try:
        document = parse(text, DIALECTS[dialect])
        check_repeats(document)
    except IniError:
        assert oracle.read(text, dialect) is None
    else:
        assert document.view() == oracle.read(text, dialect)


@given(ini.files, ini.asks_and_dialects())
@tried
def test_a_merge_keeps_its_promises(text: str, asked: tuple[ini.Ask, str]) -> None:
    ask, dialect = asked
    old = oracle.read(text, dialect, ask["repair"])
    if old is None:
        refuses_naming_the_line(ask, dialect, text)
        return
    merged = merge_readable(ask, dialect, text)
    wanted = oracle.wanted_view(old, ask, dialect)
    says_what_was_said_and_what_was_asked(merged, wanted, dialect)
    reports_changes_if_and_only_if_the_text_changed(merged, text)
    changes_nothing_the_second_time(merged, ask, dialect)
    writes_no_comment_that_was_not_asked_for(merged, ask, text)
    if not any(change.action == "repaired" and change.section for change in merged.changes):
        kept = oracle.lines_that_must_stay(text, old, wanted, ask, dialect)
        assert oracle.stands_in_order(kept, merged.text)
    elif not ask["remove"] and ask["commented"] == "ignore":
        loses_no_comment_that_stands_outside_of_values(merged, text, dialect)


def refuses_naming_the_line(ask: ini.Ask, dialect: str, text: str) -> None:
    with pytest.raises(IniError) as refusal:
        ask_for(ask, dialect, text)
    assert refusal.value.line is not None and "\n" not in str(refusal.value)


def says_what_was_said_and_what_was_asked(merged: Merged, wanted: oracle.WantedView, dialect: str) -> None:
    assert oracle.says(oracle.read(merged.text, dialect), wanted, dialect)


def reports_changes_if_and_only_if_the_text_changed(merged: Merged, text: str) -> None:
    is_reported = any(change.action != "unchanged" for change in merged.changes)
    assert is_reported == (merged.text != text)


def changes_nothing_the_second_time(merged: Merged, ask: ini.Ask, dialect: str) -> None:
    again = ask_for(ask, dialect, merged.text)
    assert again.text == merged.text
    assert {change.action for change in again.changes} <= {"unchanged"}


def writes_no_comment_that_was_not_asked_for(merged: Merged, ask: ini.Ask, text: str) -> None:
    asked = [line for keys in ask["comments"].values() for text in keys.values() for line in text.split("\n")]
    written = oracle.new_comments(text, merged.text)
    assert {comment.lstrip("# ") for comment in written} <= {line.lstrip("# ") for line in asked}


def loses_no_comment_that_stands_outside_of_values(merged: Merged, text: str, dialect: str) -> None:
    comments = [line.text for line in oracle.lines_of(text, dialect) if line.is_comment and line.name is None]
    assert not oracle.new_comments(merged.text, "".join(comments))


@given(ini.tidy_files(), ini.asks("pip"), st.randoms(use_true_random=False))
@tried
def test_any_spelling_of_a_key_gives_the_same_text(text: str, ask: ini.Ask, random: Any) -> None:
    merged = merge_readable(ask, "pip", text)
    view = oracle.read(text, "pip", ask["repair"]) or {}

    def respelled(keys: Any, section: str) -> Any:
        if not isinstance(keys, dict):
            return keys
        present = view.get(section, {})
        return {
            random.choice(ini.spellings(oracle.pip_name(key))) if oracle.pip_name(key) in present else key: value
            for key, value in keys.items()
        }

    for option in ("sections", "remove"):
        ask[option] = {section: respelled(keys, section) for section, keys in ask[option].items()}
    assert ask_for(ask, "pip", text).text == merged.text


@given(ini.tidy_files(), dialects, ini.scalars, st.data())
@tried
def test_setting_a_scalar_and_setting_it_back_restores_the_bytes(
    text: str, dialect: str, value: Any, data: Any
) -> None:
    view = oracle.read(text, dialect)
    assume(view is not None and oracle.text_of(value))
    lines = oracle.lines_of(text, dialect)
    owners = [line[1:] for line in lines if line.name is not None and not (dialect == "pip" and line[1] == "DEFAULT")]
    single = [owner for owner in owners if owners.count(owner) == 1 and "]" not in owner[0]]
    assert view is not None  # else this example has ended above, which mypy cannot know
    single = [(section, name) for section, name in single if view[section][name]]
    assume(single)
    section, name = data.draw(st.sampled_from(single))
    options: ini.Ask = {"sections": {section: {name: value}}}
    there = ask_for(options, dialect, text)
    options = {"sections": {section: {name: view[section][name]}}}
    assert ask_for(options, dialect, there.text).text == text


@given(ini.tidy_files(), dialects)
@tried
def test_a_file_given_as_content_of_itself_changes_nothing(text: str, dialect: str) -> None:
    assume(oracle.read(text, dialect) is not None)
    try:
        sections = sections_of_content(text, DIALECTS[dialect])
    except UserError:
        reject()
    assert ask_for({"sections": sections}, dialect, text).text == text


@given(ini.laid_out_lists(), st.data())
@tried
def test_a_list_loses_and_keeps_items_and_nothing_else(layout: tuple[str, list[str]], data: Any) -> None:
    text, items = layout
    gone = data.draw(st.lists(st.sampled_from(items), max_size=3, unique=True))
    kept = [item for item in items if item not in gone]
    for ask in ({"sections": {"a": {"k": kept}}}, {"remove": {"a": {"k": gone}}}):
        merged = ask_for(ask, "pip", text)
        view = oracle.read(merged.text, "pip")
        assert view is not None and oracle.items_of(view["a"].get("k"), "pip") == kept
        assert view["a"]["before"] == "1" and view["a"]["after"] == "2"
        if kept:  # the comments between the items stay, in their order, and so does each line whose items all stay
            lines = oracle.split_lines(text)
            whole = [line for line in lines if line.strip()[:1] == "#" or set(line.split()) <= set(kept) & set(items)]
            assert oracle.stands_in_order([line for line in whole if line.strip()], merged.text)


@given(ini.laid_out_lists(), ini.item_lists)
@tried
def test_new_items_and_new_keys_stand_outside_of_marked_blocks(layout: tuple[str, list[str]], new: list[str]) -> None:
    text = layout[0].replace("[a]", "[a]\n# BEGIN x") + "\n# END x\n"
    merged = ask_for({"sections": {"a": {"new": new or "1"}, "b": {"new": "1"}}}, "pip", text)
    assert merged.text.startswith(text)
