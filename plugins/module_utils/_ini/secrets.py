# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep secrets out of everything that is shown: results, diffs, invocations, warnings, errors.

What a secret is, and what is none, is the table tests/unit/plugins/module_utils/_ini/secrets.yml. Everything here is
linear in the length of a text, since a line of somebody's file may be long.
"""

from __future__ import annotations

import functools
import io
import re
from typing import Any, Iterable, Iterator, Mapping, Tuple

from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document

MASK = "********"
MASK_CHANGED = "******** (another secret)"

# Arguments of the modules that hold INI text, or what somebody mistook for it.
_INI_ARGUMENTS = ("comments", "content", "options", "remove", "sections", "variables")

_Span = Tuple[int, int]

_DELIMITER = re.compile("[=:]|$")

# What the name of a key says of its value

_WORD_OF_NAME = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+")
_SECRET_NAME = re.compile(  # of the name's words, joined
    r"passw(?:or)?d(?!less)|passwort|passphrase|passcode|pwd|credential|authori[sz]ation"
    r"|secret(?!ar)|token(?!i[sz])|cookie(?!cutter)"
    r"|(?:api|access|account|app|auth|deploy|encryption|license|master|private|session|shared|signing|storage)key"
    r"|(?:admin|db|ftp|ldap|mail|proxy|root|smtp|sql|user)pass$"
)
_SECRET_LAST_WORDS = {"pass", "pat", "jwt", "otp"}
# The last word of a name that says where a secret is, or something about it.
_ABOUT_A_SECRET = re.compile(
    "(?:bucket|dir|directory|domain|endpoint|expiry|file|helper|host|length|lifetime|limit|manager|name|path|policy"
    "|prompt|provider|size|store|timeout|ttl|type|uri|url)s?"
)
_ADDRESS_NAME = re.compile(r"(?:index|links?|mirrors?|prox(?:y|ies)|registry|remotes?|repositor(?:y|ies)|ur[il]s?)$")
# The last word of a query's parameter that is a secret, beside the names above.
_SECRET_PARAMETERS = {"auth", "code", "key", "sas", "sig", "signature"}

SECRET, ADDRESS, OTHER = "secret", "address", "other"


@functools.lru_cache(maxsize=1000)
def kind_of(key: str) -> str:
    """Return what a key of this name holds: SECRET, ADDRESS (of an index or a proxy, say), or OTHER."""
    words = [word.lower() for word in _WORD_OF_NAME.findall(key)]
    name = "".join(words)
    last = words[-1] if words else ""
    if not _ABOUT_A_SECRET.fullmatch(last) and (_SECRET_NAME.search(name) or last in _SECRET_LAST_WORDS):
        return SECRET
    return ADDRESS if _ADDRESS_NAME.search(name) else OTHER


def is_secret_key(key: str) -> bool:
    """Tell whether the name of an option says that its value is a secret."""
    return kind_of(key) == SECRET


# Where a line holds secrets

# The lookbehinds let a match start at the beginning of a word only.
_NAMED = re.compile(r"(?<![\w.-])(?P<name>[\w.-]+)(?P<delimiter>[\"']?\s*[=:]\s*)|(?<![\w.-])(?P<option>-[\w.-]+)\s+")
_END_OF_WORD = re.compile(r"[\s&;\"']|$")
_HEADER = re.compile(r"\b(?P<scheme>basic|bearer)\s+(?P<secret>\S+)", re.IGNORECASE)
_CODED = re.compile(r"[0-9=]|[a-z][A-Z]")
_NOT_BLANK = re.compile(r"\S+")
_END_OF_AUTHORITY = re.compile(r"[/?#\s]|$")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w-]+(?P<dotted>(?:\.[\w-]+)*))(?P<port>:[0-9]{1,5})?")
_HOST_WITH_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+):[0-9]{1,5}(?!\w|[.:]\w)")
_HOST_WITH_PATH = re.compile(r"[\w.-]+/")
_LOCAL_PATH = re.compile(r"[/.~]|[A-Za-z]:[/\\]")
_VERSION_CONTROL = re.compile(r"(?:[a-z]\+[a-z]+|ssh):$")
_NO_USER = {"acct", "mailto", "npm", "pkg", "sip", "xmpp"}  # schemes that no // follows
# Forms that indexes document: /TOKEN/owner/…, /t/TOKEN/channel/… and /priv/TOKEN/….
_TOKEN_IN_PATH = re.compile(r"[^/?#\s]+/(?P<marker>(?:priv|t|token)/)?(?P<token>[\w~-]+)/")


def _spans(text: str, key: str = "", is_prose: bool = False) -> list[_Span]:
    """Return where one line holds secrets, in order and without overlaps.

    ``key``: whose value the line is. ``is_prose``: a sentence, where a name before a colon is no key.
    """
    kind = kind_of(key)
    if kind == SECRET:
        start = len(text) - len(text.lstrip())
        return _merged([(start, len(text.rstrip()))])
    found = [*_named_secrets(text, is_prose), *_secrets_of_headers(text)]
    if "@" in text or "//" in text:
        words = [match.span() for match in _NOT_BLANK.finditer(text)]
        if kind == ADDRESS and _is_one_address(text):
            words = [(words[0][0], words[-1][1])]
        for start, end in words:
            inside = _secrets_of_word(text[start:end], kind == ADDRESS)
            found += [(start + first, start + last) for first, last in inside]
    return _merged(found)


def _named_secrets(text: str, is_prose: bool) -> Iterator[_Span]:
    """Yield the secrets that stand beside their names: token=x, 'token': 'x', --token x, Token: x."""
    done = 0
    for match in _NAMED.finditer(text):
        name, delimiter = match["name"] or match["option"], match["delimiter"] or " "
        if match.start() < done or (is_prose and (match["option"] or delimiter.lstrip()[0] == ":")):
            continue
        before = text[match.start() - 1] if match.start() else " "
        is_parameter = before in "?&" and name.lower().rpartition("-")[2] in _SECRET_PARAMETERS
        if not is_parameter and not is_secret_key(name):
            continue
        start = match.end()
        if text[start : start + 1] in ("'", '"'):
            start += 1
            done = text.find(text[start - 1], start)
        elif before in "'\"" and delimiter[0] != before:  # "TOKEN=x y"
            done = text.find(before, start)
        elif is_prose or (before in "?&") or (":" not in delimiter and ";" not in text):
            done = _end(_END_OF_WORD, text, start)
        else:  # the rest of a header, or of a part of a connection string
            done = text.find(";", start)
        done = len(text) if done < 0 else done
        yield start, done


def _secrets_of_headers(text: str) -> Iterator[_Span]:
    """Yield what follows the words Basic and Bearer, where it looks coded or the text ends with it."""
    end = len(text.rstrip())
    for match in _HEADER.finditer(text):
        is_value = match.end() == end and text[: match.start()].rstrip()[-1:] in ("", "=", ":")
        if _CODED.search(match["secret"]) or (is_value and match["scheme"].lower() == "bearer"):
            yield match.span("secret")


def _is_one_address(text: str) -> bool:
    """Tell whether the value of an address is one, with blanks in its password, and not several."""
    start = text.find("//") + 2 if "//" in text else 0
    head = text[start : _end(_END_OF_AUTHORITY, text, start)]
    is_apart = _HOST.fullmatch(head) or _LOCAL_PATH.match(text.lstrip())
    return "@" in text and text.find("//", start) < 0 and not is_apart


def _secrets_of_word(word: str, is_address: bool) -> Iterator[_Span]:
    """Yield the user information and the token in the path of every URL in a word."""
    start = word.find("//")
    if start < 0:
        yield from _user_without_scheme(word, is_address)
    at = -1
    while start >= 0:
        scheme = word[max(start - 10, 0) : start]
        start += 2
        head = word[start : _end(_END_OF_AUTHORITY, word, start)]
        if at < start:
            at = word.find("@", start)
            at = len(word) if at < 0 else at
        following = word.find("//", start)
        if 0 <= following < at < len(word) and not _HOST.fullmatch(head):
            following = word.find("//", at)  # a password that holds slashes
        url = word[start:] if following < 0 else word[start:following]
        length = _length_of_user(url, head, scheme, is_address)
        if length > 0:
            yield start, start + length
        path = _TOKEN_IN_PATH.match(url, length + 1)
        if path and _is_token(path.group("token"), bool(path.group("marker"))):
            yield start + path.start("token"), start + path.end("token")
        start = following


def _length_of_user(url: str, head: str, scheme: str, is_address: bool) -> int:
    """Return the length of a URL's user information; -1 where there is none.

    ``url`` starts behind the slashes of ``scheme``, and ``head`` is what stands before the next one. A password may
    hold what it should encode, so that the last @ ends it; but a path may hold an @ too.
    """
    at = url.rfind("@")
    host = _HOST.fullmatch(head.rpartition("@")[2])
    if _VERSION_CONTROL.search(scheme):
        without_revision = url.rfind("@", 0, _start_of_revision(url, len(head)))
        at = without_revision if host or without_revision >= 0 else at
    if at < 0 or not head:
        return -1
    is_surely_host = host is not None and (host["dotted"] != "" or head.startswith("localhost"))
    path = url[len(head) : at + 1]
    has_scopes_only = path.count("@") == path.count("/@")
    if "@" in head:
        return head.rfind("@") if is_surely_host and path and has_scopes_only else at
    if host is None:
        return at
    may_be_user = host["port"] or is_address or path[0] in "?#"
    return at if may_be_user and not is_surely_host and not has_scopes_only else -1


def _start_of_revision(url: str, start: int) -> int:
    """Return where the revision of a repository's URL starts, or where the URL ends."""
    found = url.find(".git@", start)
    if found >= 0:
        return found + len(".git")
    at = url.rfind("@", start)
    return at if at >= 0 and "/" not in url[at:].partition("#")[0] else len(url)


