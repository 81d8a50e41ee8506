// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * One client runs the same script of ioctls on drivers/misc/fastrpc.c and on our legacy
 * interface, on the same virtual DSP. What reaches the DSP and what the client gets is
 * written down, a line each, and the two texts must be the same.
 *
 * In the lines, client ids and DMA addresses are not numbers but where they lead to: an
 * id is 1, 2, .. in order of appearance, an address is what is there. The differences
 * that are intended are left out of the lines here, each where it says "difference".
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "ktap.h"
#include "legacy.h"
#include "module.h"
#include "samewire.h"

enum { TEXT = 1 << 20, IDS = 16, DSP_VADDR = 0x10000 };

/* What one driver did. */
struct record {
	char *text;
	size_t used;
	int ids[IDS];
	unsigned int id_count;
	struct dsp *dsp;
	uint32_t code;	/* what the DSP answers to the next call */
	uint64_t vaddr; /* next address that it gives to a mapping */
};

static void clean_up(void)
{
	dsp_remove_all();
	if (module_loaded("fastrpc"))
		module_unload("fastrpc");
	if (module_loaded(LEGACY_MODULE))
		module_unload(LEGACY_MODULE);
	driver_after_each();
}

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(clean_up);
	/* One test runs two drivers, the other emulates a processor in an emulated one. */
	ktap_seconds(240);
}

struct dsp *old_driver(const char *line)
{
	struct dsp *dsp;

	module_unload("qda");
	module_load("fastrpc");
	dsp = dsp_new_down(line);
	dsp_announce(dsp);
	/* Other DSPs have no node for everyone. */
	legacy_wait_nodes(dsp, true, !strcmp(dsp->name, "cdsp"));
	return dsp;
}

struct dsp *our_driver(const char *line)
{
	module_unload("fastrpc");
	module_load("qda");
	return legacy_new(line);
}

__attribute__((format(printf, 2, 3))) static void note(struct record *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	r->used += vsnprintf(r->text + r->used, TEXT - r->used, format, args);
	va_end(args);
	if (r->used >= TEXT)
		FAIL("the record is too long");
}

static uint32_t sum_of(const void *p, size_t len)
{
	const unsigned char *c = p;
	uint32_t sum = 2166136261u;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ c[i]) * 16777619u;
	return sum;
}

static unsigned int id_of(struct record *r, int id)
{
	if (!id)
		return 0;
	for (unsigned int i = 0; i < r->id_count; i++)
		if (r->ids[i] == id)
			return i + 1;
	CHECK(r->id_count < IDS);
	r->ids[r->id_count++] = id;
	return r->id_count;
}

/* ---- the DSP's side ---- */

static void note_page(struct record *r, const struct frpc_page *page)
{
	/* What is there is part of it, but not how much more than asked for. */
	note(r, " region of %llu sum %08x", (unsigned long long)page->size,
	     sum_of(dsp_mem(r->dsp, page->addr, page->size), page->size));
}

static void note_create(struct record *r, struct dsp_call *call)
{
	struct frpc_create wire;
	struct frpc_page page;
	uint64_t len;
	void *p;

	memcpy(&wire, dsp_arg(r->dsp, call, 0, &len), sizeof(wire));
	note(r, " client %u namelen %u filelen %u pages %u attrs %#x siglen %u",
	     id_of(r, wire.client_id), wire.namelen, wire.filelen, wire.pageslen, wire.attrs,
	     wire.siglen);
	p = dsp_arg(r->dsp, call, 1, &len);
	note(r, " name %.*s", (int)len, (char *)p);
	p = dsp_arg(r->dsp, call, 2, &len);
	note(r, " image %llu sum %08x", (unsigned long long)len, p ? sum_of(p, len) : 0);
	memcpy(&page, dsp_arg(r->dsp, call, 3, &len), sizeof(page));
	/* Difference: our driver gives a process at least 4 MiB, the old one at least 2. */
	CHECK(page.size >= 2 * MIB && page.size % MIB == 0);
}

static void give_vaddr(struct record *r, struct dsp_call *call, unsigned int index)
{
	uint64_t len, *vaddr = dsp_arg(r->dsp, call, index, &len);

	CHECK_EQ(sizeof(*vaddr), len);
	*vaddr = r->code ? 0 : r->vaddr;
	r->vaddr += 0x10000000;
}

