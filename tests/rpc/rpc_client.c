// SPDX-License-Identifier: MIT
/* Copyright (c) 2026 The QDA authors */
#include "rpc_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rpc_private.h"

/* The library asks for a page more than it wants. */
#define EXTRA 4096

/* Methods; remotectl1 has open and close of its own at 0 and 1, so its methods are 2 higher. */
enum {
	REMOTECTL_OPEN = 0,
	REMOTECTL_CLOSE = 1,
	PROCESS_EXIT = 2,
	PROCESS_THREAD_EXIT = 3,
};

int rpc_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret == -1 ? -errno : ret;
}

void rpc_event(struct rpc_client *client, const char *what, const char *name)
{
	char text[RPC_TEXT_SIZE + 32];

	if (!client->options.event)
		return;
	snprintf(text, sizeof(text), "%s%s%s", what, *name ? " " : "", name);
	client->options.event(client->options.context, text);
}

int rpc_client_fd(const struct rpc_client *client)
{
	return client->fd;
}

/* ---- calls ---- */

static void add_arg(struct rpc_args *args, uint32_t counts, uint64_t ptr, uint64_t len, int fd)
{
	args->counts += counts;
	args->arg[args->count++] = (struct fastrpc_invoke_args){
		.ptr = ptr,
		.length = len,
		.fd = fd,
	};
}

void rpc_args_in(struct rpc_args *args, const void *data, size_t len,
		 const struct rpc_buffer *buffer)
{
	add_arg(args, 1 << 16, (uintptr_t)data, len, buffer ? buffer->fd : -1);
}

void rpc_args_out(struct rpc_args *args, void *data, size_t len, const struct rpc_buffer *buffer)
{
	add_arg(args, 1 << 8, (uintptr_t)data, len, buffer ? buffer->fd : -1);
}

static void add_handle(struct rpc_args *args, uint32_t counts, const struct rpc_buffer *buffer,
		       uint32_t offset)
{
	enum { NO_ADDRESS = 256 };

	add_arg(args, counts, offset, buffer->size, buffer->fd);
	args->arg[args->count - 1].attr = NO_ADDRESS;
}

void rpc_args_in_handle(struct rpc_args *args, const struct rpc_buffer *buffer, uint32_t offset)
{
	add_handle(args, 1 << 4, buffer, offset);
}

void rpc_args_out_handle(struct rpc_args *args, const struct rpc_buffer *buffer, uint32_t offset)
{
	add_handle(args, 1, buffer, offset);
}

int rpc_invoke(struct rpc_client *client, uint32_t handle, uint32_t method,
	       const struct rpc_args *args)
{
	struct fastrpc_invoke invoke = {
		.handle = handle,
		.sc = method << 24 | (args ? args->counts : 0),
		.args = args ? (uintptr_t)args->arg : 0,
	};

	return rpc_ioctl(client->fd, FASTRPC_IOCTL_INVOKE, &invoke);
}

int rpc_call(struct rpc_client *client, uint32_t handle, uint32_t method, const void *in,
	     size_t in_len, void *out, size_t out_len)
{
	struct rpc_args args = { 0 };

	if (in_len)
		rpc_args_in(&args, in, in_len, NULL);
	if (out_len)
		rpc_args_out(&args, out, out_len, NULL);
	return rpc_invoke(client, handle, method, &args);
}

/* The DSP's own code, and not a mistake of the caller or the end of the DSP. */
static bool is_refusal(int ret)
{
	return ret > 0 || (ret < -4095 && ret != RPC_EBADSTATE);
}

static int remotectl(struct rpc_client *client, uint32_t method, const struct rpc_args *args)
{
	int ret = RPC_ERPC;

	if (!client->options.old)
		ret = rpc_invoke(client, RPC_REMOTECTL1, method + 2, args);
	/* Older firmware has no such handle. */
	return is_refusal(ret) ? rpc_invoke(client, RPC_REMOTECTL, method, args) : ret;
}

int rpc_module_open(struct rpc_client *client, const char *name, uint32_t *handle, char *text)
{
	uint32_t in[2] = { (uint32_t)strlen(name) + 1, RPC_TEXT_SIZE }, out[2] = { 0 };
	char error[RPC_TEXT_SIZE] = "";
	struct rpc_args args = { 0 };
	int ret;

	rpc_args_in(&args, in, sizeof(in), NULL);
	rpc_args_in(&args, name, in[0], NULL);
	rpc_args_out(&args, out, sizeof(out), NULL);
	rpc_args_out(&args, error, sizeof(error), NULL);
	ret = remotectl(client, REMOTECTL_OPEN, &args);
	error[sizeof(error) - 1] = '\0';
	if (text)
		memcpy(text, error, sizeof(error));
	*handle = out[0];
	return ret ? ret : (int)out[1];
}

int rpc_module_close(struct rpc_client *client, uint32_t handle)
{
	uint32_t in[2] = { handle, RPC_TEXT_SIZE }, out = 0;
	char error[RPC_TEXT_SIZE];
	struct rpc_args args = { 0 };
	int ret;

	rpc_args_in(&args, in, sizeof(in), NULL);
	rpc_args_out(&args, &out, sizeof(out), NULL);
	rpc_args_out(&args, error, sizeof(error), NULL);
	ret = remotectl(client, REMOTECTL_CLOSE, &args);
	return ret ? ret : (int)out;
}

int rpc_thread_exit(struct rpc_client *client)
{
	return rpc_invoke(client, RPC_CURRENT_PROCESS, PROCESS_THREAD_EXIT, NULL);
}

