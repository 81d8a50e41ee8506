// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ktap.h"
#include "storm.h"

#define NOBODY 65534

double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e3 + ts.tv_nsec / 1e6;
}

uint64_t in_us(unsigned int us)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec + us * 1000ull;
}

uint64_t in_ms(unsigned int ms)
{
	return in_us(ms * 1000);
}

void read_text(const char *path, char *text, size_t size)
{
	size_t have = 0;
	ssize_t n;
	int fd;

	text[0] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	while (have < size - 1 && (n = read(fd, text + have, size - 1 - have)) > 0)
		have += n;
	text[have] = '\0';
	close(fd);
}

const char *fetched_folder(const char *variable, const char *program, const char *package)
{
	const char *folder = getenv(variable);
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder ? folder : "", program);
	if (!folder || access(path, X_OK))
		FAIL("there is no %s; run vm/fetch %s, which says why", path, package);
	return folder;
}

int write_text(const char *path, const char *text)
{
	int fd, ret = 0;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

long long read_number(const char *path)
{
	char text[64], *end;
	long long value;

	read_text(path, text, sizeof(text));
	value = strtoll(text, &end, 0);
	return end == text ? -1 : value;
}

void write_number(const char *path, long long value)
{
	char text[32];
	int ret;

	snprintf(text, sizeof(text), "%lld", value);
	ret = write_text(path, text);
	if (ret)
		FAIL("cannot write %s to %s: %s", text, path, strerror(-ret));
}

bool wait_for(bool (*done)(void *arg), void *arg)
{
	double end = now_ms() + WAIT_MS;

	while (!done(arg)) {
		if (now_ms() > end)
			return false;
		usleep(5000);
	}
	return true;
}

void fill_pattern(void *buf, size_t len, unsigned int seed)
{
	unsigned char *p = buf;
	uint32_t x = seed * 2654435761u + 1;

	for (size_t i = 0; i < len; i++) {
		x = x * 1664525u + 1013904223u;
		p[i] = x >> 24;
	}
}

void *guarded_alloc(size_t len)
{
	size_t page = sysconf(_SC_PAGESIZE), room = (len + page - 1) / page * page;
	char *p;

	p = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED || mprotect(p + room, page, PROT_NONE))
		FAIL("no memory for %zu bytes: %m", len);
	return p + room - len;
}

void find_pages(const void *mem, uint64_t *pfns, unsigned int count)
{
	const size_t size = (size_t)sysconf(_SC_PAGESIZE);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	for (unsigned int i = 0; i < count; i++) {
		const volatile unsigned char *page = (const unsigned char *)mem + i * size;

		/* It has to be there to be shown. */
		(void)*page;
		if (pread(fd, &pfns[i], 8, (off_t)((uintptr_t)page / size * 8)) != 8)
			FAIL("/proc/self/pagemap: %m");
		pfns[i] &= (1ull << 55) - 1;
		if (!pfns[i])
			FAIL("/proc/self/pagemap does not show where page %u is", i);
	}
	close(fd);
}

void *bad_pointer(void)
{
	void *p = mmap(NULL, 1 << 16, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		FAIL("mmap: %m");
	return (char *)p + 4096;
}

int do_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret;

	if (storm_rages())
		return storm_ioctl(fd, cmd, arg);
	/* FastRPC's own codes are results of the old interface, negative ones, too. */
	ret = ioctl(fd, cmd, arg);
	return ret == -1 ? -errno : ret;
}

struct job {
	pthread_t thread;
	pthread_mutex_t lock; /* done, ret, ms, tid */
	pthread_cond_t changed;
	int fd;
	unsigned long cmd;
	void *arg;
	bool started, done;
	int ret;
	double ms;
};

