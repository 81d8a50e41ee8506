// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * libqda against the driver and real Hexagon code: what a program does with it works, and
 * what the kernel refuses comes back as the header says.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <qda.h>

#include "buffer.h"
#include "ktap.h"
#include "real.h"

#define SHELL	  "qda_shell.elf"
#define SHELL_ALT "qda_shell_alt.elf"
#define SIZE	  (300 * 1024u)
#define KEY	  0x7fffffff

/* Of the module "probe"; its source describes what they compute. */
enum { SUM_HANDLE = 11, FILL_HANDLE = 12, SUM = 13, FILL = 14 };
enum { FILTER_DESCRIBE = 3 };

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(dsp_remove_all);
	ktap_seconds(240);
}

struct program {
	struct dsp *dsp;
	struct qda_device *dev;
	struct qda_process *process;
	struct qda_module *probe;
};

static struct qda_module *open_module(struct qda_process *process, const char *name)
{
	struct qda_module *module;
	uint32_t status;

	CHECK_OK(qda_module_open(process, name, &module, NULL, 0, &status));
	return module;
}

static struct qda_device *open_device(struct dsp *dsp)
{
	struct qda_device *dev;

	CHECK_OK(qda_device_open_path(dsp->node, &dev));
	return dev;
}

static struct program start(void)
{
	struct image shell = image_load(SHELL);
	const struct qda_process_params params = {
		.image = shell.data,
		.image_size = shell.size,
		.attrs = QDA_PROCESS_UNSIGNED,
	};
	struct program p = { .dsp = real_new("cdsp") };
	uint32_t status;

	p.dev = open_device(p.dsp);
	CHECK_OK(qda_process_create(p.dev, &params, &p.process, &status));
	p.probe = open_module(p.process, "probe");
	return p;
}

static void finish(struct program *p)
{
	CHECK_OK(qda_module_close(p->probe, NULL));
	CHECK_OK(qda_process_release(p->process, NULL));
	qda_device_close(p->dev);
	dsp_finish(p->dsp);
}

static struct qda_buffer *make_buffer(struct program *p, uint64_t size)
{
	struct qda_buffer *buffer;

	CHECK_OK(qda_buffer_create(p->dev, size, 0, &buffer));
	return buffer;
}

/* What "probe" says about bytes, and puts into them. */
static uint32_t sum_of(const void *data, size_t len)
{
	const unsigned char *bytes = data;
	uint32_t sum = 2166136261u;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ bytes[i]) * 16777619u;
	return sum;
}

static void check_filled(const void *data, size_t len, uint32_t seed)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++)
		CHECK_EQ((unsigned char)((seed + i) * 2654435761u >> 24), bytes[i]);
}

/* The name of the filter tells the image that the process was made from. */
static void check_process(struct qda_device *dev, const struct qda_process_params *params,
			  const char *name)
{
	struct qda_process *process;
	struct qda_module *filter;
	char seen[64] = "";
	const struct qda_out out = { seen, sizeof(seen) };
	uint32_t status;

	CHECK_OK(qda_process_create(dev, params, &process, &status));
	filter = open_module(process, "filter");
	CHECK_OK(qda_module_call(filter, FILTER_DESCRIBE, NULL, 0, &out, 1, &status));
	CHECK(!strcmp(name, seen));
	CHECK_OK(qda_module_close(filter, NULL));
	CHECK_OK(qda_process_release(process, NULL));
}

