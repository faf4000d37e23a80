"""Score until somebody kills the process: `python scoring_processes.py`.

Reads the arguments of `score` from stdin, a JSON object a line; answers each with the id of the process that does it,
and with how it ended once it has.
"""

import json
import os
import sys


def main() -> None:
    from xephang.batch import score

    for line in sys.stdin:
        child = os.fork()
        if not child:
            code = 1
            try:
                score(**json.loads(line))
                code = 0
            finally:
                os._exit(code)
        os.write(1, f"{child}\n".encode())
        _, status = os.waitpid(child, 0)
        os.write(1, f"{os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    main()
