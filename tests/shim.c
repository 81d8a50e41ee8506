// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The legacy interface: its nodes, processes and buffers, what it tells about the DSP, and
 * how it ends. The test is the firmware, so it sees what would reach a DSP.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "ktap.h"
#include "legacy.h"
#include "module.h"

enum { IMAGE = 10000 };

__attribute__((constructor)) static void setup(void)
{
	ktap_after_each(legacy_after_each);
}

/* ---- nodes ---- */

TEST(nodes_follow_the_old_rule)
{
	static const struct {
		const char *line;
		bool secure, plain;
	} rule[] = {
		{ "cdsp", true, true },
		{ "cdsp nonsecure=1", true, true },
		{ "gdsp0", true, true },
		{ "adsp", true, false },
		{ "adsp nonsecure=1", false, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rule); i++) {
		struct dsp *dsp = legacy_new(rule[i].line);

		legacy_wait_nodes(dsp, rule[i].secure, rule[i].plain);
		CHECK_EQ(rule[i].secure, legacy_has_node(dsp, true));
		CHECK_EQ(rule[i].plain, legacy_has_node(dsp, false));
		dsp_finish(dsp);
	}
}

static bool nodes_are_gone(void *arg)
{
	return !legacy_has_node(arg, true) && !legacy_has_node(arg, false);
}

TEST(nodes_go_with_the_dsp_and_come_back)
{
	struct dsp *dsp = legacy_new("cdsp");

	legacy_wait_nodes(dsp, true, true);
	dsp_down(dsp);
	CHECK(wait_for(nodes_are_gone, dsp));
	dsp_up(dsp);
	legacy_session(dsp);
	dsp_finish(dsp);
}

TEST(module_can_come_after_the_dsp_and_go_before)
{
	struct dsp *dsp = dsp_new("cdsp");
	struct session s = session_new(dsp);

	CHECK(!legacy_has_node(dsp, true));
	module_load(LEGACY_MODULE);
	legacy_wait_nodes(dsp, true, true);
	module_unload(LEGACY_MODULE);
	CHECK(wait_for(nodes_are_gone, dsp));
	session_release(dsp, &s);
	dsp_finish(dsp);
}

/* The old driver may be unloaded then, and closing the file runs code that is gone. */
TEST(module_stays_while_a_file_is_open)
{
	struct dsp *dsp = legacy_new("cdsp");
	int fd = legacy_open_node(dsp, true);

	CHECK(!module_try_unload(LEGACY_MODULE));
	close(fd);
	module_unload(LEGACY_MODULE);
	dsp_finish(dsp);
}

/* The old driver gives each file a bank, and the second one is refused here. */
TEST(open_costs_no_context_bank)
{
	struct dsp *dsp = legacy_new("cdsp banks=1");
	struct session s;

	for (int i = 0; i < 8; i++)
		legacy_open(dsp, i & 1);
	s = session_new(dsp);
	session_release(dsp, &s);
	dsp_finish(dsp);
}

TEST(open_and_close_say_nothing_to_the_dsp)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, 2);
	struct dsp_call seen;
	struct job *job = legacy_call_start(s.fd, call);

	dsp_expect(dsp, &seen, TEST_HANDLE, 2);
	for (int i = 0; i < 4; i++)
		close(legacy_open_node(dsp, i & 1));
	dsp_expect_silence(dsp);
	CHECK(!job_done(job));
	dsp_reply(dsp, &seen, 0);
	CHECK_OK(job_wait(job));
	free(call);
	dsp_finish(dsp);
}

