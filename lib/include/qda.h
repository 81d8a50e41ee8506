/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * libqda: run code on a Qualcomm Hexagon DSP through the QDA driver.
 *
 * A device is an open accel node, and with it a session on one DSP. It can have
 * one process on the DSP at a time, made from a Hexagon ELF file. In the process
 * you open modules by name, and call their methods by number. Small arguments are
 * copied; large ones go in buffers, which the DSP and the CPU share. See
 * examples/hello.c for a whole program, examples/share.c for one with a buffer.
 *
 * Where things come from. The ELF file is the "shell", the program that loads modules: the
 * one for your DSP from its vendor, or qda_shell.elf, which this project builds
 * for its virtual DSP. Which methods a module has, what number each has, and which
 * arguments it takes in which order, is said by who wrote the module (0 and 1
 * are FastRPC's own; a module's begin at 2). Nobody
 * checks that you and the module mean the same, except the module itself.
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
 * Ownership. What qda_*_open(), qda_*_create() and qda_buffer_import() hand out is yours
 * until you give it to qda_*_close() or qda_process_release(), which take NULL, too.
 * Close modules before you release their process, and release the process before you
 * close its device. Buffers belong to the device, not to a process; close them before
 * the device. Forgetting to is safe for the DSP: when the device's file is
 * closed, be it by the end of the program, the kernel ends the process.
 *
 * Threads. All functions can be called from several threads at once, on the same
 * objects, too; calls in one process then run at the same time. Only an object
 * that is being closed or released must not be used any more, and a child of fork() must
 * not use its parent's objects. The library has no global state, starts no threads,
 * touches no signals and prints nothing. When a signal comes while a call waits, its
 * handler runs and the call goes on.
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
struct qda_buffer;

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
 * program sent. On success the file belongs to the device, which makes it one that does not
 * wait (O_NONBLOCK); else it stays yours.
 *   -ENOTTY  this is no node of the QDA driver
 */
int qda_device_open_fd(int fd, struct qda_device **dev);

void qda_device_close(struct qda_device *dev);

/*
 * The device's file. It stays the device's; do not close it. poll(2) and epoll(7) say
 * POLLIN for it when qda_device_completions() has something to tell.
 */
int qda_device_fd(const struct qda_device *dev);

/* Name and number of the domain, as the driver said at open. */
const char *qda_device_domain(const struct qda_device *dev);
uint32_t qda_device_domain_id(const struct qda_device *dev);

/* Bits of what the driver serves on this DSP; new bits may come. */
#define QDA_HAS_IMAGE_POINTER (1ull << 0) /* qda_process_create() with image */
#define QDA_HAS_IMAGE_BUFFER  (1ull << 1) /* the same with image_buffer or image_fd */
#define QDA_HAS_INLINE	      (1ull << 2) /* qda_module_call(), qda_arg_in(), qda_arg_out() */
#define QDA_HAS_BUFFERS	      (1ull << 3) /* qda_buffer_*(), qda_arg_*_buffer() */
#define QDA_HAS_MAP	      (1ull << 4) /* qda_process_map(), qda_arg_*_key() */
#define QDA_HAS_ATTACH	      (1ull << 5) /* qda_process_attach() */
#define QDA_HAS_POLL	      (1ull << 6) /* qda_process_set_poll() */
#define QDA_HAS_ASYNC	      (1ull << 7) /* calls that do not wait */

/* What the driver serves on this DSP: QDA_HAS_* bits. */
int qda_device_features(const struct qda_device *dev, uint64_t *features);

enum qda_max {
	QDA_MAX_IMAGE = 1,     /* bytes of a process image with its signature */
	QDA_MAX_CALL = 2,      /* bytes of all arguments of one call that are copied */
	QDA_MAX_PROCESSES = 3, /* processes on the DSP at the same time */
	QDA_MAX_CALLS = 4,     /* calls of one process at the same time */
	QDA_MAX_BUFFER = 5,    /* bytes of a buffer */
	QDA_MAX_MAPPED =
		6, /* bytes that one user can have mapped for DSPs, all programs together */
	QDA_MAX_COMPLETIONS = 7,    /* calls that did not wait, in flight or not told yet */
	QDA_MAX_USER_PROCESSES = 8, /* how many of QDA_MAX_PROCESSES you can have */
};

/* A limit of the driver on this DSP. */
int qda_device_max(const struct qda_device *dev, enum qda_max what, uint64_t *value);

