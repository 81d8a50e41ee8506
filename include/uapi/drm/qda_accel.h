/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * User interface of the QDA driver: Qualcomm Hexagon DSPs over FastRPC.
 */
#ifndef __QDA_ACCEL_H__
#define __QDA_ACCEL_H__

#include "drm.h"

#if defined(__cplusplus)
extern "C" {
#endif

/**
 * DOC: overview
 *
 * One /dev/accel/accelN node stands for one DSP domain (QUERY tells which).
 * Each open of the node is a session. A session can have one process on the
 * DSP at a time, called a protection domain (PD), which is made from a Hexagon
 * ELF file by REMOTE_SESSION_CREATE and serves calls made by REMOTE_INVOKE until
 * REMOTE_SESSION_RELEASE or the close of the file ends it. Instead of having one made,
 * a privileged program can attach to a PD that the DSP's firmware runs already, by
 * REMOTE_ATTACH; that serves its calls in the same way.
 *
 * Rules that hold for every structure here: the layout is the same for 32-bit
 * and 64-bit callers; pads, reserved fields and unknown flag bits must be zero;
 * structures grow at the end only, and a shorter structure of an older caller
 * is read as if the new fields were zero; when an ioctl fails, the fields marked
 * "out" are zero unless the field's text says otherwise.
 *
 * Errors that every ioctl can return are not repeated below:
 * ``-ENODEV`` when the DSP went away (it comes back as a new node), ``-EFAULT``
 * when a user pointer cannot be accessed, ``-ENOMEM`` when memory is short. A
 * structure that can be read but not written is found out last: the ioctl has done
 * all its work, and fails with ``-EFAULT`` as it cannot tell what came of it.
 */

/**
 * DOC: scalars, arguments and handles
 *
 * A remote method is named by a handle and by the scalars word, which also
 * counts the arguments:
 *
 * ======  =====================================================
 * bits    meaning
 * ======  =====================================================
 * 31:29   attributes of the call, zero in ordinary calls
 * 28:24   method number, 0 to 31
 * 23:16   number of input buffers, 0 to 255
 * 15:8    number of output buffers, 0 to 255
 * 7:4     number of input DMA handles, 0 to 15
 * 3:0     number of output DMA handles, 0 to 15
 * ======  =====================================================
 *
 * The argument array has one entry per counted argument, in that order.
 *
 * Handle 0 is the process's module loader (remotectl): method 0 opens a module by
 * name and answers with the handle of the module, method 1 closes it. Its
 * buffers are: open: input 0 {u32 name length with NUL, u32 error text room}, input
 * 1 the name, output 0 {u32 handle, s32 error}, output 1 the error text. close:
 * input 0 {u32 handle, u32 error text room}, output 0 {s32 error}, output 1 the
 * error text. Handle 1 belongs to the kernel. Handles 2 to 9 are fixed services
 * of the DSP's firmware; module handles are what open returned.
 */
#define QDA_SCALARS(method, in, out) \
	((((__u32)(method) & 0x1f) << 24) | (((__u32)(in) & 0xff) << 16) | \
	 (((__u32)(out) & 0xff) << 8))
#define QDA_SCALARS_HANDLES(in_handles, out_handles) \
	((((__u32)(in_handles) & 0xf) << 4) | ((__u32)(out_handles) & 0xf))
#define QDA_SCALARS_METHOD(sc)		(((__u32)(sc) >> 24) & 0x1f)
#define QDA_SCALARS_IN(sc)		(((__u32)(sc) >> 16) & 0xff)
#define QDA_SCALARS_OUT(sc)		(((__u32)(sc) >> 8) & 0xff)
#define QDA_SCALARS_IN_HANDLES(sc)	(((__u32)(sc) >> 4) & 0xf)
#define QDA_SCALARS_OUT_HANDLES(sc)	((__u32)(sc) & 0xf)

#define QDA_HANDLE_REMOTECTL	0
#define QDA_HANDLE_KERNEL	1

/* Command numbers never move and are not used again; new ones are appended. */
#define DRM_QDA_QUERY			0x00
#define DRM_QDA_GEM_CREATE		0x01
#define DRM_QDA_GEM_MMAP_OFFSET		0x02
#define DRM_QDA_REMOTE_ATTACH		0x03
#define DRM_QDA_REMOTE_SESSION_CREATE	0x04
#define DRM_QDA_REMOTE_MAP		0x05
#define DRM_QDA_REMOTE_MUNMAP		0x06
#define DRM_QDA_REMOTE_INVOKE		0x07
#define DRM_QDA_SET_OPTION		0x08
#define DRM_QDA_REMOTE_SESSION_RELEASE	0x09
#define DRM_QDA_GEM_SYNC		0x0a
#define DRM_QDA_REMOTE_INVOKE_BATCH	0x0b

/**
 * enum drm_qda_query_type - What DRM_IOCTL_QDA_QUERY can be asked
 * @QDA_QUERY_DOMAIN: name ("adsp", "mdsp", "sdsp", "cdsp", "cdsp1", "gdsp0",
 *	"gdsp1") in name, number of the domain (0 to 6 in that order) in value;
 *	index must be 0
 * @QDA_QUERY_CAPABILITY: value of the DSP capability number index (1 to 255), as the DSP's
 *	firmware tells it: 1 unsigned PDs, 2 HVX with 64 bytes, 3 HVX with 128 bytes, 4 bytes in
 *	a page of VTCM, 5 number of those pages, 6 version of the architecture (0x68 is v68),
 *	others as the firmware defines them; 0 for what it does not know
 * @QDA_QUERY_LIMIT: value of the limit &enum drm_qda_limit named by index
 * @QDA_QUERY_ADDRESS_WIDTH: bits of an address the DSP can use for buffers;
 *	index must be 0
 * @QDA_QUERY_FEATURES: QDA_FEATURE_* bits of what this driver serves on this DSP;
 *	index must be 0
 */
enum drm_qda_query_type {
	QDA_QUERY_DOMAIN = 1,
	QDA_QUERY_CAPABILITY = 2,
	QDA_QUERY_LIMIT = 3,
	QDA_QUERY_ADDRESS_WIDTH = 4,
	QDA_QUERY_FEATURES = 5,
};

/**
 * enum drm_qda_limit - Index of QDA_QUERY_LIMIT
 * @QDA_LIMIT_FILELEN: largest filelen of REMOTE_SESSION_CREATE, in bytes
 * @QDA_LIMIT_INLINE: most INLINE bytes in one call, inputs and outputs together. The kernel
 *	has them in memory that is charged to the caller until the DSP has answered
 * @QDA_LIMIT_SESSIONS: sessions that can have a process at the same time
 * @QDA_LIMIT_CALLS: calls that one session can have in flight
 * @QDA_LIMIT_BUFFER: largest buffer object, in bytes
 * @QDA_LIMIT_MAPPED: bytes that one user can have mapped, in all sessions on all DSPs
 *	together; a buffer counts once for each session that has it mapped. Memory for a DSP
 *	without an IOMMU cannot be swapped out even if it is not mapped: it counts once,
 *	for who made it, as long as it exists, and so does the kernel's own for processes and
 *	calls
 * @QDA_LIMIT_EVENTS: completions of asynchronous calls that a file has room for, those that
 *	were not read yet and those that are still to come together
 * @QDA_LIMIT_USER_SESSIONS: how many of QDA_LIMIT_SESSIONS the user who opened the file can
 *	have; less than all for everybody but root, unless there is only one
 * @QDA_LIMIT_BANKS: context banks of the DSP. Each is an address space; if there are fewer of
 *	them than QDA_LIMIT_SESSIONS, sessions share them when no free one is left, and the
 *	processes of sessions that share one can reach each other's memory
 */
enum drm_qda_limit {
	QDA_LIMIT_FILELEN = 1,
	QDA_LIMIT_INLINE = 2,
	QDA_LIMIT_SESSIONS = 3,
	QDA_LIMIT_CALLS = 4,
	QDA_LIMIT_BUFFER = 5,
	QDA_LIMIT_MAPPED = 6,
	QDA_LIMIT_EVENTS = 7,
	QDA_LIMIT_USER_SESSIONS = 8,
	QDA_LIMIT_BANKS = 9,
};

#define QDA_FEATURE_CREATE_POINTER	(1ULL << 0) /* image by user pointer, or none */
#define QDA_FEATURE_CREATE_BUFFER	(1ULL << 1) /* image by DMA-BUF fd or GEM handle */
#define QDA_FEATURE_INLINE		(1ULL << 2) /* QDA_ARG_INLINE arguments */
#define QDA_FEATURE_BUFFERS		(1ULL << 3) /* GEM objects, QDA_ARG_BO */
#define QDA_FEATURE_MAP			(1ULL << 4) /* REMOTE_MAP, QDA_ARG_KEY */
#define QDA_FEATURE_ATTACH		(1ULL << 5) /* REMOTE_ATTACH */
#define QDA_FEATURE_POLL		(1ULL << 6) /* poll mode of SET_OPTION */
#define QDA_FEATURE_ASYNC		(1ULL << 7) /* QDA_INVOKE_ASYNC, REMOTE_INVOKE_BATCH */

/**
 * struct drm_qda_query - Argument of DRM_IOCTL_QDA_QUERY
 * @type: in, &enum drm_qda_query_type
 * @index: in, meaning depends on @type
 * @value: out
 * @name: out, NUL-terminated, empty if @type has no name
 *
 * The DSP is asked for its capabilities once, when somebody first wants to know one. That
 * takes the session's context bank, or a free one until the DSP has answered. What the DSP
 * told, or that it tells none, is remembered; after any other error the next QUERY asks
 * again. QUERY waits for nothing else, and only QDA_QUERY_CAPABILITY has other errors than
 * the first.
 *
 * Errors of QUERY:
 *
 * - ``-EINVAL``: unknown @type, or @index out of its range
 * - ``-EOPNOTSUPP``: the DSP does not tell its capabilities
 * - ``-EBUSY``: the DSP has not been asked yet, and no context bank is free to do so
 * - ``-EREMOTEIO``: the DSP refused for another reason
 * - ``-ETIMEDOUT``: the DSP did not answer within 10 seconds. It is not asked again before
 *   it does
 * - ``-EINTR``: killed while waiting
 * - ``-EPIPE``: the DSP went away while the call waited
 */
struct drm_qda_query {
	__u32 type;
	__u32 index;
	__u64 value;
	__u8 name[16];
};

/**
 * DOC: buffer objects
 *
 * A buffer object is memory that the DSP can use without copying. GEM_CREATE makes one;
 * one of another device or of a DMA-BUF heap is imported by DRM_IOCTL_PRIME_FD_TO_HANDLE.
 * DRM_IOCTL_PRIME_HANDLE_TO_FD exports both kinds, DRM_IOCTL_GEM_CLOSE closes the handle.
 *
 * A buffer is mapped for the DSP when a session first uses it, and it stays mapped
 * until the session's handle of it is closed and no call or REMOTE_MAP uses it any more.
 * No other session's process can reach it there, unless sessions share context banks, see
 * QDA_LIMIT_BANKS. Mapped memory counts against QDA_LIMIT_MAPPED of the user who opened the
 * file.
 *
 * The CPU accesses a buffer of GEM_CREATE by mmap() of the accel file at the offset that
 * GEM_MMAP_OFFSET tells; that also works while the DSP is running, and what is mapped
 * stays accessible after the DSP is gone. An imported buffer is only accessible
 * through its exporter, for instance by mmap() of the DMA-BUF fd, with DMA_BUF_IOCTL_SYNC
 * around each access. When the exporter refuses to map it for the DSP, the error that it
 * gives is passed on.
 *
 * REMOTE_INVOKE keeps the CPU's caches right for the buffers that it is given, as long
 * as the CPU does not access them during the call. For a buffer that the DSP accesses
 * at other times (mapped by REMOTE_MAP), or that the CPU does access during a call, the
 * CPU's accesses go between GEM_SYNC and GEM_SYNC with QDA_GEM_SYNC_END, while
 * the DSP leaves it alone; or the buffer is made with QDA_GEM_WC. So is one that is
 * exported to a device which does not see the CPU's caches: the sharing of DMA-BUFs does
 * not maintain them for buffers of GEM_CREATE.
 */

#define QDA_GEM_WC	(1U << 0) /* write-combined CPU mapping; else cached */

/**
 * struct drm_qda_gem_create - Argument of DRM_IOCTL_QDA_GEM_CREATE
 * @size: in, bytes, not zero, rounded up to pages; out, the rounded size
 * @flags: in, QDA_GEM_* bits
 * @handle: out, GEM handle, never 0
 *
 * Makes a buffer object of zeroed pages, which are charged to the caller's memory cgroup
 * when they are first used. For a DSP without an IOMMU they are allocated at once, in one
 * piece, and there may be no such piece; these count against QDA_LIMIT_MAPPED of the caller.
 *
 * Errors of GEM_CREATE:
 *
 * - ``-EINVAL``: @size is 0 or over QDA_LIMIT_BUFFER; unknown @flags bit
 * - ``-EDQUOT``: for a DSP without an IOMMU the user would have more than QDA_LIMIT_MAPPED
 *   bytes
 */
struct drm_qda_gem_create {
	__u64 size;
	__u32 flags;
	__u32 handle;
};

/**
 * struct drm_qda_gem_mmap_offset - Argument of DRM_IOCTL_QDA_GEM_MMAP_OFFSET
 * @handle: in, GEM handle
 * @pad: must be zero
 * @offset: out, offset to give to mmap() on the accel file
 *
 * The same offset is told each time, and it is the same for all who have a handle of the
 * buffer. A mapping must be shared.
 *
 * Errors of GEM_MMAP_OFFSET:
 *
 * - ``-EINVAL``: @pad not zero; the buffer is imported
 * - ``-ENOENT``: no such @handle
 */
struct drm_qda_gem_mmap_offset {
	__u32 handle;
	__u32 pad;
	__u64 offset;
};

/**
 * enum drm_qda_pd - PDs that the DSP's firmware runs already
 * @QDA_PD_ROOT: the root PD, which serves the DSP's own needs, such as asking the host for
 *	files
 * @QDA_PD_SENSORS: the PD of the sensors
 * @QDA_PD_STATIC: a PD that has a name, such as "audiopd"
 */
enum drm_qda_pd {
	QDA_PD_ROOT = 1,
	QDA_PD_SENSORS = 2,
	QDA_PD_STATIC = 3,
};

#define QDA_PD_NAME_MAX		128	/* bytes, with NUL */

/**
 * struct drm_qda_remote_attach - Argument of DRM_IOCTL_QDA_REMOTE_ATTACH
 * @pd: in, &enum drm_qda_pd
 * @flags: must be zero
 * @name: in, pointer to the name of the PD for QDA_PD_STATIC, else 0
 * @namelen: in, bytes at @name with the NUL, at most QDA_PD_NAME_MAX; else 0
 * @dsp_status: out, the DSP's own code when it refused (``-EREMOTEIO``)
 *
 * Attaches the session to a PD that it shares with others and with the firmware itself.
 * Nothing is loaded, so there is no image and there are no attributes; what the PD serves
 * depends on the firmware. Otherwise it is as if REMOTE_SESSION_CREATE had made a
 * process: calls go to it, and REMOTE_SESSION_RELEASE or the close of the file detaches
 * the session, without ending the PD. All of this needs CAP_SYS_ADMIN, as a mistake
 * in such a PD can take the DSP down.
 *
 * A PD with a name gets no memory of the session. If the device tree sets memory aside for
 * such PDs of this DSP, the first session that attaches to one has it offered to the DSP,
 * which then has it until the DSP itself goes away. The firmware refuses a PD that needs
 * memory which it was not given.
 *
 * Errors of REMOTE_ATTACH:
 *
 * - ``-EINVAL``: unknown @pd; @flags not zero; @namelen or @name given for another PD than
 *   QDA_PD_STATIC; @namelen below 2 or over QDA_PD_NAME_MAX; the NUL is not the last
 *   of the @namelen bytes, or not the only one
 * - ``-EPERM``: the caller does not have CAP_SYS_ADMIN
 * - ``-EDQUOT``: the user has QDA_LIMIT_USER_SESSIONS sessions that have or had a process
 * - ``-EBUSY``: the session has a process or one is being made or released; or no
 *   context bank is free
 * - ``-EREMOTEIO``: the DSP refused, see @dsp_status
 * - ``-EOPNOTSUPP``: the memory for such PDs would have to be assigned to the DSP, and this
 *   kernel or this SoC cannot do that
 * - ``-EIO``: it was not assigned, as the SoC's firmware refused
 * - ``-ETIMEDOUT``: the DSP did not answer within 10 seconds; the session stays busy
 *   until it does
 * - ``-EINTR``: killed while waiting
 * - ``-EPIPE``: the DSP went away while the call waited
 */
struct drm_qda_remote_attach {
	__u32 pd;
	__u32 flags;
	__u64 name;
	__u32 namelen;
	__u32 dsp_status;
};

/*
 * Attributes of a PD. The numbers are those of enum fastrpc_proc_attr in
 * drivers/misc/fastrpc.c: the DSP's firmware reads them.
 */
#define QDA_ATTR_DEBUG			(1U << 0) /* debug mode */
#define QDA_ATTR_PTRACE			(1U << 1) /* debug with an attached debugger */
#define QDA_ATTR_CRC			(1U << 2) /* check sums of call payloads */
#define QDA_ATTR_UNSIGNED_MODULE	(1U << 3) /* unsigned PD: fewer rights on the DSP */
#define QDA_ATTR_ADAPTIVE_QOS		(1U << 4) /* DSP adapts its clocks to the load */
#define QDA_ATTR_SYSTEM_PROCESS		(1U << 5) /* system PD; CAP_SYS_ADMIN */
#define QDA_ATTR_PRIVILEGED		(1U << 6) /* more rights on the DSP; CAP_SYS_ADMIN */

/**
 * struct drm_qda_init_create - Argument of DRM_IOCTL_QDA_REMOTE_SESSION_CREATE
 * @filelen: in, bytes of the ELF image and its signature; 0: no image, the
 *	firmware starts its own shell
 * @filefd: in, DMA-BUF fd of the image if > 0; 0 and -1 mean none
 * @attrs: in, QDA_ATTR_* bits
 * @siglen: in, bytes of signature at the end of the image; needs @attrs
 * @file: in, user pointer to the image if not 0
 * @handle: in, GEM handle of the image if not 0
 * @flags: must be zero
 * @dsp_status: out, the DSP's own code when it refused (``-EREMOTEIO``)
 * @pad: must be zero
 *
 * Makes a process on the DSP for this session. Exactly one of @filefd, @file and
 * @handle names the image when @filelen is not zero; it starts at the beginning of a
 * buffer, and the DSP has read it when the ioctl succeeds. A PD without
 * QDA_ATTR_UNSIGNED_MODULE is a signed PD and needs CAP_SYS_ADMIN; an unsigned one
 * is open to everyone on cdsp and gdsp domains and needs CAP_SYS_ADMIN elsewhere.
 *
 * With its first process a session gets a context bank of the DSP, of which there are few,
 * and keeps it until the file is closed. A session has one process at a time. When that has
 * died, so that calls fail with ``-EPIPE``, REMOTE_SESSION_CREATE first releases what is left
 * of it.
 *
 * Errors of REMOTE_SESSION_CREATE:
 *
 * - ``-EINVAL``: @filelen over its limit; not exactly one image source, or one
 *   although @filelen is 0; @filefd below -1; @siglen over @filelen or without
 *   @attrs; unknown @attrs bit; @flags or @pad not zero; @filefd is not a DMA-BUF; the
 *   buffer is shorter than @filelen, or is imported and not contiguous for a DSP
 *   without an IOMMU
 * - ``-EBADF``: @filefd is not an open file descriptor
 * - ``-ENOENT``: no such @handle
 * - ``-EDQUOT``: with the image, or on a DSP without an IOMMU with the kernel's memory for the
 *   process, the user would have more than QDA_LIMIT_MAPPED bytes mapped; the user has
 *   QDA_LIMIT_USER_SESSIONS sessions that have or had a process
 * - ``-EFAULT``: @file does not point to @filelen readable bytes
 * - ``-EPERM``: the caller lacks the privilege for these @attrs
 * - ``-EBUSY``: the session has a process or one is being made or released; or no
 *   context bank is free
 * - ``-EREMOTEIO``: the DSP refused, see @dsp_status
 * - ``-ETIMEDOUT``: the DSP did not answer within 10 seconds; the session stays busy
 *   until it does
 * - ``-EINTR``: killed while waiting
 * - ``-EPIPE``: the DSP went away while the call waited
 */
struct drm_qda_init_create {
	__u32 filelen;
	__s32 filefd;
	__u32 attrs;
	__u32 siglen;
	__u64 file;
	__u32 handle;
	__u32 flags;
	__u32 dsp_status;
	__u32 pad;
};

#define QDA_MAP_BO	(1U << 0) /* a range of a buffer, under a key */
#define QDA_MAP_HEAP	(1U << 1) /* pages of the kernel, for the heap of the process */

/**
 * struct drm_qda_remote_map - Argument of DRM_IOCTL_QDA_REMOTE_MAP
 * @flags: in, QDA_MAP_BO or QDA_MAP_HEAP
 * @handle: in, GEM handle; 0 for QDA_MAP_HEAP
 * @offset: in, bytes into the buffer, a multiple of 4096; 0 for QDA_MAP_HEAP
 * @size: in, bytes, not zero; rounded up to 4096, for QDA_MAP_HEAP to pages
 * @vaddrin: in, passed to the DSP unchanged, which may take it for the caller's own
 *	address of the range; 0 for QDA_MAP_HEAP
 * @vaddrout: out, the DSP's own address
 * @key: in, number by which DSP code finds the range, 0 to 0x7fffffff; the kernel gives it
 *	no meaning. FastRPC libraries use the number of the DMA-BUF fd. 0 for QDA_MAP_HEAP
 * @attrs: must be zero
 * @dsp_status: out, the DSP's own code when it refused (``-EREMOTEIO``)
 * @pad: must be zero
 *
 * Maps memory into the session's process for longer than a call: until REMOTE_MUNMAP, or
 * until the process ends. That holds the memory, too, so the handle may be closed.
 *
 * QDA_MAP_BO is for buffers that DSP code looks up by their key, and for QDA_ARG_KEY
 * arguments. QDA_MAP_HEAP gives pages that user space never sees to the DSP's
 * allocator, which asks for them in calls to the host.
 *
 * After ``-ETIMEDOUT`` or ``-EINTR`` the memory stays mapped and the key taken until the
 * DSP answers: if it says that it failed both are free then, else the range is mapped and
 * REMOTE_MUNMAP can be used. Heap pages whose address was not told stay until the
 * process ends.
 *
 * The request takes its turn among the calls of the session (QDA_LIMIT_CALLS). If that does
 * not come within the time limit the DSP is not asked, and nothing stays.
 *
 * Errors of REMOTE_MAP:
 *
 * - ``-EINVAL``: not exactly one kind in @flags, or an unknown bit; @size is 0 or over
 *   QDA_LIMIT_BUFFER; @offset not a multiple of 4096; the range is not inside
 *   the buffer; @key negative; a field that must be zero is not; an imported buffer that
 *   is not contiguous for a DSP without an IOMMU
 * - ``-ENOENT``: no such @handle
 * - ``-EEXIST``: the process has something mapped under @key
 * - ``-EDQUOT``: the user would have more than QDA_LIMIT_MAPPED bytes mapped
 * - ``-ENOTCONN``: the session has no process
 * - ``-EREMOTEIO``: the DSP refused, see @dsp_status
 * - ``-ETIMEDOUT``: the DSP did not answer within 10 seconds
 * - ``-EINTR``: killed while waiting
 * - ``-EPIPE``: the process died, or the DSP went away while the call waited
 */
struct drm_qda_remote_map {
	__u32 flags;
	__u32 handle;
	__u64 offset;
	__u64 size;
	__u64 vaddrin;
	__u64 vaddrout;
	__s32 key;
	__u32 attrs;
	__u32 dsp_status;
	__u32 pad;
};

/**
 * struct drm_qda_remote_munmap - Argument of DRM_IOCTL_QDA_REMOTE_MUNMAP
 * @vaddr: in, what REMOTE_MAP told in vaddrout; 0 for QDA_MAP_BO
 * @size: in, as it was mapped; 0 for QDA_MAP_BO
 * @key: in, as it was mapped; 0 for QDA_MAP_HEAP
 * @flags: in, QDA_MAP_BO or QDA_MAP_HEAP, as it was mapped
 * @dsp_status: out, the DSP's own code when it refused (``-EREMOTEIO``)
 * @pad: must be zero
 *
 * Undoes one REMOTE_MAP: by @key, or by @vaddr and @size. When it fails the memory is
 * still mapped and it can be tried again. After ``-ETIMEDOUT`` or ``-EINTR`` it is
 * unmapped if the DSP answers late that it did so: trying again gives ``-EBUSY`` until it
 * answers and ``-ENOENT`` when it is unmapped.
 *
 * On success the CPU sees what the DSP wrote, without GEM_SYNC.
 *
 * Errors of REMOTE_MUNMAP:
 *
 * - ``-EINVAL``: not exactly one kind in @flags, or an unknown bit; @size of heap pages is
 *   0 or over QDA_LIMIT_BUFFER; @key negative; a field that must be zero is not
 * - ``-ENOENT``: the process has no such mapping
 * - ``-EBUSY``: the DSP has not answered yet that it has mapped or unmapped it
 * - ``-ENOTCONN``: the session has no process
 * - ``-EREMOTEIO``: the DSP refused, see @dsp_status
 * - ``-ETIMEDOUT``: the DSP did not answer within 10 seconds
 * - ``-EINTR``: killed while waiting
 * - ``-EPIPE``: the process died, or the DSP went away while the call waited
 */
struct drm_qda_remote_munmap {
	__u64 vaddr;
	__u64 size;
	__s32 key;
	__u32 flags;
	__u32 dsp_status;
	__u32 pad;
};

/**
 * enum drm_qda_arg_kind - Where an argument of a call is
 * @QDA_ARG_INLINE: user memory at the pointer @addr, copied by the kernel; @handle
 *	must be 0
 * @QDA_ARG_BO: @length bytes at offset @addr of the GEM object @handle
 * @QDA_ARG_KEY: @length bytes at offset @addr of what REMOTE_MAP has mapped under the key
 *	@handle, passed as DMA handle: the DSP gets key, offset and length. Whether an
 *	empty range means anything is up to the method
 *
 * The kind is always said, never guessed. Buffers counted in the scalars are
 * INLINE or BO, DMA handles are KEY.
 */
enum drm_qda_arg_kind {
	QDA_ARG_INLINE = 1,
	QDA_ARG_BO = 2,
	QDA_ARG_KEY = 3,
};

/**
 * struct drm_qda_arg - One argument of a call
 * @addr: user pointer or offset, see &enum drm_qda_arg_kind
 * @length: bytes; an argument of 0 bytes is passed as empty, and neither @addr nor the
 *	GEM handle is looked at
 * @handle: GEM handle or key, see &enum drm_qda_arg_kind
 * @kind: &enum drm_qda_arg_kind
 */
struct drm_qda_arg {
	__u64 addr;
	__u64 length;
	__u32 handle;
	__u32 kind;
};

#define QDA_INVOKE_ASYNC	(1U << 0) /* do not wait, completion is an event */

/**
 * DOC: asynchronous calls
 *
 * REMOTE_INVOKE with QDA_INVOKE_ASYNC returns as soon as the call has been sent. How it
 * ended is told by an event, which read() on the accel file gives; poll() and epoll say
 * POLLIN when there is one. read() gives as many whole events as the buffer has room
 * for and waits for the first one, or fails with ``-EAGAIN`` on a file with O_NONBLOCK.
 * Each event begins with a &struct drm_event, that says its type and length; programs
 * skip types that they do not know. Completions come in the order in which they
 * happen. As all threads that read a file take from the same queue, user_data of
 * &struct drm_qda_invoke is what tells whose event it is.
 *
 * Exactly one of two things happens: the ioctl fails and nothing was sent, or there will be
 * an event, whatever becomes of the DSP. Only who closes the file does not see it. Of a
 * structure that cannot be written, both are true: the ioctl fails with ``-EFAULT``, though
 * the call was sent, and the event comes. Its user_data tells which calls of a
 * REMOTE_INVOKE_BATCH were sent.
 */

#define QDA_EVENT_INVOKE	0x80000000 /* &struct drm_qda_event_invoke */

/**
 * struct drm_qda_event_invoke - Completion of an asynchronous call
 * @base: type QDA_EVENT_INVOKE, length of this structure
 * @user_data: of &struct drm_qda_invoke
 * @dsp_status: as REMOTE_INVOKE has it
 * @error: 0, or the error that REMOTE_INVOKE would have returned after the call was sent:
 *	``-EPIPE`` or ``-ETIMEDOUT``
 */
struct drm_qda_event_invoke {
	struct drm_event base;
	__u64 user_data;
	__u32 dsp_status;
	__s32 error;
};

/**
 * struct drm_qda_invoke - Argument of DRM_IOCTL_QDA_REMOTE_INVOKE
 * @handle: in, handle of the module or service, see "scalars, arguments and handles"
 * @sc: in, scalars word
 * @args: in, pointer to the &struct drm_qda_arg array, as many as @sc counts
 * @flags: in, QDA_INVOKE_* bits
 * @dsp_status: out, what the method returned on the DSP, 0 for success; codes of the
 *	DSP's own software are 0x80000400 and up. The ioctl returns 0 whatever it is,
 *	except that it fails with ``-EPIPE`` when it is how a process that died ended
 *	the call.
 * @cookie: in, 0 for a new call, else which interrupted call to wait for again; out, not
 *	0 only when the call was interrupted and goes on (``-EINTR``)
 * @user_data: in, given back with the completion event of an asynchronous call
 * @deadline: in, until when to wait, in nanoseconds of CLOCK_MONOTONIC; 0: for ever
 *
 * Calls a method of the session's process and waits for its answer. INLINE outputs are
 * written to user memory only when @dsp_status is 0; what the DSP writes to a
 * buffer is there in any case.
 *
 * When a signal arrives the ioctl returns so that its handler can run, and the call
 * goes on: it is named by the @cookie that the ioctl has left in the structure. The
 * ioctl made again with the same structure waits for that call instead of making another
 * one; only @cookie and @deadline are looked at, outputs go where the first ioctl said. The
 * kernel does that by itself after a handler with SA_RESTART; after one without, the ioctl
 * fails with ``-EINTR`` and it is up to the program. A cookie is good once, in the file and
 * the address space in which the call was made; and as it can be in the structure from the
 * ioctl's begin to its end, two calls at the same time need two structures. The result of a
 * call that nobody comes for is kept until the file is closed, or until the process has been
 * released and another one after it; 64 such calls fit, and with more of them signals do
 * not interrupt calls.
 *
 * When @deadline has passed the call is given up: the DSP may still run the method, and
 * what it answers goes nowhere. Memory that the call uses stays mapped until then.
 *
 * With QDA_INVOKE_ASYNC, see "asynchronous calls", inputs have been read when the ioctl
 * returns, and INLINE outputs cannot be had. It may still have to wait for a place among the
 * calls of other sessions, and for room in the transport; a signal that comes then makes it
 * start again.
 *
 * Errors of REMOTE_INVOKE:
 *
 * - ``-EINVAL``: unknown @flags bit, or any with a @cookie; INLINE outputs of an asynchronous
 *   call that are not empty; unknown kind; an INLINE argument with a handle; attribute bits
 *   31:29 of @sc set; a kind that does not fit the argument's place; a range that is not
 *   inside its buffer or key; an imported buffer that is not contiguous for a DSP without an
 *   IOMMU; an ioctl number that says less than 48 bytes or not both ways, so that @cookie
 *   could be lost
 * - ``-ENOENT``: a BO argument's handle does not exist; nothing is mapped under a KEY
 *   argument's key; there is no interrupted call with this @cookie
 * - ``-EDQUOT``: a buffer is not mapped yet, and with it, or on a DSP without an IOMMU with
 *   the kernel's memory for INLINE arguments, the user would have more than QDA_LIMIT_MAPPED
 *   bytes mapped
 * - ``-E2BIG``: more INLINE bytes than QDA_LIMIT_INLINE
 * - ``-EFAULT``: @args or the memory of an argument cannot be accessed
 * - ``-EPERM``: @handle is 1, which belongs to the kernel
 * - ``-EAGAIN``: with QDA_INVOKE_ASYNC, as many calls are in flight as QDA_LIMIT_CALLS or as
 *   many completions in the file as QDA_LIMIT_EVENTS; reading events makes room
 * - ``-ENOTCONN``: the session has no process
 * - ``-EPIPE``: the process died, or the DSP went away while the call waited
 * - ``-ETIMEDOUT``: @deadline has passed
 * - ``-EINTR``: a signal arrived while the call waited, see above; when @cookie is 0 nothing
 *   was sent to the DSP, or the caller was killed and the DSP may still run the method
 */
struct drm_qda_invoke {
	__u32 handle;
	__u32 sc;
	__u64 args;
	__u32 flags;
	__u32 dsp_status;
	__u64 cookie;
	__u64 user_data;
	__u64 deadline;
};

/*
 * Value 1: the ioctl of a call spins for up to 10 ms for its answer, which the DSP writes to
 * memory, before it sleeps. That makes short calls faster and costs a CPU meanwhile. It
 * concerns calls of modules by REMOTE_INVOKE that wait and have few INLINE bytes; others
 * are as ever. Value 0: calls sleep.
 */
#define QDA_OPTION_POLL_MODE	1

/**
 * struct drm_qda_set_option - Argument of DRM_IOCTL_QDA_SET_OPTION
 * @option: in, QDA_OPTION_*
 * @pad: must be zero
 * @value: in, meaning depends on @option
 *
 * An option holds for the calls that the session makes from then on.
 *
 * Errors of SET_OPTION:
 *
 * - ``-EINVAL``: unknown @option, or @value that it does not have; @pad not zero
 * - ``-EOPNOTSUPP``: the DSP's firmware does not have what the option is about:
 *   poll mode is there if QUERY says QDA_FEATURE_POLL
 */
struct drm_qda_set_option {
	__u32 option;
	__u32 pad;
	__u64 value;
};

/**
 * struct drm_qda_session_release - Argument of DRM_IOCTL_QDA_REMOTE_SESSION_RELEASE
 * @flags: must be zero
 * @dsp_status: out, the DSP's own code when it refused (``-EREMOTEIO``)
 *
 * Ends the session's process without closing the file: the DSP ends the calls
 * that are in flight, then answers. The session can create a new process. If the same
 * program does that with the same attributes, the DSP may make it in the memory of the last
 * one, which is not cleared; the session keeps these few MiB until the file is closed.
 *
 * Errors of REMOTE_SESSION_RELEASE:
 *
 * - ``-EINVAL``: @flags not zero
 * - ``-ENOTCONN``: the session has no process
 * - ``-EBUSY``: the process is being made or released
 * - ``-EREMOTEIO``: the DSP refused, see @dsp_status; the process counts as gone
 * - ``-ETIMEDOUT``: the DSP did not answer within 10 seconds; its answer ends it
 * - ``-EINTR``: killed while waiting
 * - ``-EPIPE``: the DSP went away while the call waited
 */
struct drm_qda_session_release {
	__u32 flags;
	__u32 dsp_status;
};

#define QDA_GEM_SYNC_READ	(1U << 0) /* the CPU reads */
#define QDA_GEM_SYNC_WRITE	(1U << 1) /* the CPU writes */
#define QDA_GEM_SYNC_END	(1U << 2) /* the CPU is done; else it is going to */

/**
 * struct drm_qda_gem_sync - Argument of DRM_IOCTL_QDA_GEM_SYNC
 * @handle: in, GEM handle of a cached buffer of GEM_CREATE
 * @flags: in, QDA_GEM_SYNC_READ or QDA_GEM_SYNC_WRITE or both, and QDA_GEM_SYNC_END
 *	after the access
 *
 * Begins or ends an access of the CPU to a buffer that a DSP uses at other times, see
 * "buffer objects". It takes effect in every session that has the buffer mapped. It
 * does not wait for the DSP, and costs nothing where the DSP sees the CPU's caches.
 *
 * Errors of GEM_SYNC:
 *
 * - ``-EINVAL``: neither QDA_GEM_SYNC_READ nor QDA_GEM_SYNC_WRITE; unknown @flags bit; the
 *   buffer is imported, or made with QDA_GEM_WC
 * - ``-ENOENT``: no such @handle
 */
struct drm_qda_gem_sync {
	__u32 handle;
	__u32 flags;
};

/**
 * struct drm_qda_invoke_batch - Argument of DRM_IOCTL_QDA_REMOTE_INVOKE_BATCH
 * @calls: in, pointer to &struct drm_qda_invoke of asynchronous calls
 * @count: in, how many there are
 * @stride: in, bytes from one to the next: the size of the structure as the caller knows it
 * @flags: must be zero
 * @submitted: out, how many of them were sent
 * @error: out, if that is not all, why the next one was not: what REMOTE_INVOKE would
 *	have returned, or ``-EINTR`` when a signal came in between
 * @pad: must be zero
 *
 * Makes several asynchronous calls in their order, up to the first that fails. Each has
 * QDA_INVOKE_ASYNC and is as if made by REMOTE_INVOKE, except that nothing is written to its
 * structure. With no call the ioctl succeeds.
 *
 * Errors of REMOTE_INVOKE_BATCH:
 *
 * When the first call fails its error is the ioctl's and @error is 0. Otherwise:
 *
 * - ``-EINVAL``: @flags or @pad not zero; @stride is less than 48; a call without
 *   QDA_INVOKE_ASYNC, or with a cookie
 * - ``-E2BIG``: @stride is more than 4096, or more than the driver knows, and what it does
 *   not know is not zero
 */
struct drm_qda_invoke_batch {
	__u64 calls;
	__u32 count;
	__u32 stride;
	__u32 flags;
	__u32 submitted;
	__s32 error;
	__u32 pad;
};

#define DRM_IOCTL_QDA_QUERY \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_QDA_QUERY, struct drm_qda_query)
#define DRM_IOCTL_QDA_GEM_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_QDA_GEM_CREATE, struct drm_qda_gem_create)
#define DRM_IOCTL_QDA_GEM_MMAP_OFFSET \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_QDA_GEM_MMAP_OFFSET, struct drm_qda_gem_mmap_offset)
#define DRM_IOCTL_QDA_REMOTE_ATTACH \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_QDA_REMOTE_ATTACH, struct drm_qda_remote_attach)
#define DRM_IOCTL_QDA_REMOTE_SESSION_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_QDA_REMOTE_SESSION_CREATE, struct drm_qda_init_create)
#define DRM_IOCTL_QDA_REMOTE_MAP \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_QDA_REMOTE_MAP, struct drm_qda_remote_map)
#define DRM_IOCTL_QDA_REMOTE_MUNMAP \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_QDA_REMOTE_MUNMAP, struct drm_qda_remote_munmap)
#define DRM_IOCTL_QDA_REMOTE_INVOKE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_QDA_REMOTE_INVOKE, struct drm_qda_invoke)
#define DRM_IOCTL_QDA_SET_OPTION \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_QDA_SET_OPTION, struct drm_qda_set_option)
#define DRM_IOCTL_QDA_REMOTE_SESSION_RELEASE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_QDA_REMOTE_SESSION_RELEASE, struct drm_qda_session_release)
#define DRM_IOCTL_QDA_GEM_SYNC \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_QDA_GEM_SYNC, struct drm_qda_gem_sync)
#define DRM_IOCTL_QDA_REMOTE_INVOKE_BATCH \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_QDA_REMOTE_INVOKE_BATCH, struct drm_qda_invoke_batch)

#if defined(__cplusplus)
}
#endif

#endif /* __QDA_ACCEL_H__ */
