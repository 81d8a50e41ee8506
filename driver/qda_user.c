// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Users, and how much memory each of them has mapped. Mapped pages cannot be
 * swapped out, whoever allocated them, so there has to be a limit. It holds for all
 * of a user's files on all DSPs together. Contiguous memory counts as mapped.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include "qda_user.h"

static unsigned int map_limit_mb;
module_param(map_limit_mb, uint, 0644);
MODULE_PARM_DESC(map_limit_mb,
		 "MiB that one user may have mapped for DSPs (default 0: half of the memory)");

/**
 * struct qda_user - Somebody who has sessions
 * @node: entry in qda_users; protected by qda_users_lock
 * @ref: held by each session and by contiguous memory
 * @uid: who it is
 * @pages: how many pages the user has mapped, or has in contiguous memory
 */
struct qda_user {
	struct list_head node;
	refcount_t ref;
	kuid_t uid;
	atomic_long_t pages;
};

/* Protects the list of users. */
static DEFINE_MUTEX(qda_users_lock);
static LIST_HEAD(qda_users);

static struct qda_user *qda_user_find(kuid_t uid)
{
	struct qda_user *user;

	lockdep_assert_held(&qda_users_lock);

	list_for_each_entry(user, &qda_users, node)
		if (uid_eq(user->uid, uid))
			return user;

	return NULL;
}

/**
 * qda_user_get_current - Find who the caller is
 *
 * Return: the user with a reference, or an error pointer.
 */
struct qda_user *qda_user_get_current(void)
{
	struct qda_user *user;

	guard(mutex)(&qda_users_lock);

	user = qda_user_find(current_uid());
	if (user) {
		refcount_inc(&user->ref);
		return user;
	}

	user = kzalloc_obj(*user, GFP_KERNEL_ACCOUNT);
	if (!user)
		return ERR_PTR(-ENOMEM);
	refcount_set(&user->ref, 1);
	user->uid = current_uid();
	list_add(&user->node, &qda_users);

	return user;
}

/**
 * qda_user_put - Drop a reference
 * @user: the user
 */
void qda_user_put(struct qda_user *user)
{
	if (!refcount_dec_and_mutex_lock(&user->ref, &qda_users_lock))
		return;
	list_del(&user->node);
	mutex_unlock(&qda_users_lock);
	kfree(user);
}

/**
 * qda_user_is_root - Whether limits on sessions do not hold for a user
 * @user: the user
 *
 * Return: true for the one who can also change them.
 */
bool qda_user_is_root(const struct qda_user *user)
{
	return uid_eq(user->uid, GLOBAL_ROOT_UID);
}

/**
 * qda_user_limit - How much a user can have mapped
 *
 * Return: number of pages.
 */
unsigned long qda_user_limit(void)
{
	unsigned long limit = READ_ONCE(map_limit_mb);

	return limit ? limit * (SZ_1M >> PAGE_SHIFT) : totalram_pages() / 2;
}

/**
 * qda_user_charge - Let a user map more pages
 * @user: the user
 * @pages: how many
 *
 * Return: 0, or -EDQUOT when that is too many.
 */
int qda_user_charge(struct qda_user *user, unsigned long pages)
{
	long limit = qda_user_limit();

	if (atomic_long_add_return(pages, &user->pages) <= limit)
		return 0;
	atomic_long_sub(pages, &user->pages);

	return -EDQUOT;
}

/**
 * qda_user_uncharge - Undo qda_user_charge()
 * @user: the user
 * @pages: how many
 */
void qda_user_uncharge(struct qda_user *user, unsigned long pages)
{
	atomic_long_sub(pages, &user->pages);
}
