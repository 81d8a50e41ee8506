// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The legacy interface: calls with all kinds of arguments. Part of the suite "shim".
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "ktap.h"
#include "legacy.h"
#include "shim.h"
#include "storm.h"

struct job *legacy_call_seen(struct dsp *dsp, int fd, struct legacy_call *call,
			     struct dsp_call *seen)
{
	struct job *job = legacy_call_start(fd, call);

	dsp_expect(dsp, seen, call->req.handle, METHOD);
	CHECK_EQ(call->req.sc, seen->msg.sc);
	return job;
}

/* ---- inline arguments ---- */

static int echo(int fd, const void *in, void *out, size_t size)
{
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, METHOD);
	int ret;

	legacy_in(call, in, size, -1);
	legacy_out(call, out, size, 0);
	ret = legacy_call_run(fd, call);
	free(call);
	return ret;
}

TEST(inline_of_all_sizes_to_4_mib)
{
	enum { MOST = 4 * MIB };
	static const size_t sizes[] = { 0, 1, 7, 64, 4095, 4096, 4097, 70000, MIB, MIB + 1, MOST };
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	unsigned char *in = guarded_alloc(MOST), *out = guarded_alloc(MOST);

	dsp_serve(dsp, NULL, NULL);
	fill_pattern(in, MOST, 8);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(out, POISON, MOST);
		CHECK_OK(echo(s.fd, in + MOST - sizes[i], out + MOST - sizes[i], sizes[i]));
		CHECK_MEM(in + MOST - sizes[i], out + MOST - sizes[i], sizes[i]);
	}
	dsp_finish(dsp);
}

TEST(inline_message_is_the_old_one)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, METHOD);
	char in[33], out[100];
	struct dsp_call seen;
	struct job *job;
	uint64_t len;
	char *p;

	fill_pattern(in, sizeof(in), 3);
	memset(out, POISON, sizeof(out));
	/* Bits that this driver has no use for are the DSP's business. */
	legacy_in(call, in, sizeof(in), -1);
	legacy_in(call, NULL, 0, -1);
	legacy_out(call, out, sizeof(out), -1);
	legacy_out(call, bad_pointer(), 0, 77);
	call->req.sc |= 5u << 29;
	job = legacy_call_seen(dsp, s.fd, call, &seen);
	CHECK_EQ(s.id, seen.msg.client_id);
	CHECK_EQ(FRPC_PD_USER, FRPC_CTX_PD(seen.msg.ctx));
	p = dsp_arg(dsp, &seen, 0, &len);
	CHECK_EQ(sizeof(in), len);
	CHECK_MEM(in, p, len);
	CHECK_EQ(0, seen.list[1].num);
	CHECK_EQ(0, seen.list[3].num);
	p = dsp_arg(dsp, &seen, 2, &len);
	CHECK_EQ(sizeof(out), len);
	memset(p, 'z', len / 2);
	/* What is there now was read once and for all, whatever the DSP makes of it. */
	memset(seen.arg, 0xff, seen.n * (sizeof(*seen.arg) + sizeof(*seen.list)));
	dsp_reply(dsp, &seen, 0);
	CHECK_OK(job_wait(job));
	for (size_t i = 0; i < sizeof(out); i++)
		CHECK_EQ(i < sizeof(out) / 2 ? 'z' : 0, out[i]);
	free(call);
	dsp_finish(dsp);
}

/* The DSP sees each as it is; of outputs that overlap the last one wins. */
TEST(inline_arguments_may_overlap)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, METHOD);
	unsigned char mem[4096], before[4096];
	struct dsp_call seen;
	struct job *job;
	uint64_t len;
	void *p;

	fill_pattern(mem, sizeof(mem), 11);
	memcpy(before, mem, sizeof(mem));
	legacy_in(call, mem, 3000, -1);
	legacy_in(call, mem + 1000, 3000, -1);
	legacy_in(call, mem + 100, 10, -1);
	legacy_out(call, mem, 2000, -1);
	legacy_out(call, mem + 1000, 2000, -1);
	job = legacy_call_seen(dsp, s.fd, call, &seen);
	p = dsp_arg(dsp, &seen, 0, &len);
	CHECK_MEM(before, p, 3000);
	p = dsp_arg(dsp, &seen, 1, &len);
	CHECK_MEM(before + 1000, p, 3000);
	p = dsp_arg(dsp, &seen, 2, &len);
	CHECK_MEM(before + 100, p, 10);
	memset(dsp_arg(dsp, &seen, 3, &len), 'a', 2000);
	memset(dsp_arg(dsp, &seen, 4, &len), 'b', 2000);
	dsp_reply(dsp, &seen, 0);
	CHECK_OK(job_wait(job));
	memset(before, 'a', 1000);
	memset(before + 1000, 'b', 2000);
	CHECK_MEM(before, mem, sizeof(mem));
	free(call);
	dsp_finish(dsp);
}

