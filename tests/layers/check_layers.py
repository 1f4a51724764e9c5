#!/usr/bin/env python3
"""Checks that each file includes only what its layer may (docs/architecture.md has the layers).

    check_layers.py [TREE]     exits with 1 when something is forbidden, and says what and where

Includes are followed: a core file may not reach Asio through a header of ours either. A file of
more than 400 lines must give its reason in its first lines (`// long: ...`). Functions of more than
70 lines are warned of; they are found by their braces, so the count is a hint, not a proof.
"""

import re
import sys
from pathlib import Path

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
FOLDERS = ("runtime", "actors", "examples", "tests", "benchmarks", "tools")

# Longest path first: the first that matches names a file's layer.
LAYERS = (
    ("runtime/src/core/", "core"),
    ("runtime/src/os/", "os"),
    ("runtime/src/", "runtime"),
    ("runtime/include/", "public"),
    ("actors/include/", "public actors"),
    ("actors/src/", "actors"),
    ("examples/", "examples"),
    ("tools/", "tools"),
    ("tests/", "tests"),
    ("benchmarks/", "benchmarks"),
)

# Layer -> the layers of ours that it may include.
ALLOWED = {
    "core": {"core", "public"},
    "os": {"os", "core", "public"},
    "runtime": {"runtime", "os", "core", "public"},
    "public": {"public"},
    "public actors": {"public actors", "public"},
    "actors": {"actors", "public actors", "public"},
    "examples": {"examples", "public actors", "public"},
    "tools": {"tools", "public actors", "public"},
    "tests": {layer for _, layer in LAYERS},
    "benchmarks": {layer for _, layer in LAYERS} - {"tests", "examples"},
}

ASIO = ("Asio", re.compile(r"boost/asio(/|\.hpp)"))
CAF = ("CAF", re.compile(r"caf/"))
OS = (
    "an OS header",
    re.compile(
        r"(sys|linux|asm|arpa|net|netinet)/"
        r"|(unistd|fcntl|signal|pthread|poll|sched|dirent|spawn|dlfcn|execinfo|syscall|ucontext|grp"
        r"|pwd|termios|elf|link|time)\.h$"
        r"|(csignal|thread|mutex|shared_mutex|condition_variable|semaphore|future|filesystem"
        r"|fstream|iostream)$"
    ),
)

# Layer -> what it may not include from outside, be it through headers of ours.
FORBIDDEN = {
    "core": (OS, ASIO, CAF),
    "os": (ASIO, CAF),
    "runtime": (CAF,),
    "public": (CAF,),
}

# What core must be handed from outside, however it is included.
CORE_CALLS = re.compile(
    r"(steady_clock|system_clock|high_resolution_clock)::now|std::random_device"
    r"|\b(syscall|getpid)\s*\("
)

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
INCLUDE_ROOTS = (
    "runtime/include", "runtime/src", "actors/include", "actors/src", "examples", "tests",
    "benchmarks",
)


def layer_of(name):
    return next((layer for prefix, layer in LAYERS if name.startswith(prefix)), None)


def without_comments_and_strings(text):
    """The text with comments, strings and characters blanked, its lines where they were."""
    pattern = "|".join((
        r"//[^\n]*",
        r"/\*.*?\*/",
        r'R"(\w*)\(.*?\)\1"',
        r'"(?:\\.|[^"\\\n])*"',
        r"(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",  # not the mark between the digits of a number
    ))
    return re.sub(pattern, lambda m: "\n" * m.group().count("\n"), text, flags=re.DOTALL)


class Tree:
    def __init__(self, root):
        self.root = Path(root).resolve()
        self.text = {}
        for folder in FOLDERS:
            for path in sorted((self.root / folder).rglob("*")):
                if path.suffix in (".hpp", ".cpp", ".h") and path.is_file():
                    self.text[str(path.relative_to(self.root))] = path.read_text(encoding="utf-8")
        # The folder of an example is on the include path of its programs and their tests.
        examples = (self.root / "examples").glob("*/")
        self.roots = INCLUDE_ROOTS + tuple(str(path.relative_to(self.root)) for path in examples)
        self.includes = {name: self.includes_of(name) for name in self.text}

    def includes_of(self, name):
        """Pairs of (what is written between the brackets, our file that it names or None)."""
        code = re.sub(r"//[^\n]*", "", self.text[name])
        found = INCLUDE.findall(code)
        return [(mark, what, self.resolve(name, mark, what)) for mark, what in found]

    def resolve(self, name, mark, what):
        beside = [str(Path(name).parent / what)] if mark == '"' else []
        for candidate in beside + [f"{root}/{what}" for root in self.roots]:
            normal = str(Path(*normal_parts(candidate)))
            if normal in self.text:
                return normal
        return None