/* Bits of an address that the DSP can use for buffers. */
int qda_device_address_bits(const struct qda_device *dev, uint32_t *bits);

/*
 * A capability of the DSP by its number, 1 to 255, as FastRPC counts them: 1 unsigned
 * processes, 3 HVX with 128 bytes, 6 version of the architecture; 0 for what the DSP does
 * not know. The first one takes a question to the DSP.
 *   -EOPNOTSUPP  the DSP does not tell capabilities
 *   -EBUSY       all places on the DSP are taken, so it cannot be asked just now
 *   -EREMOTEIO   the DSP refused for another reason
 *   -ETIMEDOUT   the DSP did not answer within 10 seconds
 */
int qda_device_capability(const struct qda_device *dev, uint32_t number, uint32_t *value);

/* ---- Buffers ---- */

/*
 * A buffer is memory that both the CPU and the DSP can use, so a call on it copies
 * nothing, however large it is. Give ranges of it to calls by qda_arg_in_buffer() and
 * qda_arg_out_buffer(). The DSP gets at a buffer when a call first names it, and keeps
 * its place until qda_buffer_close(): make a buffer once and use it often.
 *
 * The CPU's caches. Calls see to them, as long as the CPU leaves a buffer alone while
 * it is in a call. Your accesses need qda_buffer_begin_cpu() and qda_buffer_end_cpu()
 * around them in three cases: the buffer was imported; it is mapped by
 * qda_process_map(); or the CPU uses one part of it while a call uses another. In the
 * others they do no harm.
 */

/*
 * The CPU does not cache what is in the buffer: writing in order is fast, reading is slow, and
 * begin and end need not be called. For what the CPU only writes.
 */
#define QDA_BUFFER_WRITE_COMBINED (1u << 0)

/*
 * Makes a buffer of at least size bytes, all zero; it is rounded up to pages.
 *   -EINVAL  size is 0 or over QDA_MAX_BUFFER, or flags has an unknown bit
 *   -EDQUOT  for a DSP without an IOMMU you would have more than QDA_MAX_MAPPED
 */
int qda_buffer_create(struct qda_device *dev, uint64_t size, uint32_t flags,
		      struct qda_buffer **buffer);

/*
 * Makes a buffer of memory that somebody else allocated, by the file descriptor of a
 * DMA-BUF: from a camera, a GPU, a DMA-BUF heap, or another program that sent it over a
 * socket. The descriptor stays yours and can be closed at once. Importing the same
 * memory again gives another buffer, which is closed by itself.
 *   -EBADF   fd is not open
 *   -EINVAL  fd is not a DMA-BUF, or it is empty
 */
int qda_buffer_import(struct qda_device *dev, int fd, struct qda_buffer **buffer);

/*
 * A file descriptor (DMA-BUF) of the buffer, for other devices and programs. It is yours to
 * close(2) and keeps the memory alive. Of an imported buffer it is the one of the
 * exporter. A device that does not see the CPU's caches should get write-combined
 * buffers only: nobody maintains the caches for it.
 *   -EMFILE  too many files are open
 */
int qda_buffer_export(const struct qda_buffer *buffer, int *fd);

/*
 * Gives the buffer back. The memory is there as long as a call, a mapping of
 * qda_process_map() or an exported file descriptor uses it.
 */
void qda_buffer_close(struct qda_buffer *buffer);

/*
 * Where the CPU finds the buffer, and how many bytes it has. It stays there until it is
 * closed, even if the DSP goes away. NULL if an exporter lets no CPU at its memory;
 * what was imported by a descriptor that is open for reading only can only be read.
 */
void *qda_buffer_data(const struct qda_buffer *buffer);
uint64_t qda_buffer_size(const struct qda_buffer *buffer);

/* The buffer's GEM handle, for qda_process_invoke(). It stays the buffer's; do not close it. */
uint32_t qda_buffer_handle(const struct qda_buffer *buffer);

#define QDA_CPU_READ  (1u << 0)
#define QDA_CPU_WRITE (1u << 1)

/*
 * Say that the CPU is going to access the buffer, and that it is done. access is
 * QDA_CPU_READ or QDA_CPU_WRITE or both, the same at end as at begin. The whole buffer is
 * meant; nobody is waited for: it is up to you that the DSP leaves it alone meanwhile.
 *   -EINVAL  access is 0 or has an unknown bit
 *   or what the exporter of an imported buffer says
 */
int qda_buffer_begin_cpu(const struct qda_buffer *buffer, uint32_t access);
int qda_buffer_end_cpu(const struct qda_buffer *buffer, uint32_t access);

