/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * dspd and the shell behind the kernel's older driver, drivers/misc/fastrpc.c: it and dspd
 * were not made for each other, so what they agree on is FastRPC.
 *	fastrpc_client SHELL [NODE]
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-heap.h>
#include <misc/fastrpc.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fastrpc_wire.h"

#define HEAP_SIZE   (1u << 20)
#define NO_SUCH_MAP 0x80000448u

struct heap {
	int fd;
	uint8_t *memory;
};

static int done;
static int failed;

static void __attribute__((format(printf, 2, 3))) check(bool ok, const char *format, ...)
{
	va_list args;

	printf("%s %d - ", ok ? "ok" : "not ok", ++done);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	failed += !ok;
}

static _Noreturn void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(2);
}

static struct heap heap_alloc(void)
{
	struct dma_heap_allocation_data data = { .len = HEAP_SIZE, .fd_flags = O_RDWR | O_CLOEXEC };
	struct heap heap;
	int fd = open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, DMA_HEAP_IOCTL_ALLOC, &data))
		die("cannot allocate a dma-buf");
	close(fd);
	heap.fd = (int)data.fd;
	heap.memory = mmap(NULL, HEAP_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, heap.fd, 0);
	if (heap.memory == MAP_FAILED)
		die("cannot map a dma-buf");
	return heap;
}

static void heap_free(struct heap *heap)
{
	munmap(heap->memory, HEAP_SIZE);
	close(heap->fd);
}

/* ioctl() passes negative numbers below -4095 on as they are: codes of the DSP. */
static uint32_t result_of(int ret)
{
	return ret == -1 ? (uint32_t)errno : (uint32_t)ret;
}

static uint32_t create(int fd, const char *path)
{
	struct heap heap = heap_alloc();
	struct fastrpc_init_create init = { .filefd = heap.fd,
					    .attrs = FASTRPC_MODE_UNSIGNED_MODULE };
	int file = open(path, O_RDONLY);
	ssize_t len = file < 0 ? -1 : read(file, heap.memory, HEAP_SIZE);
	uint32_t result;

	if (len <= 0)
		die(path);
	close(file);
	init.filelen = (uint32_t)len;
	init.file = (uintptr_t)heap.memory;
	result = result_of(ioctl(fd, FASTRPC_IOCTL_INIT_CREATE, &init));
	heap_free(&heap);
	return result;
}

static uint32_t invoke(int fd, uint32_t handle, uint32_t sc, struct fastrpc_invoke_args *args)
{
	struct fastrpc_invoke call = { .handle = handle, .sc = sc, .args = (uintptr_t)args };

	return result_of(ioctl(fd, FASTRPC_IOCTL_INVOKE, &call));
}

static struct fastrpc_invoke_args inline_arg(const void *data, uint64_t len)
{
	return (struct fastrpc_invoke_args){ .ptr = (uintptr_t)data, .length = len, .fd = -1 };
}

static uint32_t open_module(int fd, const char *name, uint32_t *error)
{
	uint32_t in[2] = { (uint32_t)strlen(name) + 1, 256 }, out[2] = { 0, 1 };
	char text[256] = "";
	struct fastrpc_invoke_args args[] = { inline_arg(in, 8), inline_arg(name, in[0]),
					      inline_arg(out, 8), inline_arg(text, 256) };
	uint32_t result =
		invoke(fd, FRPC_HANDLE_REMOTECTL, FRPC_SC(FRPC_REMOTECTL_OPEN, 2, 2), args);

	*error = result ? result : out[1];
	if (*error)
		printf("# open %s: 0x%x %s\n", name, *error, text);
	return out[0];
}

static int start(const char *node, const char *shell)
{
	int fd = open(node, O_RDWR | O_CLOEXEC);
	uint32_t result;

	if (fd < 0)
		die(node);
	result = create(fd, shell);
	check(!result, "CREATE: 0x%x", result);
	return fd;
}

static uint32_t must_open(int fd, const char *name)
{
	uint32_t error, handle = open_module(fd, name, &error);

	check(!error && handle > 255, "open %s", name);
	return handle;
}

static void test_calc(int fd)
{
	uint32_t error,
		calc = must_open(
			fd,
			"file:///libcalc_skel.so?calc_skel_handle_invoke&_modver=1.0&_dom=cdsp");
	uint32_t count = 1000, result;
	struct heap heap = heap_alloc();
	int32_t numbers[1000], *shared = (int32_t *)heap.memory;
	int64_t sum = 0;
	struct fastrpc_invoke_args args[] = { inline_arg(&count, 4),
					      inline_arg(numbers, sizeof(numbers)),
					      inline_arg(&sum, 8) };

	for (int i = 0; i < 1000; i++)
		shared[i] = -(numbers[i] = i);
	result = invoke(fd, calc, FRPC_SC(2, 2, 1), args);
	check(!result && sum == 499500, "sum of copied numbers: %lld", (long long)sum);
	args[1] = (struct fastrpc_invoke_args){ .ptr = (uintptr_t)shared,
						.length = 4000,
						.fd = heap.fd };
	result = invoke(fd, calc, FRPC_SC(2, 2, 1), args);
	check(!result && sum == -499500, "sum of shared numbers: %lld", (long long)sum);
	check(invoke(fd, calc, FRPC_SC(9, 0, 0), NULL) == FRPC_EUNSUPPORTED, "unknown method");
	open_module(fd, "nothere", &error);
	check(error == FRPC_ENOSUCHMOD, "unknown module");
	heap_free(&heap);
}

