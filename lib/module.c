// SPDX-License-Identifier: MIT
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Modules in a process, and calling their methods.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "remotectl.h"

/* Room for the DSP's words about a failure: what other FastRPC clients offer. */
#define ERROR_ROOM 256

static void say(char *error, size_t error_size, const char *text)
{
	size_t length;

	if (!error_size)
		return;
	length = strnlen(text, error_size - 1);
	memcpy(error, text, length);
	error[length] = '\0';
}

/* The DSP's own words, or ours for its code when it had none. */
static void say_refusal(char *error, size_t error_size, const char *text, uint32_t code)
{
	say(error, error_size, text[0] ? text : qda_dsp_strerror(code));
}

static int open_on_dsp(struct qda_process *process, const char *uri, uint32_t *handle,
		       char text[ERROR_ROOM], uint32_t *code)
{
	struct remotectl_open request;
	int ret;

	ret = remotectl_encode_open(&request, uri, text, ERROR_ROOM);
	if (ret)
		return ret;
	ret = qda_process_invoke(process, QDA_HANDLE_REMOTECTL, REMOTECTL_OPEN_SCALARS,
				 request.args, code);
	if (ret)
		return ret;
	return remotectl_decode_open(&request, handle, code);
}

static int open_module(struct qda_process *process, const char *uri, struct qda_module *module,
		       char *error, size_t error_size, uint32_t *dsp_status)
{
	char text[ERROR_ROOM] = "";
	uint32_t code = 0;
	int ret;

	ret = open_on_dsp(process, uri, &module->handle, text, &code);
	text[ERROR_ROOM - 1] = '\0';
	if (ret == -EREMOTEIO)
		say_refusal(error, error_size, text, code);
	return qda_result(ret, code, dsp_status);
}

int qda_module_open(struct qda_process *process, const char *uri, struct qda_module **module,
		    char *error, size_t error_size, uint32_t *dsp_status)
{
	struct qda_module *m;
	int ret;

	qda_result(0, 0, dsp_status);
	if (!process || !uri || !module || (error_size && !error))
		return -EINVAL;
	*module = NULL;
	say(error, error_size, "");
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->process = process;
	ret = open_module(process, uri, m, error, error_size, dsp_status);
	if (ret) {
		free(m);
		return ret;
	}
	*module = m;
	return 0;
}

int qda_module_close(struct qda_module *module, uint32_t *dsp_status)
{
	struct remotectl_close request;
	uint32_t code = 0;
	int ret;

	qda_result(0, 0, dsp_status);
	if (!module)
		return 0;
	remotectl_encode_close(&request, module->handle);
	ret = qda_process_invoke(module->process, QDA_HANDLE_REMOTECTL, REMOTECTL_CLOSE_SCALARS,
				 request.args, &code);
	if (!ret)
		ret = remotectl_decode_close(&request, &code);
	free(module);
	return qda_result(ret, code, dsp_status);
}

uint32_t qda_module_handle(const struct qda_module *module)
{
	return module->handle;
}

static void set_inline(struct drm_qda_arg *arg, const void *data, size_t size)
{
	*arg = (struct drm_qda_arg){
		.addr = (uintptr_t)data,
		.length = size,
		.kind = QDA_ARG_INLINE,
	};
}

int qda_module_call(struct qda_module *module, uint32_t method, const struct qda_in *in,
		    size_t in_count, const struct qda_out *out, size_t out_count,
		    uint32_t *dsp_status)
{
	/* On the stack, and only as far as used, so that a call costs no malloc(). */
	struct drm_qda_arg args[2 * QDA_BUFFERS_MAX];

	qda_result(0, 0, dsp_status);
	if (!module || method > QDA_METHOD_MAX)
		return -EINVAL;
	if (in_count > QDA_BUFFERS_MAX || out_count > QDA_BUFFERS_MAX)
		return -EINVAL;
	if ((in_count && !in) || (out_count && !out))
		return -EINVAL;
	for (size_t i = 0; i < in_count; i++)
		set_inline(&args[i], in[i].data, in[i].size);
	for (size_t i = 0; i < out_count; i++)
		set_inline(&args[in_count + i], out[i].data, out[i].size);
	return qda_process_invoke(module->process, module->handle,
				  QDA_SCALARS(method, in_count, out_count), args, dsp_status);
}