static void note_mem_map(struct record *r, struct dsp_call *call)
{
	struct frpc_mem_map wire;
	struct frpc_page page;
	uint64_t len;

	memcpy(&wire, dsp_arg(r->dsp, call, 0, &len), sizeof(wire));
	note(r, " client %u key %d offset %d flags %#x vaddrin %#llx num %d data %d",
	     id_of(r, wire.client_id), wire.key, wire.offset, wire.flags,
	     (unsigned long long)wire.vaddrin, wire.num, wire.data_len);
	memcpy(&page, dsp_arg(r->dsp, call, 1, &len), sizeof(page));
	note_page(r, &page);
	CHECK_EQ(0, call->list[2].num);
	give_vaddr(r, call, 3);
}

static void note_mmap(struct record *r, struct dsp_call *call)
{
	struct frpc_mmap wire;
	struct frpc_page page;
	uint64_t len;

	memcpy(&wire, dsp_arg(r->dsp, call, 0, &len), sizeof(wire));
	/* Difference: four bytes of padding that the old driver does not clear. */
	note(r, " client %u flags %#x vaddr %#llx num %d", id_of(r, wire.client_id), wire.flags,
	     (unsigned long long)wire.vaddr, wire.num);
	memcpy(&page, dsp_arg(r->dsp, call, 1, &len), sizeof(page));
	note_page(r, &page);
	give_vaddr(r, call, 2);
}

static void note_unmap(struct record *r, struct dsp_call *call)
{
	struct frpc_mem_unmap wire;
	uint64_t len;

	memcpy(&wire, dsp_arg(r->dsp, call, 0, &len), sizeof(wire));
	if (FRPC_SC_METHOD(call->msg.sc) == FRPC_INIT_MUNMAP)
		wire.key = 0; /* Difference: padding, as above. */
	note(r, " client %u key %d vaddr %#llx len %llu", id_of(r, wire.client_id), wire.key,
	     (unsigned long long)wire.vaddr, (unsigned long long)wire.len);
}

static void note_id(struct record *r, struct dsp_call *call)
{
	uint64_t len;
	int id;

	memcpy(&id, dsp_arg(r->dsp, call, 0, &len), sizeof(id));
	CHECK_EQ(sizeof(id), len);
	note(r, " client %u", id_of(r, id));
}

static void note_kernel_call(struct record *r, struct dsp_call *call)
{
	switch (FRPC_SC_METHOD(call->msg.sc)) {
	case FRPC_INIT_CREATE:
	case FRPC_INIT_CREATE_ATTR:
		note_create(r, call);
		break;
	case FRPC_INIT_MEM_MAP:
		note_mem_map(r, call);
		break;
	case FRPC_INIT_MMAP:
		note_mmap(r, call);
		break;
	case FRPC_INIT_MEM_UNMAP:
	case FRPC_INIT_MUNMAP:
		note_unmap(r, call);
		break;
	default:
		note_id(r, call);
	}
}

static bool is_output(const struct dsp_call *call, unsigned int i)
{
	unsigned int in = FRPC_SC_IN(call->msg.sc), out = FRPC_SC_OUT(call->msg.sc);

	return i >= in && i < in + out;
}

/* Writes something that depends on the place and the length into each output. */
static void note_buffer(struct record *r, struct dsp_call *call, unsigned int i)
{
	uint64_t len;
	unsigned char *p = dsp_arg(r->dsp, call, i, &len);

	note(r, "\n  %u: num %u pgidx %u len %llu", i, call->list[i].num, call->list[i].pgidx,
	     (unsigned long long)call->arg[i].len);
	if (!p)
		return;
	CHECK(call->page[i].size >= len);
	if (is_output(call, i))
		fill_pattern(p, len, i + len);
	else
		note(r, " sum %08x", sum_of(p, len));
}

static void note_handle(struct record *r, struct dsp_call *call, unsigned int i)
{
	struct frpc_dma_handle *handle = (void *)&call->arg[i];

	note(r, "\n  %u: num %u pgidx %u key %d offset %u len %u", i, call->list[i].num,
	     call->list[i].pgidx, handle->fd, handle->offset, handle->len);
	if (call->page[i].size)
		note_page(r, &call->page[i]);
}

static void note_user_call(struct record *r, struct dsp_call *call)
{
	unsigned int buffers = FRPC_SC_IN(call->msg.sc) + FRPC_SC_OUT(call->msg.sc);

	for (unsigned int i = 0; i < call->n; i++) {
		if (i < buffers)
			note_buffer(r, call, i);
		else
			note_handle(r, call, i);
	}
}

