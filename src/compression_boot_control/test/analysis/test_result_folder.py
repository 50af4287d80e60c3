"""A folder of results: parts appear whole, runs do not mix, and a run can be gone on with."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compression_boot_control.analysis.result_folder import ResultFolder, ResultFolderError

IDENTITY = {'command': 'campaign', 'seed': 1}


def table(value: int) -> pa.Table:
    return pa.table({'value': [value]})


def test_parts_are_there_when_the_folder_is_opened_again(tmp_path: Path) -> None:
    with ResultFolder(tmp_path / 'new' / 'folder', IDENTITY) as folder:
        folder.write('b', table(2))
        folder.write('a', table(1))
    with ResultFolder(tmp_path / 'new' / 'folder', IDENTITY) as folder:
        assert folder.done() == {'a', 'b'}
        assert [part['value'][0].as_py() for part in folder.tables().values()] == [1, 2]


def test_tables_come_in_the_order_that_was_asked_for(tmp_path: Path) -> None:
    with ResultFolder(tmp_path, IDENTITY) as folder:
        folder.write('a', table(1))
        folder.write('b', table(2))
        assert list(folder.tables(['b', 'missing', 'a'])) == ['b', 'a']


def test_run_with_other_parameters_is_refused(tmp_path: Path) -> None:
    ResultFolder(tmp_path, IDENTITY).close()
    with pytest.raises(ResultFolderError, match=r'another run \(seed 1 there, 2 here\)'):
        ResultFolder(tmp_path, IDENTITY | {'seed': 2})


def test_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'run.json').write_text('[1, 2')
    with pytest.raises(ResultFolderError, match='not of a run of this command'):
        ResultFolder(tmp_path, IDENTITY)


def test_only_one_run_works_on_a_folder(tmp_path: Path) -> None:
    with (
        ResultFolder(tmp_path, IDENTITY),
        pytest.raises(ResultFolderError, match='another run is working'),
    ):
        ResultFolder(tmp_path, IDENTITY)
    ResultFolder(tmp_path, IDENTITY).close()


def test_folder_inside_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('')
    with pytest.raises(ResultFolderError, match='a part of the path is a file'):
        ResultFolder(tmp_path / 'file' / 'folder', IDENTITY)


def test_write_that_fails_leaves_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(value: pa.Table, file: object, **_: object) -> None:
        file.write(b'PAR1')  # type: ignore[attr-defined]
        raise OSError(28, 'No space left on device')

    with ResultFolder(tmp_path, IDENTITY) as folder:
        monkeypatch.setattr(pq, 'write_table', half)
        with pytest.raises(ResultFolderError, match='the disk is full'):
            folder.write('a', table(1))
        assert folder.done() == frozenset()
        assert not list((tmp_path / 'parts').iterdir())


def test_reason_of_a_failure_is_kept_until_the_part_is_done(tmp_path: Path) -> None:
    with ResultFolder(tmp_path, IDENTITY) as folder:
        folder.fail('a', 'ValueError: bad bag')
        assert folder.failures() == {'a': 'ValueError: bad bag'}
        folder.write('a', table(1))
        assert folder.failures() == {}
