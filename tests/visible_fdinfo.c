// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What fdinfo says about a file's memory and calls. Part of the suite "visible".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "client.h"
#include "dsp.h"
#include "ktap.h"
#include "sys.h"
#include "visible.h"

#define LISTENER_HANDLE 3u

static char fdinfo[4096];

static void fdinfo_read(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	read_text(path, fdinfo, sizeof(fdinfo));
	/* Readers like IGT's take this much at once. */
	CHECK(strlen(fdinfo) < sizeof(fdinfo) - 1);
}

/* The value behind "key:", NULL if it is not there. */
static const char *fdinfo_text(int fd, const char *key)
{
	static char copy[sizeof(fdinfo)];
	char *line, *rest;

	fdinfo_read(fd);
	strcpy(copy, fdinfo);
	for (line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		size_t len = strlen(key);

		if (!strncmp(line, key, len) && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " \t");
	}
	return NULL;
}

/* As a number, sizes in bytes; a key that is not there is 0. */
static unsigned long long fdinfo_number(int fd, const char *key)
{
	const char *text = fdinfo_text(fd, key);
	unsigned long long value;
	char *unit;

	if (!text)
		return 0;
	value = strtoull(text, &unit, 10);
	if (!strcmp(unit, " KiB"))
		return value << 10;
	if (!strcmp(unit, " MiB"))
		return value << 20;
	CHECK(!*unit || !strcmp(unit, " ns"));
	return value;
}

static void check_fdinfo_line(char *line)
{
	static const char *const known[] = {
		"drm-driver",	       "drm-client-id",	       "drm-engine-cdsp",
		"drm-total-memory",    "drm-shared-memory",    "drm-active-memory",
		"drm-resident-memory", "drm-purgeable-memory", "qda-session",
		"qda-pd-type",	       "qda-context-bank",     "qda-mapped-memory",
		"qda-invocations",     "qda-errors",
	};
	char *colon = strchr(line, ':');

	if (!colon)
		FAIL("no colon in \"%s\"", line);
	*colon = '\0';
	CHECK_EQ(strlen(line), strcspn(line, " \t"));
	CHECK(colon[1 + strspn(colon + 1, " \t")]);
	if (strncmp(line, "drm-", 4) && strncmp(line, "qda-", 4))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(line, known[i]))
			return;
	FAIL("a key that nobody has documented: %s", line);
}

