"""Find words that the style guide avoids, in docstrings, comments, messages and Markdown.

`scripts/prose` reads all tracked files, `scripts/prose FILE…` those files only. It prints each hit
with a suggestion and exits with 1 if there is one. `--count` prints the hits per folder instead and
exits with 0. Code spans and code blocks are not searched.
"""

import argparse
import ast
import io
import re
import subprocess
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
_PROSE_FILES: Final = ("*.py", "*.md", "*.toml", "*.yaml", "*.yml", "scripts/*", ".ci/*", "*file")
AVOIDED: Final = {
    # Archaic and literary words
    r"afresh|anew": "again",
    r"as it were": "leave it out",
    r"astray": "lost, missing",
    r"at hand": "current, available",
    r"befalls?|befallen": "affects",
    r"beside": "next to, with",
    r"besides": "also, in addition",
    r"bidden": "configured, requested",
    r"hither|thither|whence|wherein|thereof|thereby|therein|whereupon": "where, from, by",
    r"ill-treat\w*|(made to|may) hurt": "under load, with errors; hostile; harmful",
    r"in vain": "without effect",
    r"lest": "so that … not",
    r"nought|naught": "nothing",
    r"ought": "should",
    r"shall": "must, will",
    r"upon": "on",
    r"who(m)?(so)?ever": "anyone who",
    # Personification
    r"(comes?|came) to life": "is replayed",
    r"dawdl\w*": "is slow",
    r"heard|unheard": "received",
    r"hungry|hungrier": "exceeds the memory limit",
    r"lets? (an app|apps|it|them|\w+body) in": "authorize, admit",
    r"(mis)?judg(e|es|ed|ing|ement)": "check, validate, decide",
    r"owes?|owed|owing": "queue, pending",
    r"strikes?|striking|struck": "matches, applies to",
    r"(un)?told|tells?|telling": "says, reports, returns",
    # Uncommon names for common concepts
    r"brooms?": "sweeper",
    r"cag(e|es|ed)": "sandbox",
    r"couriers?": "dispatcher",
    r"crumbs?": "small chunks",
    r"desks?": "session, endpoints",
    r"dial(s|led|ling)?": "fault injection",
    r"far side": "remote server",
    r"faults? (ordered|to order)|ordered faults?": "injected fault, fault-injection rule",
    r"knobs?": "setting",
    r"lanes?": "limiter",
    r"lends?|lent|lending": "acquire",
    r"litter\w*": "leftover files",
    r"moments": "times",
    r"refusals?": "error",
    r"(?<![=/.-])shops?(?![.=-])": "merchant, store",
    r"so(w|ws|wn|wing)": "seed",
    r"(a|each|every|first|last|next|no|one|two|three|the) tr(y|ies)(?! block)": "attempt",
    r"twins?": "emulator",
    r"wor(d|ds|ded)(?= of (a|an|every|each|the) (error|refusal))": "message",
    # Idioms
    r"all there is": "everything, all data",
    r"(as if|as though) there (was|were) no": "say what happens",
    r"at fault": "invalid",
    r"as (it|they) (comes?|came)": "unchanged, as received",
    r"at (a|one) stroke": "atomically",
    r"(becomes?|became) of": "happens to; result of",
    r"by (its|their) own": "on its own",
    r"by (itself|themselves)": "automatically, alone",
    r"(can|could|cannot|to) be had": "available",
    r"clean(ed|s)? away": "deleted",
    r"(comes?|came) twice": "is repeated",
    r"for (good|ever)": "permanently",
    r"(go|goes|went|going|gone) on(?! to\b)": "continue",
    r"(is|are|was|were) (?-i:none)( of)?": "is not, does not exist",
    r"(is|are|be|was|were|held|kept|stays?) whole": "complete, intact",
    r"is (seen|looked) to": "handled",
    r"it is made sure": "ensure",
    r"lets? go of": "release, close",
    r"mends?|mended|mending": "fix",
    r"now and then": "periodically",
    r"of no account": "ignored",
    r"on record": "stored",
    r"on the spot": "generated",
    r"once more": "again",
    r"proves? to be": "is authenticated as",
    r"(see|sees|saw) to it": "ensure",
    r"sound(?= (token|json|dump|http|text|photo|profile|request))": "valid",
    r"spoil(s|ed|t)?": "invalidates",
    r"stands? still": "stalls",
    r"stood still": "stalled",
    r"tak(e|es|ing) down|took down": "record",
    r"under way": "in progress",
    r"(what|who|which) (is|are) no": "say what it is",
    r"what (is|was|are|were) to (be|go)": "say what it is",
}
"""Regular expressions of what to avoid, each with what to write instead."""
_PATTERN: Final = re.compile(
    "|".join(rf"(?P<w{n}>\b(?:{expression})\b)" for n, expression in enumerate(AVOIDED)),
    re.IGNORECASE,
)
_SUGGESTIONS: Final = list(AVOIDED.values())
_CODE_SPAN: Final = re.compile(r"`[^`]*`")
_LINK_TARGET: Final = re.compile(r"\]\([^)]*\)")