TEST(close_releases_only_its_own_process)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session kept = legacy_session(dsp);
	struct session gone = legacy_create(dsp, legacy_open_node(dsp, true));
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, 2);
	struct dsp_call seen;
	struct job *job;

	CHECK(gone.id != kept.id);
	CHECK(gone.sid != kept.sid);
	close(gone.fd);
	expect_release(dsp, &seen, gone.id);
	dsp_reply(dsp, &seen, 0);
	job = legacy_call_start(kept.fd, call);
	dsp_expect(dsp, &seen, TEST_HANDLE, 2);
	CHECK_EQ(kept.id, seen.msg.client_id);
	dsp_reply(dsp, &seen, 0);
	CHECK_OK(job_wait(job));
	free(call);
	dsp_finish(dsp);
}

/* ---- processes ---- */

static void check_create(struct dsp *dsp, int fd, struct fastrpc_init_create *create,
			 const void *image)
{
	struct job *job = job_start(fd, FASTRPC_IOCTL_INIT_CREATE, create);
	unsigned int method = create->attrs ? FRPC_INIT_CREATE_ATTR : FRPC_INIT_CREATE;
	struct frpc_create wire;
	struct dsp_call call;
	uint64_t len;
	void *p;

	expect_create(dsp, &call, &wire);
	CHECK_EQ(FRPC_SC(method, 4, 0), call.msg.sc);
	CHECK_EQ(0, call.msg.client_id);
	CHECK_EQ(FRPC_PD_USER, FRPC_CTX_PD(call.msg.ctx));
	CHECK_EQ(create->filelen, wire.filelen);
	CHECK_EQ(create->attrs, wire.attrs);
	CHECK_EQ(create->siglen, wire.siglen);
	CHECK_EQ(1, wire.pageslen);
	p = dsp_arg(dsp, &call, 2, &len);
	CHECK_EQ(create->filelen, len);
	if (len)
		CHECK_MEM(image, p, len);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
}

TEST(create_without_image)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct fastrpc_init_create create = LEGACY_PD;

	check_create(dsp, legacy_open(dsp, false), &create, NULL);
	create.attrs = 0;
	check_create(dsp, legacy_open(dsp, true), &create, NULL);
	/* Without a length nothing else about the image counts. */
	create.filefd = 12345;
	create.file = 0xdead0000;
	check_create(dsp, legacy_open(dsp, true), &create, NULL);
	dsp_finish(dsp);
}

/* Attributes that this driver does not know are the DSP's business. */
TEST(create_passes_attributes_on)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct fastrpc_init_create create = LEGACY_PD;

	create.attrs = 0xffffffff;
	create.siglen = 77;
	check_create(dsp, legacy_open(dsp, false), &create, NULL);
	dsp_finish(dsp);
}

TEST(create_by_fd)
{
	struct dsp *dsp = legacy_new("cdsp");
	int fd = legacy_open(dsp, false), dmabuf = heap_dmabuf(4 * PAGE);
	unsigned char *image = dmabuf_mmap(dmabuf, 4 * PAGE);
	struct fastrpc_init_create create = LEGACY_PD;
	struct legacy_buffer b;

	fill_pattern(image, 4 * PAGE, 9);
	create.filefd = dmabuf;
	create.filelen = IMAGE;
	create.file = (uintptr_t)image;
	check_create(dsp, fd, &create, image);
	/* Of a buffer that this driver made, and not from its start. */
	b = legacy_alloc(fd, 4 * PAGE);
	fill_pattern(b.mem, b.size, 10);
	create.filefd = b.fd;
	create.file = (uintptr_t)b.mem + 100;
	check_create(dsp, legacy_open(dsp, false), &create, b.mem + 100);
	legacy_free(&b);
	munmap(image, 4 * PAGE);
	dsp_finish(dsp);
}

/* The old driver takes the caller's pointer for one of the kernel's. */
TEST(create_by_pointer)
{
	struct dsp *dsp = legacy_new("cdsp");
	unsigned char *image = guarded_alloc(IMAGE);
	struct fastrpc_init_create create = LEGACY_PD;

	fill_pattern(image, IMAGE, 4);
	create.filelen = IMAGE;
	create.file = (uintptr_t)image;
	check_create(dsp, legacy_open(dsp, false), &create, image);
	create.filefd = 0;
	check_create(dsp, legacy_open(dsp, false), &create, image);
	create.file = (uintptr_t)bad_pointer();
	CHECK_ERR(-EFAULT, do_ioctl(legacy_open(dsp, false), FASTRPC_IOCTL_INIT_CREATE, &create));
	dsp_finish(dsp);
}

