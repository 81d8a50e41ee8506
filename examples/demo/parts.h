/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * The parts of the demo. Each says what it does, and on failure what went wrong;
 * then it returns false.
 */
#ifndef DEMO_PARTS_H
#define DEMO_PARTS_H

#include <stdbool.h>

#include <qda.h>

#include "picture.h"
#include "step.h"

/* Opens the DSP of this domain and tells which one it is. */
bool open_dsp(struct steps *steps, const char *domain, struct qda_device **dev);

/* Makes a process from an ELF file, after a look at whose machine code is in it. */
bool create_process(struct steps *steps, struct qda_device *dev, const char *image,
		    struct qda_process **process);
bool release_process(struct steps *steps, struct qda_process *process);

bool open_module(struct qda_process *process, const char *name, struct qda_module **module);
bool close_module(struct qda_module *module);

/* Small computations in the module "calc". */
bool calculate(struct steps *steps, struct qda_process *process);

/* The picture in the module "filter"; the result is in after, a new picture. */
bool filter_picture(struct steps *steps, struct qda_process *process, const struct picture *before,
		    struct picture *after);

/* A video in shared buffers; some of its frames are on the sheet, a new picture. */
bool filter_video(struct steps *steps, struct qda_process *process, struct picture *sheet);

/* A picture in memory of another program, which it starts. */
bool filter_visitor(struct steps *steps, struct qda_process *process);

/* A module that the DSP loads from a file in the folder, by the node of the older interface. */
bool use_old_interface(struct steps *steps, const char *domain, const char *folder);

#endif /* DEMO_PARTS_H */