class Hit(NamedTuple):
    """An avoided word in a file."""

    path: Path
    line: int
    found: str
    suggestion: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.found!r}: use {self.suggestion}"


def main(arguments: Sequence[str]) -> int:
    """Print the hits or their number per folder; return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/prose", description=__doc__)
    parser.add_argument("--count", action="store_true", help="print the hits per folder")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    paths = [path.resolve() for path in options.files] or tracked_files()
    if options.count:
        _print_counts(paths)
        return 0
    hits = [hit for path in paths for hit in find_hits(path)]
    for hit in hits:
        print(hit)
    return 1 if hits else 0


def _print_counts(paths: list[Path]) -> None:
    hits, words = Counter[Path](), Counter[Path]()
    for path in paths:
        folder = path.relative_to(ROOT).parent
        hits[folder] += sum(1 for _ in find_hits(path))
        words[folder] += sum(len(text.split()) for _, text in read_prose(path))
    for folder in sorted(words):
        if hits[folder]:
            print(f"{hits[folder]:5} in {words[folder]:6} words  {folder}")
    rate = 1000 * hits.total() / max(words.total(), 1)
    print(f"{hits.total():5} in {words.total():6} words  all: {rate:.2f} per 1,000")


def tracked_files() -> list[Path]:
    """Return the tracked files that may contain prose, except the list of avoided words."""
    names = subprocess.run(
        ["git", "ls-files", *_PROSE_FILES], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    paths = [ROOT / name for name in names]
    return [path for path in paths if path.is_file() and path != Path(__file__)]


def find_hits(path: Path) -> Iterator[Hit]:
    """Yield every avoided word in a file."""
    for first_line, text in read_prose(path):
        for match in _PATTERN.finditer(text):
            line = first_line + text.count("\n", 0, match.start())
            suggestion = _SUGGESTIONS[int((match.lastgroup or "w0")[1:])]
            yield Hit(path, line, match.group(), suggestion)


def read_prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each text of a file with its first line number; code spans are blanked out."""
    source = path.read_text()
    if path.suffix == ".md":
        texts = _markdown_lines(source)
    elif path.suffix == ".py" or source.startswith("#!/usr/bin/env python3"):
        texts = _python_texts(source)
    else:
        texts = _comment_lines(source)
    for line, text in texts:
        yield line, _CODE_SPAN.sub(_blank, text)


def _blank(span: re.Match[str]) -> str:
    return "\n" * span.group().count("\n") or " "


def _python_texts(source: str) -> Iterator[tuple[int, str]]:
    """Yield the comments, and the strings of more than one word: docstrings and messages."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


def _markdown_lines(source: str) -> Iterator[tuple[int, str]]:
    """Yield the lines outside code blocks, without the targets of links."""
    is_code = False
    for number, line in enumerate(source.splitlines(), 1):
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif not is_code:
            yield number, _LINK_TARGET.sub("] ", line)


def _comment_lines(source: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source.splitlines(), 1):
        if line.lstrip().startswith("#"):
            yield number, line
