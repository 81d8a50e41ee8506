/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "services.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "image.h"
#include "log.h"
#include "mapping.h"
#include "payload.h"

#define MAX_IMAGE    (64u << 20)
#define MAX_NAME     256
#define CAPABILITIES 256

/* Capability k is word k - 1 of the answer; what is not here is 0. */
static const __u32 capabilities[CAPABILITIES] = {
	[1 - 1] = 1,	/* unsigned PDs */
	[2 - 1] = 0,	/* HVX with 64 bytes: not in qemu-hexagon */
	[3 - 1] = 1,	/* HVX with 128 bytes */
	[6 - 1] = 0x68, /* architecture */
};

/* PDs of the firmware that one can attach to by their name. */
static const char *const static_pds[] = { "audiopd", "oispd" };

/* The inputs of CREATE and CREATE_ATTR, by their place. */
enum {
	IN_CREATE = 0,
	IN_NAME = 1,
	IN_IMAGE = 2,
	IN_PAGES = 3,
	IN_COUNT = 4,
	IN_COUNT_ATTR = 6, /* with attrs and siglen once more */
};

static void say_refused(const struct frpc_create *create, const char *why)
{
	log_say("no process for client %d: %s", create->client_id, why);
}

/* Everything that a driver could have got wrong. */
static __u32 check_create(struct dspd *dspd, const struct vdsp_msg *msg,
			  const struct payload *payload, struct frpc_create *create)
{
	const struct payload_arg *args = payload->args;
	__u32 in = FRPC_SC_IN(msg->sc), error;

	if (FRPC_SC_OUT(msg->sc) || (in != IN_COUNT && in != IN_COUNT_ATTR))
		return FRPC_EBADPARM;
	error = payload_get(&dspd->memory, payload, IN_CREATE, create, sizeof(*create));
	if (error)
		return error;
	if (create->client_id <= 0 || create->namelen > MAX_NAME || create->filelen > MAX_IMAGE)
		return FRPC_EBADPARM;
	if (args[IN_NAME].len != create->namelen || args[IN_IMAGE].len != create->filelen)
		return FRPC_EBADPARM;
	if (args[IN_PAGES].len != create->pageslen * (__u64)sizeof(struct frpc_page))
		return FRPC_EBADPARM;
	if (create->siglen > create->filelen)
		return FRPC_EBADPARM;
	return 0;
}

/* The image without its signature, which only CREATE_ATTR knows of; nothing here checks it. */
static int open_image(struct dspd *dspd, const struct vdsp_msg *msg, const struct payload *payload,
		      const struct frpc_create *create)
{
	__u32 len = create->filelen;

	if (!len && !dspd->options.shell) {
		say_refused(create, "it sent no image, and dspd was started without --shell");
		return -ENOENT;
	}
	if (!len)
		return image_from_path(dspd->options.shell);
	if (FRPC_SC_METHOD(msg->sc) == FRPC_INIT_CREATE_ATTR)
		len -= create->siglen;
	return image_from_memory(&dspd->memory, payload->sid, payload->args[IN_IMAGE].iova, len);
}

static __u32 init_create(struct dspd *dspd, const struct vdsp_msg *msg,
			 const struct payload *payload)
{
	struct frpc_create create;
	__u32 error = check_create(dspd, msg, payload, &create);
	int image;

	if (error)
		return error;
	image = open_image(dspd, msg, payload, &create);
	if (image == -EFAULT)
		return FRPC_EBADPARM;
	if (image == -ENOEXEC)
		say_refused(&create,
			    "the image is not a Hexagon program (32-bit ELF, machine 164)");
	else if (image < 0)
		say_refused(&create, strerror(-image));
	if (image < 0)
		return image == -ENOMEM ? FRPC_ENOMEMORY : FRPC_EUNABLETOLOAD;
	if (dspd->options.verbose)
		log_say("pd%d on bank %u: %u bytes, attributes 0x%x", create.client_id,
			payload->sid, create.filelen, create.attrs);
	return client_create(dspd, msg->ctx, create.client_id, payload->sid, image);
}

/* A PD of the firmware runs the firmware's own shell. */
static __u32 attach(struct dspd *dspd, const struct vdsp_msg *msg, const struct payload *payload,
		    __s32 id, const char *name)
{
	int image;

	if (id <= 0)
		return FRPC_EBADPARM;
	image = dspd->options.shell ? image_from_path(dspd->options.shell) : -ENOENT;
	if (image < 0) {
		log_say("client %d cannot attach to %s: %s", id, name,
			dspd->options.shell ? strerror(-image) :
					      "dspd was started without --shell");
		return FRPC_EUNABLETOLOAD;
	}
	if (dspd->options.verbose)
		log_say("pd%d on bank %u: attached to %s", id, payload->sid, name);
	return client_create(dspd, msg->ctx, id, payload->sid, image);
}

static __u32 init_attach(struct dspd *dspd, const struct vdsp_msg *msg,
			 const struct payload *payload)
{
	__u32 error, pd = FRPC_CTX_PD(msg->ctx);
	__s32 id;

	if (FRPC_SC_IN(msg->sc) != 1 || FRPC_SC_OUT(msg->sc))
		return FRPC_EBADPARM;
	if (pd != FRPC_PD_ROOT && pd != FRPC_PD_SENSORS)
		return FRPC_EBADPARM;
	error = payload_get(&dspd->memory, payload, 0, &id, sizeof(id));
	if (error)
		return error;
	return attach(dspd, msg, payload, id, pd == FRPC_PD_ROOT ? "root" : "sensors");
}

