/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* The part of ISO C's math.h that the runtime has. */
#ifndef QDA_MATH_H
#define QDA_MATH_H

float floorf(float value);
float ceilf(float value);
double floor(double value);
float sqrtf(float value);
float expf(float value);
float exp2f(float value);
float logf(float value);
float powf(float base, float exponent);
float sinf(float value);
float cosf(float value);

/*
 * Not ISO C: what log and log10 are in objects that were built with the C library of
 * Qualcomm's tools; base 10 when decimal is not 0.
 */
double _Log(double value, int decimal);

#endif
