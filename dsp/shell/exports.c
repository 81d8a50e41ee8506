/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "exports.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "HAP_compute_res.h"
#include "HAP_farf.h"
#include "HAP_mem.h"
#include "HAP_power.h"
#include "HAP_timer.h"
#include "abort.h"
#include "apps_std.h"
#include "compiler.h"
#include "dspqueue.h"
#include "qurt.h"
#include "remote.h"

struct export
{
	const char *name;
	const void *address;
};

#define EXPORT(name)                      \
	{                                 \
#name, (const void *)name \
	}

static const struct export exports[] = {
	EXPORT(HAP_cache_lock),
	EXPORT(HAP_cache_unlock),
	EXPORT(HAP_debug),
	EXPORT(HAP_debug_runtime),
	EXPORT(HAP_debug_v2),
	EXPORT(HAP_mem_available_stack),
	EXPORT(HAP_mem_get_stats),
	EXPORT(HAP_mem_set_grow_size),
	EXPORT(HAP_mmap),
	EXPORT(HAP_mmap2),
	EXPORT(HAP_mmap_get),
	EXPORT(HAP_mmap_put),
	EXPORT(HAP_munmap),
	EXPORT(HAP_munmap2),
	EXPORT(HAP_perf_get_time_us),
	EXPORT(HAP_perf_qtimer_count_to_us),
	EXPORT(HAP_power_destroy_client),
	EXPORT(HAP_power_get),
	EXPORT(HAP_power_set),
	EXPORT(HAP_query_avail_cachelock),
	EXPORT(HAP_query_total_cachelock),
	EXPORT(HAP_setFARFRuntimeLoggingParams),
	EXPORT(HAP_timer_sleep),
	EXPORT(_Assert),
	EXPORT(_Log),
	EXPORT(__cxa_finalize),
	EXPORT(__deregister_frame_info_bases),
	EXPORT(__extendhfsf2),
	EXPORT(__hexagon_divdf3),
	EXPORT(__hexagon_divdi3),
	EXPORT(__hexagon_divsf3),
	EXPORT(__hexagon_divsi3),
	{ "__hexagon_memcpy_likely_aligned_min32bytes_mult8bytes", (const void *)memcpy },
	EXPORT(__hexagon_moddi3),
	EXPORT(__hexagon_modsi3),
	EXPORT(__hexagon_udivdi3),
	EXPORT(__hexagon_udivsi3),
	EXPORT(__hexagon_umoddi3),
	EXPORT(__hexagon_umodsi3),
	EXPORT(__register_frame_info_bases),
	EXPORT(__stack_chk_fail),
	{ "__stack_chk_guard", &__stack_chk_guard },
	EXPORT(__truncsfhf2),
	{ "__wrap_calloc", (const void *)calloc },
	{ "__wrap_free", (const void *)free },
	{ "__wrap_malloc", (const void *)malloc },
	{ "__wrap_memalign", (const void *)memalign },
	EXPORT(abort),
	EXPORT(adsp_mmap_fd_getinfo),
	EXPORT(apps_std_fclose),
	EXPORT(apps_std_flen),
	EXPORT(apps_std_fopen),
	EXPORT(apps_std_fopen_with_env),
	EXPORT(apps_std_fread),
	EXPORT(apps_std_fseek),
	EXPORT(apps_std_ftell),
	EXPORT(apps_std_fwrite),
	EXPORT(atoi),
	EXPORT(calloc),
	EXPORT(ceilf),
	EXPORT(compute_resource_acquire),
	EXPORT(compute_resource_acquire_cached),
	EXPORT(compute_resource_attr_get_vtcm_ptr),
	EXPORT(compute_resource_attr_get_vtcm_ptr_v2),
	EXPORT(compute_resource_attr_init),
	EXPORT(compute_resource_attr_set_cache_mode),
	EXPORT(compute_resource_attr_set_release_callback),
	EXPORT(compute_resource_attr_set_serialize),
	EXPORT(compute_resource_attr_set_vtcm_param),
	EXPORT(compute_resource_attr_set_vtcm_param_v2),
	EXPORT(compute_resource_check_release_request),
	EXPORT(compute_resource_query_VTCM),
	EXPORT(compute_resource_release),
	EXPORT(compute_resource_release_cached),
	EXPORT(cosf),
	EXPORT(dspqueue_close),
	EXPORT(dspqueue_import),
	EXPORT(dspqueue_peek),
	EXPORT(dspqueue_peek_noblock),
	EXPORT(dspqueue_read),
	EXPORT(dspqueue_read_noblock),
	EXPORT(dspqueue_write),
	EXPORT(dspqueue_write_noblock),
	EXPORT(exp2f),
	EXPORT(expf),
	EXPORT(floor),
	EXPORT(floorf),
	EXPORT(free),
	EXPORT(logf),
	EXPORT(malloc),
	EXPORT(memalign),
	EXPORT(memcmp),
	EXPORT(memcpy),
	EXPORT(memmove),
	EXPORT(memset),
	EXPORT(powf),
	EXPORT(qurt_anysignal_set),
	EXPORT(qurt_barrier_destroy),
	EXPORT(qurt_barrier_init),
	EXPORT(qurt_barrier_wait),
	EXPORT(qurt_futex_wait),
	EXPORT(qurt_futex_wake),
	EXPORT(qurt_hvx_get_units),
	EXPORT(qurt_hvx_lock),
	EXPORT(qurt_hvx_unlock),
	EXPORT(qurt_mem_cache_clean),
	EXPORT(qurt_mutex_destroy),
	EXPORT(qurt_mutex_init),
	EXPORT(qurt_mutex_lock),
	EXPORT(qurt_mutex_unlock),
	EXPORT(qurt_pmu_enable),
	EXPORT(qurt_pmu_get),
	EXPORT(qurt_pmu_set),
	EXPORT(qurt_signal_clear),
	EXPORT(qurt_signal_destroy),
	EXPORT(qurt_signal_get),
	EXPORT(qurt_signal_init),
	EXPORT(qurt_signal_set),
	EXPORT(qurt_signal_wait),
	EXPORT(qurt_sleep),
	EXPORT(qurt_sysenv_get_max_hw_threads),
	EXPORT(qurt_thread_create),
	EXPORT(qurt_thread_exit),
	EXPORT(qurt_thread_get_id),
	EXPORT(qurt_thread_get_name),
	EXPORT(qurt_thread_get_priority),
	EXPORT(qurt_thread_join),
	EXPORT(qurt_thread_set_priority),
	EXPORT(remote_handle_close),
	EXPORT(remote_handle_invoke),
	EXPORT(remote_handle_open),
	EXPORT(sinf),
	EXPORT(snprintf),
	EXPORT(sqrtf),
	EXPORT(strchr),
	EXPORT(strcmp),
	EXPORT(strlcpy),
	EXPORT(strlen),
	EXPORT(strncmp),
	EXPORT(strnlen),
	EXPORT(strrchr),
	EXPORT(strstr),
	EXPORT(strtok_r),
	EXPORT(strtoul),
	EXPORT(vsnprintf),
};

/* What libraries are linked with for their C library; all that is used of it is above. */
static const char *const replaced[] = { "libc.so", "libgcc.so", "libm.so" };

bool exports_find(const char *name, uint32_t *value)
{
	for (size_t i = 0; i < sizeof(exports) / sizeof(exports[0]); i++) {
		if (strcmp(exports[i].name, name))
			continue;
		*value = (uint32_t)exports[i].address;
		return true;
	}
	return false;
}

bool exports_replace(const char *object)
{
	for (size_t i = 0; i < sizeof(replaced) / sizeof(replaced[0]); i++) {
		if (!strcmp(object, replaced[i]))
			return true;
	}
	return false;
}
