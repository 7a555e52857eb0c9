"""Shell commands in Markdown: found in blocks and in inline code, taken apart into the words of each."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["PROGRAMS", "Command", "list_block_commands", "list_inline_commands"]

_BUILDERS = ("make", "zkmargin", "python", "npm", "pip", "cargo", "snarkjs", "podman", "systemctl", "useradd")
PROGRAMS = frozenset({*_BUILDERS, "cp", "export", "umask", "echo", "curl", "pkill", "b2sum"})
_SHELL_FENCES = frozenset({"", "sh", "shell", "bash", "console"})
_ASIDE = re.compile(r"\s{3,}.*$")  # what a line says of its command, well apart from it
_SPAN = re.compile(r"`([^`\n]+)`")
_CONTINUES = frozenset({"do", "done"})


@dataclass(frozen=True)
class Command:
    """One command as a page has it, and its words: without assignments before it, redirection, `&` and `.venv/bin/`."""

    page: str
    line: int
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        """The words in a line, by which tables name the command."""
        return " ".join(self.words)

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"


def list_block_commands(page: str, markdown: str) -> list[Command]:
    """Return the commands of indented and fenced blocks, in order. A block without a known program is no shell's."""
    found: list[Command] = []
    for block in _list_blocks(markdown):
        commands = [
            Command(page, number, words) for number, line in block for words in _split(_ASIDE.sub("", line.strip()))
        ]
        if any(command.words[0] in PROGRAMS for command in commands):
            found += commands
    return found


def list_inline_commands(page: str, markdown: str) -> list[Command]:
    """Return inline code that begins with a known program and has an argument, a command of a page's text."""
    blocks = {number for block in _list_blocks(markdown) for number, _ in block}
    found: list[Command] = []
    for number, line in enumerate(markdown.splitlines(), 1):
        for span in _SPAN.findall("" if number in blocks else line):
            if " " in span and span.split()[0].removeprefix(".venv/bin/") in PROGRAMS:
                found += [Command(page, number, words) for words in _split(span)]
    return found


def _list_blocks(markdown: str) -> Iterator[list[tuple[int, str]]]:
    block: list[tuple[int, str]] = []
    fence: str | None = None
    for number, line in enumerate([*markdown.splitlines(), ""], 1):
        if line.startswith("```"):
            if fence in _SHELL_FENCES:
                yield block
            fence, block = (line[3:].strip(), []) if fence is None else (None, [])
        elif fence is not None or (line.startswith("    ") and line.strip()):
            block.append((number, line))
        elif block:
            yield block
            block = []


def _split(line: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of each command of a line."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    skipped = 0
    for token in [*_read(lexer), ";"]:
        if set(token) <= set(";&|()"):
            yield from _clean(words)
            words = []
        elif token == ">":
            skipped = 1
        elif skipped:
            skipped -= 1
        else:
            words.append(token)


def _read(lexer: shlex.shlex) -> list[str]:
    try:
        return list(lexer)
    except ValueError:  # a quotation that does not end is no shell
        return []


def _clean(words: list[str]) -> Iterator[tuple[str, ...]]:
    while words and (words[0] in _CONTINUES or re.fullmatch(r"[A-Z_]+=\S*", words[0])):
        words = words[1:]
    if words and words[0] != "for":
        yield (words[0].removeprefix(".venv/bin/"), *words[1:])
