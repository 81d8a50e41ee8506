// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The first process of the VM. Puts a writable layer in memory over the host's
 * read-only file system, mounts what Linux programs expect, runs the command
 * that vm/run left in $QDA_RUN, notes how it went, and switches the machine off.
 *
 * A static program and not a script, because starting a process costs up to half
 * a second in an emulated machine with all of the kernel's checks.
 *
 * With QDA_RAM the root file system is an initramfs of vm/ramfs, which has all that is
 * needed: there are no shares, and the results leave through a virtio console.
 *
 * QDA_TOP, QDA_RUN, QDA_FLAVOUR, QDA_LEAKS, QDA_INTERACTIVE and QDA_RAM come from the
 * kernel command line.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define END_OF_RUN "qda-vm: end of run"

/* Where a VM without shares has its output and its results, as vm/run makes them */
#define RAM_OUTPUT  "/dev/hvc0"
#define RAM_RESULTS "/dev/hvc1"

static void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

/*
 * Puts a line of the given level into the kernel log. By write(): dprintf() asks
 * for the file position first, which /dev/kmsg refuses.
 */
static void log_line(int level, const char *text)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	char line[PATH_MAX + 128];
	int len;

	if (fd < 0)
		return;
	len = snprintf(line, sizeof(line), "<%d>%s\n", level, text);
	if (write(fd, line, len) != len)
		power_off();
	close(fd);
}

/* Without what failed here no command can run: say it and switch off. */
static void fail(const char *action, const char *object)
{
	char line[PATH_MAX + 64];

	snprintf(line, sizeof(line), "qda-vm: cannot %s %s: %s", action, object, strerror(errno));
	log_line(1, line);
	power_off();
}

static void must_mount(const char *type, const char *where, const char *options)
{
	if (mount(type, where, type, 0, options))
		fail("mount", where);
}

/* For parts that a kernel may lack. */
static void may_mount(const char *type, const char *where)
{
	mkdir(where, 0755);
	mount(type, where, type, 0, NULL);
}

static const char *text_env(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

__attribute__((format(printf, 2, 3))) static void path_of(char *path, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(path, PATH_MAX, format, args);
	va_end(args);
	if (len < 0 || len >= PATH_MAX) {
		errno = ENAMETOOLONG;
		fail("build a path from", format);
	}
}

static bool is_ram(void)
{
	return getenv("QDA_RAM");
}

/* The layer in memory goes on top of the root that the kernel mounted. */
static void enter_layered_root(void)
{
	must_mount("devtmpfs", "/dev", NULL);
	must_mount("tmpfs", "/mnt", "mode=755");
	if (mkdir("/mnt/upper", 0755) || mkdir("/mnt/work", 0755) || mkdir("/mnt/root", 0755))
		fail("make the folders of", "the layered root");
	must_mount("overlay", "/mnt/root", "lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work");
	if (chdir("/mnt/root") || syscall(SYS_pivot_root, ".", "mnt") || chdir("/"))
		fail("enter", "the layered root");
	umount2("/mnt", MNT_DETACH);
}

/*
 * /tmp is not mounted over: the checkout may be there, and what is written to it
 * stays in memory anyway.
 */
static void mount_all(void)
{
	must_mount("devtmpfs", "/dev", NULL);
	must_mount("proc", "/proc", NULL);
	must_mount("sysfs", "/sys", NULL);
	must_mount("tmpfs", "/run", "mode=755");
	may_mount("devpts", "/dev/pts");
	may_mount("tmpfs", "/dev/shm");
	may_mount("debugfs", "/sys/kernel/debug");
	may_mount("tracefs", "/sys/kernel/tracing");
	may_mount("cgroup2", "/sys/fs/cgroup");
}

static void mount_results(void)
{
	char out[PATH_MAX];

	path_of(out, "%s/out", text_env("QDA_TOP"));
	mkdir(out, 0755);
	if (mount("out9p", out, "9p", 0, "trans=virtio,version=9p2000.L,cache=mmap,msize=512000"))
		fail("mount the share for results on", out);
}

static void link_descriptors(void)
{
	static const char *const links[][2] = {
		{ "/proc/self/fd", "/dev/fd" },
		{ "/proc/self/fd/0", "/dev/stdin" },
		{ "/proc/self/fd/1", "/dev/stdout" },
		{ "/proc/self/fd/2", "/dev/stderr" },
	};

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlink(links[i][0], links[i][1]) && errno != EEXIST)
			fail("link", links[i][1]);
}