static int try_create(int fd, uint32_t filelen, int filefd, const void *file, uint32_t attrs)
{
	struct fastrpc_init_create create = {
		.filelen = filelen,
		.filefd = filefd,
		.file = (uintptr_t)file,
		.attrs = attrs,
	};

	return do_ioctl(fd, FASTRPC_IOCTL_INIT_CREATE, &create);
}

TEST(create_errors)
{
	struct dsp *dsp = legacy_new("cdsp");
	int fd = legacy_open(dsp, false), dmabuf = heap_dmabuf(PAGE), null;
	unsigned char *p = dmabuf_mmap(dmabuf, PAGE);

	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	CHECK_ERR(-EFAULT, do_ioctl(fd, FASTRPC_IOCTL_INIT_CREATE, bad_pointer()));
	CHECK_ERR(-EINVAL, try_create(fd, 2 * MIB + 1, -1, p, QDA_ATTR_UNSIGNED_MODULE));
	CHECK_ERR(-EBADF, try_create(fd, PAGE, 999, p, QDA_ATTR_UNSIGNED_MODULE));
	CHECK_ERR(-EBADF, try_create(fd, PAGE, -2, p, QDA_ATTR_UNSIGNED_MODULE));
	CHECK_ERR(-EINVAL, try_create(fd, PAGE, null, p, QDA_ATTR_UNSIGNED_MODULE));
	CHECK_ERR(-EINVAL, try_create(fd, PAGE + 1, dmabuf, p, QDA_ATTR_UNSIGNED_MODULE));
	CHECK_ERR(-EINVAL, try_create(fd, PAGE, dmabuf, p + 1, QDA_ATTR_UNSIGNED_MODULE));
	CHECK_ERR(-EINVAL, try_create(fd, PAGE, dmabuf, &p, QDA_ATTR_UNSIGNED_MODULE));
	dsp_expect_silence(dsp);
	CHECK_EQ(0, qda_get(dsp, "processes"));
	legacy_create(dsp, fd);
	munmap(p, PAGE);
	dsp_finish(dsp);
}

TEST(create_signed_is_for_the_secure_node)
{
	struct dsp *dsp = legacy_new("cdsp");

	CHECK_ERR(-ECONNREFUSED, try_create(legacy_open(dsp, false), 0, -1, NULL, 0));
	dsp_serve(dsp, NULL, NULL);
	CHECK_OK(try_create(legacy_open(dsp, true), 0, -1, NULL, 0));
	dsp_finish(dsp);
	dsp = legacy_new("cdsp nonsecure=1");
	dsp_serve(dsp, NULL, NULL);
	CHECK_OK(try_create(legacy_open(dsp, false), 0, -1, NULL, 0));
	dsp_finish(dsp);
}

TEST(create_twice_ebusy)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);

	CHECK_ERR(-EBUSY, try_create(s.fd, 0, -1, NULL, QDA_ATTR_UNSIGNED_MODULE));
	dsp_expect_silence(dsp);
	dsp_finish(dsp);
}

/* Two at once on one file: the old driver forgets the memory of one of them. */
TEST(create_race_has_one_winner)
{
	struct dsp *dsp = legacy_new("cdsp");
	int fd = legacy_open(dsp, false);
	struct fastrpc_init_create create = LEGACY_PD;
	struct frpc_create wire;
	struct dsp_call call;
	struct job *job = job_start(fd, FASTRPC_IOCTL_INIT_CREATE, &create);

	expect_create(dsp, &call, &wire);
	CHECK_ERR(-EBUSY, try_create(fd, 0, -1, NULL, QDA_ATTR_UNSIGNED_MODULE));
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	dsp_finish(dsp);
}

