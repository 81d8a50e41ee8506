/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The DSP's side of the virtual DSP: what firmware sees of vdsp.ko.
 *
 * Every virtual DSP has a character device /dev/vdsp-<domain>. Whoever opens it
 * is the DSP's firmware (one opener at a time, else -EBUSY). VDSP_IOC_UP announces the
 * rpmsg channel: now the FastRPC driver under test binds. Closing the file
 * while the DSP is up is a crash of the whole DSP: the channel goes away.
 *
 * read() gives whole struct vdsp_msg records (as many as fit, at least one; a
 * shorter buffer is -EINVAL; -EAGAIN with O_NONBLOCK and nothing there; -EPIPE once
 * the channel is gone). write() sends bytes to the driver as one rpmsg message,
 * exactly as given: 1 to 512 bytes, so that firmware can also send garbage; -EPIPE when
 * the channel is down. poll() works.
 *
 * A PD (protection domain) gets a file of its own by VDSP_IOC_SESSION. On it read()
 * gives the calls of that client (handle not 1 or 2) and write() takes one
 * struct vdsp_reply for one of them: -EINVAL for another size, -ENOENT for a ctx
 * that is not a call of this session in flight. When the last reference to a
 * session file goes (the PD died), the firmware file first gets a VDSP_MSG_PD_EXIT
 * record, then each call of the session that was not answered, marked
 * VDSP_MSG_ORPHANED. Calls of a client without a session file go to the firmware
 * file too.
 *
 * mmap(MAP_SHARED) shows memory as the virtual SMMU maps it. On the firmware
 * file the offset is (sid << 32) | iova, on a session file it is the iova in the
 * session's own context bank. Touching an address that is not mapped, or that
 * was unmapped since, is SIGBUS: an SMMU fault, which is counted.
 */
#ifndef __VDSP_H__
#define __VDSP_H__

#include <linux/ioctl.h>
#include <linux/types.h>

#define VDSP_ABI_VERSION	1

/*
 * IOVAs that the virtual SMMU gives out. The window is the same in every context
 * bank and below 4 GiB and leaves room for qemu-hexagon's image, stack and heap,
 * so that a PD can map all of it at the same addresses with one mmap().
 */
#define VDSP_IOVA_START		0x60000000u
#define VDSP_IOVA_SIZE		0x80000000u

enum vdsp_msg_type {
	VDSP_MSG_CALL = 1,	/* a FastRPC request from the driver */
	VDSP_MSG_PD_EXIT = 2,	/* session file of client_id is gone, nothing else is set */
};

#define VDSP_MSG_ORPHANED	(1u << 0)	/* was read or queued by a PD that died */

/* One request; the fields after flags are the 40 bytes of the FastRPC message. */
struct vdsp_msg {
	__u32 type;
	__u32 flags;
	__s32 client_id;
	__s32 tid;
	__u64 ctx;
	__u32 handle;
	__u32 sc;
	__u64 addr;	/* payload: iova | sid << sid_pos */
	__u64 size;
};

/* One FastRPC answer. */
struct vdsp_reply {
	__u64 ctx;
	__s32 retval;
	__u32 pad;
};

struct vdsp_info {
	__u32 abi;		/* out: VDSP_ABI_VERSION */
	__u32 domain;		/* out: 0 adsp, 1 mdsp, 2 sdsp, 3 cdsp, 4 cdsp1, 5 gdsp0, 6 gdsp1 */
	__u32 sid_pos;		/* out: bit of an address where the stream id starts: 32 or 56 */
	__u32 banks;		/* out: number of context banks; their sids are 1 to banks */
	__u8 name[16];		/* out: domain name */
};

struct vdsp_session {
	__s32 client_id;	/* in: > 0; -EEXIST when it has a session file */
	__u32 sid;		/* in: context bank, 1 to banks, else -EINVAL */
	__s32 fd;		/* out: file of the session, O_CLOEXEC */
	__u32 pad;		/* in: 0 */
};

#define VDSP_IOC_INFO		_IOR('V', 0x10, struct vdsp_info)
#define VDSP_IOC_UP		_IO('V', 0x11)	/* announce the channel; -EALREADY */
#define VDSP_IOC_DOWN		_IO('V', 0x12)	/* take it away (crash); -ENOTCONN */
#define VDSP_IOC_SESSION	_IOWR('V', 0x13, struct vdsp_session)

/*
 * Of /dev/vdsp-ping, which vdsp_ping.ko makes: what a system call costs, and what one that
 * sends a message to a virtual DSP and waits for the answer. Drivers add to that.
 */
#define VDSP_IOC_NOTHING	_IO('V', 0x20)
#define VDSP_IOC_PING		_IO('V', 0x21)	/* -ENOTCONN when no DSP is up */

#endif /* __VDSP_H__ */
