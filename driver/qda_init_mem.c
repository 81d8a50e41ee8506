// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (c) 2026 The QDA authors
 */
#include <linux/err.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>

#include "qda_bo.h"
#include "qda_init_mem.h"
#include "qda_mapping.h"
#include "qda_session.h"

#define QDA_INIT_MEM_MIN	SZ_4M
#define QDA_INIT_MEM_PER_FILE	4
#define QDA_INIT_MEM_ALIGN	SZ_1M

static size_t qda_init_mem_size(u32 filelen)
{
	size_t size = max_t(size_t, QDA_INIT_MEM_MIN, QDA_INIT_MEM_PER_FILE * (size_t)filelen);

	return round_up(size, QDA_INIT_MEM_ALIGN);
}

/*
 * The last process may have left anything in it. What a program did it may see again, as
 * with memory of its own that it frees and allocates. But not another program that has
 * the file, and not a process with fewer rights, or with more, than the last one.
 */
static bool qda_init_mem_suits(const struct qda_init_mem *mem, size_t size, u32 attrs)
{
	return mem->map && mem->mm == current->mm && mem->attrs == attrs &&
	       qda_mapping_size(mem->map) >= size;
}

static struct qda_mapping *qda_init_mem_map(struct qda_session *session, size_t size)
{
	struct qda_bo *bo = qda_bo_create_for(qda_session_cb(session), size);
	struct qda_mapping *map;

	if (IS_ERR(bo))
		return ERR_CAST(bo);

	map = qda_mapping_create(qda_session_cb(session), bo);
	/* The mapping has a reference, or nobody needs the object. */
	qda_bo_put(bo);

	return map;
}

/**
 * qda_init_mem_prepare - See to it that there is memory for a process
 * @session: the session, which has a context bank; the caller owns its process
 * @filelen: bytes of the ELF image
 * @attrs: attributes of the process
 *
 * It is that of the session's last process, as that left it, or new and zero.
 *
 * Return: 0 or a negative error code.
 */
int qda_init_mem_prepare(struct qda_session *session, u32 filelen, u32 attrs)
{
	struct qda_init_mem *mem = &session->process.init_mem;
	size_t size = qda_init_mem_size(filelen);
	struct qda_mapping *map;

	if (qda_init_mem_suits(mem, size, attrs))
		return 0;

	qda_init_mem_drop(mem);
	map = qda_init_mem_map(session, size);
	if (IS_ERR(map))
		return PTR_ERR(map);

	/* An address alone could be that of a later program. */
	mmgrab(current->mm);
	mem->mm = current->mm;
	mem->attrs = attrs;
	mem->map = map;

	return 0;
}

/**
 * qda_init_mem_drop - Give the memory back, if there is any
 * @mem: the memory, which the DSP does not use or does not use any more
 */
void qda_init_mem_drop(struct qda_init_mem *mem)
{
	if (!mem->map)
		return;

	qda_mapping_put(mem->map);
	mem->map = NULL;
	mmdrop(mem->mm);
	mem->mm = NULL;
}