/* ---- Processes ---- */

/* What a process is to be, in qda_process_params.attrs. */
#define QDA_PROCESS_DEBUG	 (1u << 0) /* debug mode */
#define QDA_PROCESS_PTRACE	 (1u << 1) /* with an attached debugger */
#define QDA_PROCESS_CRC		 (1u << 2) /* check sums of calls */
#define QDA_PROCESS_UNSIGNED	 (1u << 3) /* without a signature: fewer rights on the DSP */
#define QDA_PROCESS_ADAPTIVE_QOS (1u << 4) /* the DSP adapts its clocks */
#define QDA_PROCESS_SYSTEM	 (1u << 5) /* system process; needs CAP_SYS_ADMIN */
#define QDA_PROCESS_PRIVILEGED	 (1u << 6) /* more rights; needs CAP_SYS_ADMIN */

/*
 * The image is a Hexagon ELF file. It is in one of three places, and in none if image_size
 * is 0: then the DSP's firmware starts a shell of its own. Whatever is not used is 0, so
 * begin with "= { 0 }" or designated initialisers.
 */
struct qda_process_params {
	const void *image;	 /* the image is in memory of the program; or else */
	uint64_t image_size;	 /* bytes of the image with its signature */
	uint32_t signature_size; /* bytes of signature at the end of the image, mostly 0 */
	uint32_t attrs;		 /* QDA_PROCESS_* bits */
	const struct qda_buffer *image_buffer; /* it is at the start of this buffer; or else */
	int32_t image_fd;     /* at the start of this DMA-BUF; 0 and -1 mean none */
	uint32_t reserved32;  /* must be 0 */
	uint64_t reserved[2]; /* must be 0 */
};

/*
 * Makes a process on the DSP. NULL params are the same as all zero. The image is
 * not needed any more when this returns.
 *   -EINVAL     the image is larger than QDA_MAX_IMAGE or than its buffer, there is more than
 *               one, its buffer is of another device, or image_fd is no DMA-BUF
 *   -EBADF      image_fd is not open
 *   -EDQUOT     with the buffer of the image more than QDA_MAX_MAPPED would be mapped; on a
 *               DSP without an IOMMU with the memory for the process, too
 *   -EPERM      these attrs need CAP_SYS_ADMIN: a process that is not
 *               QDA_PROCESS_UNSIGNED does, and so does every process on a DSP that is
 *               neither cdsp nor gdsp
 *   -EBUSY      the device has a process already, or all places on the DSP
 *               are taken
 *   -EDQUOT     you have QDA_MAX_USER_PROCESSES of these places
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

/* Processes that the DSP's firmware runs already. */
enum qda_attach {
	QDA_ATTACH_ROOT = 1,	/* the one that serves the DSP's own needs */
	QDA_ATTACH_SENSORS = 2, /* the one of the sensors */
	QDA_ATTACH_NAMED = 3,	/* one with a name, such as "audiopd" */
};

/*
 * Instead of making a process, uses one that the firmware runs already and that others use, too.
 * What can be called in it is up to the firmware. qda_process_release() detaches from it
 * and does not end it. name is for QDA_ATTACH_NAMED, at most 127 bytes, else NULL. Needs
 * CAP_SYS_ADMIN, because a mistake in such a process can take the DSP down.
 *   -EINVAL     which is unknown, or name is missing, too long, or not wanted
 *   -EPERM      CAP_SYS_ADMIN is missing
 *   -EBUSY      the device has a process already, or all places on the DSP are taken
 *   -EREMOTEIO  the DSP refused; it has no such process, for instance
 *   -ETIMEDOUT  the DSP did not answer within 10 seconds
 */
int qda_process_attach(struct qda_device *dev, enum qda_attach which, const char *name,
		       struct qda_process **process, uint32_t *dsp_status);

/*
 * Ends the process; its calls in other threads end with an error. Whatever is
 * returned, the process is not yours any more. The device keeps the memory that the DSP had
 * for it, 4 MiB or more, for its next process with the same attrs, which may see what this one
 * left there; qda_device_close() frees it.
 *   -EREMOTEIO  the DSP refused; the process counts as gone
 *   -ENOTCONN   it was gone already
 *   -ETIMEDOUT  the DSP did not answer within 10 seconds
 */
int qda_process_release(struct qda_process *process, uint32_t *dsp_status);

