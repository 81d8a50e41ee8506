// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Poll mode by the legacy interface. What it is made of is tested by the suite poll.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "ktap.h"
#include "legacy.h"

#define KAANAPALI "cdsp soc=kaanapali"

enum { METHOD = 3, BYTES = 64, SUCCESS = 0xdecaf };

static int set_option(int fd, uint32_t request, uint32_t value)
{
	struct fastrpc_ioctl_set_option option = { .request_id = request, .value = value };

	return do_ioctl(fd, FASTRPC_IOCTL_SET_OPTION, &option);
}

/* As in the old driver, the value is looked at last. */
TEST(set_option_where_the_firmware_polls)
{
	struct dsp *dsp = legacy_new(KAANAPALI);
	int fd = legacy_open(dsp, false);
	struct fastrpc_ioctl_set_option option = { .request_id = FASTRPC_POLL_MODE };

	CHECK_OK(set_option(fd, FASTRPC_POLL_MODE, FASTRPC_POLL_MODE_ENABLE));
	CHECK_OK(set_option(fd, FASTRPC_POLL_MODE, FASTRPC_POLL_MODE_DISABLE));
	CHECK_ERR(-EINVAL, set_option(fd, FASTRPC_POLL_MODE, 2));
	CHECK_ERR(-EINVAL, set_option(fd, FASTRPC_POLL_MODE, ~0u));
	CHECK_ERR(-EINVAL, set_option(fd, 0, 0));
	CHECK_ERR(-EINVAL, set_option(fd, 2, 1));
	option.reserved[0] = 1;
	CHECK_ERR(-EINVAL, do_ioctl(fd, FASTRPC_IOCTL_SET_OPTION, &option));
	CHECK_ERR(-EFAULT, do_ioctl(fd, FASTRPC_IOCTL_SET_OPTION, bad_pointer()));
	dsp_finish(dsp);
}

TEST(set_option_where_it_does_not)
{
	struct dsp *dsp = legacy_new("cdsp");
	int fd = legacy_open(dsp, false);

	CHECK_ERR(-EOPNOTSUPP, set_option(fd, FASTRPC_POLL_MODE, FASTRPC_POLL_MODE_ENABLE));
	CHECK_ERR(-EOPNOTSUPP, set_option(fd, FASTRPC_POLL_MODE, FASTRPC_POLL_MODE_DISABLE));
	CHECK_ERR(-EOPNOTSUPP, set_option(fd, FASTRPC_POLL_MODE, 2));
	CHECK_ERR(-EINVAL, set_option(fd, 2, 1));
	dsp_finish(dsp);
}

struct polled {
	struct legacy_call *call;
	struct job *job;
	struct dsp_call seen;
	volatile uint32_t *word;
	unsigned char in[BYTES], out[BYTES];
};

/* @dmabuf: also passed as a DMA handle, unless it is -1. */
static void polled_start(struct polled *p, struct dsp *dsp, int fd, int dmabuf)
{
	p->call = legacy_call_new(TEST_HANDLE, METHOD);
	fill_pattern(p->in, BYTES, 1);
	memset(p->out, POISON, BYTES);
	legacy_in(p->call, p->in, BYTES, -1);
	legacy_out(p->call, p->out, BYTES, -1);
	if (dmabuf >= 0)
		legacy_handle_in(p->call, 0, PAGE, dmabuf);
	p->job = legacy_call_start(fd, p->call);
	dsp_expect(dsp, &p->seen, TEST_HANDLE, METHOD);
	p->word = (uint32_t *)(p->seen.fdlist + FRPC_FDLIST_COUNT) + FRPC_CRCLIST_COUNT;
}

static void write_outputs(struct polled *p, struct dsp *dsp)
{
	uint64_t len;
	void *in = dsp_arg(dsp, &p->seen, 0, &len);

	memcpy(dsp_arg(dsp, &p->seen, 1, &len), in, BYTES);
	__sync_synchronize();
}

static void check_success(struct polled *p)
{
	CHECK_OK(job_wait(p->job));
	CHECK_MEM(p->in, p->out, BYTES);
	free(p->call);
}

TEST(the_word_instead_of_an_answer)
{
	struct dsp *dsp = legacy_new(KAANAPALI);
	struct session s = legacy_session(dsp);
	struct polled p;

	CHECK_OK(set_option(s.fd, FASTRPC_POLL_MODE, FASTRPC_POLL_MODE_ENABLE));
	for (int i = 0; i < 5; i++) {
		polled_start(&p, dsp, s.fd, -1);
		write_outputs(&p, dsp);
		*p.word = SUCCESS;
		check_success(&p);
		CHECK_EQ(0, qda_get(dsp, "calls_in_flight"));
	}
	dsp_finish(dsp);
}

TEST(the_word_means_nothing_when_it_is_switched_off)
{
	struct dsp *dsp = legacy_new(KAANAPALI);
	struct session s = legacy_session(dsp);
	struct polled p;

	CHECK_OK(set_option(s.fd, FASTRPC_POLL_MODE, FASTRPC_POLL_MODE_ENABLE));
	CHECK_OK(set_option(s.fd, FASTRPC_POLL_MODE, FASTRPC_POLL_MODE_DISABLE));
	polled_start(&p, dsp, s.fd, -1);
	*p.word = SUCCESS;
	usleep(400000);
	CHECK(!job_done(p.job));
	write_outputs(&p, dsp);
	dsp_reply(dsp, &p.seen, 0);
	check_success(&p);
	dsp_finish(dsp);
}

/* The list of DMA handles that are done is part of what the word announces. */
TEST(the_word_announces_handles_that_are_done)
{
	struct dsp *dsp = legacy_new(KAANAPALI);
	struct session s = legacy_session(dsp);
	int dmabuf = heap_dmabuf(PAGE);
	struct polled p;

	CHECK_OK(set_option(s.fd, FASTRPC_POLL_MODE, FASTRPC_POLL_MODE_ENABLE));
	polled_start(&p, dsp, s.fd, dmabuf);
	CHECK_EQ(1, qda_get(dsp, "remote_maps"));
	p.seen.fdlist[0] = dmabuf;
	write_outputs(&p, dsp);
	*p.word = SUCCESS;
	check_success(&p);
	CHECK_EQ(0, qda_get(dsp, "remote_maps"));
	close(dmabuf);
	dsp_finish(dsp);
}
