// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "real.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ktap.h"
#include "sys.h"

#define MAX_IMAGE (4 * MIB)
#define PD_NAME	  "qemu-hexagon"

static const char *setting(const char *name)
{
	const char *value = getenv(name);

	if (!value)
		SKIP("%s is not set; tests/run does it", name);
	return value;
}

static _Noreturn void become_dspd(struct dsp *dsp, int ready)
{
	char device[64], shell[512], number[16];

	snprintf(device, sizeof(device), "/dev/vdsp-%s", dsp->name);
	snprintf(shell, sizeof(shell), "%s/qda_shell.elf", setting("QDA_DSP_DIR"));
	snprintf(number, sizeof(number), "%d", ready);
	execl(setting("QDA_DSPD"), "dspd", "--device", device, "--shell", shell, "--ready-fd",
	      number, (char *)NULL);
	FAIL("cannot start dspd: %m");
}

static void start_dspd(struct dsp *dsp)
{
	struct pollfd p = { .events = POLLIN };
	int fds[2];
	char c;

	if (pipe(fds))
		FAIL("pipe: %m");
	dsp->firmware = fork();
	if (!dsp->firmware) {
		close(fds[0]);
		become_dspd(dsp, fds[1]);
	}
	close(fds[1]);
	p.fd = fds[0];
	if (dsp->firmware < 0 || poll(&p, 1, WAIT_MS) != 1 || read(fds[0], &c, 1) != 1)
		FAIL("dspd did not say that it is ready");
	close(fds[0]);
}

struct dsp *real_new(const char *line)
{
	struct dsp *dsp;

	if (access(setting("QDA_DSPD"), X_OK))
		SKIP("there is no dspd at %s", getenv("QDA_DSPD"));
	dsp = dsp_new_down(line);
	dsp_close_firmware(dsp);
	start_dspd(dsp);
	dsp_wait_node(dsp);
	return dsp;
}

void real_restart(struct dsp *dsp)
{
	enum { DSP_GONE = 3 };

	CHECK_EQ(DSP_GONE, client_wait(dsp->firmware));
	start_dspd(dsp);
	dsp_wait_node(dsp);
}

struct image image_of_file(const char *path)
{
	struct image image = { 0 };
	struct stat st;
	FILE *f = fopen(path, "rb");

	if (!f || fstat(fileno(f), &st))
		FAIL("%s: %m", path);
	image.size = st.st_size;
	image.data = malloc(MAX_IMAGE);
	if (!image.data || image.size > MAX_IMAGE)
		FAIL("%s: %zu bytes are too many", path, image.size);
	memset(image.data, 0, MAX_IMAGE);
	if (fread(image.data, 1, image.size, f) != image.size)
		FAIL("reading %s: %m", path);
	fclose(f);
	return image;
}

struct image image_load(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", setting("QDA_DSP_DIR"), name);
	if (access(path, R_OK))
		SKIP("there is no %s", path);
	return image_of_file(path);
}

int real_create(int fd, struct image image, struct drm_qda_init_create *create)
{
	*create = UNSIGNED_PD;
	create->filelen = image.size;
	create->file = (uintptr_t)image.data;
	return qda_create(fd, create);
}

int real_session(struct dsp *dsp, struct image image)
{
	struct drm_qda_init_create create;
	int fd = dsp_open(dsp), ret = real_create(fd, image, &create);

	if (ret)
		FAIL("create: %s, dsp_status %#x", strerror(-ret), create.dsp_status);
	return fd;
}

uint32_t module_open(int fd, const char *name)
{
	struct invocation *inv = inv_new(QDA_HANDLE_REMOTECTL, 0);
	uint32_t in[2] = { strlen(name) + 1, 256 }, out[2] = { 0, 0xdead };
	char text[256] = "";

	inv_in(inv, in, sizeof(in));
	inv_in(inv, name, in[0]);
	inv_out(inv, out, sizeof(out));
	inv_out(inv, text, sizeof(text));
	CHECK_OK(qda_invoke(fd, &inv->req));
	CHECK_EQ(0, inv->req.dsp_status);
	text[sizeof(text) - 1] = '\0';
	if (out[1])
		FAIL("opening the module %s: %#x %s", name, out[1], text);
	free(inv);
	return out[0];
}

int real_call(int fd, uint32_t handle, unsigned int method, const void *in, size_t in_len,
	      void *out, size_t out_len, uint32_t *dsp_status)
{
	struct invocation *inv = inv_new(handle, method);
	int ret;

	if (in)
		inv_in(inv, in, in_len);
	if (out)
		inv_out(inv, out, out_len);
	ret = qda_invoke(fd, &inv->req);
	*dsp_status = inv->req.dsp_status;
	free(inv);
	return ret;
}

struct job *real_call_start(int fd, uint32_t handle, unsigned int method, const void *in,
			    size_t in_len, struct invocation **inv)
{
	*inv = inv_new(handle, method);
	if (in)
		inv_in(*inv, in, in_len);
	return invoke_start(fd, &(*inv)->req);
}

int probe_read(int fd, uint32_t handle, uint32_t address, uint32_t *value)
{
	uint32_t status;
	int ret;

	ret = real_call(fd, handle, PROBE_READ, &address, sizeof(address), value, sizeof(*value),
			&status);
	if (!ret)
		CHECK_EQ(0, status);
	return ret;
}

/* A process that is only waited for (state Z) has ended. */
static bool runs_as(const char *pid, const char *name)
{
	char path[300], stat[512], *comm, *end;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	read_text(path, stat, sizeof(stat));
	comm = strchr(stat, '(');
	end = strrchr(stat, ')');
	if (!comm || !end || strlen(end) < 3)
		return false;
	*end = '\0';
	return !strcmp(comm + 1, name) && end[2] != 'Z' && end[2] != 'X';
}

static int for_pds(void (*fn)(pid_t pid))
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	while (dir && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]) || !runs_as(entry->d_name, PD_NAME))
			continue;
		count++;
		if (fn)
			fn(atoi(entry->d_name));
	}
	if (dir)
		closedir(dir);
	return count;
}

int real_pds(void)
{
	return for_pds(NULL);
}

static void kill_it(pid_t pid)
{
	kill(pid, SIGKILL);
}

int real_kill_pds(void)
{
	return for_pds(kill_it);
}

static bool no_pd_left(void *arg)
{
	(void)arg;
	return real_pds() == 0;
}

void check_no_pd_left(void)
{
	if (!wait_for(no_pd_left, NULL))
		FAIL("%d processes of PDs are left", real_pds());
}