def _is_token(part: str, is_marked: bool) -> bool:
    if is_marked:
        return len(part) >= 16 or any(character.isdigit() for character in part)
    return len(part) >= 16 and part.isalnum() and bool(re.search("[0-9][A-Za-z]", part))


def _user_without_scheme(word: str, is_address: bool) -> Iterator[_Span]:
    """Yield user:password of user:password@host; where that is an address, whatever stands before the @."""
    at = word.rfind("@")
    colon = word.find(":", 0, at)
    if at <= 0:
        return
    start = max(word.rfind(mark, 0, at if colon < 0 else colon) for mark in "=,;'\"([{<|") + 1
    user, host = word[start:at], word[at + 1 :]
    name, _colon, password = user.partition(":")
    if _LOCAL_PATH.match(user) or name.lower() in _NO_USER:
        return
    has_port = bool(_HOST_WITH_PORT.match(host))
    if name and password:
        path = password[1:] if password[0] == "/" else user  # os.path.normpath() leaves one slash of a scheme's two
        is_path = "/" in path and _HOST.fullmatch(path.partition("/")[0])
        if is_address or has_port or not is_path:
            yield start, at
    elif is_address or has_port or ("/" not in user and _HOST_WITH_PATH.match(host)):
        yield start, at


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Return where a pattern that matches the end at least starts."""
    match = pattern.search(text, start)
    return match.start() if match else len(text)


def _merged(spans: Iterable[_Span]) -> list[_Span]:
    merged: list[_Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    return merged


def _lines_and_spans(text: str) -> Iterator[tuple[str, list[_Span]]]:
    """Yield the lines of an INI text, readable or not, each with the places of its secrets."""
    open_keys: dict[bool, tuple[str, int]] = {}  # whose value goes on, and its indent; another one in comments
    for line in _lines(text):
        content = line.lstrip()
        is_comment = content.startswith(ini_document.COMMENT_PREFIXES)
        if is_comment:
            content = content.lstrip("#; \t")
        indent = len(line) - len(content)
        content = content.rstrip()
        if not content:
            yield line, []
            continue
        if not is_comment:
            open_keys.pop(True, None)
        key, indent_of_key = open_keys.get(is_comment, ("", indent))
        goes_on = indent > indent_of_key
        spans = _spans(content, key if goes_on else "")
        delimiter = _end(_DELIMITER, content, 0)
        if not goes_on:
            open_keys[is_comment] = (content[:delimiter], indent)
        # The colon of https: is a delimiter to a parser of INI files.
        is_assignment = content[0] != "[" and not content.startswith("://", delimiter)
        kind = kind_of(content[:delimiter])
        if is_assignment and (kind == SECRET or (kind == ADDRESS and not goes_on)):
            spans += _shifted(_spans(content[delimiter + 1 :], content[:delimiter]), delimiter + 1)
        yield line, _shifted(_merged(spans), indent)


def _shifted(spans: list[_Span], by: int) -> list[_Span]:
    return [(start + by, end + by) for start, end in spans]


def _masked(text: str, spans: list[_Span], mask: str = MASK) -> str:
    parts = []
    done = 0
    for start, end in spans:
        parts += [text[done:start], mask]
        done = end
    return "".join([*parts, text[done:]])


def _lines(text: str) -> list[str]:
    """Split where a parser of INI files does, and nowhere else."""
    return io.StringIO(text, newline="").readlines()


# What is shown


def mask_urls(text: str) -> str:
    """Return a message with the secrets of what it quotes masked: of URLs above all, but also of token=x."""
    return "".join(_masked(line, _spans(line, is_prose=True)) for line in _lines(text))


def mask_sentences(value: Any) -> Any:
    """Return plain data with every string in it masked as a message."""
    if isinstance(value, dict):
        return {name: mask_sentences(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask_sentences(item) for item in value]
    return mask_urls(value) if isinstance(value, str) else value


def mask_text(text: str) -> str:
    """Return an INI text, readable or not, with its secrets masked, line by line."""
    return "".join(_masked(line, spans) for line, spans in _lines_and_spans(text))


def mask_value(key: str, value: Any) -> Any:
    """Return the value of an option, or a dictionary of options, with its secrets masked."""
    if isinstance(value, (list, tuple)):
        return [mask_value(key, item) for item in value]
    if isinstance(value, dict):
        inside = {str(name): key if is_secret_key(key) else str(name) for name in value}
        return {mask_urls(str(name)): mask_value(inside[str(name)], item) for name, item in value.items()}
    if isinstance(value, str):
        return "".join(_masked(line, _spans(line, key)) for line in _lines(value))
    return MASK if is_secret_key(key) and value is not None and not isinstance(value, bool) else value


def holds_secret(key: str, value: Any) -> bool:
    """Tell whether an option's value (text, list or None) is a secret or holds one."""
    return value is not None and mask_value(key, value) != value