static void note_capabilities(struct record *r, struct dsp_call *call)
{
	uint64_t len;
	uint32_t *words = dsp_arg(r->dsp, call, 0, &len);

	note(r, " words %u", *words);
	words = dsp_arg(r->dsp, call, 1, &len);
	note(r, " of %llu bytes", (unsigned long long)len);
	for (uint64_t i = 0; i < len / 4; i++)
		words[i] = 7 * i + 1;
}

static uint32_t write_down(struct dsp *dsp, struct dsp_call *call, void *arg)
{
	struct record *r = arg;
	uint32_t code = r->code;

	(void)dsp;
	note(r, "dsp: client %u handle %#x sc %#x", id_of(r, call->msg.client_id), call->msg.handle,
	     call->msg.sc);
	/* Difference: the old driver asks for capabilities with the PD type that it has. */
	if (call->msg.handle != FRPC_HANDLE_UTILITIES)
		note(r, " pd %u", FRPC_CTX_PD(call->msg.ctx));
	if (call->msg.handle == FRPC_HANDLE_INIT)
		note_kernel_call(r, call);
	else if (call->msg.handle == FRPC_HANDLE_UTILITIES)
		note_capabilities(r, call);
	else
		note_user_call(r, call);
	note(r, "\n");
	r->code = 0;
	return code;
}

/* ---- the client's side: a line for each ioctl ---- */

static int run(struct record *r, const char *what, int fd, unsigned long cmd, void *arg)
{
	int ret = do_ioctl(fd, cmd, arg);

	note(r, "client: %s gives %d (%#x)\n", what, ret, (unsigned int)ret);
	return ret;
}

enum { BUFFER = 64 * PAGE, MOST = 4 * MIB, LENT = 7 };

struct script {
	struct record *r;
	int fd;
	int dmabuf; /* mapped at mem */
	unsigned char *mem;
	/*
	 * Others of that size. The old driver remembers the length with which a descriptor
	 * was first used, and takes it for what is said later.
	 */
	int mapped, image, small;
	/* It maps each of them anew for each DMA handle; the kernel's checks allow 7. */
	int lent[LENT];
	unsigned char *image_mem;
	unsigned char *in, *out;
};

static void run_call(struct script *s, const char *what, struct legacy_call *call)
{
	memset(s->out, POISON, MOST);
	run(s->r, what, s->fd, FASTRPC_IOCTL_INVOKE, &call->req);
	note(s->r, "  outputs sum %08x, buffer sum %08x\n", sum_of(s->out, MOST),
	     sum_of(s->mem, BUFFER));
	free(call);
}

static void script_inline(struct script *s)
{
	static const size_t sizes[] = { 0, 1, 5, 64, 127, 128, 129, 4096, 5000, 65536, MIB, MOST };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct legacy_call *call = legacy_call_new(TEST_HANDLE, 2);

		legacy_in(call, s->in, sizes[i], -1);
		legacy_out(call, s->out, sizes[i], i & 1 ? -1 : 0);
		run_call(s, "inline", call);
	}
	run_call(s, "no arguments", legacy_call_new(TEST_HANDLE, 31));
}

static void script_many(struct script *s)
{
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, 3);

	for (unsigned int i = 0; i < 255; i++)
		legacy_in(call, s->in + 200 * i, i, -1);
	for (unsigned int i = 0; i < 255; i++)
		legacy_out(call, s->out + 200 * i, i % 100, -1);
	run_call(s, "255 and 255", call);
	call = legacy_call_new(TEST_HANDLE, 3);
	for (unsigned int i = 0; i < 30; i++)
		legacy_handle_in(call, i, PAGE, s->lent[i % (LENT - 1)]);
	call->req.sc = 3 << 24 | 0xff;
	run_call(s, "15 and 15 handles", call);
}

/* Overlapping inputs. Difference: where they are, which the DSP is told, is not the same. */
static void script_overlap(struct script *s)
{
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, 4);

	legacy_in(call, s->in, 3000, -1);
	legacy_in(call, s->in + 1000, 5000, -1);
	legacy_in(call, s->in + 500, 100, -1);
	legacy_in(call, s->in, 3000, -1);
	legacy_out(call, s->out, 10, -1);
	run_call(s, "overlapping inputs", call);
}