/* Inputs and outputs of many sizes, two of each at once. */
static void test_echo(int fd)
{
	static const uint32_t lengths[] = { 1, 64, 127, 128, 4095, 4096, 4097, 65536, 300001 };
	uint32_t calc = must_open(fd, "calc"), bad = 0;
	uint8_t *in = malloc(300001), *out = malloc(300001), small[100] = { 0 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct fastrpc_invoke_args args[] = { inline_arg(in, lengths[i]),
						      inline_arg(in, 100),
						      inline_arg(out, lengths[i]),
						      inline_arg(small, 100) };

		for (uint32_t j = 0; j < 300001; j++)
			in[j] = (uint8_t)random();
		if (invoke(fd, calc, FRPC_SC(4, 2, 2), args) || memcmp(in, out, lengths[i]) ||
		    memcmp(in, small, 100))
			bad++;
	}
	check(!bad, "echo of 9 sizes");
	free(in);
	free(out);
}

static void test_capability(int fd)
{
	struct fastrpc_ioctl_capability capability = { .domain = 3, .attribute_id = 6 };
	uint32_t result = result_of(ioctl(fd, FASTRPC_IOCTL_GET_DSP_INFO, &capability));

	check(!result && capability.capability == 0x68, "architecture 0x%x", capability.capability);
}

static void test_crash(int crashed, int other)
{
	uint32_t probe = must_open(crashed, "probe"), still = must_open(other, "calc"), count = 1,
		 result;
	int32_t number = 5, max = 0;
	struct fastrpc_invoke_args args[] = { inline_arg(&count, 4), inline_arg(&number, 4),
					      inline_arg(&max, 4) };

	result = invoke(crashed, probe, FRPC_SC(4, 0, 0), NULL);
	check(result == FRPC_EBADSTATE, "a call that crashes its process: 0x%x", result);
	result = invoke(crashed, probe, FRPC_SC(6, 1, 0), args);
	check(result == FRPC_EBADSTATE, "a later call: 0x%x", result);
	check(!invoke(other, still, FRPC_SC(3, 2, 1), args) && max == 5, "another session goes on");
}

/* Memory that the driver has not mapped is not there for the DSP. */
static void test_fault(int fd)
{
	uint32_t probe = must_open(fd, "probe"), address = 0x60000000, value = 0, result;
	struct fastrpc_invoke_args args[] = { inline_arg(&address, 4), inline_arg(&value, 4) };

	result = invoke(fd, probe, FRPC_SC(2, 1, 1), args);
	check(result == FRPC_EBADSTATE, "a read of memory that is not mapped: 0x%x", result);
}

static uint32_t get(int fd, uint32_t probe, int key, uint32_t offset, uint32_t *value)
{
	uint32_t words[2] = { (uint32_t)key, offset };
	struct fastrpc_invoke_args args[] = { inline_arg(words, 8), inline_arg(value, 4) };

	return invoke(fd, probe, FRPC_SC(9, 1, 1), args);
}

static uint32_t put(int fd, uint32_t probe, int key, uint32_t offset, uint32_t value)
{
	uint32_t words[3] = { (uint32_t)key, offset, value };
	struct fastrpc_invoke_args args[] = { inline_arg(words, 12) };

	return invoke(fd, probe, FRPC_SC(10, 1, 0), args);
}

/* A DMA-BUF that the DSP code finds by its file descriptor. */
static void test_mapped(int fd)
{
	uint32_t probe = must_open(fd, "probe"), value = 0, found[2] = { 0 }, result;
	struct heap heap = heap_alloc();
	struct fastrpc_mem_map map = { .fd = heap.fd,
				       .flags = FASTRPC_MAP_FD,
				       .vaddrin = (uintptr_t)heap.memory,
				       .length = HEAP_SIZE };
	struct fastrpc_mem_unmap unmap = { .fd = heap.fd, .length = HEAP_SIZE };
	struct fastrpc_invoke_args args[] = { inline_arg(&heap.fd, 4), inline_arg(found, 8) };

	check(get(fd, probe, heap.fd, 0, &value) == NO_SUCH_MAP, "a key before it is mapped");
	result = result_of(ioctl(fd, FASTRPC_IOCTL_MEM_MAP, &map));
	check(!result, "MEM_MAP: 0x%x", result);
	memcpy(heap.memory + 1000, "\x44\x33\x22\x11", 4);
	check(!get(fd, probe, heap.fd, 1000, &value) && value == 0x11223344,
	      "the DSP reads it by its key");
	check(!put(fd, probe, heap.fd, HEAP_SIZE - 4, 0x55667788) &&
		      !memcmp(heap.memory + HEAP_SIZE - 4, "\x88\x77\x66\x55", 4),
	      "and writes to it");
	result = invoke(fd, probe, FRPC_SC(15, 1, 1), args);
	check(!result && found[0] == map.vaddrout && found[1] == HEAP_SIZE,
	      "at 0x%x, as MEM_MAP said, %u bytes", found[0], found[1]);
	unmap.vaddr = map.vaddrout;
	result = result_of(ioctl(fd, FASTRPC_IOCTL_MEM_UNMAP, &unmap));
	check(!result && get(fd, probe, heap.fd, 0, &value) == NO_SUCH_MAP, "MEM_UNMAP: 0x%x",
	      result);
	heap_free(&heap);
}