static void loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		log_line(4, "qda-vm: cannot bring the loopback interface up");
	close(fd);
}

/* The modules of this checkout appear where modprobe looks for them. */
static void bind_modules(void)
{
	char from[PATH_MAX];

	path_of(from, "%s/build/%s/modules/lib/modules", text_env("QDA_TOP"),
		text_env("QDA_FLAVOUR"));
	mkdir("/lib/modules", 0755);
	if (mount(from, "/lib/modules", NULL, MS_BIND, NULL))
		fail("find the modules in", from);
}

/* Copies a file of /proc, /sys or debugfs into the results, if it is there. */
static bool save_file(const char *from, const char *name)
{
	char to[PATH_MAX], data[65536];
	int in, out;
	ssize_t n;

	path_of(to, "%s/state/%s", text_env("QDA_RUN"), name);
	in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return false;
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (out < 0)
		fail("save", from);
	while ((n = read(in, data, sizeof(data))) > 0)
		if (write(out, data, n) != n)
			fail("save", from);
	close(out);
	close(in);
	return n == 0;
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	bool ok;

	if (fd < 0)
		return false;
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	return !close(fd) && ok;
}

/* A suspend interrupts a write that goes on to another page of a share there. */
static void write_whole(int fd, const char *data, ssize_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, data, len);
		if (n < 0 && errno != EINTR)
			_exit(1);
		if (n > 0) {
			data += n;
			len -= n;
		}
	}
}

/*
 * Runs as an own process from the start, so that nothing is lost when the ring
 * buffer wraps or somebody clears it. Ends at our last message.
 */
static void copy_kernel_log(void)
{
	char path[PATH_MAX], record[16384];
	int in, out;
	ssize_t n;

	path_of(path, "%s/kmsg", text_env("QDA_RUN"));
	in = open("/dev/kmsg", O_RDONLY);
	out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (in < 0 || out < 0)
		_exit(1);
	for (;;) {
		n = read(in, record, sizeof(record) - 1);
		if (n < 0 && errno == EPIPE)
			n = snprintf(record, sizeof(record),
				     "3,0,0,-;qda-vm: messages were lost\n");
		if (n < 0)
			_exit(1);
		record[n] = '\0';
		write_whole(out, record, n);
		if (strstr(record, END_OF_RUN))
			_exit(0);
	}
}

static pid_t start_log_copy(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("start", "a process");
	if (!pid) {
		/* A command that kills all processes must not take the log away. */
		setsid();
		copy_kernel_log();
	}
	return pid;
}

/* The virtio port for the output; its number depends on the machine's devices. */
static void find_output(char *path)
{
	struct dirent *entry;
	DIR *dir = opendir("/dev");

	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "vport", 5))
			continue;
		path_of(path, "/dev/%s", entry->d_name);
		closedir(dir);
		return;
	}
	fail("find", "the virtio port for the output");
}

/* A terminal that passes on what it is given; -1 when there is none. */
static int open_raw(const char *path)
{
	int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	struct termios mode;

	if (fd < 0 || tcgetattr(fd, &mode))
		return -1;
	cfmakeraw(&mode);
	return tcsetattr(fd, TCSANOW, &mode) ? -1 : fd;
}

