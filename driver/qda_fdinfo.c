// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 *
 * What /proc/PID/fdinfo/FD tells about an open file. The format is described in
 * Documentation/gpu/drm-usage-stats.rst; the keys are an interface.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/idr.h>
#include <linux/mm.h>
#include <linux/spinlock.h>

#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_print.h>

#include "qda_device.h"
#include "qda_fdinfo.h"
#include "qda_process.h"
#include "qda_session.h"
#include "qda_usage.h"

static void qda_fdinfo_show_usage(struct drm_printer *p, struct qda_session *session)
{
	struct qda_usage_sums sums;

	qda_usage_read(&session->usage, &sums);
	drm_printf(p, "drm-engine-%s:\t%llu ns\n", session->qdev->domain->name, sums.busy_ns);
	drm_printf(p, "qda-invocations:\t%llu\n", sums.calls);
	drm_printf(p, "qda-errors:\t%llu\n", sums.errors);
}

static void qda_fdinfo_show_session(struct drm_printer *p, struct qda_session *session)
{
	u32 sid;

	drm_printf(p, "qda-session:\t%u\n", session->id);
	drm_printf(p, "qda-pd-type:\t%s\n", qda_process_pd_type(&session->process));
	if (qda_session_sid(session, &sid))
		drm_printf(p, "qda-context-bank:\t%u\n", sid);
	drm_printf(p, "qda-mapped-memory:\t%lu KiB\n",
		   atomic_long_read(&session->mapped_pages) << (PAGE_SHIFT - 10));
}

static void qda_fdinfo_add_object(struct drm_memory_stats *stats, struct drm_gem_object *obj)
{
	enum drm_gem_object_status status = obj->funcs->status(obj);

	if (drm_gem_object_is_shared_for_memory_stats(obj))
		stats->shared += obj->size;
	else
		stats->private += obj->size;
	if (status & DRM_GEM_OBJECT_RESIDENT)
		stats->resident += obj->size;
	if (status & DRM_GEM_OBJECT_ACTIVE)
		stats->active += obj->size;
}

/*
 * Like drm_show_memory_stats(), for which only objects with unsignalled fences are active.
 * Calls have no fences, as they may take for ever.
 */
static void qda_fdinfo_show_memory(struct drm_printer *p, struct drm_file *file)
{
	struct drm_memory_stats stats = {};
	struct drm_gem_object *obj;
	int handle;

	scoped_guard(spinlock, &file->table_lock)
		idr_for_each_entry(&file->object_idr, obj, handle)
			if (obj)
				qda_fdinfo_add_object(&stats, obj);
	drm_print_memory_stats(p, &stats, DRM_GEM_OBJECT_RESIDENT | DRM_GEM_OBJECT_ACTIVE,
			       "memory");
}

/**
 * qda_fdinfo_show - Implements &drm_driver.show_fdinfo
 * @p: where to print
 * @file: the open file
 */
void qda_fdinfo_show(struct drm_printer *p, struct drm_file *file)
{
	struct qda_session *session = file->driver_priv;

	qda_fdinfo_show_usage(p, session);
	qda_fdinfo_show_session(p, session);
	qda_fdinfo_show_memory(p, file);
}