static bool is_static_pd(const char *name)
{
	for (size_t i = 0; i < sizeof(static_pds) / sizeof(static_pds[0]); i++) {
		if (!strcmp(static_pds[i], name))
			return true;
	}
	return false;
}

/* Memory that the driver gives along is not used: these PDs have theirs from qemu. */
static __u32 init_create_static(struct dspd *dspd, const struct vdsp_msg *msg,
				const struct payload *payload)
{
	struct frpc_create_static create;
	char name[MAX_NAME] = "";
	__u32 error;

	if (FRPC_SC_IN(msg->sc) != 3 || FRPC_SC_OUT(msg->sc))
		return FRPC_EBADPARM;
	error = payload_get(&dspd->memory, payload, 0, &create, sizeof(create));
	if (error)
		return error;
	if (!create.namelen || create.namelen > MAX_NAME)
		return FRPC_EBADPARM;
	error = payload_get(&dspd->memory, payload, 1, name, create.namelen);
	if (error)
		return error;
	if (name[create.namelen - 1])
		return FRPC_EBADPARM;
	if (is_static_pd(name))
		return attach(dspd, msg, payload, create.client_id, name);
	log_say("client %d cannot attach: there is no PD of that name", create.client_id);
	return FRPC_EUNABLETOLOAD;
}

static __u32 init_release(struct dspd *dspd, const struct vdsp_msg *msg,
			  const struct payload *payload)
{
	__s32 id;
	__u32 error;

	if (FRPC_SC_IN(msg->sc) != 1 || FRPC_SC_OUT(msg->sc))
		return FRPC_EBADPARM;
	error = payload_get(&dspd->memory, payload, 0, &id, sizeof(id));
	if (error)
		return error;
	client_release(dspd, msg->ctx, id);
	return 0;
}

/* A method of handle 1 that begins or ends a PD, and so may answer later. */
typedef __u32 (*init_method)(struct dspd *dspd, const struct vdsp_msg *msg,
			     const struct payload *payload);

static init_method find_method(__u32 method)
{
	switch (method) {
	case FRPC_INIT_ATTACH:
		return init_attach;
	case FRPC_INIT_RELEASE:
		return init_release;
	case FRPC_INIT_CREATE:
	case FRPC_INIT_CREATE_ATTR:
		return init_create;
	case FRPC_INIT_CREATE_STATIC:
		return init_create_static;
	default:
		return NULL;
	}
}

/* True when the answer comes later; else it is in error. */
static bool init_call(struct dspd *dspd, const struct vdsp_msg *msg, __u32 *error)
{
	struct payload payload;
	__u32 method = FRPC_SC_METHOD(msg->sc);
	init_method begin = find_method(method);

	/* The driver itself speaks here, and it has no client number. */
	*error = FRPC_EBADPARM;
	if (msg->client_id)
		return false;
	*error = FRPC_EUNSUPPORTED;
	if (!begin && !mapping_is(method))
		return false;
	*error = payload_decode(&dspd->device, &dspd->memory, msg, &payload);
	if (*error)
		return false;
	if (!begin) {
		*error = mapping_call(dspd, msg, &payload);
		return false;
	}
	*error = begin(dspd, msg, &payload);
	return !*error;
}

/*
 * Input 0 says how much room there is, but the length of the output is what counts. What is
 * behind the table is left as it is.
 */
static __u32 utilities_call(struct dspd *dspd, const struct vdsp_msg *msg)
{
	struct payload payload;
	__u32 error, len;

	if (FRPC_SC_METHOD(msg->sc) != 0)
		return FRPC_EUNSUPPORTED;
	if (FRPC_SC_IN(msg->sc) != 1 || FRPC_SC_OUT(msg->sc) != 1)
		return FRPC_EBADPARM;
	error = payload_decode(&dspd->device, &dspd->memory, msg, &payload);
	if (error)
		return error;
	len = payload.args[1].len;
	if (len > sizeof(capabilities))
		len = sizeof(capabilities);
	if (len &&
	    memory_write(&dspd->memory, payload.sid, payload.args[1].iova, capabilities, len))
		return FRPC_EBADPARM;
	return 0;
}

static void handle_call(struct dspd *dspd, const struct vdsp_msg *msg)
{
	__u32 error = FRPC_EBADSTATE; /* of a client whose PD has ended, or never was */

	if (msg->handle == FRPC_HANDLE_INIT) {
		if (init_call(dspd, msg, &error))
			return;
	} else if (msg->handle == FRPC_HANDLE_UTILITIES) {
		error = utilities_call(dspd, msg);
	}
	if (dspd->options.verbose && error)
		log_say("call of client %d, handle 0x%x, scalars 0x%08x: answered 0x%08x",
			msg->client_id, msg->handle, msg->sc, error);
	device_answer(&dspd->device, msg->ctx, error);
}

void services_handle(struct dspd *dspd, const struct vdsp_msg *msg)
{
	if (msg->type == VDSP_MSG_PD_EXIT)
		client_file_gone(dspd, msg->client_id);
	else if (msg->type == VDSP_MSG_CALL)
		handle_call(dspd, msg);
}
