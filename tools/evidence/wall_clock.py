"""A wall clock that jumps for the nodes alone: a small library stands between them and libc."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static const long long *offset; /* seconds, in a file that the test writes */

__attribute__((constructor)) static void begin(void) {
  int file = open(getenv("BOOTS_CLOCK_OFFSET"), O_RDONLY);
  void *page = mmap(0, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
  if (file >= 0 && page != MAP_FAILED) offset = page;
}

int clock_gettime(clockid_t id, struct timespec *now) {
  static int (*own)(clockid_t, struct timespec *);
  if (!own) own = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = own(id, now);
  if (offset && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) now->tv_sec += *offset;
  return result;
}

/* Waits until a time of the wall clock end when that clock gets there, also by a jump. */
#define SLICE 20000000L
#define SURELY_WALL_CLOCK 100000000L /* a monotonic clock has not counted three years */

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                           const struct timespec *until) {
  static int (*own)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
  if (!own) own = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
  if (!own) own = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  if (!offset || until->tv_sec < SURELY_WALL_CLOCK) return own(condition, mutex, until);
  for (;;) {
    struct timespec now, slice;
    clock_gettime(CLOCK_REALTIME, &now);
    long long left = (until->tv_sec - now.tv_sec) * 1000000000LL + until->tv_nsec - now.tv_nsec;
    if (left <= 0) return ETIMEDOUT;
    slice = now;
    slice.tv_sec -= *offset;
    slice.tv_nsec += left < SLICE ? left : SLICE;
    if (slice.tv_nsec >= 1000000000L) slice.tv_sec++, slice.tv_nsec -= 1000000000L;
    int result = own(condition, mutex, &slice);
    if (result != ETIMEDOUT) return result;
  }
}

time_t time(time_t *where) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (where) *where = now.tv_sec;
  return now.tv_sec;
}

int gettimeofday(struct timeval *now, void *zone) {
  struct timespec exact;
  clock_gettime(CLOCK_REALTIME, &exact);
  now->tv_sec = exact.tv_sec;
  now->tv_usec = exact.tv_nsec / 1000;
  return 0;
}
"""


def why_not() -> str:
    """Why the clock cannot be faked here, in one line; empty if it can."""
    return '' if shutil.which('cc') else 'there is no C compiler to make the library with'


class WallClock:
    """A wall clock for processes that are started with its environment.

    Parameters
    ----------
    folder : Path
        Takes the library and the file with the offset.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        source, library = folder / 'wall_clock.c', folder / 'wall_clock.so'
        source.write_text(SOURCE)
        subprocess.run(
            ['cc', '-shared', '-fPIC', '-O1', '-o', str(library), str(source), '-ldl'], check=True
        )
        self._file = folder / 'offset'
        self._file.write_bytes(bytes(8))
        self.environment = {'LD_PRELOAD': str(library), 'BOOTS_CLOCK_OFFSET': str(self._file)}

    def jump(self, seconds: int) -> None:
        """Set the clock this far from the true time, at once."""
        with self._file.open('r+b') as file:
            file.write(seconds.to_bytes(8, 'little', signed=True))