static void child(bool interactive, const char *output)
{
	char script[PATH_MAX];
	int in, out;

	path_of(script, "%s/command", text_env("QDA_RUN"));
	setsid();
	in = open(interactive ? output : "/dev/null", O_RDWR);
	out = is_ram() ? open_raw(output) : open(output, O_WRONLY);
	if (in < 0 || out < 0)
		_exit(126);
	if (interactive)
		ioctl(in, TIOCSCTTY, 1);
	dup2(in, 0);
	dup2(out, 1);
	dup2(out, 2);
	close(in);
	close(out);
	execl("/bin/bash", "bash", script, NULL);
	_exit(127);
}

/* The exit status in the way of a shell; also collects whatever lost its parent. */
static int run_command(void)
{
	bool interactive = getenv("QDA_INTERACTIVE");
	char output[PATH_MAX] = RAM_OUTPUT;
	pid_t pid, gone;
	int status;

	if (!interactive && !is_ram())
		find_output(output);
	pid = fork();
	if (pid < 0)
		fail("start", "a process");
	if (!pid)
		child(interactive, output);
	do {
		gone = wait(&status);
	} while (gone != pid && (gone > 0 || errno == EINTR));
	if (gone != pid)
		fail("wait for", "the command");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void sleeping_child(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("start", "a process");
	if (!pid) {
		sleep(2);
		_exit(0);
	}
}

/*
 * Each CPU keeps kernel stacks of ended processes for new ones with what was on
 * them, and kmemleak takes that for references. Processes that are started there
 * and live at the same time take those stacks, which cleans them.
 */
static void clean_kept_stacks(void)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	for (int cpu = 0; cpu < cpus; cpu++) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		sched_setaffinity(0, sizeof(set), &set);
		for (int n = 0; n < 8; n++)
			sleeping_child();
	}
	while (waitpid(0, NULL, 0) > 0 || errno == EINTR)
		;
}

/*
 * kmemleak reports an object when two scans saw it unreferenced and unchanged, so
 * the first scan is never the one to read. Of what the next two show, only what
 * both show is taken for a leak.
 */
static void scan_leaks(void)
{
	static const char leaks[] = "/sys/kernel/debug/kmemleak";
	char name[] = "leaks0";

	clean_kept_stacks();
	for (int scan = 0; scan <= 2; scan++) {
		name[5] = '0' + scan;
		sleep(6);
		if (!write_file(leaks, "scan") || !save_file(leaks, name))
			log_line(3, "qda-vm: kmemleak does not scan");
	}
}

static void save_state(void)
{
	if (getenv("QDA_LEAKS"))
		scan_leaks();
	save_file("/proc/version", "version");
	save_file("/proc/lockdep_stats", "lockdep_stats");
	save_file("/sys/kernel/debug/dma-api/disabled", "dma-disabled");
	save_file("/sys/kernel/debug/dma-api/min_free_entries", "dma-min_free_entries");
}

/*
 * Without a share: the folder of results, as one archive. The terminal stays as it is set
 * while we have it open.
 */
static void send_results(void)
{
	int out = open_raw(RAM_RESULTS), status;
	pid_t pid;

	if (out < 0)
		fail("open", RAM_RESULTS);
	pid = fork();
	if (pid < 0)
		fail("start", "a process");
	if (!pid) {
		execl("/bin/tar", "tar", "-cf", RAM_RESULTS, "-C", text_env("QDA_RUN"), ".", NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		fail("send", "the results");
}

static void finish(int status, pid_t log)
{
	char path[PATH_MAX], number[16];

	log_line(6, END_OF_RUN);
	while (waitpid(log, NULL, 0) < 0 && errno == EINTR)
		;
	path_of(path, "%s/status", text_env("QDA_RUN"));
	snprintf(number, sizeof(number), "%d\n", status);
	write_file(path, number);
	if (is_ram())
		send_results();
	power_off();
}

int main(void)
{
	pid_t log;
	int status;

	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	if (!is_ram())
		enter_layered_root();
	mount_all();
	if (!is_ram())
		mount_results();
	link_descriptors();
	log = start_log_copy();
	sethostname("qda-vm", 6);
	loopback_up();
	if (!is_ram())
		bind_modules();
	status = run_command();
	save_state();
	finish(status, log);
}
