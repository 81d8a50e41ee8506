// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Memory of another program goes through the DSP. The program "camera" allocates it and
 * draws a picture there; only a file descriptor comes here, and is given to the
 * DSP under a key. Here nobody looks at the pixels: the other program judges them.
 */
#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "camera.h"
#include "counters.h"
#include "filter-module.h"
#include "parts.h"

/* The number of the socket in the other program. */
#define SOCKET_NUMBER 3
/* By which the DSP finds the memory; any number would do. */
#define KEY 2026

struct camera {
	pid_t pid;
	int sock;
	int dmabuf;
	struct camera_offer offer;
};

static const char camera_failed[] =
	"The program \"camera\" may have said why. It needs /dev/dma_heap/system in the kernel.";

/* It lies next to this program. */
static bool camera_path(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size - 1);
	char *name;

	if (length < 0)
		return false;
	path[length] = '\0';
	name = strrchr(path, '/') + 1;
	if ((size_t)(name - path) + sizeof("camera") > size)
		return false;
	strcpy(name, "camera");
	return true;
}

static int spawn(const char *path, int sock, pid_t *pid)
{
	char name[] = "camera", number[] = { '0' + SOCKET_NUMBER, '\0' };
	char *argv[] = { name, number, NULL }, *no_environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	int err;

	err = posix_spawn_file_actions_init(&actions);
	if (err)
		return -err;
	err = posix_spawn_file_actions_adddup2(&actions, sock, SOCKET_NUMBER);
	if (!err)
		err = posix_spawn(pid, path, &actions, NULL, argv, no_environment);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

static bool start_camera(struct camera *camera)
{
	char path[512];
	int socks[2], err;

	if (!camera_path(path, sizeof(path)))
		return step_fail("this program does not know where it is", 0, 0, "Is /proc there?");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks))
		return step_fail("no socket", -errno, 0, "Are too many files open?");
	err = spawn(path, socks[1], &camera->pid);
	close(socks[1]);
	if (err) {
		close(socks[0]);
		return step_fail(path, err, 0, "Build it: make user");
	}
	camera->sock = socks[0];
	return true;
}

/* The descriptor that came along, or -1. */
static int take_descriptor(struct msghdr *message)
{
	const struct cmsghdr *head = CMSG_FIRSTHDR(message);
	int fd;

	if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS ||
	    head->cmsg_len != CMSG_LEN(sizeof(fd)))
		return -1;
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

static bool receive_offer(struct camera *camera)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { &camera->offer, sizeof(camera->offer) };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};

	if (recvmsg(camera->sock, &message, MSG_CMSG_CLOEXEC) != sizeof(camera->offer))
		return step_fail("nothing came from the other program", 0, 0, camera_failed);
	camera->dmabuf = take_descriptor(&message);
	if (camera->dmabuf < 0)
		return step_fail("no file came from the other program", 0, 0, camera_failed);
	step_say("Process %d, another program, allocated memory and drew a picture there.",
		 camera->pid);
	step_say("It sent a file descriptor, here %d: all that comes here of the picture.",
		 camera->dmabuf);
	return true;
}

static bool call_by_key(struct qda_module *module, const struct camera_offer *offer)
{
	const struct picture picture = { .width = offer->width, .height = offer->height };
	const struct filter_layout layout = filter_layout_of(&picture);
	const struct qda_arg args[] = {
		qda_arg_in(&layout, sizeof(layout)),
		qda_arg_out_key(KEY, 0, picture_bytes(&picture)),
	};
	uint32_t status;
	int err;

	err = qda_module_call_args(module, FILTER_BY_HANDLE, args, 2, &status);
	return !err || step_fail("filtering failed", err, status, filter_broken);
}

static bool map_and_call(struct qda_process *process, struct qda_module *module,
			 const struct camera *camera, const struct qda_buffer *buffer)
{
	struct counters before, after;
	uint32_t status;
	int err;
	bool ok;

	if (!counters_read(qda_process_device(process), &before))
		return false;
	err = qda_process_map(process, buffer, 0, qda_buffer_size(buffer), KEY, &status);
	if (err)
		return step_fail("the memory cannot be mapped for the DSP", err, status,
				 "The log of the DSP's firmware may say why: vdsp/bringup log");
	ok = call_by_key(module, &camera->offer) &&
	     counters_read(qda_process_device(process), &after) &&
	     counters_judge(&before, &after, sizeof(struct filter_layout));
	err = qda_process_unmap(process, KEY, &status);
	if (err)
		return step_fail("the memory stays mapped for the DSP", err, status,
				 "The log of the DSP's firmware may say why: vdsp/bringup log");
	if (ok)
		step_say("The DSP got it under the number %d, and filtered the picture in place.",
			 KEY);
	return ok;
}

static bool filter_on_dsp(struct qda_process *process, struct qda_module *module,
			  const struct camera *camera)
{
	struct qda_buffer *buffer;
	bool ok;
	int err;

	err = qda_buffer_import(qda_process_device(process), camera->dmabuf, &buffer);
	if (err)
		return step_fail("the memory cannot be imported", err, 0,
				 "'make test' may tell what is wrong.");
	ok = map_and_call(process, module, camera, buffer);
	qda_buffer_close(buffer);
	return ok;
}

static bool ask_verdict(const struct camera *camera, const struct camera_done *done)
{
	struct camera_verdict verdict;

	if (send(camera->sock, done, sizeof(*done), MSG_NOSIGNAL) != sizeof(*done) ||
	    recv(camera->sock, &verdict, sizeof(verdict), 0) != sizeof(verdict))
		return step_fail("no verdict came from the other program", 0, 0, camera_failed);
	if (verdict.different)
		return filter_wrong("the other program's memory", verdict.different, verdict.x,
				    verdict.y);
	step_say("Process %d found all %u pixels in its memory to be what the CPU computes.",
		 camera->pid, camera->offer.width * camera->offer.height);
	return true;
}

static bool work_with(struct camera *camera, struct qda_process *process, struct qda_module *module)
{
	struct camera_done done;
	char name[64];

	return filter_ask(module, &done.filter, name, sizeof(name)) && receive_offer(camera) &&
	       filter_on_dsp(process, module, camera) && ask_verdict(camera, &done);
}

/* Without its socket the other program ends, wherever it was. */
static bool end_camera(const struct camera *camera, bool ok)
{
	int status = -1;

	if (camera->dmabuf >= 0)
		close(camera->dmabuf);
	close(camera->sock);
	if (waitpid(camera->pid, &status, 0) != camera->pid || status)
		return ok ? step_fail("the other program failed", 0, 0, camera_failed) : false;
	return ok;
}

bool filter_visitor(struct steps *steps, struct qda_process *process)
{
	struct camera camera = { .dmabuf = -1 };
	struct qda_module *module;
	bool ok;

	step_begin(steps, "Let the DSP work in the memory of another program");
	if (!open_module(process, "filter", &module))
		return false;
	ok = start_camera(&camera);
	if (ok)
		ok = end_camera(&camera, work_with(&camera, process, module));
	ok = close_module(module) && ok;
	if (ok)
		step_end(steps);
	return ok;
}