TEST(fdinfo_has_the_documented_form)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, 3 * PAGE, 0);
	char *line, *rest;

	CHECK(b.handle);
	fdinfo_read(s.fd);
	for (line = strtok_r(fdinfo, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		check_fdinfo_line(line);
	CHECK(!strcmp("qda", fdinfo_text(s.fd, "drm-driver")));
	CHECK(fdinfo_number(s.fd, "drm-client-id") > 0);
	CHECK(strstr(fdinfo_text(s.fd, "drm-engine-cdsp"), " ns"));
	CHECK_EQ(s.id, fdinfo_number(s.fd, "qda-session"));
	CHECK_EQ(s.sid, fdinfo_number(s.fd, "qda-context-bank"));
	CHECK(!strcmp("unsigned", fdinfo_text(s.fd, "qda-pd-type")));
	buffers_finish(dsp);
}

TEST(fdinfo_of_a_file_that_did_nothing)
{
	struct dsp *dsp = dsp_new("cdsp");
	int a = dsp_open(dsp), b = dsp_open(dsp);

	CHECK(!strcmp("none", fdinfo_text(a, "qda-pd-type")));
	CHECK(!fdinfo_text(a, "qda-context-bank"));
	CHECK(fdinfo_text(a, "drm-engine-cdsp"));
	CHECK_EQ(0, fdinfo_number(a, "drm-engine-cdsp"));
	CHECK_EQ(0, fdinfo_number(a, "drm-total-memory"));
	CHECK_EQ(0, fdinfo_number(a, "qda-mapped-memory"));
	CHECK_EQ(0, fdinfo_number(a, "qda-invocations"));
	CHECK_EQ(0, fdinfo_number(a, "qda-errors"));
	CHECK(fdinfo_number(a, "drm-client-id") != fdinfo_number(b, "drm-client-id"));
	CHECK(fdinfo_number(a, "qda-session") != fdinfo_number(b, "qda-session"));
	dsp_finish(dsp);
}

/* Pages; -1 for what is not to be looked at. */
struct sums {
	int total, shared, resident, active, mapped;
};

static int fdinfo_pages(int fd, const char *key)
{
	unsigned long long bytes = fdinfo_number(fd, key);

	CHECK_EQ(0, bytes % PAGE);
	return bytes / PAGE;
}

#define CHECK_SUMS(fd, ...) check_sums(__LINE__, fd, (struct sums)__VA_ARGS__)

static void check_sum(int line, int fd, const char *key, int expected)
{
	int seen = fdinfo_pages(fd, key);

	if (seen != expected)
		ktap_fail(__FILE__, line, "%s: expected %d pages, seen %d", key, expected, seen);
}

static void check_sums(int line, int fd, struct sums sums)
{
	check_sum(line, fd, "drm-total-memory", sums.total);
	check_sum(line, fd, "drm-shared-memory", sums.shared);
	check_sum(line, fd, "drm-resident-memory", sums.resident);
	check_sum(line, fd, "drm-active-memory", sums.active);
	check_sum(line, fd, "qda-mapped-memory", sums.mapped);
}

static bool nothing_active(void *fd)
{
	return !fdinfo_pages(*(int *)fd, "drm-active-memory");
}

static void end_buffer_call(struct dsp *dsp, int fd, struct dsp_call *call, struct job *job)
{
	dsp_reply(dsp, call, 0);
	CHECK_OK(job_wait(job));
	/* Who took the answer lets go of them at about the same time. */
	CHECK(wait_for(nothing_active, &fd));
}

TEST(fdinfo_sums_of_created_and_mapped_buffers)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct drm_qda_gem_create create;
	struct buffer b;
	struct dsp_call call;
	struct job *job;

	CHECK_SUMS(s.fd, { 0, 0, 0, 0, 0 });
	CHECK_OK(gem_create(s.fd, 5 * PAGE, 0, &create));
	CHECK_SUMS(s.fd, { 5, 0, 0, 0, 0 });
	b = buffer_new(s.fd, 7 * PAGE, QDA_GEM_WC);
	CHECK_SUMS(s.fd, { 12, 0, 7, 0, 0 });
	job = start_buffer_call(dsp, s.fd, create.handle, b.handle, &call);
	CHECK_SUMS(s.fd, { 12, 0, 12, 12, 12 });
	end_buffer_call(dsp, s.fd, &call, job);
	CHECK_SUMS(s.fd, { 12, 0, 12, 0, 12 });
	buffer_munmap(&b);
	CHECK_SUMS(s.fd, { 12, 0, 12, 0, 12 });
	CHECK_OK(gem_close(s.fd, create.handle));
	CHECK_SUMS(s.fd, { 7, 0, 7, 0, 7 });
	buffer_close(&b);
	CHECK_SUMS(s.fd, { 0, 0, 0, 0, 0 });
	buffers_finish(dsp);
}

TEST(fdinfo_sums_of_shared_buffers)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	int other = dsp_open(dsp), heap = heap_dmabuf(3 * PAGE);
	struct drm_qda_gem_create create;
	int dmabuf;
	uint32_t there, foreign;

	CHECK_OK(gem_create(s.fd, 5 * PAGE, 0, &create));
	dmabuf = dmabuf_export(s.fd, create.handle);
	CHECK_SUMS(s.fd, { 5, 5, 0, 0, 0 });
	there = dmabuf_import(other, dmabuf);
	CHECK_SUMS(s.fd, { 5, 5, 0, 0, 0 });
	CHECK_SUMS(other, { 5, 5, 0, 0, 0 });
	foreign = dmabuf_import(s.fd, heap);
	CHECK_EQ(8, fdinfo_pages(s.fd, "drm-total-memory"));
	CHECK_EQ(3, fdinfo_pages(s.fd, "drm-resident-memory"));
	CHECK_EQ(5, fdinfo_pages(other, "drm-total-memory"));
	CHECK_OK(gem_close(s.fd, create.handle));
	CHECK_EQ(3, fdinfo_pages(s.fd, "drm-total-memory"));
	CHECK_EQ(5, fdinfo_pages(other, "drm-total-memory"));
	CHECK_OK(gem_close(other, there));
	CHECK_OK(gem_close(s.fd, foreign));
	CHECK_SUMS(s.fd, { 0, 0, 0, 0, 0 });
	CHECK_SUMS(other, { 0, 0, 0, 0, 0 });
	close(dmabuf);
	close(heap);
	buffers_finish(dsp);
}

