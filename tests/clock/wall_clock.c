/*
 * The wall clock of a host that a test plays: the machine's clock, and what the test says that it is
 * ahead. The library is loaded before a program's other ones (LD_PRELOAD). The file that
 * HARE_TEST_CLOCK names holds the milliseconds; the test may change them at any moment.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t exact;
static const volatile int64_t *ahead_ms = &exact;

__attribute__((constructor)) static void map_file(void)
{
	const char *path = getenv("HARE_TEST_CLOCK");
	int         fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void       *map;

	if (fd < 0)
		return;
	map = mmap(NULL, sizeof *ahead_ms, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		ahead_ms = map;
}

int clock_gettime(clockid_t id, struct timespec *at)
{
	int     rc = syscall(SYS_clock_gettime, id, at);
	int64_t ms = *ahead_ms;

	if (rc != 0 || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE))
		return rc;
	at->tv_sec += ms / 1000;
	at->tv_nsec += ms % 1000 * 1000000;
	if (at->tv_nsec < 0) {
		at->tv_sec--;
		at->tv_nsec += 1000000000;
	} else if (at->tv_nsec >= 1000000000) {
		at->tv_sec++;
		at->tv_nsec -= 1000000000;
	}
	return 0;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	at->tv_sec = now.tv_sec;
	at->tv_usec = now.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *at)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (at != NULL)
		*at = now.tv_sec;
	return now.tv_sec;
}
