/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (c) 2026 The QDA authors
 */
#ifndef __QDA_CB_H__
#define __QDA_CB_H__

#include <linux/list.h>
#include <linux/types.h>

struct device;
struct mutex;
struct platform_driver;
struct qda_cb;
struct qda_device;
struct qda_user;

/**
 * struct qda_cb_place - A session's place in a context bank
 * @cb: the bank, with a reference; NULL without a place
 * @user: who the place counts for, NULL if it is the kernel's own
 * @node: entry in the DSP's list of places that are taken; protected by the lock of its banks
 */
struct qda_cb_place {
	struct qda_cb *cb;
	const struct qda_user *user;
	struct list_head node;
};

/**
 * struct qda_cb_item - Something that uses the DMA device of a context bank
 * @node: entry in the bank's list, empty when the bank was revoked; protected by the
 *	bank's lock
 * @revoke: gives up everything that needs the DMA device; called with the bank's lock
 *	held and after the item was taken off the list
 */
struct qda_cb_item {
	struct list_head node;
	void (*revoke)(struct qda_cb_item *item, struct device *dev);
};

extern struct platform_driver qda_cb_driver;

int qda_cb_acquire(struct qda_device *qdev, struct qda_cb_place *place);
void qda_cb_release(struct qda_cb_place *place);
void qda_cb_get(struct qda_cb *cb);
void qda_cb_put(struct qda_cb *cb);
void qda_cb_revoke_all(struct qda_device *qdev);
u32 qda_cb_count(struct qda_device *qdev);
bool qda_cb_is_direct(const struct qda_cb *cb);
bool qda_cb_any_is_direct(struct qda_device *qdev);
bool qda_cb_any_needs_sync(struct qda_device *qdev);
u32 qda_cb_count_places(struct qda_device *qdev);
u32 qda_cb_user_limit(struct qda_device *qdev, const struct qda_user *user);

struct device *qda_cb_lock(struct qda_cb *cb);
void qda_cb_unlock(struct qda_cb *cb);
void qda_cb_add(struct qda_cb *cb, struct qda_cb_item *item);
bool qda_cb_remove(struct qda_cb *cb, struct qda_cb_item *item);

u32 qda_cb_sid(const struct qda_cb *cb);
u64 qda_cb_address(const struct qda_cb *cb, dma_addr_t addr);
void qda_cb_account(struct qda_cb *cb, long pages);
struct qda_device *qda_cb_device(const struct qda_cb *cb);

#endif /* __QDA_CB_H__ */