static void script_buffers(struct script *s)
{
	static const size_t offsets[] = { 0, 1, PAGE, 3 * PAGE + 100 };

	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		struct legacy_call *call = legacy_call_new(TEST_HANDLE, 5);

		legacy_in(call, s->mem + offsets[i], 2 * PAGE, s->dmabuf);
		legacy_in(call, s->in, 100, -1);
		legacy_in(call, s->mem, 0, s->dmabuf);
		legacy_out(call, s->mem + 32 * PAGE + offsets[i], 5000, s->dmabuf);
		legacy_out(call, s->out, 100, -1);
		if (i & 1)
			legacy_handle_in(call, 50, 2 * PAGE, s->lent[LENT - 1]);
		legacy_handle_in(call, 8, 9, -1);
		run_call(s, "buffers", call);
	}
}

static void script_codes(struct script *s)
{
	static const uint32_t codes[] = { FRPC_EUNSUPPORTED, FRPC_ERPC, 1, 46, 0x7fffffff };

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		struct legacy_call *call = legacy_call_new(TEST_HANDLE, 6);

		legacy_out(call, s->out, 100, -1);
		s->r->code = codes[i];
		run_call(s, "call that the DSP refuses", call);
	}
}

static void script_call_errors(struct script *s)
{
	struct legacy_call *call = legacy_call_new(FRPC_HANDLE_INIT, 6);

	run_call(s, "handle 1", call);
	call = legacy_call_new(TEST_HANDLE, 6);
	legacy_in(call, bad_pointer(), 8, -1);
	run_call(s, "input at a bad address", call);
	call = legacy_call_new(TEST_HANDLE, 6);
	legacy_out(call, bad_pointer(), 8, -1);
	run_call(s, "output at a bad address", call);
	call = legacy_call_new(TEST_HANDLE, 6);
	legacy_in(call, s->mem, 8, 999);
	run_call(s, "no such descriptor", call);
	call = legacy_call_new(TEST_HANDLE, 6);
	legacy_in(call, s->mem, 8, s->fd);
	run_call(s, "not a dma-buf", call);
	call = legacy_call_new(TEST_HANDLE, 6);
	legacy_in(call, s->mem, BUFFER + 1, s->small);
	run_call(s, "longer than the buffer", call);
	run(s->r, "INVOKE of a bad address", s->fd, FASTRPC_IOCTL_INVOKE, bad_pointer());
	run(s->r, "FREE_DMA_BUFF", s->fd, FASTRPC_IOCTL_FREE_DMA_BUFF, &s->fd);
	run(s->r, "number 14", s->fd, _IO('R', 14), NULL);
}

static void script_mem_map(struct script *s)
{
	struct fastrpc_mem_map map = {
		.fd = s->mapped,
		.offset = 12,
		.flags = FRPC_MAP_FD_DELAYED,
		.vaddrin = 0x1234000,
		.length = BUFFER - 100,
	};
	struct fastrpc_mem_unmap unmap = { .fd = s->mapped };

	run(s->r, "MEM_MAP", s->fd, FASTRPC_IOCTL_MEM_MAP, &map);
	note(s->r, "  at %#llx\n", (unsigned long long)map.vaddrout);
	unmap.vaddr = map.vaddrout + 1;
	run(s->r, "MEM_UNMAP of nothing", s->fd, FASTRPC_IOCTL_MEM_UNMAP, &unmap);
	unmap.vaddr = map.vaddrout;
	unmap.length = 5;
	s->r->code = FRPC_EBADPARM;
	run(s->r, "MEM_UNMAP that the DSP refuses", s->fd, FASTRPC_IOCTL_MEM_UNMAP, &unmap);
	unmap.fd = -1;
	run(s->r, "MEM_UNMAP", s->fd, FASTRPC_IOCTL_MEM_UNMAP, &unmap);
	run(s->r, "MEM_UNMAP again", s->fd, FASTRPC_IOCTL_MEM_UNMAP, &unmap);
	map.length = BUFFER;
	map.flags = FRPC_MAP_FD;
	s->r->code = FRPC_ENOMEMORY;
	run(s->r, "MEM_MAP that the DSP refuses", s->fd, FASTRPC_IOCTL_MEM_MAP, &map);
	map.fd = 999;
	run(s->r, "MEM_MAP of no descriptor", s->fd, FASTRPC_IOCTL_MEM_MAP, &map);
	map.fd = s->fd;
	run(s->r, "MEM_MAP of no dma-buf", s->fd, FASTRPC_IOCTL_MEM_MAP, &map);
	run(s->r, "MEM_MAP of a bad address", s->fd, FASTRPC_IOCTL_MEM_MAP, bad_pointer());
	run(s->r, "MEM_UNMAP of a bad address", s->fd, FASTRPC_IOCTL_MEM_UNMAP, bad_pointer());
}