static uint32_t answer_with(struct dsp *dsp, struct dsp_call *call, void *arg)
{
	(void)dsp;
	(void)call;
	return *(uint32_t *)arg;
}

/* Codes of the DSP are results of the ioctl; those that restart one are not. */
TEST(create_refused_returns_the_code_of_the_dsp)
{
	static const uint32_t codes[] = { FRPC_EUNABLETOLOAD, FRPC_ERPC, 1, 0x200, 0x7fffffff };
	struct dsp *dsp = legacy_new("cdsp");
	int fd = legacy_open(dsp, false);
	uint32_t code;

	dsp_serve(dsp, answer_with, &code);
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		code = codes[i];
		CHECK_EQ((int)code, try_create(fd, 0, -1, NULL, QDA_ATTR_UNSIGNED_MODULE));
	}
	for (code = -516; code <= (uint32_t)-512; code++)
		CHECK_ERR(-EREMOTEIO, try_create(fd, 0, -1, NULL, QDA_ATTR_UNSIGNED_MODULE));
	code = -EPERM;
	CHECK_ERR(-EPERM, try_create(fd, 0, -1, NULL, QDA_ATTR_UNSIGNED_MODULE));
	code = 0;
	CHECK_OK(try_create(fd, 0, -1, NULL, QDA_ATTR_UNSIGNED_MODULE));
	dsp_finish(dsp);
}

TEST(attach_to_root_and_sensors)
{
	struct dsp *dsp = legacy_new("sdsp");
	struct dsp_call call;
	struct job *job;
	int fd, id;

	for (int sensors = 0; sensors < 2; sensors++) {
		fd = legacy_open_node(dsp, true);
		job = job_start(fd,
				sensors ? FASTRPC_IOCTL_INIT_ATTACH_SNS : FASTRPC_IOCTL_INIT_ATTACH,
				NULL);
		id = expect_attach(dsp, &call, sensors ? FRPC_PD_SENSORS : FRPC_PD_ROOT);
		dsp_reply(dsp, &call, 0);
		CHECK_OK(job_wait(job));
		CHECK_ERR(-EBUSY, do_ioctl(fd, FASTRPC_IOCTL_INIT_ATTACH, NULL));
		job = legacy_call_start(fd, legacy_call_new(3, 3));
		dsp_expect(dsp, &call, 3, 3);
		CHECK_EQ(id, call.msg.client_id);
		dsp_reply(dsp, &call, FRPC_ENOSUCHMOD);
		CHECK_EQ((int)FRPC_ENOSUCHMOD, job_wait(job));
		close(fd);
		expect_release(dsp, &call, id);
		dsp_reply(dsp, &call, 0);
	}
	dsp_finish(dsp);
}

static int create_static(int fd, const char *name, uint32_t namelen)
{
	struct fastrpc_init_create_static args = {
		.namelen = namelen,
		.memlen = 3 * MIB,
		.name = (uintptr_t)name,
	};

	return do_ioctl(fd, FASTRPC_IOCTL_INIT_CREATE_STATIC, &args);
}

TEST(create_static_attaches_by_name)
{
	static char name[] = "audiopd", longest[129];
	struct fastrpc_init_create_static args = {
		.namelen = sizeof(name),
		.name = (uintptr_t)name,
	};
	struct dsp *dsp = legacy_new("adsp");
	int fd = legacy_open(dsp, true);
	struct dsp_call call;
	struct job *job;

	memset(longest, 'x', sizeof(longest) - 1);
	CHECK_ERR(-EFAULT, do_ioctl(fd, FASTRPC_IOCTL_INIT_CREATE_STATIC, bad_pointer()));
	CHECK_ERR(-EFAULT, create_static(fd, bad_pointer(), 8));
	CHECK_ERR(-EINVAL, create_static(fd, longest, sizeof(longest)));
	CHECK_ERR(-EINVAL, create_static(fd, name, 0));
	CHECK_ERR(-EINVAL, create_static(fd, name, 3));
	dsp_expect_silence(dsp);
	job = job_start(fd, FASTRPC_IOCTL_INIT_CREATE_STATIC, &args);
	expect_create_static(dsp, &call, name);
	dsp_reply(dsp, &call, 0);
	CHECK_OK(job_wait(job));
	dsp_finish(dsp);
}

