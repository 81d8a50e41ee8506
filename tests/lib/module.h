/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#ifndef TESTS_MODULE_H
#define TESTS_MODULE_H

#include <stdbool.h>

/* Loading and unloading of kernel modules; the test fails when it does not work. */
void module_load(const char *name);
void module_unload(const char *name);
/* True when it was unloaded, false when the kernel said that it is in use. */
bool module_try_unload(const char *name);
bool module_loaded(const char *name);

#endif /* TESTS_MODULE_H */
