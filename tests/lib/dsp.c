// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "dsp.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <drm/qda_accel.h>

#include "ktap.h"
#include "storm.h"
#include "sys.h"

#define BUS	  "/sys/bus/vdsp/"
#define DEBUGFS	  "/sys/kernel/debug/"
#define MAX_ACCEL 64
/* A module parameter of the driver, which need not be loaded; 0 is as it was. */
#define ANSWER_MS "/sys/module/qda/parameters/answer_ms"
/*
 * The driver gives addresses out from the end. A program of 32 bits has no room for all of
 * each bank and sees the last part of it.
 */
#define WINDOW_SIZE   (sizeof(void *) < 8 ? 128u << 20 : VDSP_IOVA_SIZE)
#define WINDOW_START  (VDSP_IOVA_START + (VDSP_IOVA_SIZE - WINDOW_SIZE))
#define FASTRPC_TABLE (FRPC_FDLIST_COUNT * 8 + FRPC_CRCLIST_COUNT * 4 + 4)

static const char *const domains[] = { "adsp", "mdsp", "sdsp", "cdsp", "cdsp1", "gdsp0", "gdsp1" };

/* Counters that say how many of something there are now, not how many there were. */
static const char *const gauges[] = {
	"sessions", "processes",   "calls_in_flight", "mapped_pages",	"buffer_objects",
	"mappings", "remote_maps", "attachments",     "assigned_pages", "quarantined_pages",
};

struct dsp_server {
	pthread_t thread;
	int stop; /* eventfd */
	dsp_handler handler;
	void *arg;
	struct dsp *dsp;
};

/* The DSP of this test: children close its file. */
static struct dsp *current_dsps[ARRAY_SIZE(domains)];

/* ---- accel nodes ---- */

static bool is_qda(int fd)
{
	char name[16] = "";
	struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

	return !do_ioctl(fd, DRM_IOCTL_VERSION, &version) && !strcmp(name, "qda");
}

static bool serves_domain(const char *node, const char *domain)
{
	struct drm_qda_query query = { .type = QDA_QUERY_DOMAIN };
	bool found = false;
	int fd;

	fd = open(node, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (is_qda(fd) && !do_ioctl(fd, DRM_IOCTL_QDA_QUERY, &query))
		found = !strncmp((char *)query.name, domain, sizeof(query.name));
	close(fd);
	return found;
}

bool accel_find(const char *domain, char node[64])
{
	for (int i = 0; i < MAX_ACCEL; i++) {
		snprintf(node, 64, "/dev/accel/accel%d", i);
		if (serves_domain(node, domain))
			return true;
	}
	return false;
}

int accel_open(const char *node)
{
	int fd = open(node, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		FAIL("cannot open %s: %m", node);
	return fd;
}

int dsp_open(struct dsp *dsp)
{
	if (dsp->file_count == DSP_MAX_FILES)
		FAIL("too many open accel files");
	dsp->files[dsp->file_count] = accel_open(dsp->node);
	return dsp->files[dsp->file_count++];
}

/* ---- making and removing ---- */

static void find_parent(struct dsp *dsp)
{
	char path[64], target[256];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/class/accel/%s/device", strrchr(dsp->node, '/') + 1);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		FAIL("%s: %m", path);
	target[n] = '\0';
	snprintf(dsp->parent, sizeof(dsp->parent), "%s", strrchr(target, '/') + 1);
}

static bool node_is_there(void *arg)
{
	struct dsp *dsp = arg;

	return accel_find(dsp->name, dsp->node);
}

void dsp_wait_node(struct dsp *dsp)
{
	if (!wait_for(node_is_there, dsp))
		FAIL("no accel node of qda for %s appeared; is qda.ko loaded?", dsp->name);
	find_parent(dsp);
	if (qda_get(dsp, gauges[0]) < 0)
		FAIL("the driver's counters are not in debugfs: leaks would not be seen");
	dsp->pages_at_start = vdsp_get(dsp, "pages_mapped");
}

void dsp_announce(struct dsp *dsp)
{
	int ret = do_ioctl(dsp->fd, VDSP_IOC_UP, NULL);

	if (ret)
		FAIL("bringing %s up: %s", dsp->name, strerror(-ret));
	dsp->pages_at_start = vdsp_get(dsp, "pages_mapped");
}

void dsp_up(struct dsp *dsp)
{
	dsp_announce(dsp);
	dsp_wait_node(dsp);
}

void dsp_down(struct dsp *dsp)
{
	int ret = do_ioctl(dsp->fd, VDSP_IOC_DOWN, NULL);

	if (ret)
		FAIL("taking %s down: %s", dsp->name, strerror(-ret));
}

void dsp_open_firmware(struct dsp *dsp)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/vdsp-%s", dsp->name);
	dsp->fd = open(path, O_RDWR | O_CLOEXEC);
	if (dsp->fd < 0)
		FAIL("cannot open %s: %m", path);
	if (ioctl(dsp->fd, VDSP_IOC_INFO, &dsp->info) || dsp->info.abi != VDSP_ABI_VERSION)
		FAIL("%s does not speak version %d", path, VDSP_ABI_VERSION);
}

static void unmap_windows(struct dsp *dsp)
{
	for (int sid = 0; sid <= DSP_MAX_BANKS; sid++) {
		if (dsp->window[sid])
			munmap(dsp->window[sid], WINDOW_SIZE);
		dsp->window[sid] = NULL;
	}
}

void dsp_close_firmware(struct dsp *dsp)
{
	unmap_windows(dsp);
	if (dsp->fd >= 0)
		close(dsp->fd);
	dsp->fd = -1;
}

static void close_in_child(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(current_dsps); i++) {
		struct dsp *dsp = current_dsps[i];

		if (!dsp)
			continue;
		dsp_close_firmware(dsp);
		for (unsigned int n = 0; n < dsp->file_count; n++)
			close(dsp->files[n]);
		dsp->file_count = 0;
	}
}