def normal_parts(path):
    parts = []
    for part in Path(path).parts:
        if part == ".." and parts:
            parts.pop()
        else:
            parts.append(part)
    return parts


def check_own_includes(tree, name, layer):
    for mark, what, target in tree.includes[name]:
        if target is None:
            if mark == '"' or what.startswith("bulkhead/"):
                yield f"{name}: includes {what}, which is not in the tree"
        elif layer_of(target) not in ALLOWED[layer]:
            yield f"{name}: a file of layer {layer} includes {target} of layer {layer_of(target)}"


def check_outside_includes(tree, name, layer):
    """Walks the includes from `name`, ours too, and names the way to each forbidden one."""
    seen = {name}
    ways = [(name,)]
    while ways:
        way = ways.pop()
        for _, what, target in tree.includes[way[-1]]:
            if target is None:
                for kind, pattern in FORBIDDEN.get(layer, ()):
                    if pattern.match(what):
                        through = "".join(f", through {step}" for step in way[1:])
                        yield f"{name}: a file of layer {layer} includes {kind}: <{what}>{through}"
            elif target not in seen:
                seen.add(target)
                ways.append((*way, target))


def check_text(tree, name, layer):
    text = tree.text[name]
    lines = text.count("\n")
    if lines > FILE_LINES_MAX and not any("// long:" in line for line in text.splitlines()[:10]):
        yield f"{name}: {lines} lines; split it, or say `// long: why` in its first lines"
    if name.endswith(".hpp") and "#pragma once" not in text:
        yield f"{name}: has no #pragma once"
    if layer == "core":
        for number, line in enumerate(without_comments_and_strings(text).splitlines(), 1):
            if found := CORE_CALLS.search(line):
                yield f"{name}:{number}: core is handed its clock and randomness: {found.group()}"


def long_functions(text):
    """Yields (line, length) of each outermost function body that is too long."""
    code = without_comments_and_strings(text)
    depth_of_function = None
    depth, line, start, statement = 0, 1, 0, ""
    for char in code:
        if char == "\n":
            line += 1
        if char == "{":
            if depth_of_function is None and is_function_head(statement):
                depth_of_function, start = depth, line
            depth += 1
            statement = ""
        elif char == "}":
            depth -= 1
            if depth == depth_of_function:
                if line - start + 1 > FUNCTION_LINES_MAX:
                    yield start, line - start + 1
                depth_of_function = None
            statement = ""
        elif char == ";":
            statement = ""
        else:
            statement += char


def is_function_head(statement):
    # What stands before the brace since the last statement: a function has its parameters there.
    head = re.sub(r"^\s*#[^\n]*$", "", statement, flags=re.MULTILINE)
    kind = r"\b(namespace|class|struct|union|enum|concept|extern)\b"
    is_type = re.search(kind, head) and not re.search(r"\)\s*(const|noexcept|->)", head)
    return ")" in head and not is_type


def main(arguments):
    tree = Tree(arguments[0] if arguments else ".")
    if not tree.text:
        print(f"{tree.root}: there is nothing to check")
        return 1
    errors, warnings = [], []
    for name in tree.text:
        layer = layer_of(name)
        if layer is None:
            errors.append(f"{name}: belongs to no layer")
            continue
        errors += check_own_includes(tree, name, layer)
        errors += check_outside_includes(tree, name, layer)
        errors += check_text(tree, name, layer)
        for line, length in long_functions(tree.text[name]):
            warnings.append(f"{name}:{line}: warning: a function of {length} lines")
    total = f"{len(tree.text)} files, {len(errors)} errors, {len(warnings)} warnings"
    print("\n".join([*warnings, *errors, total]))
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
