/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * dspd: the firmware of a virtual DSP. It answers what a DSP's system software
 * answers, and runs each protection domain (PD) as a process of qemu-hexagon, which then
 * gets its calls from the device itself.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "dspd.h"
#include "log.h"
#include "qemu.h"
#include "services.h"

/* Records in one turn, so that PDs are looked after in between. */
#define RECORDS_PER_TURN 64

#define EXIT_DSP_GONE	 3

enum poll_place {
	POLL_DEVICE,
	POLL_SIGNAL,
	POLL_CLIENTS, /* from here: two for each, ready and output; -1 is ignored */
	POLL_COUNT = POLL_CLIENTS + 2 * CLIENT_MAX,
};

static const char usage[] =
	"usage: dspd [--device PATH] [--qemu PATH] [--shell ELF] [--verbose] [--ready-fd N]\n"
	"The firmware of a virtual DSP: runs Hexagon programs for the driver of /dev/accel.\n"
	"  --device PATH   the virtual DSP (default /dev/vdsp-cdsp)\n"
	"  --qemu PATH     qemu-hexagon 11.1 or later (default: the one in PATH)\n"
	"  --shell ELF     the program of a process that is made without an image\n"
	"  --ready-fd N    gets one line when the DSP is up, then is closed\n"
	"  --verbose       say what is done, not only what goes wrong\n"
	"It ends with 0 on SIGTERM or SIGINT, and with 3 when the DSP was taken down.\n";

static _Noreturn void wrong_usage(void)
{
	fputs(usage, stderr);
	exit(2);
}

static struct options parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "qemu", required_argument, NULL, 'q' },
		{ "shell", required_argument, NULL, 's' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "ready-fd", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = { .device = "/dev/vdsp-cdsp",
				   .qemu = "qemu-hexagon",
				   .ready_fd = -1 };
	int letter;

	while ((letter = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (letter == 'd')
			options.device = optarg;
		else if (letter == 'q')
			options.qemu = optarg;
		else if (letter == 's')
			options.shell = optarg;
		else if (letter == 'r')
			options.ready_fd = atoi(optarg);
		else if (letter == 'v')
			options.verbose = true;
		else if (letter == 'h')
			exit(fputs(usage, stdout) < 0);
		else
			wrong_usage();
	}
	if (optind != argc)
		wrong_usage();
	return options;
}

static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		log_die("cannot watch signals");
	return fd;
}

/* True when it is time to end. */
static bool read_signals(struct dspd *dspd, int fd)
{
	struct signalfd_siginfo info;
	bool stop = false;

	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGCHLD)
			stop = true;
	}
	clients_reap(dspd);
	return stop;
}

/* What waits for the end of a PD is answered when all that the PD left is read. */
static int read_device(struct dspd *dspd)
{
	struct vdsp_msg msg;
	int got = 1;

	for (int i = 0; i < RECORDS_PER_TURN && got > 0; i++) {
		got = device_read(&dspd->device, &msg);
		if (got > 0)
			services_handle(dspd, &msg);
	}
	if (got == 0)
		clients_settle(dspd);
	return got;
}

static void set_polls(const struct dspd *dspd, int signals, struct pollfd *polls)
{
	polls[POLL_DEVICE] = (struct pollfd){ .fd = dspd->device.fd, .events = POLLIN };
	polls[POLL_SIGNAL] = (struct pollfd){ .fd = signals, .events = POLLIN };
	for (int i = 0; i < CLIENT_MAX; i++) {
		const struct client *client = &dspd->clients[i];
		bool used = client->state != CLIENT_FREE;
		struct pollfd *pair = &polls[POLL_CLIENTS + 2 * i];

		pair[0] = (struct pollfd){ .fd = used ? client->pd.ready : -1, .events = POLLIN };
		pair[1] = (struct pollfd){ .fd = used ? client->pd.output : -1, .events = POLLIN };
	}
}

/* Before the device is read, which can change whose place it is. */
static void read_clients(struct dspd *dspd, const struct pollfd *polls)
{
	for (int i = 0; i < CLIENT_MAX; i++) {
		struct client *client = &dspd->clients[i];
		const struct pollfd *pair = &polls[POLL_CLIENTS + 2 * i];

		if (pair[1].revents)
			pd_read_output(&client->pd, client->id);
		if (pair[0].revents)
			client_ready_event(dspd, client);
	}
}

/* 0 when a signal asks for the end, or -errno of the device. */
static int serve(struct dspd *dspd, int signals)
{
	struct pollfd polls[POLL_COUNT];
	int got;

	for (;;) {
		set_polls(dspd, signals, polls);
		if (poll(polls, POLL_COUNT, clients_timeout(dspd)) < 0 && errno != EINTR)
			log_die("cannot wait for events");
		read_clients(dspd, polls);
		if (polls[POLL_SIGNAL].revents && read_signals(dspd, signals))
			return 0;
		got = read_device(dspd);
		if (got < 0)
			return got;
		clients_check_time(dspd);
	}
}

static void say_up(const struct dspd *dspd)
{
	printf("dspd: %s is up, %u context banks\n", dspd->device.info.name,
	       dspd->device.info.banks);
	fflush(stdout);
	if (dspd->options.ready_fd < 0)
		return;
	dprintf(dspd->options.ready_fd, "up\n");
	close(dspd->options.ready_fd);
}

static void check_qemu(const char *qemu)
{
	int err = qemu_check(qemu);

	if (err == -ENOTSUP) {
		log_say("%s is not qemu-hexagon 11.1 or later, which can map devices; give --qemu",
			qemu);
		exit(1);
	}
	errno = -err;
	if (err)
		log_die("cannot run %s; give --qemu", qemu);
}

static void start(struct dspd *dspd)
{
	int err = device_open(&dspd->device, dspd->options.device);

	errno = -err;
	if (err == -EBUSY)
		log_die("%s has its firmware already; stop the other dspd", dspd->options.device);
	if (err)
		log_die("cannot use %s; is the virtual DSP there (vdsp.ko)?", dspd->options.device);
	err = memory_init(&dspd->memory, &dspd->device);
	errno = -err;
	if (err)
		log_die("cannot make a file in memory");
	err = device_up(&dspd->device);
	errno = -err;
	if (err)
		log_die("cannot bring %s up", dspd->device.info.name);
}

int main(int argc, char **argv)
{
	static struct dspd dspd;
	int signals, err;

	dspd.options = parse_options(argc, argv);
	check_qemu(dspd.options.qemu);
	signals = open_signals();
	start(&dspd);
	say_up(&dspd);
	err = serve(&dspd, signals);
	clients_kill_all(&dspd);
	if (!err)
		return 0;
	if (err == -EPIPE)
		log_say("%s was taken down", dspd.device.info.name);
	else
		log_say("cannot read from %s: %s", dspd.options.device, strerror(-err));
	return EXIT_DSP_GONE;
}
