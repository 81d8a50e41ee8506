/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* Empty: the DSP side makes no ioctls, the shared headers only name them. */
