"""Start the set-up: `python3 tools/set_up build`.

This file and interpreter.py keep to syntax that any Python 3 parses, so that an old one is told
what to do instead of showing a SyntaxError.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True

from set_up.interpreter import complaint_about_python  # noqa: E402


def main() -> int:
    """Check the interpreter, then hand over to the program proper."""
    complaint = complaint_about_python(sys.version_info[:2], bool(os.environ.get('ROS_DISTRO')))
    if complaint:
        sys.stderr.write('set-up: ' + complaint + '\n')
        return 1
    from set_up.program import run

    return run(sys.argv[1:])


if __name__ == '__main__':
    sys.exit(main())