static void script_mmap(struct script *s)
{
	struct fastrpc_req_mmap map = { .fd = -1, .flags = FRPC_MMAP_ADD_PAGES, .size = 16 * PAGE };
	struct fastrpc_req_munmap unmap = { .size = 16 * PAGE };

	run(s->r, "MMAP", s->fd, FASTRPC_IOCTL_MMAP, &map);
	note(s->r, "  at %#llx\n", (unsigned long long)map.vaddrout);
	unmap.vaddrout = map.vaddrout + 1;
	run(s->r, "MUNMAP of nothing", s->fd, FASTRPC_IOCTL_MUNMAP, &unmap);
	unmap.vaddrout = map.vaddrout;
	s->r->code = FRPC_EBADPARM;
	run(s->r, "MUNMAP that the DSP refuses", s->fd, FASTRPC_IOCTL_MUNMAP, &unmap);
	run(s->r, "MUNMAP", s->fd, FASTRPC_IOCTL_MUNMAP, &unmap);
	run(s->r, "MUNMAP again", s->fd, FASTRPC_IOCTL_MUNMAP, &unmap);
	s->r->code = FRPC_ENOMEMORY;
	run(s->r, "MMAP that the DSP refuses", s->fd, FASTRPC_IOCTL_MMAP, &map);
	map.vaddrin = PAGE;
	run(s->r, "MMAP of the caller's pages", s->fd, FASTRPC_IOCTL_MMAP, &map);
	map.flags = 8;
	run(s->r, "MMAP with other flags", s->fd, FASTRPC_IOCTL_MMAP, &map);
	run(s->r, "MMAP of a bad address", s->fd, FASTRPC_IOCTL_MMAP, bad_pointer());
	run(s->r, "MUNMAP of a bad address", s->fd, FASTRPC_IOCTL_MUNMAP, bad_pointer());
}

static void script_info(struct script *s)
{
	static const uint32_t numbers[] = { 0, 1, 6, 254, 256, 0xffffffff };
	struct fastrpc_ioctl_set_option option = { .request_id = FASTRPC_POLL_MODE };
	uint32_t args[7] = { 3 };

	s->r->code = FRPC_EBADPARM;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		args[1] = numbers[i];
		/* Difference: for a number too high the old driver leaves this alone, too. */
		args[2] = POISON;
		run(s->r, "GET_DSP_INFO", s->fd, FASTRPC_IOCTL_GET_DSP_INFO, args);
		note(s->r, "  value %u\n", args[2]);
	}
	run(s->r, "GET_DSP_INFO of a bad address", s->fd, FASTRPC_IOCTL_GET_DSP_INFO,
	    bad_pointer());
	run(s->r, "SET_OPTION", s->fd, FASTRPC_IOCTL_SET_OPTION, &option);
	option.request_id = 9;
	run(s->r, "SET_OPTION 9", s->fd, FASTRPC_IOCTL_SET_OPTION, &option);
	option.reserved[2] = 1;
	run(s->r, "SET_OPTION with more", s->fd, FASTRPC_IOCTL_SET_OPTION, &option);
}

static void script_create(struct script *s)
{
	struct fastrpc_init_create create = {
		.filelen = 3 * PAGE + 7,
		.filefd = s->image,
		.file = (uintptr_t)s->image_mem + 100,
		.attrs = FASTRPC_MODE_UNSIGNED_MODULE,
		.siglen = 33,
	};
	int fd = s->fd;

	create.filelen = 2 * MIB + 1;
	run(s->r, "CREATE, image too long", fd, FASTRPC_IOCTL_INIT_CREATE, &create);
	create.filelen = 3 * PAGE + 7;
	create.filefd = 999;
	run(s->r, "CREATE, no descriptor", fd, FASTRPC_IOCTL_INIT_CREATE, &create);
	run(s->r, "CREATE of a bad address", fd, FASTRPC_IOCTL_INIT_CREATE, bad_pointer());
	create.filefd = s->image;
	create.attrs = 0;
	run(s->r, "CREATE, signed", fd, FASTRPC_IOCTL_INIT_CREATE, &create);
	create.attrs = FASTRPC_MODE_UNSIGNED_MODULE;
	s->r->code = FRPC_EUNABLETOLOAD;
	run(s->r, "CREATE that the DSP refuses", fd, FASTRPC_IOCTL_INIT_CREATE, &create);
	run(s->r, "CREATE", fd, FASTRPC_IOCTL_INIT_CREATE, &create);
}

