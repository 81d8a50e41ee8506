// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 */
#include <linux/seq_file.h>

#include <drm/drm_debugfs.h>
#include <drm/drm_print.h>

#include "qda_debugfs.h"
#include "qda_device.h"
#include "qda_quarantine.h"
#include "qda_report.h"

/*
 * One "name value" pair per line. At rest, with no file open and nothing to come from
 * the DSP, those before quarantined_pages are zero; those after it count events.
 */
static int qda_debugfs_stats(struct seq_file *m, void *unused)
{
	struct drm_debugfs_entry *entry = m->private;
	struct qda_device *qdev = to_qda_device(entry->dev);

	seq_printf(m, "sessions %d\n", atomic_read(&qdev->stats.sessions));
	seq_printf(m, "processes %d\n", atomic_read(&qdev->stats.processes));
	seq_printf(m, "calls_in_flight %u\n", qda_slots_count(&qdev->slots));
	seq_printf(m, "mapped_pages %ld\n", atomic_long_read(&qdev->stats.mapped_pages));
	seq_printf(m, "buffer_objects %d\n", atomic_read(&qdev->stats.buffers));
	seq_printf(m, "mappings %d\n", atomic_read(&qdev->stats.mappings));
	seq_printf(m, "remote_maps %d\n", atomic_read(&qdev->stats.remote_maps));
	seq_printf(m, "attachments %d\n", atomic_read(&qdev->stats.attachments));
	seq_printf(m, "assigned_pages %ld\n", atomic_long_read(&qdev->stats.assigned_pages));
	seq_printf(m, "quarantined_pages %lu\n", qda_quarantine_pages(qdev->domain_id));
	seq_printf(m, "lost_pages %ld\n", atomic_long_read(&qdev->stats.lost_pages));
	seq_printf(m, "dropped_messages %ld\n", atomic_long_read(&qdev->stats.dropped));
	seq_printf(m, "exit_notifications %ld\n", atomic_long_read(&qdev->stats.notified));
	seq_printf(m, "polled_calls %ld\n", atomic_long_read(&qdev->stats.polled));
	seq_printf(m, "syncs %ld\n", atomic_long_read(&qdev->stats.syncs));
	seq_printf(m, "copied_bytes %ld\n", atomic_long_read(&qdev->stats.copied));

	return 0;
}

static int qda_debugfs_sessions(struct seq_file *m, void *unused)
{
	struct drm_debugfs_entry *entry = m->private;
	struct drm_printer p = drm_seq_file_printer(m);

	qda_report_sessions(to_qda_device(entry->dev), &p);

	return 0;
}

static int qda_debugfs_calls(struct seq_file *m, void *unused)
{
	struct drm_debugfs_entry *entry = m->private;
	struct drm_printer p = drm_seq_file_printer(m);

	qda_report_calls(to_qda_device(entry->dev), &p);

	return 0;
}

/**
 * qda_debugfs_init - Add the device's debugfs files
 * @qdev: the DSP
 */
void qda_debugfs_init(struct qda_device *qdev)
{
	drm_debugfs_add_file(&qdev->drm, "qda_stats", qda_debugfs_stats, NULL);
	drm_debugfs_add_file(&qdev->drm, "qda_sessions", qda_debugfs_sessions, NULL);
	drm_debugfs_add_file(&qdev->drm, "qda_calls", qda_debugfs_calls, NULL);
}