/* ---- buffers, information ---- */

TEST(alloc_makes_a_buffer_of_its_own)
{
	struct dsp *dsp = legacy_new("cdsp");
	int fd = legacy_open(dsp, false);
	struct legacy_buffer b = legacy_alloc(fd, 8096);

	CHECK_EQ(2 * PAGE, lseek(b.fd, 0, SEEK_END));
	CHECK(fcntl(b.fd, F_GETFD) & FD_CLOEXEC);
	for (size_t i = 0; i < b.size; i++)
		CHECK_EQ(0, b.mem[i]);
	CHECK_EQ(0, vdsp_get(dsp, "pages_mapped") - dsp->pages_at_start);
	legacy_free(&b);
	dsp_finish(dsp);
}

/* The old driver reads the freed file when the buffer goes. */
TEST(alloc_buffer_outlives_the_file)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_create(dsp, legacy_open_node(dsp, false));
	struct legacy_buffer b = legacy_alloc(s.fd, 3 * PAGE);
	struct dsp_call call;

	fill_pattern(b.mem, b.size, 1);
	close(s.fd);
	expect_release(dsp, &call, s.id);
	dsp_reply(dsp, &call, 0);
	qda_wait(dsp, "sessions", 0);
	b.mem[0] ^= 1;
	CHECK_EQ(1, qda_get(dsp, "buffer_objects"));
	legacy_free(&b);
	dsp_finish(dsp);
}

TEST(alloc_errors)
{
	struct dsp *dsp = legacy_new("cdsp");
	int fd = legacy_open(dsp, false);
	struct fastrpc_alloc_dma_buf alloc = { 0 };
	struct fastrpc_alloc_dma_buf *sealed =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int next = dup(fd);

	close(next);
	CHECK_ERR(-EFAULT, do_ioctl(fd, FASTRPC_IOCTL_ALLOC_DMA_BUFF, bad_pointer()));
	CHECK_ERR(-ENOMEM, do_ioctl(fd, FASTRPC_IOCTL_ALLOC_DMA_BUFF, &alloc));
	alloc.size = UINT64_MAX;
	CHECK_ERR(-ENOMEM, do_ioctl(fd, FASTRPC_IOCTL_ALLOC_DMA_BUFF, &alloc));
	alloc.size = 0x80000000;
	CHECK_ERR(-ENOMEM, do_ioctl(fd, FASTRPC_IOCTL_ALLOC_DMA_BUFF, &alloc));
	/* Nothing is left when the caller cannot be told the number. */
	sealed->size = PAGE;
	mprotect(sealed, PAGE, PROT_READ);
	CHECK_ERR(-EFAULT, do_ioctl(fd, FASTRPC_IOCTL_ALLOC_DMA_BUFF, sealed));
	CHECK_EQ(next, dup(fd));
	close(next);
	qda_wait(dsp, "buffer_objects", 0);
	dsp_finish(dsp);
}

TEST(free_and_unknown_ioctls_enotty)
{
	struct dsp *dsp = legacy_new("cdsp");
	int fd = legacy_open(dsp, false);
	uint32_t buffer = 3;

	CHECK_ERR(-ENOTTY, do_ioctl(fd, FASTRPC_IOCTL_FREE_DMA_BUFF, &buffer));
	CHECK_ERR(-ENOTTY, do_ioctl(fd, _IO('R', 14), NULL));
	CHECK_ERR(-ENOTTY, do_ioctl(fd, _IOWR('R', 3, uint64_t), NULL));
	dsp_finish(dsp);
}

