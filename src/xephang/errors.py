"""Every error that xephang raises on purpose.

```
XephangError
├── InputError            what the caller gave is wrong: argument, file, recipe        exit code 2
│   ├── BusyError         another process is writing into the folder
│   ├── RowError          one row of a file: names file, row, field
│   └── RecipeError       a recipe that can not be run as written
├── MissingExtraError     a part of the package that is not installed                  exit code 2
├── ModelError            a model folder that can not be opened or trusted             exit code 1
├── GateError             a check on a result failed (parity, threshold)               exit code 1
└── InterruptedTraining   stopped by a signal; the folder can be resumed               exit code 1
```
"""

from pathlib import Path


class XephangError(Exception):
    """Say what was wrong, where, and what to do about it.

    A subclass with parameters of its own hands them to `Exception` as they came, so that it can be pickled.
    """

    exit_code = 1


class InputError(XephangError):
    """Report an argument, file or text that can not be used."""

    exit_code = 2


class BusyError(InputError):
    """Report a folder that another process is writing into; it can go well later."""


class RowError(InputError):
    """Report one bad row of a file.

    :param path: the file, or "-" for standard input.
    :param row: counted from 1 as the file's own records, the header line not counted.
    :param field: the column or key that is wrong; empty where the whole row is.
    :param problem: what is wrong, and where it helps, what to do.
    """

    def __init__(self, path: str | Path, row: int, field: str, problem: str) -> None:
        self.path, self.row, self.field, self.problem = str(path), row, field, problem
        super().__init__(self.path, row, field, problem)

    def __str__(self) -> str:
        where = f"{self.path}, row {self.row}" + (f", field '{self.field}'" if self.field else "")
        return f"{where}: {self.problem}"


class RecipeError(InputError):
    """Report a recipe that can not be run as it is written."""


class MissingExtraError(XephangError):
    """Report a part of the package that needs an extra which is not installed.

    :param what: what was asked for.
    :param extra: the extra of this package that brings it.
    """

    exit_code = 2

    def __init__(self, what: str, extra: str) -> None:
        self.what, self.extra = what, extra
        super().__init__(what, extra)

    def __str__(self) -> str:
        return f"{self.what} needs the '{self.extra}' extra: pip install 'xephang[{self.extra}]'"


class ModelError(XephangError):
    """Report a model folder that can not be opened or can not be trusted."""


class GateError(XephangError):
    """Report a result that was checked and found not good enough to be published."""


class InterruptedTraining(XephangError):
    """Report a training run that a signal stopped after it had saved a checkpoint."""
