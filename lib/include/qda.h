/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * libqda: run code on a Qualcomm Hexagon DSP through the QDA driver.
 *
 * A device is an open accel node, and with it a session on one DSP. It can have
 * one process on the DSP at a time, made from a Hexagon ELF file. In the process
 * you open modules by name, and call their methods by number. See
 * examples/hello.c for a whole program.
 *
 * Return values. Every function that returns int returns 0 when it did all of what was
 * asked, else a negative errno number. Codes of the DSP's software are never
 * mixed with errno numbers: when the DSP refused, the function returns
 * -EREMOTEIO and the DSP's own code is in *dsp_status. A call that ended with its process
 * (-EPIPE) may have one, too; in every other case *dsp_status is 0. dsp_status can be NULL.
 * qda_dsp_strerror() puts such a code into words.
 *
 * Errors that every function can return, not repeated below:
 *   -EINVAL  a pointer is NULL that must not be, or a count is over its limit
 *   -ENODEV  the DSP went away. Close everything and open the device again: when
 *            the DSP comes back it does so as a new node
 *   -ENOMEM  memory is short
 *
 * Ownership. What qda_*_open() and qda_*_create() hand out is yours until you give it to
 * qda_*_close() or qda_process_release(), which take NULL, too. Close modules
 * before you release their process, and release the process before you close
 * its device. Forgetting to is safe for the DSP: when the device's file is
 * closed, be it by the end of the program, the kernel ends the process.
 *
 * Threads. All functions can be called from several threads at once, on the same
 * objects, too; calls in one process then run at the same time. Only an object
 * that is being closed or released must not be used any more. The library has no
 * global state, starts no threads, touches no signals and prints nothing.
 *
 * Units. Sizes are bytes. Multi-byte numbers in the buffers of a call are
 * little-endian, as the DSP is.
 */
#ifndef QDA_H
#define QDA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qda_device;
struct qda_process;
struct qda_module;

/* One argument of a raw call; it is defined in <drm/qda_accel.h>. */
struct drm_qda_arg;

/* ---- Devices ---- */

/*
 * Opens the DSP of this domain: "adsp", "mdsp", "sdsp", "cdsp", "cdsp1",
 * "gdsp0" or "gdsp1". Looks through /dev/accel; nodes of other drivers are left
 * alone. Opening takes nothing on the DSP yet.
 *   -ENODEV  there is no such DSP: the driver is not loaded or the DSP is not up
 *   -EACCES  none was found, but there is a node that you may not open; being in
 *            the group "render" usually helps
 */
int qda_device_open(const char *domain, struct qda_device **dev);

/*
 * Opens a node by its path, for instance "/dev/accel/accel0".
 *   -ENOTTY  this is no node of the QDA driver
 *   or what open(2) said
 */
int qda_device_open_path(const char *path, struct qda_device **dev);

/*
 * Makes a device of a file that is open already, for instance one that another
 * program sent. On success the file belongs to the device, else it stays yours.
 *   -ENOTTY  this is no node of the QDA driver
 */
int qda_device_open_fd(int fd, struct qda_device **dev);

void qda_device_close(struct qda_device *dev);

/* The device's file. It stays the device's; do not close it. */
int qda_device_fd(const struct qda_device *dev);

/* Name and number of the domain, as the driver said at open. */
const char *qda_device_domain(const struct qda_device *dev);
uint32_t qda_device_domain_id(const struct qda_device *dev);

/* Bits of what the driver serves on this DSP; new bits may come. */
#define QDA_HAS_IMAGE_POINTER (1ull << 0) /* qda_process_create() */
#define QDA_HAS_IMAGE_BUFFER  (1ull << 1) /* process image in a DMA buffer */
#define QDA_HAS_INLINE	      (1ull << 2) /* qda_module_call() */
#define QDA_HAS_BUFFERS	      (1ull << 3) /* DMA buffers as arguments of calls */
#define QDA_HAS_MAP	      (1ull << 4) /* mappings that outlive a call */
#define QDA_HAS_ATTACH	      (1ull << 5) /* attaching to a process of the firmware */
#define QDA_HAS_POLL	      (1ull << 6) /* spinning for short answers */
#define QDA_HAS_ASYNC	      (1ull << 7) /* calls that do not wait */

/* What the driver serves on this DSP: QDA_HAS_* bits. */
int qda_device_features(const struct qda_device *dev, uint64_t *features);

enum qda_max {
	QDA_MAX_IMAGE = 1,     /* bytes of a process image with its signature */
	QDA_MAX_CALL = 2,      /* bytes of all buffers of one qda_module_call() */
	QDA_MAX_PROCESSES = 3, /* processes on the DSP at the same time */
	QDA_MAX_CALLS = 4,     /* calls of one process at the same time */
};

/* A limit of the driver on this DSP. */
int qda_device_max(const struct qda_device *dev, enum qda_max what, uint64_t *value);

/* Bits of an address that the DSP can use for buffers. */
int qda_device_address_bits(const struct qda_device *dev, uint32_t *bits);

/*
 * A capability of the DSP by its number, 1 to 255, as FastRPC counts them.
 *   -EOPNOTSUPP  the driver or the DSP does not tell capabilities
 */
int qda_device_capability(const struct qda_device *dev, uint32_t number, uint32_t *value);

/* ---- Processes ---- */