static void remember(struct dsp *dsp)
{
	for (size_t i = 0; i < ARRAY_SIZE(current_dsps); i++) {
		if (current_dsps[i])
			continue;
		current_dsps[i] = dsp;
		client_at_start(close_in_child);
		return;
	}
	FAIL("too many virtual DSPs in one test");
}

static void forget(struct dsp *dsp)
{
	for (size_t i = 0; i < ARRAY_SIZE(current_dsps); i++)
		if (current_dsps[i] == dsp)
			current_dsps[i] = NULL;
}

static struct dsp *make_device(const char *line)
{
	struct dsp *dsp = calloc(1, sizeof(*dsp));
	int ret;

	if (!dsp)
		FAIL("out of memory");
	dsp->fd = -1;
	sscanf(line, "%15s", dsp->name);
	ret = write_text(BUS "new_device", line);
	if (ret)
		FAIL("cannot make the virtual DSP \"%s\": %s; is vdsp.ko loaded?", line,
		     strerror(-ret));
	remember(dsp);
	return dsp;
}

struct dsp *dsp_new_down(const char *line)
{
	struct dsp *dsp = make_device(line);

	dsp_open_firmware(dsp);
	return dsp;
}

struct dsp *dsp_new(const char *line)
{
	struct dsp *dsp = dsp_new_down(line);

	dsp_up(dsp);
	return dsp;
}

struct dsp *dsp_new_inside(const char *line)
{
	struct dsp *dsp = make_device(line);

	if (!vdsp_get(dsp, "up"))
		vdsp_set(dsp, "up", 1);
	dsp->pages_at_start = vdsp_get(dsp, "pages_mapped");
	return dsp;
}

void dsp_remove(struct dsp *dsp)
{
	int ret = write_text(BUS "del_device", dsp->name);

	if (ret)
		FAIL("cannot remove %s: %s", dsp->name, strerror(-ret));
	forget(dsp);
}

void dsp_remove_all(void)
{
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(domains); i++) {
		snprintf(path, sizeof(path), DEBUGFS "vdsp/%s", domains[i]);
		if (!access(path, F_OK))
			write_text(BUS "del_device", domains[i]);
	}
	write_text(ANSWER_MS, "0");
}

void dsp_answer_within(unsigned int ms)
{
	write_number(ANSWER_MS, ms);
}

static bool nothing_mapped(void *arg)
{
	struct dsp *dsp = arg;

	return vdsp_get(dsp, "pages_mapped") == dsp->pages_at_start;
}