/* It is active while a call uses it, and mapped from then on. */
TEST(fdinfo_sums_of_an_imported_buffer_in_a_call)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	int heap = heap_dmabuf(3 * PAGE);
	uint32_t foreign = dmabuf_import(s.fd, heap);
	struct dsp_call call;
	struct job *job = start_buffer_call(dsp, s.fd, 0, foreign, &call);

	CHECK_EQ(3, fdinfo_pages(s.fd, "drm-active-memory"));
	CHECK_EQ(3, fdinfo_pages(s.fd, "qda-mapped-memory"));
	end_buffer_call(dsp, s.fd, &call, job);
	CHECK_EQ(3, fdinfo_pages(s.fd, "qda-mapped-memory"));
	CHECK_OK(gem_close(s.fd, foreign));
	CHECK_EQ(0, fdinfo_pages(s.fd, "qda-mapped-memory"));
	close(heap);
	buffers_finish(dsp);
}

/* Contiguous memory has its pages from the start. */
TEST(fdinfo_sums_of_buffers_for_a_dsp_without_an_iommu)
{
	struct dsp *dsp = dsp_new("cdsp banks=1 direct=1");
	struct session s = session_new(dsp);
	struct drm_qda_gem_create create;
	struct dsp_call call;
	struct job *job;

	CHECK_OK(gem_create(s.fd, 5 * PAGE, 0, &create));
	CHECK_SUMS(s.fd, { 5, 0, 5, 0, 0 });
	job = start_buffer_call(dsp, s.fd, create.handle, 0, &call);
	CHECK_SUMS(s.fd, { 5, 0, 5, 5, 5 });
	end_buffer_call(dsp, s.fd, &call, job);
	CHECK_OK(gem_close(s.fd, create.handle));
	CHECK_SUMS(s.fd, { 0, 0, 0, 0, 0 });
	dsp_finish(dsp);
}

static unsigned long long busy_ns(int fd)
{
	return fdinfo_number(fd, "drm-engine-cdsp");
}

TEST(fdinfo_is_busy_while_a_call_is_in_flight)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	unsigned long long idle = busy_ns(s.fd), first, second, after;
	double start, seen, least, most;
	struct dsp_call call;
	struct job *job;

	CHECK(idle > 0); /* the CREATE */
	CHECK_EQ(idle, busy_ns(s.fd));
	start = now_ms();
	job = start_seen_call(dsp, s.fd, &call);
	seen = now_ms();
	first = busy_ns(s.fd);
	usleep(200000);
	second = busy_ns(s.fd);
	CHECK(first >= idle);
	CHECK(second > first + 100000000);
	least = now_ms() - seen;
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	most = now_ms() - start;
	after = busy_ns(s.fd);
	CHECK(after - idle >= least * 0.9e6);
	CHECK(after - idle <= most * 1.1e6);
	usleep(20000);
	CHECK_EQ(after, busy_ns(s.fd));
	dsp_finish(dsp);
}

TEST(fdinfo_counts_time_once_for_calls_at_the_same_time)
{
	enum { CALLS = 8 };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	unsigned long long idle = busy_ns(s.fd);
	double start = now_ms(), seen = 0, least, most;
	struct dsp_call call[CALLS];
	struct job *job[CALLS];

	for (int i = 0; i < CALLS; i++) {
		job[i] = start_seen_call(dsp, s.fd, &call[i]);
		seen = i ? seen : now_ms();
	}
	usleep(100000);
	least = now_ms() - seen;
	/* The last one is still there while the first one, the second one, ... end. */
	for (int i = 0; i < CALLS; i++) {
		dsp_reply(dsp, &call[i], 0);
		CHECK_OK(job_wait(job[i]));
	}
	most = now_ms() - start;
	CHECK(busy_ns(s.fd) - idle >= least * 0.9e6);
	CHECK(busy_ns(s.fd) - idle <= most * 1.1e6);
	CHECK_EQ(CALLS, fdinfo_number(s.fd, "qda-invocations"));
	dsp_finish(dsp);
}