/* What a process is to be, in qda_process_params.attrs. */
#define QDA_PROCESS_DEBUG	 (1u << 0) /* debug mode */
#define QDA_PROCESS_PTRACE	 (1u << 1) /* with an attached debugger */
#define QDA_PROCESS_CRC		 (1u << 2) /* check sums of calls */
#define QDA_PROCESS_UNSIGNED	 (1u << 3) /* without a signature: fewer rights on the DSP */
#define QDA_PROCESS_ADAPTIVE_QOS (1u << 4) /* the DSP adapts its clocks */
#define QDA_PROCESS_SYSTEM	 (1u << 5) /* system process; needs CAP_SYS_ADMIN */
#define QDA_PROCESS_PRIVILEGED	 (1u << 6) /* more rights; needs CAP_SYS_ADMIN */

struct qda_process_params {
	const void *image;	 /* Hexagon ELF file in memory; NULL: the DSP's own shell */
	uint64_t image_size;	 /* with the signature, if there is one */
	uint32_t signature_size; /* bytes of signature at the end of the image, mostly 0 */
	uint32_t attrs;		 /* QDA_PROCESS_* bits */
	uint64_t reserved[4];	 /* must be 0 */
};

/*
 * Makes a process on the DSP. NULL params are the same as all zero. The image is
 * not needed any more when this returns.
 *   -EINVAL     the image is larger than QDA_MAX_IMAGE, or the params contradict
 *               each other
 *   -EPERM      these attrs need CAP_SYS_ADMIN: a process that is not
 *               QDA_PROCESS_UNSIGNED does, and so does every process on a DSP that is
 *               neither cdsp nor gdsp
 *   -EBUSY      the device has a process already, or all places on the DSP
 *               are taken
 *   -EREMOTEIO  the DSP refused; 0x80000406: it could not load the image
 *   -ETIMEDOUT  the DSP did not answer within 10 seconds
 */
int qda_process_create(struct qda_device *dev, const struct qda_process_params *params,
		       struct qda_process **process, uint32_t *dsp_status);

/*
 * The same with an image that is read from a file.
 *   or what open(2) said of the file; -EINVAL for an empty one
 */
int qda_process_create_file(struct qda_device *dev, const char *path, uint32_t attrs,
			    struct qda_process **process, uint32_t *dsp_status);

/*
 * Ends the process; its calls in other threads end with an error. Whatever is
 * returned, the process is not yours any more.
 *   -EREMOTEIO  the DSP refused; the process counts as gone
 *   -ENOTCONN   it was gone already
 *   -ETIMEDOUT  the DSP did not answer within 10 seconds
 */
int qda_process_release(struct qda_process *process, uint32_t *dsp_status);

/* The device of a process, as given to qda_process_create(). */
struct qda_device *qda_process_device(const struct qda_process *process);

/*
 * Calls any handle of the process with a scalars word and arguments as the
 * driver takes them; <drm/qda_accel.h> explains both. args has as many entries
 * as the scalars word counts, NULL if none.
 *   errors as for qda_module_call()
 */
int qda_process_invoke(struct qda_process *process, uint32_t handle, uint32_t scalars,
		       const struct drm_qda_arg *args, uint32_t *dsp_status);

/* ---- Modules ---- */

/*
 * Opens a module in the process, by a name such as "calc" or by a URI such as
 * "file:///libcalc_skel.so?calc_skel_handle_invoke&_modver=1.0". What the DSP
 * says about a failure is put into error, up to error_size bytes with the NUL;
 * error can be NULL with error_size 0. On success the text is empty.
 *   -EREMOTEIO  the DSP refused; 0x80000406 and 0x8000043e: it found no such module
 *   -EPROTO     the DSP answered with a handle that no module can have
 *   -ENOTCONN, -EPIPE  as for qda_module_call()
 */
int qda_module_open(struct qda_process *process, const char *uri, struct qda_module **module,
		    char *error, size_t error_size, uint32_t *dsp_status);

/*
 * Closes the module on the DSP. Whatever is returned, it is not yours any more.
 *   -EREMOTEIO  the DSP refused
 *   -ENOTCONN, -EPIPE  as for qda_module_call(); the module went with its process
 */
int qda_module_close(struct qda_module *module, uint32_t *dsp_status);

/* The module's handle on the DSP, for qda_process_invoke(). */
uint32_t qda_module_handle(const struct qda_module *module);

/* Most input buffers, and most output buffers, of a call. */
#define QDA_BUFFERS_MAX 255

struct qda_in {
	const void *data;
	size_t size;
};

struct qda_out {
	void *data;
	size_t size;
};

/*
 * Calls a method, 0 to 31, of the module and waits for its answer, as long as it
 * takes. Inputs are copied to the DSP and outputs back; a buffer of 0 bytes is
 * passed on as empty. Outputs are written only when 0 is returned.
 *   -EREMOTEIO  the method, or the DSP's software before it, returned a code
 *               that is not 0
 *   -E2BIG      more bytes in the buffers than QDA_MAX_CALL
 *   -EFAULT     a buffer is not memory of this program
 *   -ENOTCONN   the process was released
 *   -EPIPE      the process died. Release it; you can then create a new one
 */
int qda_module_call(struct qda_module *module, uint32_t method, const struct qda_in *in,
		    size_t in_count, const struct qda_out *out, size_t out_count,
		    uint32_t *dsp_status);

/* ---- Codes of the DSP ---- */

/* What a code of the DSP means, in a few English words. Never NULL, never to be freed. */
const char *qda_dsp_strerror(uint32_t dsp_status);

#ifdef __cplusplus
}
#endif

#endif /* QDA_H */