def mask_content(content: str | None) -> str | None:
    """Return the INI text that a play gives, masked: whole, where it is none, for then nobody knows what is what."""
    if not content:
        return content
    try:
        ini_document.parse(content, ini_document.RAW)
    except ini_document.IniError:
        return MASK
    return mask_text(content)


def mask_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task's arguments, checked or not, as they may be shown."""
    return {
        mask_urls(name): mask_content(value)
        if name in _INI_ARGUMENTS and isinstance(value, str)
        else mask_value(name, value)
        for name, value in arguments.items()
    }


def mask_quotes(said: str, text: str) -> str:
    """Return what a program said about an INI text, without the secrets that it may have quoted from there."""
    for secret in sorted(secrets_in_text(text), key=len, reverse=True):
        said = said.replace(secret, MASK)
    return mask_urls(said)


def secrets_in(key: str, value: Any) -> set[str]:
    """Return the secrets in an option's value, or in a dictionary of options. A string of several lines is INI text."""
    if isinstance(value, dict):
        return {secret for name, item in value.items() for secret in secrets_in(str(name), item)}
    if isinstance(value, (list, tuple)):
        return {secret for item in value for secret in secrets_in(key, item)}
    if not isinstance(value, str):
        return set()
    if "\n" in value and not is_secret_key(key):
        return secrets_in_text(value)
    return _parts(value, [(0, len(value))] if is_secret_key(key) else _spans(value, key))