static int get_info(int fd, uint32_t number, uint32_t *value)
{
	uint32_t args[7] = { 0xffff, number, POISON };
	int ret = do_ioctl(fd, FASTRPC_IOCTL_GET_DSP_INFO, args);

	*value = args[2];
	return ret;
}

struct capabilities {
	uint32_t code;
	unsigned int asked;
};

static uint32_t tell_capabilities(struct dsp *dsp, struct dsp_call *call, void *arg)
{
	struct capabilities *caps = arg;
	uint64_t len;
	uint32_t *words;

	if (call->msg.handle != FRPC_HANDLE_UTILITIES)
		return dsp_echo(dsp, call, NULL);
	caps->asked++;
	CHECK_EQ(FRPC_SC(0, 1, 1), call->msg.sc);
	CHECK_EQ(0, call->msg.client_id);
	words = dsp_arg(dsp, call, 0, &len);
	CHECK_EQ(4, len);
	CHECK_EQ(255, *words);
	words = dsp_arg(dsp, call, 1, &len);
	CHECK_EQ(255 * 4, len);
	for (unsigned int i = 0; i < 255; i++)
		words[i] = 1000 + i + 1;
	return caps->code;
}

TEST(get_dsp_info_asks_once)
{
	struct capabilities caps = { .code = 0 };
	struct dsp *dsp = legacy_new("cdsp");
	int fd = legacy_open(dsp, false);
	uint32_t value;

	dsp_serve(dsp, tell_capabilities, &caps);
	CHECK_OK(get_info(fd, 6, &value));
	CHECK_EQ(1006, value);
	CHECK_OK(get_info(fd, 255, &value));
	CHECK_EQ(1255, value);
	CHECK_OK(get_info(fd, 0, &value));
	CHECK_EQ(0, value);
	CHECK_EQ(1, caps.asked);
	CHECK_ERR(-EOVERFLOW, get_info(fd, 256, &value));
	CHECK_ERR(-EFAULT, do_ioctl(fd, FASTRPC_IOCTL_GET_DSP_INFO, bad_pointer()));
	/* Asking is no reason to keep a bank, nor a beginning of a process. */
	qda_wait(dsp, "sessions", 1);
	CHECK_OK(try_create(fd, 0, -1, NULL, QDA_ATTR_UNSIGNED_MODULE));
	dsp_finish(dsp);
}

TEST(get_dsp_info_refused)
{
	struct capabilities caps = { .code = FRPC_EBADPARM };
	struct dsp *dsp = legacy_new("cdsp");
	int fd = legacy_open(dsp, false);
	uint32_t value;

	dsp_serve(dsp, tell_capabilities, &caps);
	CHECK_EQ((int)FRPC_EBADPARM, get_info(fd, 6, &value));
	CHECK_EQ(POISON, value);
	caps.code = FRPC_EUNSUPPORTED;
	CHECK_ERR(-EOPNOTSUPP, get_info(fd, 6, &value));
	CHECK_ERR(-EOPNOTSUPP, get_info(fd, 0, &value));
	CHECK_EQ(2, caps.asked);
	dsp_finish(dsp);
}

/* ---- the end ---- */

static void check_gone(int fd)
{
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, 2);
	struct fastrpc_alloc_dma_buf alloc = { .size = PAGE };
	uint32_t value;

	CHECK_ERR(-EPIPE, legacy_call_run(fd, call));
	CHECK_ERR(-EPIPE, try_create(fd, 0, -1, NULL, QDA_ATTR_UNSIGNED_MODULE));
	CHECK_ERR(-EPIPE, do_ioctl(fd, FASTRPC_IOCTL_INIT_ATTACH, NULL));
	CHECK_ERR(-EPIPE, do_ioctl(fd, FASTRPC_IOCTL_ALLOC_DMA_BUFF, &alloc));
	CHECK_ERR(-EPIPE, get_info(fd, 6, &value));
	free(call);
}