static bool nothing_counted(void *arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(gauges); i++)
		if (qda_get(arg, gauges[i]) > 0)
			return false;
	return true;
}

static void check_leaks(struct dsp *dsp)
{
	if (!wait_for(nothing_mapped, dsp))
		FAIL("leak: %lld pages mapped at the start, %lld after the last close",
		     dsp->pages_at_start, vdsp_get(dsp, "pages_mapped"));
	if (vdsp_get(dsp, "pages_lost"))
		FAIL("%lld pages were still mapped when their context bank went",
		     vdsp_get(dsp, "pages_lost"));
	if (wait_for(nothing_counted, dsp))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(gauges); i++)
		ktap_note("%s %lld", gauges[i], qda_get(dsp, gauges[i]));
	FAIL("leak: the driver still counts objects after the last close");
}

static void end_firmware(struct dsp *dsp)
{
	kill(dsp->firmware, SIGTERM);
	CHECK_EQ(0, client_wait(dsp->firmware));
	dsp->firmware = 0;
}

static bool is_release(const struct dsp_call *call)
{
	return call->msg.handle == FRPC_HANDLE_INIT &&
	       FRPC_SC_METHOD(call->msg.sc) == FRPC_INIT_RELEASE;
}

/*
 * A message that the test did not wait for is one that it does not know of. The end of a
 * process is not: a test may close its file last.
 */
static void nothing_unread(struct dsp *dsp)
{
	struct dsp_call call;

	while (dsp_poll(dsp, &call, 0)) {
		if (!is_release(&call))
			FAIL("at the end of the test a message is unread: handle %u sc %#x",
			     call.msg.handle, call.msg.sc);
		dsp_reply(dsp, &call, 0);
	}
}

void dsp_finish(struct dsp *dsp)
{
	if (dsp->fd >= 0 && !dsp->server) {
		nothing_unread(dsp);
		dsp_serve(dsp, NULL, NULL);
	}
	for (unsigned int i = 0; i < dsp->file_count; i++)
		close(dsp->files[i]);
	dsp->file_count = 0;
	check_leaks(dsp);
	if (dsp->server)
		dsp_serve_end(dsp);
	dsp_close_firmware(dsp);
	if (dsp->firmware)
		end_firmware(dsp);
	dsp_remove(dsp);
	free(dsp);
}

/* ---- messages ---- */

static bool readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

static void take_apart(struct dsp *dsp, struct dsp_call *call)
{
	size_t table;
	char *p;

	call->n = FRPC_SC_COUNT(call->msg.sc);
	table = call->n * (sizeof(*call->arg) + sizeof(*call->list) + sizeof(*call->page));
	if (call->msg.size < table + FASTRPC_TABLE)
		FAIL("payload of %llu bytes has no room for %u arguments and the lists",
		     (unsigned long long)call->msg.size, call->n);
	p = dsp_mem(dsp, call->msg.addr, call->msg.size);
	call->arg = (struct frpc_arg *)p;
	call->list = (struct frpc_list *)(call->arg + call->n);
	call->page = (struct frpc_page *)(call->list + call->n);
	call->fdlist = (uint64_t *)(call->page + call->n);
}

bool dsp_poll(struct dsp *dsp, struct dsp_call *call, int ms)
{
	ssize_t n;

	if (!readable(dsp->fd, ms))
		return false;
	memset(call, 0, sizeof(*call));
	n = read(dsp->fd, &call->msg, sizeof(call->msg));
	if (n < 0 && errno == EPIPE)
		return false;
	if (n != sizeof(call->msg))
		FAIL("reading a message from %s gave %zd: %m", dsp->name, n);
	if (call->msg.type != VDSP_MSG_CALL)
		return true;
	take_apart(dsp, call);
	if (call->msg.handle != FRPC_HANDLE_INIT && call->msg.handle != FRPC_HANDLE_UTILITIES)
		storm_see_call();
	return true;
}

void dsp_next(struct dsp *dsp, struct dsp_call *call)
{
	if (!dsp_poll(dsp, call, WAIT_MS))
		FAIL("the driver sent no message to %s within %d ms", dsp->name, WAIT_MS);
}

