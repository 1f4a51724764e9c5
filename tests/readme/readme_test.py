"""The README's program is examples/squares, whole, and runs by line 25."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
readme = (root / "README.md").read_text()
block = re.search(r"```cpp\n(.*?)```", readme, re.DOTALL)
program = (root / "examples/squares/squares.cpp").read_text()
if not block or block.group(1) != program:
    sys.exit("README.md: its program is not that of examples/squares/squares.cpp")
line = readme[: block.start()].count("\n") + block.group(1).count("\n") + 2
if line > 25:
    sys.exit(f"README.md: its program ends in line {line}, not by line 25")
prose = re.sub(r"```.*?```", "", readme, flags=re.DOTALL)
for link in re.findall(r"\]\(([^)#:]+)\)", prose):
    if not (root / link).exists():
        sys.exit(f"README.md: there is no {link}")
print(f"the README's program ends in line {line} and is the example's; every link leads somewhere")