int rpc_capability(int fd, uint32_t attribute, uint32_t *value)
{
	struct fastrpc_ioctl_capability args = { .attribute_id = attribute };
	int ret = rpc_ioctl(fd, FASTRPC_IOCTL_GET_DSP_INFO, &args);

	*value = args.capability;
	return ret;
}

/* ---- buffers ---- */

int rpc_buffer_alloc(const struct rpc_client *client, size_t size, struct rpc_buffer *buffer)
{
	struct fastrpc_alloc_dma_buf args = { .fd = -1, .size = size + EXTRA };
	int ret = rpc_ioctl(client->memory_fd, FASTRPC_IOCTL_ALLOC_DMA_BUFF, &args);

	if (ret)
		return ret;
	buffer->fd = args.fd;
	buffer->size = size;
	buffer->mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, args.fd, 0);
	if (buffer->mem != MAP_FAILED)
		return 0;
	ret = -errno;
	close(args.fd);
	return ret;
}

void rpc_buffer_free(struct rpc_buffer *buffer)
{
	munmap(buffer->mem, buffer->size);
	close(buffer->fd);
}

int rpc_buffer_map(struct rpc_client *client, const struct rpc_buffer *buffer, uint64_t *address)
{
	struct fastrpc_mem_map args = {
		.fd = buffer->fd,
		.flags = FASTRPC_MAP_FD,
		.vaddrin = (uintptr_t)buffer->mem,
		.length = buffer->size,
	};
	int ret = rpc_ioctl(client->fd, FASTRPC_IOCTL_MEM_MAP, &args);

	*address = args.vaddrout;
	return ret;
}

int rpc_buffer_unmap(struct rpc_client *client, const struct rpc_buffer *buffer, uint64_t address)
{
	struct fastrpc_mem_unmap args = {
		.fd = buffer->fd,
		.vaddr = address,
		.length = buffer->size,
	};

	return rpc_ioctl(client->fd, FASTRPC_IOCTL_MEM_UNMAP, &args);
}

/* ---- the process ---- */

static int read_shell(const struct rpc_client *client, struct rpc_buffer *image)
{
	FILE *file = fopen(client->options.shell, "rb");
	long size = -1;
	int ret;

	if (!file)
		return -errno;
	if (!fseek(file, 0, SEEK_END))
		size = ftell(file);
	rewind(file);
	ret = size > 0 ? rpc_buffer_alloc(client, (size_t)size, image) : -EINVAL;
	if (!ret && fread(image->mem, 1, image->size, file) != image->size) {
		rpc_buffer_free(image);
		ret = -EIO;
	}
	fclose(file);
	return ret;
}

static int create(struct rpc_client *client)
{
	struct fastrpc_init_create args = { .filefd = -1 };
	struct rpc_buffer image = { .fd = -1 };
	int ret;

	if (client->options.pd == RPC_PD_UNSIGNED)
		args.attrs = FASTRPC_MODE_UNSIGNED_MODULE;
	if (client->options.shell) {
		ret = read_shell(client, &image);
		if (ret)
			return ret;
		args.filelen = (uint32_t)image.size;
		args.filefd = image.fd;
		args.file = (uintptr_t)image.mem;
	}
	ret = rpc_ioctl(client->fd, FASTRPC_IOCTL_INIT_CREATE, &args);
	if (client->options.shell)
		rpc_buffer_free(&image);
	return ret;
}

static int init(struct rpc_client *client)
{
	switch (client->options.pd) {
	case RPC_PD_ROOT:
		return rpc_ioctl(client->fd, FASTRPC_IOCTL_INIT_ATTACH, NULL);
	case RPC_PD_SENSORS:
		return rpc_ioctl(client->fd, FASTRPC_IOCTL_INIT_ATTACH_SNS, NULL);
	default:
		return create(client);
	}
}

/* Read-only, as the library opens them. */
static int open_node(const char *node, int *fd)
{
	*fd = open(node, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

static int start(struct rpc_client *client)
{
	int ret = open_node(client->options.node, &client->memory_fd);

	if (!ret)
		ret = open_node(client->options.node, &client->fd);
	if (!ret)
		ret = init(client);
	if (ret)
		return ret;
	ret = -pthread_create(&client->thread, NULL, rpc_listener_main, client);
	client->listening = !ret;
	return ret;
}

int rpc_client_open(struct rpc_client **client, const struct rpc_options *options)
{
	struct rpc_client *made = calloc(1, sizeof(*made));
	int ret;

	if (!made)
		return -ENOMEM;
	made->options = *options;
	made->fd = -1;
	made->memory_fd = -1;
	ret = start(made);
	if (ret) {
		made->exited = true;
		rpc_client_close(made);
		return ret;
	}
	*client = made;
	return 0;
}

int rpc_client_exit(struct rpc_client *client)
{
	client->exited = true;
	return rpc_invoke(client, RPC_CURRENT_PROCESS, PROCESS_EXIT, NULL);
}

int rpc_client_join(struct rpc_client *client)
{
	if (client->listening)
		pthread_join(client->thread, NULL);
	client->listening = false;
	return client->listener_result;
}

void rpc_client_close(struct rpc_client *client)
{
	if (!client->exited)
		rpc_client_exit(client);
	rpc_client_join(client);
	if (client->fd >= 0)
		close(client->fd);
	if (client->memory_fd >= 0)
		close(client->memory_fd);
	free(client);
}