static void *job_main(void *data)
{
	struct job *job = data;
	double start = now_ms();
	int ret;

	pthread_mutex_lock(&job->lock);
	job->started = true;
	pthread_cond_broadcast(&job->changed);
	pthread_mutex_unlock(&job->lock);
	ret = do_ioctl(job->fd, job->cmd, job->arg);
	pthread_mutex_lock(&job->lock);
	job->ret = ret;
	job->ms = now_ms() - start;
	job->done = true;
	pthread_cond_broadcast(&job->changed);
	pthread_mutex_unlock(&job->lock);
	return NULL;
}

static void job_init(struct job *job, int fd, unsigned long cmd, void *arg)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&job->lock, NULL);
	pthread_cond_init(&job->changed, &attr);
	job->fd = fd;
	job->cmd = cmd;
	job->arg = arg;
}

struct job *job_start(int fd, unsigned long cmd, void *arg)
{
	struct job *job = calloc(1, sizeof(*job));
	pthread_attr_t attr;

	if (!job)
		FAIL("out of memory");
	job_init(job, fd, cmd, arg);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	if (pthread_create(&job->thread, &attr, job_main, job))
		FAIL("cannot start a thread");
	pthread_mutex_lock(&job->lock);
	while (!job->started)
		pthread_cond_wait(&job->changed, &job->lock);
	pthread_mutex_unlock(&job->lock);
	return job;
}

bool job_done(struct job *job)
{
	bool done;

	pthread_mutex_lock(&job->lock);
	done = job->done;
	pthread_mutex_unlock(&job->lock);
	return done;
}

double job_ms(struct job *job)
{
	double ms;

	pthread_mutex_lock(&job->lock);
	ms = job->ms;
	pthread_mutex_unlock(&job->lock);
	return ms;
}

static struct timespec deadline(int ms)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec += ms / 1000;
	ts.tv_nsec += (long)(ms % 1000) * 1000000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000;
	}
	return ts;
}

int job_wait_ms(struct job *job, int ms)
{
	struct timespec end = deadline(ms);
	int ret;

	pthread_mutex_lock(&job->lock);
	while (!job->done && !pthread_cond_timedwait(&job->changed, &job->lock, &end))
		;
	if (!job->done)
		FAIL("ioctl %#lx did not return within %d ms", job->cmd, ms);
	ret = job->ret;
	pthread_mutex_unlock(&job->lock);
	pthread_join(job->thread, NULL);
	free(job);
	return ret;
}

int job_wait(struct job *job)
{
	return job_wait_ms(job, WAIT_MS);
}

void job_signal(struct job *job, int sig)
{
	pthread_kill(job->thread, sig);
}

static void (*client_prepare)(void);

void client_at_start(void (*fn)(void))
{
	client_prepare = fn;
}

pid_t client_start(int (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();

	if (pid < 0)
		FAIL("fork: %m");
	if (!pid) {
		if (client_prepare)
			client_prepare();
		_exit(fn(arg));
	}
	return pid;
}

struct one_ioctl {
	int fd;
	unsigned long cmd;
	void *arg;
};

static int make_ioctl(void *arg)
{
	struct one_ioctl *one = arg;

	do_ioctl(one->fd, one->cmd, one->arg);
	return 0;
}

pid_t client_ioctl(int fd, unsigned long cmd, void *arg)
{
	struct one_ioctl one = { fd, cmd, arg };

	return client_start(make_ioctl, &one);
}

static int reap(pid_t pid)
{
	struct pollfd p = { .events = POLLIN };
	int status = 0;

	p.fd = syscall(SYS_pidfd_open, pid, 0);
	if (p.fd < 0 || poll(&p, 1, WAIT_MS) != 1)
		FAIL("client process %d did not end within %d ms", pid, WAIT_MS);
	close(p.fd);
	if (waitpid(pid, &status, 0) != pid)
		FAIL("waitpid: %m");
	return status;
}

int client_wait(pid_t pid)
{
	int status = reap(pid);

	if (!WIFEXITED(status))
		FAIL("client process was ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

void client_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	reap(pid);
}

void drop_root(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		FAIL("cannot give up root: %m");
}
