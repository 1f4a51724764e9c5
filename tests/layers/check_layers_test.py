#!/usr/bin/env python3
"""Proves that check_layers.py refuses what it must: each case is one small bad tree."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import check_layers


def check(files):
    """Runs the checker over a tree of these files: (exit status, what it printed)."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = Path(root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            status = check_layers.main([root])
        return status, output.getvalue()


class Layers(unittest.TestCase):
    def refused(self, files, words):
        status, output = check(files)
        self.assertEqual(status, 1, output)
        self.assertIn(words, output)

    def accepted(self, files, words=""):
        status, output = check(files)
        self.assertEqual(status, 0, output)
        self.assertIn(words, output)

    def test_a_good_tree_is_accepted(self):
        self.accepted({
            "runtime/include/bulkhead/a.hpp": "#pragma once\n#include <boost/asio/post.hpp>\n",
            "runtime/src/core/b.hpp": "#pragma once\n#include <cstdint>\n",
            "runtime/src/os/c.cpp": '#include <unistd.h>\n#include "core/b.hpp"\n',
            "runtime/src/d.cpp": '#include <bulkhead/a.hpp>\n#include "core/b.hpp"\n',
            "actors/src/e.cpp": "#include <caf/actor.hpp>\n#include <bulkhead/a.hpp>\n",
            "tests/runtime/f.cpp": '#include "core/b.hpp"\n',
        })

    def test_an_empty_tree_is_refused(self):
        self.refused({}, "nothing to check")

    def test_core_may_not_include_os_headers(self):
        for header in ("unistd.h", "sys/mman.h", "linux/futex.h", "thread"):
            self.refused({"runtime/src/core/a.cpp": f"#include <{header}>\n"}, "an OS header")

    def test_core_may_not_include_the_os_layer(self):
        self.refused({
            "runtime/src/os/a.hpp": "#pragma once\n",
            "runtime/src/core/b.cpp": '#include "os/a.hpp"\n',
        }, "of layer core includes runtime/src/os/a.hpp of layer os")

    def test_core_may_not_reach_asio_through_a_header_of_ours(self):
        self.refused({
            "runtime/include/bulkhead/a.hpp": "#pragma once\n#include <boost/asio.hpp>\n",
            "runtime/src/core/b.cpp": "#include <bulkhead/a.hpp>\n",
        }, "includes Asio: <boost/asio.hpp>, through runtime/include/bulkhead/a.hpp")

    def test_core_may_not_read_a_clock(self):
        self.refused({
            "runtime/src/core/a.cpp": "// one\nauto t = std::chrono::steady_clock::now();\n"
        }, "a.cpp:2: core is handed its clock")

    def test_os_may_not_include_asio_or_caf(self):
        self.refused({"runtime/src/os/a.cpp": "#include <boost/asio/post.hpp>\n"}, "Asio")
        self.refused({"runtime/src/os/a.cpp": "#include <caf/actor.hpp>\n"}, "CAF")

    def test_the_runtime_may_not_include_caf(self):
        self.refused({"runtime/src/a.cpp": "#include <caf/actor.hpp>\n"}, "CAF")

    def test_a_public_header_may_not_include_an_internal_one(self):
        self.refused({
            "runtime/src/core/a.hpp": "#pragma once\n",
            "runtime/include/bulkhead/b.hpp": '#pragma once\n#include "core/a.hpp"\n',
        }, "of layer public includes runtime/src/core/a.hpp")

    def test_the_library_may_not_include_tests_or_examples(self):
        for folder in ("tests", "examples"):
            self.refused({
                f"{folder}/a.hpp": "#pragma once\n",
                "runtime/src/b.cpp": f'#include "../../{folder}/a.hpp"\n',
            }, f"of layer {folder}")

    def test_an_include_that_names_no_file_is_refused(self):
        self.refused({"runtime/src/a.cpp": '#include "nowhere.hpp"\n'}, "not in the tree")
        self.refused({"runtime/src/a.cpp": "#include <bulkhead/nowhere.hpp>\n"}, "not in the tree")

    def test_a_long_file_needs_a_reason(self):
        body = "int x;\n" * 401
        self.refused({"runtime/src/a.cpp": body}, "401 lines")
        self.accepted({"runtime/src/a.cpp": "// long: a table\n" + body})

    def test_a_header_without_pragma_once_is_refused(self):
        self.refused({"runtime/src/a.hpp": "int x();\n"}, "#pragma once")

    def test_a_long_function_is_warned_of(self):
        body = "  x();\n" * 80
        function = f' void f() const {{\n if (true) {{ g("}}"); }}\n{body} }}\n'
        text = f"namespace n {{\nclass c {{\n{function}}};\n}}\n"
        self.accepted({"runtime/src/a.cpp": text}, "a.cpp:3: warning: a function of 83 lines")
        self.accepted({"runtime/src/a.cpp": "void f() {\n}\n"}, "0 warnings")


if __name__ == "__main__":
    unittest.main()