TEST(fdinfo_of_one_client_says_nothing_about_another)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session a = session_new(dsp), b = session_new(dsp);
	unsigned long long idle = busy_ns(b.fd);
	struct buffer buffer = buffer_new(a.fd, 4 * PAGE, 0);
	struct dsp_call call;
	struct job *job = start_buffer_call(dsp, a.fd, buffer.handle, 0, &call);

	usleep(20000);
	CHECK_EQ(idle, busy_ns(b.fd));
	CHECK_EQ(0, fdinfo_number(b.fd, "qda-invocations"));
	CHECK_SUMS(b.fd, { 0, 0, 0, 0, 0 });
	end_buffer_call(dsp, a.fd, &call, job);
	CHECK_EQ(idle, busy_ns(b.fd));
	CHECK_EQ(1, fdinfo_number(a.fd, "qda-invocations"));
	buffers_finish(dsp);
}

/* It waits for the DSP instead of giving it work. */
TEST(fdinfo_is_not_busy_because_of_a_listener)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	unsigned long long idle = busy_ns(s.fd);
	struct invocation *inv = inv_new(LISTENER_HANDLE, 4);
	struct dsp_call call, other;
	struct job *job = invoke_start(s.fd, &inv->req), *work;

	dsp_expect(dsp, &call, LISTENER_HANDLE, 4);
	usleep(20000);
	CHECK_EQ(idle, busy_ns(s.fd));
	work = start_seen_call(dsp, s.fd, &other);
	usleep(20000);
	CHECK(busy_ns(s.fd) > idle);
	dsp_reply(dsp, &other, 0);
	CHECK_OK(job_wait(work));
	idle = busy_ns(s.fd);
	usleep(20000);
	CHECK_EQ(idle, busy_ns(s.fd));
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK_EQ(idle, busy_ns(s.fd));
	CHECK_EQ(2, fdinfo_number(s.fd, "qda-invocations"));
	dsp_finish(dsp);
}

TEST(fdinfo_counts_calls_and_errors)
{
	static const uint32_t answers[] = { 0, 1, 0, 0xffffffff, 0 };
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct dsp_call call;
		struct job *job = start_seen_call(dsp, s.fd, &call);

		dsp_reply(dsp, &call, answers[i]);
		CHECK_OK(job_wait(job));
		CHECK_EQ(i + 1, fdinfo_number(s.fd, "qda-invocations"));
	}
	CHECK_EQ(2, fdinfo_number(s.fd, "qda-errors"));
	dsp_finish(dsp);
}

TEST(fdinfo_follows_the_process)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct drm_qda_init_create create = { .filefd = -1 };
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job;

	session_release(dsp, &s);
	CHECK(!strcmp("none", fdinfo_text(s.fd, "qda-pd-type")));
	CHECK_EQ(s.sid, fdinfo_number(s.fd, "qda-context-bank"));
	job = create_start(s.fd, &create);
	expect_create(dsp, &call, &wire);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK(!strcmp("signed", fdinfo_text(s.fd, "qda-pd-type")));
	dsp_finish(dsp);
}

TEST(fdinfo_names_pds_of_the_firmware)
{
	struct drm_qda_remote_attach attach = ROOT_PD;
	struct dsp *dsp = dsp_new("cdsp");
	int fd = dsp_open(dsp);
	struct dsp_call call;
	struct job *job = attach_start(fd, &attach);

	expect_attach(dsp, &call, FRPC_PD_ROOT);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	CHECK(!strcmp("root", fdinfo_text(fd, "qda-pd-type")));
	dsp_finish(dsp);
}

TEST(fdinfo_is_empty_when_the_dsp_is_gone)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);
	struct buffer b = buffer_new(s.fd, PAGE, 0);

	CHECK(b.handle);
	dsp_down(dsp);
	fdinfo_read(s.fd);
	CHECK(strstr(fdinfo, "pos:"));
	CHECK(!strstr(fdinfo, "drm-"));
	CHECK(!strstr(fdinfo, "qda-"));
	buffers_finish(dsp);
}