TEST(call_with_540_arguments)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, METHOD);
	struct legacy_buffer b = legacy_alloc(s.fd, PAGE);
	unsigned char in[255], out[255];

	fill_pattern(in, sizeof(in), 6);
	for (int i = 0; i < 255; i++)
		legacy_in(call, in + i, 1, -1);
	for (int i = 0; i < 255; i++)
		legacy_out(call, out + i, 1, -1);
	for (int i = 0; i < 30; i++)
		legacy_handle_in(call, i, PAGE, b.fd);
	call->req.sc = METHOD << 24 | 0xffffff;
	dsp_serve(dsp, NULL, NULL);
	CHECK_OK(legacy_call_run(s.fd, call));
	CHECK_MEM(in, out, sizeof(in));
	legacy_free(&b);
	free(call);
	dsp_finish(dsp);
}

/* A DSP that fails may have written outputs nevertheless, and programs look at them. */
TEST(code_of_the_dsp_and_outputs_are_returned)
{
	static const uint32_t codes[] = { FRPC_EUNSUPPORTED, FRPC_ENOSUCHHANDLE, 46, 0xffffffd6 };
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		struct legacy_call *call = legacy_call_new(TEST_HANDLE, METHOD);
		char out[8] = "before";
		struct dsp_call seen;
		struct job *job;
		uint64_t len;

		legacy_out(call, out, sizeof(out), -1);
		job = legacy_call_seen(dsp, s.fd, call, &seen);
		memcpy(dsp_arg(dsp, &seen, 0, &len), "written", 8);
		dsp_reply(dsp, &seen, codes[i]);
		CHECK_EQ((int)codes[i], job_wait(job));
		CHECK_MEM("written", out, 8);
		free(call);
	}
	dsp_finish(dsp);
}

TEST(invoke_errors)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	struct legacy_call *call = legacy_call_new(FRPC_HANDLE_INIT, METHOD);
	int fd = legacy_open(dsp, true), pipes[2];

	CHECK_ERR(-EFAULT, do_ioctl(s.fd, FASTRPC_IOCTL_INVOKE, bad_pointer()));
	CHECK_ERR(-EPERM, legacy_call_run(s.fd, call));
	call->req.handle = TEST_HANDLE;
	CHECK_ERR(-ENOTCONN, legacy_call_run(fd, call));
	legacy_in(call, bad_pointer(), 8, -1);
	CHECK_ERR(-EFAULT, legacy_call_run(s.fd, call));
	call->args[0].length = UINT64_MAX;
	CHECK_ERR(-ENOMEM, legacy_call_run(s.fd, call));
	call->req.args = (uintptr_t)bad_pointer();
	CHECK_ERR(-EFAULT, legacy_call_run(s.fd, call));
	call->req.args = (uintptr_t)call->args;
	CHECK_EQ(0, pipe(pipes));
	call->args[0] = (struct fastrpc_invoke_args){ .length = 8, .fd = pipes[0] };
	CHECK_ERR(-EINVAL, legacy_call_run(s.fd, call));
	call->args[0].fd = 999;
	CHECK_ERR(-EINVAL, legacy_call_run(s.fd, call));
	call->args[0].fd = -2;
	CHECK_ERR(-EINVAL, legacy_call_run(s.fd, call));
	dsp_expect_silence(dsp);
	free(call);
	dsp_finish(dsp);
}

TEST(output_that_cannot_be_written_efault)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, METHOD);

	legacy_out(call, bad_pointer(), 8, -1);
	dsp_serve(dsp, NULL, NULL);
	CHECK_ERR(-EFAULT, legacy_call_run(s.fd, call));
	free(call);
	dsp_finish(dsp);
}

#if defined(__x86_64__)
/* ioctl() by the way that 32-bit programs take into the kernel. */
static int ioctl32(int fd, unsigned int cmd, void *arg)
{
	int ret;

	storm_make_calls(cmd, arg);
	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(54), "b"(fd), "c"(cmd), "d"((unsigned int)(uintptr_t)arg)
			 : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

TEST(call_of_a_32_bit_program)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	struct fastrpc_invoke *req = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	struct fastrpc_invoke_args *args = (void *)(req + 1);
	char *data = (char *)(args + 2);

	dsp_serve(dsp, NULL, NULL);
	strcpy(data, "hello");
	args[0] = (struct fastrpc_invoke_args){ .ptr = (uintptr_t)data, .length = 6, .fd = -1 };
	args[1] = (struct fastrpc_invoke_args){ .ptr = (uintptr_t)data + 64, .length = 6 };
	*req = (struct fastrpc_invoke){ TEST_HANDLE, FRPC_SC(METHOD, 1, 1), (uintptr_t)args };
	CHECK_EQ(0, ioctl32(s.fd, FASTRPC_IOCTL_INVOKE, req));
	CHECK_MEM("hello", data + 64, 6);
	dsp_finish(dsp);
}
#endif

/* ---- arguments in buffers ---- */