void dsp_expect(struct dsp *dsp, struct dsp_call *call, uint32_t handle, unsigned int method)
{
	dsp_next(dsp, call);
	if (call->msg.handle != handle || FRPC_SC_METHOD(call->msg.sc) != method)
		FAIL("expected a call of handle %u method %u, seen handle %u sc %#x", handle,
		     method, call->msg.handle, call->msg.sc);
}

void dsp_expect_silence(struct dsp *dsp)
{
	struct dsp_call call;

	if (dsp_poll(dsp, &call, SILENCE_MS))
		FAIL("expected no message, seen handle %u sc %#x", call.msg.handle, call.msg.sc);
}

void dsp_write(struct dsp *dsp, const void *buf, size_t len)
{
	if (write(dsp->fd, buf, len) != (ssize_t)len)
		FAIL("sending %zu bytes to the driver: %m", len);
}

void dsp_reply_ctx(struct dsp *dsp, uint64_t ctx, uint32_t retval)
{
	struct vdsp_reply reply = { .ctx = ctx, .retval = (int32_t)retval };

	dsp_write(dsp, &reply, sizeof(reply));
}

void dsp_reply(struct dsp *dsp, const struct dsp_call *call, uint32_t retval)
{
	dsp_reply_ctx(dsp, call->msg.ctx, retval);
}

void dsp_notify(struct dsp *dsp, int client_id, uint32_t status)
{
	struct frpc_notify notify = {
		.ctx = FRPC_NOTIFY_CTX,
		.type = FRPC_NOTIFY_TYPE_STATUS,
		.client_id = client_id,
		.status = status,
	};

	dsp_write(dsp, &notify, sizeof(notify));
}

/* ---- memory ---- */

uint32_t dsp_sid(struct dsp *dsp, uint64_t addr)
{
	uint64_t sid = addr >> dsp->info.sid_pos;

	if (!sid || sid > dsp->info.banks)
		FAIL("address %#llx has stream id %llu, the DSP has banks 1 to %u",
		     (unsigned long long)addr, (unsigned long long)sid, dsp->info.banks);
	return sid;
}

static void *window_of(struct dsp *dsp, uint32_t sid)
{
	off_t offset = ((off_t)sid << 32) | WINDOW_START;
	void *p = dsp->window[sid];

	if (p)
		return p;
	p = mmap(NULL, WINDOW_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, dsp->fd,
		 offset);
	if (p == MAP_FAILED)
		FAIL("mapping bank %u of %s: %m", sid, dsp->name);
	dsp->window[sid] = p;
	return p;
}

void *dsp_mem(struct dsp *dsp, uint64_t addr, size_t len)
{
	uint32_t sid = dsp_sid(dsp, addr);
	uint64_t iova = addr & ((1ull << dsp->info.sid_pos) - 1);

	if (iova < WINDOW_START || iova + len > (uint64_t)WINDOW_START + WINDOW_SIZE)
		FAIL("address %#llx, %zu bytes, is outside the IOVA window",
		     (unsigned long long)addr, len);
	return (char *)window_of(dsp, sid) + (iova - WINDOW_START);
}

bool dsp_can_read(struct dsp *dsp, uint64_t addr)
{
	void *p = dsp_mem(dsp, addr, 1);
	int fds[2];
	bool ok;

	/* A system call that meets the fault returns -EFAULT instead of a signal. */
	if (pipe(fds))
		FAIL("pipe: %m");
	ok = write(fds[1], p, 1) == 1;
	close(fds[0]);
	close(fds[1]);
	return ok;
}

/* The same IOVA with another stream id. */
static uint64_t with_sid(struct dsp *dsp, uint64_t addr, uint32_t sid)
{
	uint64_t mask = (1ull << dsp->info.sid_pos) - 1;

	return (addr & mask) | (uint64_t)sid << dsp->info.sid_pos;
}

bool dsp_can_write(struct dsp *dsp, uint64_t addr)
{
	void *p = dsp_mem(dsp, addr, 1);
	int fds[2];
	bool ok;

	/* A system call that meets the fault returns -EFAULT instead of a signal. */
	if (pipe(fds) || write(fds[1], "x", 1) != 1)
		FAIL("pipe: %m");
	ok = read(fds[0], p, 1) == 1;
	close(fds[0]);
	close(fds[1]);
	return ok;
}