static int dmabuf_of(struct image image)
{
	int fd = heap_dmabuf(image.size);
	void *p = mmap(NULL, image.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(p != MAP_FAILED);
	memcpy(p, image.data, image.size);
	munmap(p, image.size);
	return fd;
}

/* The alternate images are used in turn, so that none can be left from the one before. */
TEST(processes_are_made_from_memory_buffers_and_dmabufs)
{
	struct image edges = image_load(SHELL), emboss = image_load(SHELL_ALT);
	struct qda_process_params params = { .attrs = QDA_PROCESS_UNSIGNED };
	struct dsp *dsp = real_new("cdsp");
	struct qda_device *dev = open_device(dsp);
	struct qda_buffer *buffer;
	int fd;

	params.image = edges.data;
	params.image_size = edges.size;
	check_process(dev, &params, "edges");

	CHECK_OK(qda_buffer_create(dev, emboss.size, 0, &buffer));
	memcpy(qda_buffer_data(buffer), emboss.data, emboss.size);
	params.image = NULL;
	params.image_buffer = buffer;
	params.image_size = emboss.size;
	check_process(dev, &params, "emboss");

	fd = dmabuf_of(edges);
	params.image_buffer = NULL;
	params.image_fd = fd;
	params.image_size = edges.size;
	check_process(dev, &params, "edges");
	close(fd);

	CHECK_OK(qda_buffer_export(buffer, &fd));
	params.image_fd = fd;
	params.image_size = emboss.size;
	check_process(dev, &params, "emboss");
	close(fd);

	qda_buffer_close(buffer);
	qda_device_close(dev);
	dsp_finish(dsp);
}

TEST(images_that_are_not_there_are_refused)
{
	struct qda_process_params params = { .attrs = QDA_PROCESS_UNSIGNED, .image_size = 5000 };
	struct dsp *dsp = real_new("cdsp");
	struct qda_device *dev = open_device(dsp);
	struct qda_process *process;
	struct qda_buffer *buffer;
	uint32_t status;

	CHECK_OK(qda_buffer_create(dev, 4096, 0, &buffer));
	params.image_buffer = buffer;
	CHECK_ERR(-EINVAL, qda_process_create(dev, &params, &process, &status));
	params.image_buffer = NULL;
	params.image_fd = 999;
	CHECK_ERR(-EBADF, qda_process_create(dev, &params, &process, &status));
	params.image_fd = qda_device_fd(dev);
	CHECK_ERR(-EINVAL, qda_process_create(dev, &params, &process, &status));
	params.image_fd = 0;
	params.image_buffer = buffer;
	params.image_size = 4096;
	CHECK_ERR(-EREMOTEIO, qda_process_create(dev, &params, &process, &status));
	CHECK_EQ(FRPC_EUNABLETOLOAD, status);
	qda_buffer_close(buffer);
	qda_device_close(dev);
	dsp_finish(dsp);
}

/* The firmware's processes run its own shell, which has the same modules. */
TEST(processes_of_the_firmware_can_be_attached_to)
{
	struct dsp *dsp = real_new("cdsp");
	struct qda_device *dev = open_device(dsp);
	struct qda_process *process, *other;
	uint32_t status;

	CHECK_OK(qda_process_attach(dev, QDA_ATTACH_ROOT, NULL, &process, &status));
	CHECK_ERR(-EBUSY, qda_process_attach(dev, QDA_ATTACH_SENSORS, NULL, &other, &status));
	CHECK_OK(qda_module_close(open_module(process, "calc"), NULL));
	CHECK_OK(qda_process_release(process, &status));
	CHECK_OK(qda_process_attach(dev, QDA_ATTACH_NAMED, "audiopd", &process, &status));
	CHECK_OK(qda_module_close(open_module(process, "calc"), NULL));
	CHECK_OK(qda_process_release(process, &status));
	CHECK_ERR(-EREMOTEIO, qda_process_attach(dev, QDA_ATTACH_NAMED, "none", &process, &status));
	CHECK_EQ(FRPC_EUNABLETOLOAD, status);
	CHECK_ERR(-EINVAL, qda_process_attach(dev, QDA_ATTACH_NAMED, NULL, &process, &status));
	CHECK_ERR(-EINVAL, qda_process_attach(dev, QDA_ATTACH_ROOT, "root", &process, &status));
	qda_device_close(dev);
	dsp_finish(dsp);
}

TEST(the_dsp_reads_and_writes_ranges_of_buffers)
{
	struct program p = start();
	struct qda_buffer *buffer = make_buffer(&p, SIZE);
	unsigned char *data = qda_buffer_data(buffer);
	long long copied = qda_get(p.dsp, "copied_bytes");
	uint32_t seed = 77, sum = 0, status;
	const struct qda_arg read[] = {
		qda_arg_in_buffer(buffer, 5, SIZE - 5),
		qda_arg_out(&sum, sizeof(sum)),
	};
	const struct qda_arg write[] = {
		qda_arg_in(&seed, sizeof(seed)),
		qda_arg_out_buffer(buffer, 4000, 200000),
	};

	CHECK(qda_buffer_size(buffer) == SIZE);
	fill_pattern(data, SIZE, 1);
	CHECK_OK(qda_module_call_args(p.probe, SUM, read, 2, &status));
	CHECK_EQ(sum_of(data + 5, SIZE - 5), sum);
	sum = sum_of(data, 4000);
	CHECK_OK(qda_module_call_args(p.probe, FILL, write, 2, &status));
	check_filled(data + 4000, 200000, seed);
	CHECK_EQ(sum, sum_of(data, 4000));
	CHECK_EQ(copied + 8, qda_get(p.dsp, "copied_bytes"));
	qda_buffer_close(buffer);
	finish(&p);
}

TEST(memory_of_a_heap_is_used_by_its_key)
{
	struct program p = start();
	int fd = heap_dmabuf(SIZE);
	struct qda_buffer *buffer;
	uint32_t words[2] = { 0, 5 }, sum = 0, status;
	const struct qda_arg write[] = {
		qda_arg_in(words, sizeof(words)),
		qda_arg_out_key(KEY, 1000, SIZE - 4096 - 1000),
	};
	const struct qda_arg read[] = {
		qda_arg_in(words, 4),
		qda_arg_out(&sum, sizeof(sum)),
		qda_arg_in_key(KEY, 0, 10),
	};

	CHECK_OK(qda_buffer_import(p.dev, fd, &buffer));
	close(fd);
	CHECK_EQ(SIZE, qda_buffer_size(buffer));
	CHECK_ERR(-ENOENT, qda_module_call_args(p.probe, FILL_HANDLE, write, 2, &status));
	CHECK_OK(qda_process_map(p.process, buffer, 4096, SIZE - 4096, KEY, &status));
	CHECK_ERR(-EEXIST, qda_process_map(p.process, buffer, 0, 4096, KEY, &status));
	CHECK_OK(qda_module_call_args(p.probe, FILL_HANDLE, write, 2, &status));
	CHECK_OK(qda_buffer_begin_cpu(buffer, QDA_CPU_READ));
	check_filled((char *)qda_buffer_data(buffer) + 5096, SIZE - 5096, 5);
	CHECK_OK(qda_buffer_end_cpu(buffer, QDA_CPU_READ));
	CHECK_OK(qda_module_call_args(p.probe, SUM_HANDLE, read, 3, &status));
	CHECK_EQ(sum_of((char *)qda_buffer_data(buffer) + 4096, SIZE - 4096), sum);
	CHECK_OK(qda_process_unmap(p.process, KEY, &status));
	CHECK_ERR(-ENOENT, qda_process_unmap(p.process, KEY, &status));
	CHECK_ERR(-ENOENT, qda_module_call_args(p.probe, FILL_HANDLE, write, 2, &status));
	qda_buffer_close(buffer);
	finish(&p);
}

static void check_sum(struct program *p, const struct qda_buffer *buffer)
{
	uint32_t sum = 0, status;
	const struct qda_arg args[] = {
		qda_arg_in_buffer(buffer, 0, 4096),
		qda_arg_out(&sum, sizeof(sum)),
	};

	CHECK_OK(qda_module_call_args(p->probe, SUM, args, 2, &status));
	CHECK_EQ(sum_of(qda_buffer_data(buffer), 4096), sum);
}

/* For the kernel these three are one handle, which must live as long as the last of them. */
TEST(a_buffer_that_came_back_is_closed_by_itself)
{
	struct program p = start();
	long long objects = qda_get(p.dsp, "buffer_objects");
	struct qda_buffer *buffer = make_buffer(&p, 4096), *second, *third;
	int fd;

	fill_pattern(qda_buffer_data(buffer), 4096, 3);
	CHECK_OK(qda_buffer_export(buffer, &fd));
	CHECK_OK(qda_buffer_import(p.dev, fd, &second));
	CHECK_OK(qda_buffer_import(p.dev, fd, &third));
	close(fd);
	CHECK_EQ(objects + 1, qda_get(p.dsp, "buffer_objects"));
	qda_buffer_close(buffer);
	check_sum(&p, second);
	CHECK_OK(qda_buffer_begin_cpu(second, QDA_CPU_WRITE));
	fill_pattern(qda_buffer_data(second), 4096, 4);
	CHECK_OK(qda_buffer_end_cpu(second, QDA_CPU_WRITE));
	qda_buffer_close(second);
	check_sum(&p, third);
	qda_buffer_close(third);
	finish(&p);
}

TEST(wrong_ranges_are_refused)
{
	struct program p = start();
	struct qda_buffer *buffer = make_buffer(&p, 4096);
	struct qda_arg range = qda_arg_in_buffer(buffer, 1, 4096);
	uint32_t status;

	CHECK_ERR(-EINVAL, qda_module_call_args(p.probe, SUM, &range, 1, &status));
	CHECK_ERR(-EINVAL, qda_process_map(p.process, buffer, 4096, 4096, 1, &status));
	CHECK_ERR(-EINVAL, qda_process_map(p.process, buffer, 1, 4096, 1, &status));
	CHECK_ERR(-EINVAL, qda_process_map(p.process, buffer, 0, 4096, -1, &status));
	CHECK_ERR(-EINVAL, qda_buffer_begin_cpu(buffer, 4));
	qda_buffer_close(buffer);
	finish(&p);
}

/* The result of hours must not be lost because the DSP crashed after it. */
TEST(buffers_can_be_read_after_the_dsp_is_gone)
{
	struct program p = start();
	struct qda_buffer *buffer = make_buffer(&p, SIZE);
	uint32_t seed = 9, status;
	const struct qda_arg args[] = {
		qda_arg_in(&seed, sizeof(seed)),
		qda_arg_out_buffer(buffer, 0, SIZE),
	};

	CHECK_OK(qda_module_call_args(p.probe, FILL, args, 2, &status));
	kill(p.dsp->firmware, SIGKILL);
	client_kill(p.dsp->firmware);
	p.dsp->firmware = 0;
	while (qda_module_call_args(p.probe, FILL, args, 2, &status) != -ENODEV)
		usleep(10000);
	check_filled(qda_buffer_data(buffer), SIZE, seed);
	qda_buffer_close(buffer);
	CHECK_ERR(-ENODEV, qda_module_close(p.probe, NULL));
	CHECK_ERR(-ENODEV, qda_process_release(p.process, NULL));
	qda_device_close(p.dev);
	dsp_finish(p.dsp);
}