/* The device of a process, as given to qda_process_create(). */
struct qda_device *qda_process_device(const struct qda_process *process);

/*
 * Maps a range of a buffer into the process for longer than a call, under a key: a
 * number of your choice, from 0 to 0x7fffffff, that names nothing else in this process. DSP code
 * finds the memory by it (HAP_mmap_get), and qda_arg_in_key() and qda_arg_out_key() pass it to
 * methods that take DMA handles. offset is a multiple of 4096; size is rounded up to
 * one. The mapping ends with qda_process_unmap() or with the process. The DSP can
 * use the memory at any time, so see qda_buffer_begin_cpu().
 *   -EINVAL     the range is not inside the buffer, or the buffer is of another device;
 *               key is negative
 *   -EEXIST     something is mapped under this key
 *   -EDQUOT     more than QDA_MAX_MAPPED would be mapped
 *   -EREMOTEIO  the DSP refused
 *   -ETIMEDOUT  the DSP did not answer within 10 seconds; the key stays taken until it
 *               does, and if it then says that it worked, until qda_process_unmap()
 *   -ENOTCONN, -EPIPE  as for qda_module_call()
 */
int qda_process_map(struct qda_process *process, const struct qda_buffer *buffer, uint64_t offset,
		    uint64_t size, int32_t key, uint32_t *dsp_status);

/*
 * Ends a mapping. DSP code that still uses the memory faults, and its process ends. The
 * CPU sees what the DSP wrote. When this fails the mapping is as it was, and you can try again.
 *   -ENOENT     nothing is mapped under this key
 *   -EBUSY      the DSP has not answered yet whether it mapped or unmapped it
 *   -EREMOTEIO  the DSP refused
 *   -ETIMEDOUT  the DSP did not answer within 10 seconds; if it does so later the mapping is
 *               gone
 *   -ENOTCONN, -EPIPE  as for qda_module_call()
 */
int qda_process_unmap(struct qda_process *process, int32_t key, uint32_t *dsp_status);

/*
 * Calls any handle of the process with a scalars word and arguments as the
 * driver takes them; <drm/qda_accel.h> explains both. args has as many entries
 * as the scalars word counts, NULL if none.
 *   errors as for qda_module_call()
 */
int qda_process_invoke(struct qda_process *process, uint32_t handle, uint32_t scalars,
		       const struct drm_qda_arg *args, uint32_t *dsp_status);

/* Longest time of poll mode. */
#define QDA_POLL_MAX_US 9999

/*
 * Poll mode: the DSP writes into memory that a call has succeeded, and a call that waits
 * spins for that before it sleeps. It makes calls that take microseconds faster and costs a
 * CPU meanwhile, at most 10 ms a call. microseconds, 1 to QDA_POLL_MAX_US, tells the DSP
 * up to which duration calls are worth it; 0 ends poll mode. What a call does and
 * returns is the same; some do not spin: those with much data that is copied, and those
 * that do not wait. Call it when the process is made, from one thread. It ends with the process.
 *   -EINVAL      microseconds is over its limit
 *   -EOPNOTSUPP  the DSP's firmware has no poll mode: QDA_HAS_POLL is not among the features
 *   -EREMOTEIO   the process refused; poll mode is off
 *   -ENOTCONN, -EPIPE  as for qda_module_call()
 */
int qda_process_set_poll(struct qda_process *process, uint32_t microseconds, uint32_t *dsp_status);

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

/* Most inputs, and most outputs, of a call; and most keys of each direction. */
#define QDA_BUFFERS_MAX 255
#define QDA_KEYS_MAX	15

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

/*
 * An argument of qda_module_call_args(): who writes it, and where it is. Make it with the
 * functions below, which cannot fail; the fields are the library's own. It holds no
 * memory, so there is nothing to free. What it refers to must stay until the call is over.
 */
struct qda_arg {
	uint32_t place;
	uint32_t kind;
	const void *data;
	const struct qda_buffer *buffer;
	uint64_t offset;
	uint64_t size;
	int32_t key;
	uint32_t reserved32;
};

/* An input that is copied to the DSP; an output that is copied back when the call succeeds. */
struct qda_arg qda_arg_in(const void *data, size_t size);
struct qda_arg qda_arg_out(void *data, size_t size);

/*
 * size bytes at offset of a buffer, where the DSP reads and writes them itself. The
 * same range can be input and output, if the method is made for working in place. What
 * the DSP wrote is there even when the call fails.
 */
