"""Package of the nodes and of the `boots` command."""

from setuptools import find_packages, setup

PACKAGE = 'compression_boot_control'

NODES = (
    'manifold',
    'pressure_sensing',
    'chamber_control',
    'sequence_planner',
    'safety_supervisor',
    'session_recorder',
    'leg_markers',
    'bag_player',
    'device_test',
    'tuner',
)

setup(
    name=PACKAGE,
    version='0.1.0',
    description='Nodes and the boots command of sequential pneumatic compression boots',
    license='Apache-2.0',
    packages=find_packages(exclude=['test', 'test.*']),
    package_data={PACKAGE: ['py.typed'], f'{PACKAGE}.analysis.report': ['*.css', '*.js']},
    include_package_data=True,
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (f'share/{PACKAGE}', ['package.xml']),
        # The console scripts go to lib/<package>, where `ros2 run` looks; this one is for PATH.
        ('bin', ['bin/boots']),
    ],
    python_requires='>=3.11',
    install_requires=['setuptools'],
    # Without a `test` extra that names pytest, `colcon test` runs unittest and finds nothing.
    extras_require={'test': ['pytest']},
    zip_safe=False,
    entry_points={
        'console_scripts': [f'{node} = {PACKAGE}.nodes.{node}:main' for node in NODES],
    },
)