void dsp_check_out_of_reach(struct dsp *dsp, uint64_t addr, uint32_t sid)
{
	uint64_t wrong = with_sid(dsp, addr, sid);
	char name[32];
	long long faults;

	snprintf(name, sizeof(name), "bank%u/faults", sid);
	faults = vdsp_get(dsp, name);
	CHECK(!dsp_can_read(dsp, wrong));
	CHECK(vdsp_get(dsp, name) > faults);
	faults = vdsp_get(dsp, name);
	CHECK(!dsp_can_write(dsp, wrong));
	CHECK(vdsp_get(dsp, name) > faults);
}

void *dsp_arg(struct dsp *dsp, const struct dsp_call *call, unsigned int i, uint64_t *len)
{
	uint64_t addr, size = call->arg[i].len;
	uint32_t index = call->list[i].pgidx;

	*len = 0;
	if (i >= call->n)
		FAIL("call has %u arguments, not %u", call->n, i + 1);
	if (!call->list[i].num)
		return NULL;
	if (index >= call->n)
		FAIL("argument %u names page entry %u of %u", i, index, call->n);
	addr = (call->page[index].addr & ~0xfffull) | (call->arg[i].pv & 0xfff);
	*len = size;
	return dsp_mem(dsp, addr, size);
}

/* ---- serving by a thread ---- */

uint32_t dsp_echo(struct dsp *dsp, struct dsp_call *call, void *arg)
{
	unsigned int in = FRPC_SC_IN(call->msg.sc), out = FRPC_SC_OUT(call->msg.sc);

	(void)arg;
	if (call->msg.handle == FRPC_HANDLE_INIT)
		return 0;
	for (unsigned int i = 0; i < out; i++) {
		uint64_t from_len = 0, to_len;
		void *from = i < in ? dsp_arg(dsp, call, i, &from_len) : NULL;
		void *to = dsp_arg(dsp, call, in + i, &to_len);

		if (!to)
			continue;
		memset(to, 0, to_len);
		if (from)
			memcpy(to, from, from_len < to_len ? from_len : to_len);
	}
	return 0;
}

/* Answers one message; false when the channel is gone. */
static bool serve_one(struct dsp_server *server)
{
	struct vdsp_reply reply = { 0 };
	struct dsp_call call;

	if (!dsp_poll(server->dsp, &call, 0))
		return false;
	if (call.msg.type != VDSP_MSG_CALL)
		return true;
	reply.ctx = call.msg.ctx;
	reply.retval = (int32_t)server->handler(server->dsp, &call, server->arg);
	/* The channel may have gone meanwhile: a test that crashes the DSP does that. */
	if (write(server->dsp->fd, &reply, sizeof(reply)) < 0 && errno != EPIPE)
		FAIL("answering: %m");
	return true;
}

static void *serve(void *data)
{
	struct dsp_server *server = data;
	struct pollfd p[2] = {
		{ .fd = server->dsp->fd, .events = POLLIN },
		{ .fd = server->stop, .events = POLLIN },
	};

	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			FAIL("poll: %m");
		if (p[1].revents)
			return NULL;
		if (p[0].revents && !(p[0].revents & POLLIN && serve_one(server)))
			p[0].fd = -1; /* only the stop is left to wait for */
	}
}

void dsp_serve(struct dsp *dsp, dsp_handler handler, void *arg)
{
	struct dsp_server *server = calloc(1, sizeof(*server));

	if (!server)
		FAIL("out of memory");
	server->dsp = dsp;
	server->handler = handler ? handler : dsp_echo;
	server->arg = arg;
	server->stop = eventfd(0, EFD_CLOEXEC);
	if (server->stop < 0 || pthread_create(&server->thread, NULL, serve, server))
		FAIL("cannot start the DSP's thread: %m");
	dsp->server = server;
}

void dsp_serve_end(struct dsp *dsp)
{
	uint64_t one = 1;

	if (write(dsp->server->stop, &one, sizeof(one)) != sizeof(one))
		FAIL("eventfd: %m");
	pthread_join(dsp->server->thread, NULL);
	close(dsp->server->stop);
	free(dsp->server);
	dsp->server = NULL;
}
