"""The set-up knows what its results depend on."""

import pytest

from set_up.project import (
    LINKS,
    LOCK,
    SOURCES,
    Project,
    RosInstallation,
    build_facts,
    environment_facts,
    find_ros,
)

MESSAGE = 'src/compression_boot_msgs/msg/Layout.msg'
MODULE = 'src/compression_boot_control/compression_boot_control/core/pid.py'


@pytest.fixture
def project(tmp_path):
    for name in ('requirements.lock', 'package.xml', MESSAGE, MODULE, 'config/garments/a.yaml'):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'{name}\n')
    return Project(tmp_path)


@pytest.fixture
def ros_prefix(tmp_path_factory):
    prefix = tmp_path_factory.mktemp('opt_ros')
    index = prefix / 'share' / 'ament_index' / 'resource_index' / 'packages'
    index.mkdir(parents=True)
    (index / 'rclpy').touch()
    return prefix


def changed(project, before):
    after = build_facts(project, environment_facts(project, None))
    return {key for key, value in after.items() if value != before[key]}


@pytest.fixture
def facts(project):
    return build_facts(project, environment_facts(project, None))


def test_nothing_changes_by_itself(project, facts):
    assert changed(project, facts) == set()


def test_an_edited_message_changes_the_sources(project, facts):
    (project.root / MESSAGE).write_text('float64 other\n')

    assert changed(project, facts) == {SOURCES}


def test_a_new_message_changes_the_sources(project, facts):
    (project.root / MESSAGE).with_name('New.msg').write_text('float64 other\n')

    assert changed(project, facts) == {SOURCES}


def test_an_edited_python_module_needs_no_build(project, facts):
    (project.root / MODULE).write_text('edited = True\n')

    assert changed(project, facts) == set()


def test_an_edited_configuration_needs_no_build_but_a_new_one_does(project, facts):
    (project.root / 'config/garments/a.yaml').write_text('edited: true\n')
    assert changed(project, facts) == set()

    (project.root / 'config/garments/b.yaml').write_text('new: true\n')
    assert changed(project, facts) == {LINKS}


@pytest.mark.parametrize(
    ('pin', 'rebuilt'),
    [('plotly==7', set()), ('ros-rclpy==8', {'environment'}), ('numpy==3', {'environment'})],
)
def test_another_lock_changes_the_environment_and_what_is_compiled_against_it(
    project, facts, pin, rebuilt
):
    before = environment_facts(project, None)
    project.lock.write_text(f'{pin}\n')
    after = environment_facts(project, None)

    assert {key for key in after if after[key] != before[key]} == {LOCK}
    assert changed(project, facts) == rebuilt


def test_a_ros_installation_changes_the_environment(project, ros_prefix):
    ros = RosInstallation('jazzy', ros_prefix)

    assert environment_facts(project, ros)['ROS 2'] == f'jazzy in {ros_prefix}'
    assert environment_facts(project, None)['ROS 2'] == 'wheels'


def test_sourced_ros_is_found(tmp_path, ros_prefix):
    environ = {'ROS_DISTRO': 'jazzy', 'AMENT_PREFIX_PATH': f'/overlay:{ros_prefix}'}

    assert find_ros(environ, tmp_path) == RosInstallation('jazzy', ros_prefix)


@pytest.mark.parametrize('missing', ['ROS_DISTRO', 'AMENT_PREFIX_PATH'])
def test_half_sourced_ros_does_not_count(tmp_path, ros_prefix, missing):
    environ = {'ROS_DISTRO': 'jazzy', 'AMENT_PREFIX_PATH': str(ros_prefix)}
    del environ[missing]

    assert find_ros(environ, tmp_path) is None


def test_the_projects_own_wheels_do_not_count(ros_prefix):
    environ = {'ROS_DISTRO': 'jazzy', 'AMENT_PREFIX_PATH': str(ros_prefix)}

    assert find_ros(environ, ros_prefix.parent) is None
