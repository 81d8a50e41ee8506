/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/* What compilers call by themselves. */
#ifndef QDA_RT_COMPILER_H
#define QDA_RT_COMPILER_H

#include <stdint.h>

uint32_t __hexagon_udivsi3(uint32_t a, uint32_t b);
uint32_t __hexagon_umodsi3(uint32_t a, uint32_t b);
int32_t __hexagon_divsi3(int32_t a, int32_t b);
int32_t __hexagon_modsi3(int32_t a, int32_t b);
uint64_t __hexagon_udivdi3(uint64_t a, uint64_t b);
uint64_t __hexagon_umoddi3(uint64_t a, uint64_t b);
int64_t __hexagon_divdi3(int64_t a, int64_t b);
int64_t __hexagon_moddi3(int64_t a, int64_t b);
double __hexagon_divdf3(double a, double b);
float __hexagon_divsf3(float a, float b);

/* Numbers of 16 bits are passed as their bits. */
float __extendhfsf2(uint16_t half);
uint16_t __truncsfhf2(float value);

#endif