/* The same as a DMA handle of one call. */
static void test_dma_handle(int fd)
{
	uint32_t probe = must_open(fd, "probe"), words[2] = { 5000, 1 }, value, sum, bad = 0;
	struct heap heap = heap_alloc();
	struct fastrpc_invoke_args handle = { .ptr = 3000, .length = 5000, .fd = heap.fd };
	struct fastrpc_invoke_args fill[] = { inline_arg(words, 8), handle };
	struct fastrpc_invoke_args add[] = { inline_arg(words, 4), inline_arg(&sum, 4), handle };
	uint32_t expect = 2166136261;

	memset(heap.memory, 0, HEAP_SIZE);
	check(!invoke(fd, probe, FRPC_SC(12, 1, 0) | 0x01, fill), "fill a DMA handle's buffer");
	for (uint32_t i = 0; i < HEAP_SIZE; i++) {
		uint8_t byte = (uint8_t)((1 + i - 3000) * 2654435761u >> 24);

		bad += heap.memory[i] != (i >= 3000 && i < 8000 ? byte : 0);
	}
	check(!bad, "from its offset on, nothing else: %u bytes wrong", bad);
	for (uint32_t i = 3000; i < 8000; i++)
		expect = (expect ^ heap.memory[i]) * 16777619;
	check(!invoke(fd, probe, FRPC_SC(11, 1, 1) | 0x10, add) && sum == expect,
	      "sum over a DMA handle's buffer");
	check(get(fd, probe, heap.fd, 0, &value) == NO_SUCH_MAP, "it ends with the call");
	heap_free(&heap);
}

/* Pages of the kernel for the process, and what happens after they are gone. */
static void test_add_pages(int fd)
{
	uint32_t probe = must_open(fd, "probe"), words[2] = { 0, 77 }, value = 0, result;
	struct fastrpc_req_mmap map = { .fd = -1, .flags = FRPC_MMAP_ADD_PAGES, .size = 0x40000 };
	struct fastrpc_req_munmap unmap = { .size = 0x40000 };
	struct fastrpc_invoke_args write_args[] = { inline_arg(words, 8) };
	struct fastrpc_invoke_args read_args[] = { inline_arg(words, 4), inline_arg(&value, 4) };

	result = result_of(ioctl(fd, FASTRPC_IOCTL_MMAP, &map));
	check(!result && map.vaddrout, "MMAP: 0x%x", result);
	words[0] = (uint32_t)map.vaddrout + 0x3fffc;
	check(!invoke(fd, probe, FRPC_SC(3, 1, 0), write_args) &&
		      !invoke(fd, probe, FRPC_SC(2, 1, 1), read_args) && value == 77,
	      "the DSP writes and reads its new pages");
	unmap.vaddrout = map.vaddrout;
	result = result_of(ioctl(fd, FASTRPC_IOCTL_MUNMAP, &unmap));
	check(!result, "MUNMAP: 0x%x", result);
	result = invoke(fd, probe, FRPC_SC(2, 1, 1), read_args);
	check(result == FRPC_EBADSTATE, "a read of pages that are gone: 0x%x", result);
}

int main(int argc, char **argv)
{
	const char *node = argc > 2 ? argv[2] : "/dev/fastrpc-cdsp";
	int first, second, third;
	uint32_t result;

	if (argc < 2)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	first = start(node, argv[1]);
	second = start(node, argv[1]);
	test_calc(first);
	test_echo(first);
	test_capability(first);
	test_crash(first, second);
	test_fault(second);
	close(first);
	close(second);
	third = open(node, O_RDWR | O_CLOEXEC);
	result = create(third, "/bin/true");
	check(result == FRPC_EUNABLETOLOAD, "CREATE of a program of this machine: 0x%x", result);
	close(third);
	third = start(node, argv[1]);
	test_calc(third);
	test_mapped(third);
	test_dma_handle(third);
	test_add_pages(third);
	close(third);
	printf("1..%d\n# %d failed\n", done, failed);
	return failed != 0;
}