def secrets_in_text(text: str) -> set[str]:
    """Return the secrets in an INI text, readable or not."""
    return {secret for line, spans in _lines_and_spans(text) for secret in _parts(line, spans)}


def _parts(text: str, spans: list[_Span]) -> set[str]:
    """Return the secrets at these places of a text; of "user:password" also the password alone."""
    parts = [text[start:end] for start, end in spans]
    return {secret for part in parts for secret in (part, part.partition(":")[2])} - {""}


def mask_diff(before: str, after: str) -> tuple[str, str]:
    """Mask two versions of a text. Where only a secret changed, the masks differ, so that it can be seen."""
    old_lines: dict[str, set[str]] = {}
    for line, spans in _lines_and_spans(before):
        old_lines.setdefault(_masked(line, spans), set()).add(line)
    shown = []
    for line, spans in _lines_and_spans(after):
        is_other = line not in old_lines.get(_masked(line, spans), {line})
        shown.append(_masked(line, spans, MASK_CHANGED if is_other else MASK))
    return mask_text(before), "".join(shown)


def content_diff(path: str, before: bytes, after: bytes) -> dict[str, str]:
    """Return the file's two versions without secrets, every changed byte visible."""
    shown_before, shown_after = mask_diff(shown(before), shown(after))
    return {"before": shown_before, "after": shown_after, "before_header": path, "after_header": path}


def shown(content: bytes) -> str:
    """Return bytes as text for people: what is not UTF-8 as an escape, a BOM as a word, UTF-16 not at all."""
    if ini_document.is_utf16(content):
        return "<UTF-16>\n"  # no secret would be found in it
    return content.decode("utf-8", "backslashreplace").replace(ini_document.BOM, "<BOM>")


def content_holds_secret(content: bytes) -> bool:
    """Tell whether an INI file's bytes hold a secret."""
    text = content.decode("utf-8", "surrogateescape")
    return mask_text(text) != text
