/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * Other drivers that export and import DMA-BUFs. Each function ends the test when it
 * cannot do its work: all of them are in the kernel of the tests.
 */
#ifndef TESTS_EXPORTER_H
#define TESTS_EXPORTER_H

#include <stdbool.h>
#include <stddef.h>

/* A DMA-BUF of the pages of a memfd. */
int udmabuf_dmabuf(size_t size);
/*
 * The same, each page of which is a piece of its own: they are in another order than in the memfd,
 * which is mapped at *@mem. For root.
 */
int udmabuf_in_pieces(unsigned int pages, unsigned char **mem);
/* The same of one page, @times over, which is contiguous for no device without an IOMMU. */
int udmabuf_of_one_page(unsigned int times);

/* Another DRM driver, which loads when it is first opened. */
int vgem_open(void);
int vgem_dmabuf(size_t size);

/* DMA-BUFs that exist in the kernel. */
int dmabuf_count(void);
/* Both descriptors are of the same DMA-BUF. */
bool same_file(int fd, int other);

#endif /* TESTS_EXPORTER_H */