struct qda_arg qda_arg_in_buffer(const struct qda_buffer *buffer, uint64_t offset, uint64_t size);
struct qda_arg qda_arg_out_buffer(const struct qda_buffer *buffer, uint64_t offset, uint64_t size);

/*
 * A DMA handle: size bytes at offset of what qda_process_map() mapped under the key. The
 * method gets key and offset and finds the memory by them. "out" says that it writes
 * there; it can read it as well.
 */
struct qda_arg qda_arg_in_key(int32_t key, uint64_t offset, uint64_t size);
struct qda_arg qda_arg_out_key(int32_t key, uint64_t offset, uint64_t size);

/*
 * As qda_module_call(), with arguments of any kind. They are in the order that FastRPC
 * has for them: inputs, outputs, input keys, output keys. The first two count as one kind each,
 * whether they are copied or not.
 *
 *	const struct qda_arg args[] = {
 *		qda_arg_in(&layout, sizeof(layout)),
 *		qda_arg_in_buffer(picture, 0, size),
 *		qda_arg_out_buffer(picture, 0, size),
 *	};
 *	err = qda_module_call_args(filter, 2, args, 3, &status);
 *
 *   -EINVAL   args are in another order or too many, or a buffer is NULL, or of another
 *             device than the module; a range is not inside its buffer or key
 *   -ENOENT   nothing is mapped under a key
 *   -EDQUOT   the DSP has not seen a buffer before, and with it more than
 *             QDA_MAX_MAPPED would be mapped
 *   or as for qda_module_call()
 */
int qda_module_call_args(struct qda_module *module, uint32_t method, const struct qda_arg *args,
			 size_t count, uint32_t *dsp_status);

/*
 * As qda_module_call_args(), but gives up when the deadline has passed: a point in time, in
 * nanoseconds of CLOCK_MONOTONIC, as qda_deadline_in_ms() makes it; 0 waits for ever. The
 * DSP may run the method all the same, so what buffers and keys refer to is in use until
 * it is done; outputs that are copied are not touched any more.
 *   -ETIMEDOUT  the deadline has passed
 *   or as for qda_module_call_args()
 */
int qda_module_call_until(struct qda_module *module, uint32_t method, const struct qda_arg *args,
			  size_t count, uint64_t deadline, uint32_t *dsp_status);

/* The point in time that is so many milliseconds away. */
uint64_t qda_deadline_in_ms(uint32_t ms);

/* ---- Calls that do not wait ---- */

/*
 * A call, for qda_module_submit(). Set what is not used to 0. user_data comes back with the
 * completion and means nothing to the library.
 */
struct qda_request {
	struct qda_module *module;
	uint32_t method;
	uint32_t reserved32;
	const struct qda_arg *args;
	size_t count; /* of args */
	uint64_t user_data;
	uint64_t deadline;
};

/*
 * Makes a call and does not wait for its answer, which qda_device_completions() tells.
 * Inputs that are copied can be changed when this returns; outputs that are copied
 * cannot be had this way, so let the method write to a buffer. Buffers of the call belong
 * to it until its completion. One thread can have QDA_MAX_CALLS calls in flight.
 *   -EAGAIN  too many calls are in flight, or too many completions were not read yet
 *            (QDA_MAX_COMPLETIONS): read some and try again
 *   -EINVAL  there are outputs that are copied
 *   or as for qda_module_call_until()
 */
int qda_module_submit(const struct qda_request *request);

/*
 * The same for several calls at once, in their order, up to the first that fails: its
 * error is returned, and *submitted tells how many were made before. They are of
 * modules of the same device.
 */
int qda_module_submit_many(const struct qda_request *requests, size_t count, size_t *submitted);

/* How a call ended. */
struct qda_completion {
	uint64_t user_data;
	int result; /* what qda_module_call_until() would have returned */
	uint32_t dsp_status;
};

/*
 * Tells how calls have ended, at most room of them, in the order in which they did;
 * *count says how many. Never waits: use poll(2) on qda_device_fd(). Each submitted
 * call is told once, whatever becomes of the DSP; with several threads that ask, to one of
 * them. Close the device only when all were told, or if you do not want to know.
 */
int qda_device_completions(struct qda_device *dev, struct qda_completion *done, size_t room,
			   size_t *count);

/* ---- Codes of the DSP ---- */

/* What a code of the DSP means, in a few English words. Never NULL, never to be freed. */
const char *qda_dsp_strerror(uint32_t dsp_status);

#ifdef __cplusplus
}
#endif

#endif /* QDA_H */