/*
 * What crashes the old driver: files, buffers and mappings are closed when the device of
 * their context bank does not exist any more.
 */
TEST(dsp_goes_under_everything)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	struct legacy_buffer b = legacy_alloc(s.fd, PAGE);
	struct fastrpc_mem_map map = { .fd = b.fd, .length = PAGE, .vaddrin = (uintptr_t)b.mem };
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, 2);
	struct dsp_call seen;
	struct job *job = job_start(s.fd, FASTRPC_IOCTL_MEM_MAP, &map);

	dsp_expect(dsp, &seen, FRPC_HANDLE_INIT, FRPC_INIT_MEM_MAP);
	dsp_reply(dsp, &seen, 0);
	CHECK_OK(job_wait(job));
	legacy_in(call, b.mem, PAGE, b.fd);
	legacy_handle_in(call, 0, PAGE, b.fd);
	job = legacy_call_start(s.fd, call);
	dsp_expect(dsp, &seen, TEST_HANDLE, 2);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(job));
	check_gone(s.fd);
	b.mem[PAGE - 1] = 1;
	legacy_free(&b);
	free(call);
	dsp_finish(dsp);
}

TEST(dsp_goes_while_a_create_waits)
{
	struct dsp *dsp = legacy_new("cdsp");
	int fd = legacy_open(dsp, false);
	struct fastrpc_init_create create = LEGACY_PD;
	struct job *job = job_start(fd, FASTRPC_IOCTL_INIT_CREATE, &create);
	struct frpc_create wire;
	struct dsp_call call;

	expect_create(dsp, &call, &wire);
	dsp_down(dsp);
	CHECK_ERR(-EPIPE, job_wait(job));
	check_gone(fd);
	dsp_finish(dsp);
}

struct child_call {
	int fd;
	struct legacy_call *call;
};

static int call_in_child(void *arg)
{
	struct child_call *c = arg;

	return legacy_call_run(c->fd, c->call) != 0;
}

/* In the old driver the call and the file keep each other, and 515 pages, for ever. */
TEST(killed_caller_leaves_nothing)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_create(dsp, legacy_open_node(dsp, false));
	struct child_call c = { s.fd, legacy_call_new(TEST_HANDLE, 2) };
	char out[64];
	struct dsp_call seen, release;
	pid_t pid;

	legacy_out(c.call, out, sizeof(out), -1);
	pid = client_start(call_in_child, &c);
	dsp_expect(dsp, &seen, TEST_HANDLE, 2);
	client_kill(pid);
	/* The DSP may still write to it. */
	CHECK(dsp_can_write(dsp, seen.page[0].addr));
	close(s.fd);
	expect_release(dsp, &release, s.id);
	dsp_reply(dsp, &seen, 0);
	dsp_reply(dsp, &release, 0);
	vdsp_wait(dsp, "pages_mapped", dsp->pages_at_start);
	free(c.call);
	dsp_finish(dsp);
}

TEST(call_to_a_dead_process_gets_the_code_of_the_dsp)
{
	struct dsp *dsp = legacy_new("cdsp");
	struct session s = legacy_session(dsp);
	struct legacy_call *call = legacy_call_new(TEST_HANDLE, 2);
	struct dsp_call seen;
	struct job *job = legacy_call_start(s.fd, call);

	dsp_expect(dsp, &seen, TEST_HANDLE, 2);
	dsp_notify(dsp, s.id, FRPC_PD_STATUS_EXIT);
	dsp_reply(dsp, &seen, FRPC_EBADSTATE);
	CHECK_EQ((int)FRPC_EBADSTATE, job_wait(job));
	CHECK_EQ((int)FRPC_EBADSTATE, legacy_call_run(s.fd, call));
	dsp_expect_silence(dsp);
	free(call);
	dsp_finish(dsp);
}
