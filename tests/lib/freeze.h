/* SPDX-License-Identifier: MIT */
/*
 * Copyright (c) 2026 The QDA authors
 *
 * User space is frozen before a suspend of the system.
 */
#ifndef TESTS_FREEZE_H
#define TESTS_FREEZE_H

/*
 * Freezes user space, the test with it, and lets it go on after some seconds. Fails the
 * test when a task does not freeze in time; skips it when the kernel cannot do this.
 */
void freeze_and_thaw(int seconds);

#endif /* TESTS_FREEZE_H */
