// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What can be seen from outside is true: tracepoints, fdinfo and debugfs. What is told
 * when the DSP crashes is in visible_crash.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "module.h"
#include "sys.h"
#include "visible.h"

static void clean_up(void)
{
	rmdir(TRACE_INSTANCE);
	if (!module_loaded("vdsp"))
		module_load("vdsp");
	driver_after_each();
}

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(clean_up);
}

struct job *start_seen_call(struct dsp *dsp, int fd, struct dsp_call *call)
{
	static unsigned char data[100];
	static struct invocation *inv;

	inv = inv_new(SEEN_HANDLE, 9);
	inv_in(inv, data, sizeof(data));
	inv_in(inv, data, sizeof(data));
	inv_out(inv, data, sizeof(data));
	struct job *job = invoke_start(fd, &inv->req);

	dsp_expect(dsp, call, SEEN_HANDLE, 9);
	return job;
}

struct job *start_buffer_call(struct dsp *dsp, int fd, uint32_t in, uint32_t out,
			      struct dsp_call *call)
{
	struct invocation *inv = inv_new(SEEN_HANDLE, 9);
	struct job *job;

	if (in)
		inv_bo_in(inv, in, 0, PAGE);
	if (out)
		inv_bo_out(inv, out, 0, PAGE);
	job = invoke_start(fd, &inv->req);
	dsp_expect(dsp, call, SEEN_HANDLE, 9);
	return job;
}

/* ---- debugfs, sysfs ---- */

static void debugfs_text(struct dsp *dsp, const char *name, char *text, size_t size)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/kernel/debug/accel/%s/%s", dsp->parent, name);
	CHECK(!access(path, R_OK));
	read_text(path, text, size);
}

TEST(debugfs_is_found_by_the_name_of_the_device)
{
	struct dsp *dsp = dsp_new("cdsp"), *other = dsp_new("adsp");
	struct session s = session_new(dsp);
	static char text[4096], line[128];
	struct dsp_call call;
	struct job *job = start_seen_call(dsp, s.fd, &call);

	debugfs_text(dsp, "qda_sessions", text, sizeof(text));
	snprintf(line, sizeof(line), "\n%d %d \"test-visible\" unsigned live %u 0 1 0 ", s.id,
		 getpid(), s.sid);
	if (!strstr(text, line))
		FAIL("expected a line \"%s...\" in: %s", line + 1, text);
	debugfs_text(dsp, "qda_calls", text, sizeof(text));
	snprintf(line, sizeof(line), "\n%u %llu %d %u \"test-visible\" user %#x 9 2 1 ",
		 (unsigned int)(call.msg.ctx >> 8) & 0xff, (unsigned long long)call.msg.ctx >> 16,
		 s.id, call.msg.tid, SEEN_HANDLE);
	if (!strstr(text, line))
		FAIL("expected a line \"%s...\" in: %s", line + 1, text);
	debugfs_text(other, "qda_calls", text, sizeof(text));
	CHECK(!strchr(text, '\n')[1]);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	debugfs_text(dsp, "qda_calls", text, sizeof(text));
	CHECK(!strchr(text, '\n')[1]);
	dsp_finish(dsp);
	dsp_finish(other);
}

/* Reads what can be read; the number of files. */
static int read_all(const char *folder, int depth)
{
	static char buffer[1 << 16];
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int count = 0;

	while (dir && (entry = readdir(dir))) {
		char path[600];
		int fd;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' && depth)
			count += read_all(path, depth - 1);
		if (entry->d_type != DT_REG)
			continue;
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			continue;
		while (read(fd, buffer, sizeof(buffer)) > 0)
			count += lseek(fd, 0, SEEK_CUR) ? 0 : 1;
		close(fd);
		count++;
	}
	if (dir)
		closedir(dir);
	return count;
}

static int read_everything(void *arg)
{
	struct dsp *dsp = arg;
	char path[128];
	int count;

	snprintf(path, sizeof(path), "/sys/kernel/debug/accel/%s", dsp->parent);
	count = read_all(path, 2);
	snprintf(path, sizeof(path), "/sys/class/accel/%s/", strrchr(dsp->node, '/') + 1);
	count += read_all(path, 3);
	snprintf(path, sizeof(path), "/sys/class/accel/%s/device/", strrchr(dsp->node, '/') + 1);
	return count + read_all(path, 3);
}

static int read_everything_as_user(void *arg)
{
	drop_root();
	return read_everything(arg) > 0 ? 0 : 1;
}

TEST(every_file_can_be_read)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 3 * PAGE, 0);
	struct dsp_call call;
	struct job *job = start_buffer_call(dsp, s.fd, b.handle, 0, &call);
	int count = read_everything(dsp);

	ktap_note("%d files", count);
	CHECK(count > 10);
	CHECK_EQ(0, client_wait(client_start(read_everything_as_user, dsp)));
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	buffers_finish(dsp);
}

static int read_for_ever(void *arg)
{
	for (;;)
		read_everything(arg);
	return 0;
}

TEST(every_file_can_be_read_while_the_dsp_comes_and_goes)
{
	struct dsp *dsp = dsp_new("cdsp");
	pid_t pid = client_start(read_for_ever, dsp);

	for (int i = 0; i < 3; i++) {
		struct session s = session_new(dsp);
		struct dsp_call call;
		struct job *job = start_seen_call(dsp, s.fd, &call);

		usleep(20000);
		dsp_down(dsp);
		CHECK_ERR(-EPIPE, job_wait(job));
		close(dsp->files[--dsp->file_count]);
		dsp_up(dsp);
	}
	client_kill(pid);
	dsp_finish(dsp);
}
