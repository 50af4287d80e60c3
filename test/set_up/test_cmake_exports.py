"""The CMake files of the wheels are adapted once, to the Python that uses them."""

import pytest

from set_up.cmake_exports import adapt_exports, adapt_text

EXPORT = (
    'set(_dirs "${_IMPORT_PREFIX}/include;/opt/python/cp312-cp312/include/python3.12;'
    '/opt/python/cp312-cp312/lib/python3.12/site-packages/numpy/_core/include")\n'
)
ADAPTED = 'set(_dirs "${_IMPORT_PREFIX}/include;/usr/include/python3;/venv/numpy")\n'


@pytest.mark.parametrize(
    'text', [EXPORT, EXPORT.replace('numpy/_core', 'numpy/core'), EXPORT.replace('312', '313')]
)
def test_folders_of_the_build_machine_are_replaced(text):
    assert adapt_text(text, '/usr/include/python3', '/venv/numpy') == ADAPTED


def test_a_second_time_changes_nothing():
    assert adapt_text(ADAPTED, '/usr/include/python3', '/venv/numpy') == ADAPTED


def test_a_folder_may_hold_a_backslash():
    assert r'/strange\1/include' in adapt_text(EXPORT, r'/strange\1/include', '/venv/numpy')


def test_only_files_that_need_it_are_written(tmp_path):
    exports = tmp_path / 'share' / 'some_msgs' / 'cmake'
    exports.mkdir(parents=True)
    (exports / 'export_some_msgsExport.cmake').write_text(EXPORT)
    (exports / 'other.cmake').write_text('nothing to adapt\n')

    assert adapt_exports(tmp_path, '/usr/include/python3', '/venv/numpy') == 1
    assert adapt_exports(tmp_path, '/usr/include/python3', '/venv/numpy') == 0
    assert (exports / 'export_some_msgsExport.cmake').read_text() == ADAPTED