/* Processes of other kinds, each on a file of its own. */
static void script_others(struct script *s)
{
	struct fastrpc_init_create create = { .filefd = -1 };
	struct fastrpc_alloc_dma_buf alloc = { .size = 100 };
	struct dsp *dsp = s->r->dsp;

	run(s->r, "ALLOC of a bad address", s->fd, FASTRPC_IOCTL_ALLOC_DMA_BUFF, bad_pointer());
	run(s->r, "ALLOC", s->fd, FASTRPC_IOCTL_ALLOC_DMA_BUFF, &alloc);
	close(alloc.fd);
	run(s->r, "CREATE without image", legacy_open(dsp, true), FASTRPC_IOCTL_INIT_CREATE,
	    &create);
	run(s->r, "ATTACH", legacy_open(dsp, true), FASTRPC_IOCTL_INIT_ATTACH, NULL);
	run(s->r, "ATTACH_SNS", legacy_open(dsp, true), FASTRPC_IOCTL_INIT_ATTACH_SNS, NULL);
}

static void run_script(struct script *s)
{
	script_info(s);
	script_create(s);
	script_inline(s);
	script_many(s);
	script_overlap(s);
	script_buffers(s);
	script_codes(s);
	script_call_errors(s);
	script_mem_map(s);
	script_mmap(s);
	script_others(s);
}

/* The old driver crashes when a file is closed after the DSP is gone, so before. */
static void close_files(struct dsp *dsp)
{
	while (dsp->file_count)
		close(dsp->files[--dsp->file_count]);
}

static struct record *record(struct dsp *dsp)
{
	struct record *r = calloc(1, sizeof(*r));
	struct script s = { .r = r };

	r->text = calloc(1, TEXT);
	r->dsp = dsp;
	r->vaddr = DSP_VADDR;
	s.dmabuf = heap_dmabuf(BUFFER);
	for (size_t i = 0; i < LENT; i++)
		s.lent[i] = heap_dmabuf(BUFFER);
	s.mapped = heap_dmabuf(BUFFER);
	s.image = heap_dmabuf(BUFFER);
	s.small = heap_dmabuf(BUFFER);
	s.mem = dmabuf_mmap(s.dmabuf, BUFFER);
	s.image_mem = dmabuf_mmap(s.image, BUFFER);
	fill_pattern(s.image_mem, BUFFER, 3);
	s.in = malloc(MOST);
	s.out = malloc(MOST);
	fill_pattern(s.mem, BUFFER, 1);
	fill_pattern(s.in, MOST, 2);
	dsp_serve(dsp, write_down, r);
	s.fd = legacy_open(dsp, false);
	run_script(&s);
	close_files(dsp);
	munmap(s.mem, BUFFER);
	munmap(s.image_mem, BUFFER);
	close(s.dmabuf);
	close(s.mapped);
	close(s.image);
	close(s.small);
	for (size_t i = 0; i < LENT; i++)
		close(s.lent[i]);
	dsp_finish(dsp);
	free(s.in);
	free(s.out);
	return r;
}

static void compare(struct record *old, struct record *ours)
{
	char *a, *b, *rest_a, *rest_b;
	unsigned int line = 0;

	a = strtok_r(old->text, "\n", &rest_a);
	b = strtok_r(ours->text, "\n", &rest_b);
	while (a && b && !strcmp(a, b)) {
		line++;
		a = strtok_r(NULL, "\n", &rest_a);
		b = strtok_r(NULL, "\n", &rest_b);
	}
	if (a || b)
		FAIL("line %u differs:\n# old:  %s\n# ours: %s", line + 1, a ? a : "(none)",
		     b ? b : "(none)");
	ktap_note("%u lines are the same", line);
	CHECK(line > 500);
}

TEST(same_messages_and_results_as_misc_fastrpc)
{
	struct record *old = record(old_driver("cdsp banks=8"));
	struct record *ours = record(our_driver("cdsp banks=8"));

	compare(old, ours);
}