void check_in_buffer(struct dsp *dsp, int fd, int dmabuf, unsigned char *mem, size_t offset,
		     size_t size)
{
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, METHOD);
	struct dsp_call seen;
	struct job *job;
	uint64_t len;
	char *in, *out;

	legacy_in(call, mem + offset, size, dmabuf);
	legacy_out(call, mem + offset + size, size, dmabuf);
	job = legacy_call_seen(dsp, fd, call, &seen);
	in = dsp_arg(dsp, &seen, 0, &len);
	CHECK_EQ(size, len);
	CHECK_MEM(mem + offset, in, size);
	out = dsp_arg(dsp, &seen, 1, &len);
	CHECK_EQ(size, len);
	/* One mapping for both: what is side by side for the caller is so for the DSP. */
	CHECK(out == in + size);
	memset(out, 'q', size);
	dsp_reply(dsp, &seen, 0);
	CHECK_OK(job_wait(job));
	for (size_t i = 0; i < size; i++)
		CHECK_EQ('q', mem[offset + size + i]);
	free(call);
}

TEST(argument_in_a_buffer_is_not_copied)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	struct legacy_buffer b = legacy_alloc(s.fd, 8 * PAGE);
	int dmabuf = heap_dmabuf(8 * PAGE);
	unsigned char *mem = dmabuf_mmap(dmabuf, 8 * PAGE);
	long long copied = qda_get(dsp, "copied");

	fill_pattern(b.mem, b.size, 2);
	fill_pattern(mem, 8 * PAGE, 3);
	check_in_buffer(dsp, s.fd, b.fd, b.mem, 0, 4 * PAGE);
	check_in_buffer(dsp, s.fd, b.fd, b.mem, 5000, 100);
	check_in_buffer(dsp, s.fd, dmabuf, mem, 0, 4 * PAGE);
	check_in_buffer(dsp, s.fd, dmabuf, mem, 5001, 6001);
	CHECK_EQ(copied, qda_get(dsp, "copied"));
	/* Nothing is mapped for longer than the calls. */
	qda_wait(dsp, "mappings", 0);
	munmap(mem, 8 * PAGE);
	legacy_free(&b);
	dsp_finish(dsp);
}

/* The old driver takes the start of a mapping for the start of the buffer. */
TEST(argument_in_a_mapping_of_a_part)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	struct legacy_buffer b = legacy_alloc(s.fd, 8 * PAGE);
	int dmabuf = heap_dmabuf(8 * PAGE);
	unsigned char *whole = dmabuf_mmap(dmabuf, 8 * PAGE), *part;

	fill_pattern(b.mem, b.size, 2);
	fill_pattern(whole, 8 * PAGE, 3);
	part = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, b.fd, 3 * PAGE);
	CHECK(part != MAP_FAILED);
	check_in_buffer(dsp, s.fd, b.fd, part, 100, 300);
	munmap(part, 4 * PAGE);
	part = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 3 * PAGE);
	CHECK(part != MAP_FAILED);
	check_in_buffer(dsp, s.fd, dmabuf, part, 100, 300);
	munmap(part, 4 * PAGE);
	munmap(whole, 8 * PAGE);
	legacy_free(&b);
	dsp_finish(dsp);
}

/* The old driver takes any mapping at the address for one of the buffer. */
TEST(argument_outside_of_its_buffer_einval)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	struct legacy_buffer b = legacy_alloc(s.fd, 2 * PAGE), other = legacy_alloc(s.fd, 2 * PAGE);
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, METHOD);
	char stack[64];

	legacy_in(call, other.mem, 64, b.fd);
	CHECK_ERR(-EINVAL, legacy_call_run(s.fd, call));
	call->args[0].ptr = (uintptr_t)stack;
	CHECK_ERR(-EINVAL, legacy_call_run(s.fd, call));
	call->args[0].ptr = (uintptr_t)b.mem + 1;
	call->args[0].length = 2 * PAGE;
	CHECK_ERR(-EINVAL, legacy_call_run(s.fd, call));
	call->args[0].length = UINT64_MAX;
	CHECK_ERR(-EINVAL, legacy_call_run(s.fd, call));
	dsp_expect_silence(dsp);
	CHECK_EQ(0, qda_get(dsp, "mappings"));
	free(call);
	legacy_free(&b);
	legacy_free(&other);
	dsp_finish(dsp);
}

/* The buffer may be mapped nowhere: then the address only has an offset in a page. */
TEST(argument_in_a_buffer_that_is_not_mapped)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, METHOD);
	int dmabuf = heap_dmabuf(PAGE);
	unsigned char *mem = dmabuf_mmap(dmabuf, PAGE);
	struct dsp_call seen;
	struct job *job;

	munmap(mem, PAGE);
	legacy_in(call, mem + 24, 64, dmabuf);
	job = legacy_call_seen(dsp, s.fd, call, &seen);
	CHECK_EQ(24, seen.arg[0].pv & 0xfff);
	CHECK_EQ(PAGE, seen.page[0].size);
	dsp_reply(dsp, &seen, 0);
	CHECK_OK(job_wait(job));
	free(call);
	dsp_finish(dsp);
}
